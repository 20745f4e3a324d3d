# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
CARGO ?= cargo
# Most tests wait for a control plane rather than compute, so more of them run than there are cores.
export RUST_TEST_THREADS ?= 8

##@ Commands

.PHONY: demo
demo: tools ## Show the main job on real parts; Ctrl-C ends it. ONCE=1: end by itself, exit code 0 if every check held
	$(CARGO) build --locked --bin cloudhsm-backup-operator
	$(CARGO) build --locked -p testbed --bin demo
	@hack/control-plane/provide >/dev/null
	@exec $${CARGO_TARGET_DIR:-target}/debug/demo --operator $${CARGO_TARGET_DIR:-target}/debug/cloudhsm-backup-operator $(if $(ONCE),--once)

.PHONY: test
test: tools ## Run every test: unit, emulator, wire, control plane, chaos (its short form) and packaging
	@hack/control-plane/provide >/dev/null
	@hack/tools/provide >/dev/null
	$(CARGO) test --locked --workspace

.PHONY: test-long
test-long: export LONG = 1
test-long: test ## The same, tests that have a long form in it: 10 kills at each point, 2 minutes of two operators, a minute frozen

.PHONY: lint
lint: tools ## Check formatting, lints and documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets --features otel -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

.PHONY: generate
generate: tools ## Write the generated files anew: CRD, install.yaml, the chart's files, docs/reference
	UPDATE=1 $(CARGO) test --locked --test crd --test reference
	UPDATE=1 $(CARGO) test --locked --test packaging generated

.PHONY: audit
audit: tools ## Audit crates, scripts, Dockerfile and workflows. ADVISORIES=required: fail where vulnerabilities cannot be looked up
	@hack/release/audit

.PHONY: sbom
sbom: tools ## Write the SBOM of the operator (CycloneDX) to target/
	@mkdir -p target
	@hack/release/sbom target/cloudhsm-backup-operator.cdx.json

.PHONY: image-check
image-check: tools ## Lint the Dockerfile, go through its steps without a container engine, check the program they make
	@"$$(hack/release/tool hadolint)/hadolint" Dockerfile
	@rm -rf target/image && mkdir -p target && hack/image/build-steps target/image
	@hack/image/check target/image/image/usr/local/bin/cloudhsm-backup-operator

.PHONY: reproduce
reproduce: tools ## Build the release twice, in different places, and compare
	@hack/release/reproduce

.PHONY: simulate
simulate: tools ## Play random histories of the real reconcile, and every crash and single fault of some. SEEDS=n: how many (1000); REPLAY=n: tell one
	$(CARGO) build --locked --profile simulation -p simulation
	@$${CARGO_TARGET_DIR:-target}/simulation/simulate $(if $(REPLAY),--replay $(REPLAY),--seeds $(or $(SEEDS),1000))
	@$(if $(REPLAY),true,$${CARGO_TARGET_DIR:-target}/simulation/simulate --exhaustive)

.PHONY: defects
defects: tools ## Build the operator with each deliberate defect, and see that the simulation catches it. ONLY=name: one; SEEDS=n: random histories (5000)
	$(CARGO) build --locked --profile simulation -p simulation --bin defects
	@$${CARGO_TARGET_DIR:-target}/simulation/defects $(if $(ONLY),--only $(ONLY)) --seeds $(or $(SEEDS),5000)

.PHONY: mutants
mutants: tools ## Change one thing in crates/plan at a time, and see that its tests notice. FILES="a b": only there
	@hack/mutants $(FILES)

.PHONY: chaos
chaos: export CHAOS = long
chaos: tools ## Break everything for some minutes: 100 kills among faults of AWS and the API server. SEED=n: draw the same again
	@hack/control-plane/provide >/dev/null
	$(CARGO) test --locked --test chaos -- --nocapture

.PHONY: fuzz
fuzz: tools ## Fuzz what reads AWS's answers, stored objects and settings. SECONDS=n: how long each (20)
	@hack/fuzz $(or $(SECONDS),20)

.PHONY: clean
clean: ## Remove what was built here; the control plane's cache stays
	$(CARGO) clean

.PHONY: help
help: ## List the commands
	@awk 'BEGIN { FS = ":.*##" } /^[a-z-]+:.*##/ { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What must be there before anything can be built, said clearly when it is not.
.PHONY: tools
tools:
	@command -v $(CARGO) >/dev/null || { echo "make: cargo is missing: install Rust $$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or later, https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "make: a C compiler (cc) is missing: install gcc or clang; the TLS library is built with it" >&2; exit 1; }
