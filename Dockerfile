# Three stages: the binary is built, what it needs of a system is gathered, and the image holds only these two.
ARG DENO_VERSION=2.9.6

FROM denoland/deno:bin-${DENO_VERSION} AS deno

FROM debian:12-slim AS build
RUN apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ca-certificates tzdata && \
    rm -rf /var/lib/apt/lists/*
COPY --from=deno /deno /usr/local/bin/deno
WORKDIR /build
COPY deno.json deno.lock ./
COPY build build
COPY src src
# The commit that --version names: --build-arg COMMIT=$(git rev-parse --short=12 HEAD)
ARG COMMIT=unknown
# A base binary of the same version of Deno, where its download host can't be reached.
ARG DENORT_BIN=
RUN KOSMI_RELAY_COMMIT="$COMMIT" deno task compile --output=/usr/local/bin/kosmi-relay
COPY packaging/container/gather.sh .
RUN ./gather.sh /usr/local/bin/kosmi-relay /image

FROM scratch
COPY --from=build /image /
WORKDIR /app
ENV MATTERBRIDGE_DATA_DIR=/app/data
USER 65532:65532
VOLUME /app/data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/kosmi-relay", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/kosmi-relay"]
