# Image of the server. The build context is the repository after `npm run rootfs`. It only copies files, so any builder makes it for any
# architecture.
#   docker build -f docker/server.Dockerfile -t rolegate-server .
FROM scratch
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolegate-server" \
      org.opencontainers.image.description="Decides which IAM role each Pod gets and requests its credentials from STS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.rolegate.sbom="/usr/share/sbom/server.cdx.json"
# Node.js and Debian's libraries. The layer only changes with them.
COPY dist/rootfs/server/${TARGETARCH} /
COPY --chmod=755 docker/rolegate-server docker/kubectl-rolegate /usr/bin/
# server-status is loaded by `rolegate-server status`.
COPY --chmod=644 dist/bundle/server.cjs dist/bundle/server.cjs.map dist/bundle/server.cjs.LEGAL.txt \
     dist/bundle/server-status.cjs dist/bundle/server-status.cjs.map dist/bundle/kubectl-rolegate.cjs \
     dist/bundle/kubectl-rolegate.cjs.map dist/bundle/kubectl-rolegate.cjs.LEGAL.txt /app/
COPY --chmod=644 dist/rootfs/server/${TARGETARCH}.cdx.json /usr/share/sbom/server.cdx.json
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production
USER 65532:65532
# With a smaller young generation (1 or 2), STS calls take several times as long.
ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=4", "/app/server.cjs"]
