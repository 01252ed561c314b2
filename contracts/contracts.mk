# The contracts: tools, artifacts and tests. Included by the Makefile of the repository; every path is relative to
# its root. The node packages are named at exact versions in contracts/package.json. There is no lock file: it would
# name registry hosts, and the tools' packages list binaries of other platforms that a registry need not serve.

CONTRACTS_STAMP := contracts/node_modules/.credroot-stamp
SOLHINT := node_modules/.bin/solhint
# The binary itself, not its node launcher: no install script has to have run.
FORGE = "$$(ls -d "$$PWD"/node_modules/@foundry-rs/forge-*/bin/forge | head -n 1)"
# Coverage asks which lines ran, not what held: few inputs do.
COVERAGE_RUNS := FOUNDRY_FUZZ_RUNS=100 FOUNDRY_INVARIANT_RUNS=16
# Tests of fixed inputs only: fuzzed ones have no figure of their own.
SNAPSHOT_ARGUMENTS := --no-match-test 'testFuzz|invariant'

.PHONY: contracts contracts-tools contracts-artifacts contracts-snapshot

contracts: contracts-tools
	cd contracts && node tool/build_artifacts.js --check
	cd contracts && $(FORGE) fmt --check
	cd contracts && $(SOLHINT) 'src/**/*.sol' --max-warnings 0 --disc
	cd contracts && $(FORGE) build
	cd contracts && node tool/build_artifacts.js --forge
	cd contracts && $(FORGE) test
	cd contracts && $(FORGE) snapshot $(SNAPSHOT_ARGUMENTS) --check
	cd contracts && $(COVERAGE_RUNS) $(FORGE) coverage --no-match-contract GasTest --report lcov --report-file out/coverage.lcov
	cd contracts && node tool/check_coverage.js out/coverage.lcov

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
