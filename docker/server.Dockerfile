# The server. The context is the repository after `npm run bundle`; NODE_IMAGE must be a Debian with Node.
#   docker build -f docker/server.Dockerfile -t rolegate-server .
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
COPY docker/rootfs.sh /build/
RUN /build/rootfs.sh /rootfs node
COPY dist/bundle/server.cjs dist/bundle/server.cjs.map dist/bundle/server.cjs.LEGAL.txt /rootfs/app/
# Compiled ahead, under the flags of the entry point. Node has one folder a user.
RUN set -eu; mkdir /app; cp /rootfs/app/server.cjs /app/; \
    NODE_COMPILE_CACHE=/app/cache node --disable-sigusr1 --max-semi-space-size=4 /app/server.cjs --version; \
    chmod -R a+rX /app/cache; cd /app/cache; for made in *-0; do ln -s "$made" "${made%-0}-65532"; done; \
    cp -a /app/cache /rootfs/app/
COPY dist/bundle/server.sbom.json /rootfs/usr/share/sbom/
# `kubectl exec … -- rolegate-server status`: status and log-level are a small file of their own.
COPY dist/bundle/server-status.cjs dist/bundle/server-status.cjs.map /rootfs/app/
RUN printf '%s\n' "#!$(command -v node) --disable-sigusr1" \
      "require(['status', 'log-level'].includes(process.argv[2]) ? '/app/server-status.cjs' : '/app/server.cjs');" \
      >/rootfs/usr/bin/rolegate-server; \
    chmod 755 /rootfs/usr/bin/rolegate-server

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolegate-server" \
      org.opencontainers.image.description="Decides which Pod gets which IAM role, and fetches the credentials" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.rolegate.sbom="/usr/share/sbom/server.sbom.json"
COPY --from=build /rootfs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/cache
USER 65532:65532
# A smaller heap than this would make its calls to STS take much longer (docker/README.md).
ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=4", "/app/server.cjs"]
