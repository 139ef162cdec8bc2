# Image of the agent programs (agent, intercept, reconcile, uninstall, verify) and the tools they run. The build context is the
# repository after `npm run bundle`. NODE_IMAGE must be Debian with Node.js.
#   docker build -f docker/agent.Dockerfile -t rolegate-agent .
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends conntrack iproute2 iptables nftables \
 && rm -rf /var/lib/apt/lists/*
COPY docker/rootfs.sh /build/
# Both iptables backends under all their names. The agent detects the node's backend at run time.
RUN set -eu; \
    names=; \
    for family in iptables ip6tables; do for backend in nft legacy; do for what in "" -save -restore; do \
      names="$names $family-$backend$what"; \
    done; done; done; \
    /build/rootfs.sh /rootfs node ip conntrack nft unshare xtables-nft-multi xtables-legacy-multi xtables-monitor $names \
      iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore \
      $(find /usr/lib -path '*/xtables/*.so')
COPY dist/bundle/agent.cjs* /rootfs/app/
# Only the agent program loads this.
COPY dist/bundle/agent-program.cjs* /rootfs/app/
# Compile cache, made with the flags of the entry point. Node.js uses one directory per user: 2100008181 for the agent (agent.uid in
# charts/agent), 65532 for verify, root for the others.
RUN set -eu; mkdir /app; cp /rootfs/app/agent.cjs /rootfs/app/agent-program.cjs /app/; \
    for program in agent reconcile; do \
      NODE_COMPILE_CACHE=/app/cache node --disable-sigusr1 --max-semi-space-size=1 --optimize-for-size --no-maglev \
        --no-sparkplug --v8-pool-size=1 --heap-growing-percent=10 /app/agent.cjs "$program" --version; \
    done; \
    chmod -R a+rX /app/cache; cd /app/cache; for made in *-0; do for uid in 2100008181 65532; do ln -s "$made" "${made%-0}-$uid"; done; done; \
    cp -a /app/cache /rootfs/app/
RUN echo 'rolegate:x:2100008181:2100008181:rolegate:/:/sbin/nologin' >>/rootfs/etc/passwd; \
    echo 'rolegate:x:2100008181:' >>/rootfs/etc/group
COPY dist/bundle/agent.sbom.json /rootfs/usr/share/sbom/
# For `kubectl exec … -- rolegate-agent status` and the startup probe. status and log-level use a small bundle that starts faster.
COPY dist/bundle/agent-status.cjs dist/bundle/agent-status.cjs.map /rootfs/app/
RUN printf '%s\n' "#!$(command -v node) --disable-sigusr1" \
      "require(['status', 'log-level'].includes(process.argv[2]) ? '/app/agent-status.cjs' : '/app/agent.cjs');" \
      >/rootfs/usr/bin/rolegate-agent; \
    chmod 755 /rootfs/usr/bin/rolegate-agent

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolegate-agent" \
      org.opencontainers.image.description="Gives the Pods of a node credentials for their IAM roles through the EC2 metadata API, and protects the node's credentials" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.rolegate.sbom="/usr/share/sbom/agent.sbom.json"
COPY --from=build /rootfs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/cache \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=65536
USER 2100008181:2100008181
# Keeps the heap small (docker/README.md). NODE_OPTIONS does not accept most of these flags.
ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=1", "--optimize-for-size", "--no-maglev", "--no-sparkplug", "--v8-pool-size=1", "--heap-growing-percent=10", "/app/agent.cjs"]
