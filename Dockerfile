# The operator's image: docker build -t REGISTRY/cloudhsm-backup-operator:0.1.0 .
#
# For amd64 and arm64. Nothing below names an architecture, so each is built on a machine of its own kind, as
# .github/workflows/release.yaml does, or, slowly, under emulation (docker buildx build --platform …).
# hack/image/build-steps goes through the same steps without a container engine.

# The base images are named by tag: a digest written down here would grow old unseen. A release looks the
# digests up, builds with them (--build-arg BUILD_IMAGE=…@sha256:…) and records them in label and provenance.
# Any version of Rust from the workspace's `rust-version` on. Debian's release must be that of the final image:
# the program links its glibc.
ARG BUILD_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm
ARG FINAL_IMAGE=gcr.io/distroless/cc-debian12:nonroot

# hadolint ignore=DL3006 # the ARG has the tag
FROM ${BUILD_IMAGE} AS build
# aws-lc-sys, the one crypto library, is C and assembly: it needs a C compiler, which the slim image has for Rust to link with, and no cmake.
WORKDIR /build
COPY hack/release/tool hack/release/versions hack/release/
RUN hack/release/tool cargo-auditable

COPY hack/release/build hack/release/

# Dependencies first, in a layer that lasts until a manifest changes. cargo wants every member of the workspace to be there, and gets
# empty ones.
COPY Cargo.toml Cargo.lock ./
COPY crates/plan/Cargo.toml crates/plan/
COPY crates/emulator/Cargo.toml crates/emulator/
COPY crates/simulation/Cargo.toml crates/simulation/
COPY crates/testbed/Cargo.toml crates/testbed/
RUN for member in . crates/plan crates/emulator crates/simulation crates/testbed; do \
        mkdir -p "$member/src" && touch "$member/src/lib.rs"; \
    done \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs crates/emulator/src/main.rs \
    && cp src/main.rs crates/simulation/src/main.rs \
    && hack/release/build

# Then the program. cargo goes by times of change, and the stand-ins are newer than the sources.
COPY crates/plan/src crates/plan/src
COPY src src
RUN touch src/lib.rs src/main.rs crates/plan/src/lib.rs \
    && hack/release/build

# glibc, libgcc, the roots of trust and an unprivileged user; no shell, no package manager.
# hadolint ignore=DL3006 # the ARG has the tag
FROM ${FINAL_IMAGE}
ARG FINAL_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=https://github.com/example/cloudhsm-backup-operator
LABEL org.opencontainers.image.title="cloudhsm-backup-operator" \
      org.opencontainers.image.description="A Kubernetes operator that keeps the wanted state of AWS CloudHSM backups" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${FINAL_IMAGE}"
COPY --from=build /build/target/release/cloudhsm-backup-operator /usr/local/bin/cloudhsm-backup-operator
COPY LICENSE /LICENSE
# nonroot's number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/cloudhsm-backup-operator"]
