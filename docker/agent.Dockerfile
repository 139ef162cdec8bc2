# Image of the agent programs (agent, intercept, reconcile, uninstall, verify) and the tools they run. The build context is the
# repository after `npm run rootfs`. It only copies files, so any builder makes it for any architecture.
#   docker build -f docker/agent.Dockerfile -t rolegate-agent .
FROM scratch
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolegate-agent" \
      org.opencontainers.image.description="Gives the Pods of a node credentials for their IAM roles through the EC2 metadata API, and protects the node's credentials" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.rolegate.sbom="/usr/share/sbom/agent.cdx.json"
# Node.js, Debian's programs and libraries. The layer only changes with them.
COPY dist/rootfs/agent/${TARGETARCH} /
COPY --chmod=755 docker/rolegate-agent /usr/bin/
# agent-program is only loaded by the agent, agent-status by `rolegate-agent status` and the startup probe.
COPY --chmod=644 dist/bundle/agent.cjs dist/bundle/agent.cjs.map \
     dist/bundle/agent-program.cjs dist/bundle/agent-program.cjs.map dist/bundle/agent-program.cjs.LEGAL.txt \
     dist/bundle/agent-status.cjs dist/bundle/agent-status.cjs.map /app/
COPY --chmod=644 dist/rootfs/agent/${TARGETARCH}.cdx.json /usr/share/sbom/agent.cdx.json
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=65536
USER 2100008181:2100008181
# Keeps the heap small (docker/README.md). NODE_OPTIONS does not accept most of these flags.
ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=1", "--optimize-for-size", "--no-maglev", "--no-sparkplug", "--v8-pool-size=1", "--heap-growing-percent=10", "/app/agent.cjs"]
