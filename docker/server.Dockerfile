# Image of the server. The build context is the repository after `npm run bundle`. NODE_IMAGE must be Debian with Node.js.
#   docker build -f docker/server.Dockerfile -t rolegate-server .
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
COPY docker/rootfs.sh /build/
RUN /build/rootfs.sh /rootfs node
COPY dist/bundle/server.cjs dist/bundle/server.cjs.map dist/bundle/server.cjs.LEGAL.txt /rootfs/app/
# Compile cache, made with the flags of the entry point. Node.js uses one directory per user.
RUN set -eu; mkdir /app; cp /rootfs/app/server.cjs /app/; \
    NODE_COMPILE_CACHE=/app/cache node --disable-sigusr1 --max-semi-space-size=4 /app/server.cjs --version; \
    chmod -R a+rX /app/cache; cd /app/cache; for made in *-0; do ln -s "$made" "${made%-0}-65532"; done; \
    cp -a /app/cache /rootfs/app/
COPY dist/bundle/server.sbom.json /rootfs/usr/share/sbom/
# For `kubectl exec … -- rolegate-server status`. status and log-level use a small bundle that starts faster.
COPY dist/bundle/server-status.cjs dist/bundle/server-status.cjs.map /rootfs/app/
RUN printf '%s\n' "#!$(command -v node) --disable-sigusr1" \
      "require(['status', 'log-level'].includes(process.argv[2]) ? '/app/server-status.cjs' : '/app/server.cjs');" \
      >/rootfs/usr/bin/rolegate-server; \
    chmod 755 /rootfs/usr/bin/rolegate-server

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolegate-server" \
      org.opencontainers.image.description="Decides which IAM role each Pod gets and requests its credentials from STS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.rolegate.sbom="/usr/share/sbom/server.sbom.json"
COPY --from=build /rootfs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/cache
USER 65532:65532
# With a smaller young generation (1 or 2), STS calls take several times as long.
ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=4", "/app/server.cjs"]
