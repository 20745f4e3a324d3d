# syntax=docker/dockerfile:1
# The operator's image: docker build -t REGISTRY/cloudhsm-backup-operator:0.1.0 .

# Any version from the workspace's `rust-version` on. Debian's release must be that of the final image: the program links its glibc.
ARG RUST=1.95
ARG DEBIAN=bookworm

FROM rust:${RUST}-slim-${DEBIAN} AS build
# aws-lc-sys, the one crypto library, is C and assembly: it needs a C compiler, which the slim image has for Rust to link with, and no cmake.
WORKDIR /build

# Dependencies first, in a layer that lasts until a manifest changes. cargo wants every member of the workspace to be there, and gets
# empty ones.
COPY Cargo.toml Cargo.lock ./
COPY crates/plan/Cargo.toml crates/plan/
COPY crates/emulator/Cargo.toml crates/emulator/
COPY crates/testbed/Cargo.toml crates/testbed/
RUN for member in . crates/plan crates/emulator crates/testbed; do \
        mkdir -p "$member/src" && touch "$member/src/lib.rs"; \
    done \
    && echo 'fn main() {}' | tee src/main.rs > crates/emulator/src/main.rs \
    && cargo build --release --locked --bin cloudhsm-backup-operator

# Then the program. cargo goes by times of change, and the stand-ins are newer than the sources.
COPY crates/plan/src crates/plan/src
COPY src src
RUN touch src/lib.rs src/main.rs crates/plan/src/lib.rs \
    && cargo build --release --locked --bin cloudhsm-backup-operator

# glibc, libgcc, the roots of trust and an unprivileged user; no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cloudhsm-backup-operator" \
      org.opencontainers.image.description="A Kubernetes operator that keeps the wanted state of AWS CloudHSM backups" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /build/target/release/cloudhsm-backup-operator /usr/local/bin/cloudhsm-backup-operator
COPY LICENSE /LICENSE
# nonroot's number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/cloudhsm-backup-operator"]
