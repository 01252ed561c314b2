# The contracts: tools, artifacts and tests. Included by the Makefile of the repository; every path is relative to
# its root. The node packages are named at exact versions in contracts/package.json. There is no lock file: it would
# name registry hosts, and the tools' packages list binaries of other platforms that a registry need not serve.

CONTRACTS_STAMP := contracts/node_modules/.credroot-stamp
SOLHINT := node_modules/.bin/solhint
# The binary itself, not its node launcher: no install script has to have run.
FORGE = "$$(ls -d "$$PWD"/node_modules/@foundry-rs/forge-*/bin/forge | head -n 1)"
# Coverage asks which lines ran, not what held: few inputs do, whatever the profile.
COVERAGE_RUNS := FOUNDRY_FUZZ_RUNS=100 FOUNDRY_INVARIANT_RUNS=16
# Tests of fixed inputs only: fuzzed ones have no figure of their own.
SNAPSHOT_ARGUMENTS := --no-match-test 'testFuzz|invariant'

# What the differential test compares in one run of `make contracts`.
DIFFERENTIAL_PROOFS ?= 100000

.PHONY: contracts contracts-check contracts-forge contracts-differential contracts-chains contracts-symbolic
.PHONY: contracts-tools contracts-artifacts contracts-snapshot

# All that is asserted of the contracts, with ten thousand fuzzed inputs a test: a quarter of an hour on two cores.
contracts: export FOUNDRY_PROFILE = ci
contracts: contracts-check slither contracts-symbolic contracts-differential contracts-chains

contracts-differential: contracts-tools $(VENV)/.dev
	$(RUN) -m tests.contracts.differential --proofs $(DIFFERENTIAL_PROOFS) --seed $(SEED)

contracts-chains: contracts-tools $(VENV)/.dev
	$(RUN) -m pytest -n $(TEST_PROCESSES) --randomly-seed=$(SEED) --hypothesis-seed=$(SEED) \
	  tests/contracts tests/scripts/test_prove_fraud.py tests/scripts/test_false_convictions.py

# The same, with a thousand inputs a test and without what takes longer: part of `make check`.
contracts-check: contracts-tools
	cd contracts && node tool/build_artifacts.js --check
	cd contracts && $(FORGE) fmt --check
	cd contracts && $(SOLHINT) 'src/**/*.sol' --max-warnings 0 --disc
	cd contracts && $(FORGE) build
	cd contracts && node tool/build_artifacts.js --forge
	cd contracts && $(FORGE) test
	cd contracts && $(FORGE) snapshot $(SNAPSHOT_ARGUMENTS) --check
	cd contracts && FOUNDRY_PROFILE=default $(COVERAGE_RUNS) $(FORGE) coverage --no-match-contract GasTest --report lcov --report-file out/coverage.lcov
	cd contracts && node tool/check_coverage.js out/coverage.lcov

# The tests of forge alone: part of `make test`.
contracts-forge: contracts-tools
	cd contracts && $(FORGE) test

contracts-tools: $(CONTRACTS_STAMP)

$(CONTRACTS_STAMP): contracts/package.json contracts/.npmrc
	@command -v npm >/dev/null || { echo "npm is missing: the contracts need node 20 or newer with npm" >&2; exit 1; }
	cd contracts && npm install --no-save --no-package-lock --ignore-scripts
	@touch $@

# Write what `contracts` compares with: after a change of the sources, to be read before it is committed.
contracts-artifacts: contracts-tools
	cd contracts && node tool/build_artifacts.js --write

contracts-snapshot: contracts-tools
	cd contracts && $(FORGE) snapshot $(SNAPSHOT_ARGUMENTS)

# What holds of every input, by symbolic execution (contracts/test/Symbolic*.t.sol). In folders of its own: halmos builds
# with syntax trees, which the other builds do without. The solver is named, for halmos would download one else.
contracts-symbolic: .venv-symbolic/.made contracts-tools
	cd contracts && FOUNDRY_OUT=out/symbolic FOUNDRY_CACHE_PATH=cache/symbolic \
	  PATH="$$PWD/../.venv-symbolic/bin:$$(dirname $(FORGE)):$$PATH" ../.venv-symbolic/bin/python -m halmos \
	  --forge-build-out out/symbolic --match-contract '^Symbolic' --loop 64 --solver-command z3 \
	  --solver-timeout-branching 5s --no-status
