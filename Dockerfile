# Two images of one program:
#   browser   with Chromium from Debian and the right to run it: logs in with Email and Password by itself
#   minimal   the binary and what it needs of a system, no other program and no right to start one: for tokens that are
#             imported, a browser elsewhere (BrowserURL) and anonymous visitors. The one that is built without --target.
ARG DENO_VERSION=2.9.6

FROM denoland/deno:bin-${DENO_VERSION} AS deno

FROM debian:12-slim AS source
RUN apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ca-certificates tzdata && \
    rm -rf /var/lib/apt/lists/*
COPY --from=deno /deno /usr/local/bin/deno
WORKDIR /build
COPY deno.json deno.lock ./
COPY build build
COPY src src

FROM source AS build-browser
# The commit that --version names: --build-arg COMMIT=$(git rev-parse --short=12 HEAD)
ARG COMMIT=unknown
# A base binary of the same version of Deno, where its download host can't be reached.
ARG DENORT_BIN=
RUN KOSMI_RELAY_COMMIT="$COMMIT" deno task compile --output=/usr/local/bin/kosmi-relay

FROM source AS build-minimal
ARG COMMIT=unknown
ARG DENORT_BIN=
RUN KOSMI_RELAY_COMMIT="$COMMIT" deno task compile --without-browser --output=/usr/local/bin/kosmi-relay
COPY packaging/container/gather.sh .
RUN ./gather.sh /usr/local/bin/kosmi-relay /image

FROM debian:12-slim AS browser
RUN apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ca-certificates chromium tzdata && \
    rm -rf /var/lib/apt/lists/* && \
    mkdir -p /app/data && chown -R 65532:65532 /app && chmod 700 /app/data
COPY --from=build-browser /usr/local/bin/kosmi-relay /usr/local/bin/
WORKDIR /app
# Chromium has its own sandbox where the kernel and the engine allow it one; elsewhere the container is the sandbox.
ENV MATTERBRIDGE_DATA_DIR=/app/data MATTERBRIDGE_GENERAL_BROWSERSANDBOX=auto
USER 65532:65532
VOLUME /app/data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/kosmi-relay", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/kosmi-relay"]

FROM scratch AS minimal
COPY --from=build-minimal /image /
WORKDIR /app
ENV MATTERBRIDGE_DATA_DIR=/app/data
USER 65532:65532
VOLUME /app/data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/kosmi-relay", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/kosmi-relay"]
