# docker build -t parley .
# What the container needs, and how to run several: docs/operations.md

# Debian, and not Alpine: the password hasher is compiled code, whose build for glibc is the one that is tested.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without the packages' install scripts: nothing here needs one, and one of them would fetch a second Node.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run prepare && npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# A package's optional peer brings the compiler along, for its types only.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -r node_modules/typescript node_modules/@typescript

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Parley" \
      org.opencontainers.image.description="A GraphQL gateway for session services" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production PARLEY_DATA_DIR=/var/lib/parley
# For SQLite. A volume that is made here takes this owner over; a folder of the host has to be given to it.
RUN install -d -o 1000 -g 1000 -m 0700 /var/lib/parley
VOLUME /var/lib/parley
# A configuration file goes here too: /app/parley.config.ts may import from 'parley'.
WORKDIR /app
COPY LICENSE package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /build/schema ./schema
COPY --from=build /build/dist ./dist
# `node` of the image, by number so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 4000
STOPSIGNAL SIGTERM
# Whether the process answers. Whether it should be sent requests is /health/ready, which a balancer asks.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process: no shell or npm keeps SIGTERM from it.
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["start"]
