# credroot: build, checks and the demonstration. Needs Python >= 3.11, git and make; npm for the contracts and the tests.
#
#   make demo        the whole story on a chain of its own, from a CSV file to an audit
#   make test        every test, with the coverage bars
#   make check       format, lint, types, import rules, dead code, dependencies, spelling, generated files, contracts
#   make contracts   all that is asserted of the contracts: fuzzed, symbolic, compared with Python, on three machines (long)
#   make fonts       the fonts of certificates and pictures, into .fonts (needs npm, once)
#   make serve       the demonstration's registry again, with its pages (without a demonstration: an empty one of your own)
#   make fuzz-api    20,000 requests made from the OpenAPI documents, to a registry and an interoperability server
#   make contracts-check  the part of it that is in make check
#   make slither     the contracts under Slither
#   make crash-points  kill the worker at every point of an epoch's life, on both databases (ten minutes)
#   make mutation    mutation tests of the domain (slow, nightly)
#   make mutants     bugs planted into the worker, each killed by a test that is named (ten minutes)
#   make changes     every change of one character of thirty signed documents (twenty minutes)
#   make bench       badges a second, against a peer, how long a verification takes, and a million end to end (a quarter of an hour)
#   make chaos       a thousand epochs under random faults, reorganisations and killed workers: each anchored once
#   make many-workers two services and three workers on PostgreSQL, one killed every few seconds: everything once
#   make hammer      writers, revokers and readers at once, every answer proved, processes killed, the chain reorganised (five minutes)
#   make equality    sign 25,000 invented documents the fast way and the plain way, and compare them to the byte
#   make generated   write the pages, ABI and bytecode that are made from the sources
#   make catalogues  bring the catalogues of the pages up to date with what the pages say
#   make lock        resolve requirements/*.in again
#   make coverage    the coverage report of the last `make test`, as HTML
#   make clean       remove what the other targets made
#
# Every path is relative: the folder may have spaces in its name. Recipes write a stamp last, so an interrupted set-up
# is taken up again; `make -j` is safe.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP_FLAGS := --quiet --disable-pip-version-check --no-input
PIP_LOCKED := $(PIP_FLAGS) --require-hashes --only-binary=:all:

# A number one run prints and another takes back: `make test SEED=1234`.
ifndef SEED
SEED := $(shell $(PYTHON) -c 'import secrets; print(secrets.randbelow(2**32))')
endif
# Three on two cores: many tests wait for a process, a node or a browser that they have started.
TEST_PROCESSES ?= 3
PYTEST_ARGS ?=
SHARED_DATA := $(or $(CREDROOT_SHARED_DATA),../shared/data)

.PHONY: help demo serve fonts fonts-if-possible test many-workers hammer chaos crash-points bench changes fuzz-api equality judges-tools browser-tools check contracts slither mutation mutants lock generated generated-check catalogues coverage clean
.PHONY: format-check lint types import-rules dead-code dependencies spelling generated-pages

help:
	@sed -n 's/^#   //p' Makefile

include contracts/contracts.mk

# -- environments ---------------------------------------------------------------------------------------------------

# Changing a lock file or pyproject.toml brings the environment up to date at the next call.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
	  f"credroot needs Python 3.11 or newer; {sys.executable} is {v[0]}.{v[1]}. Name another: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.created requirements/runtime.txt requirements/build.txt pyproject.toml
	$(RUN) -m pip install $(PIP_LOCKED) -r requirements/runtime.txt
	$(RUN) -m pip install $(PIP_LOCKED) -r requirements/build.txt
	$(RUN) -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(RUN) -m pip install $(PIP_LOCKED) -r requirements/dev.txt
	@touch $@

# The optional extra, for its tests: made for Python up to 3.14.
$(VENV)/.ray: $(VENV)/.dev requirements/ray.txt
	@if $(RUN) -c 'import sys; sys.exit(sys.version_info >= (3, 15))'; \
	  then $(RUN) -m pip install $(PIP_LOCKED) -r requirements/ray.txt && echo installed > $@; \
	  else echo "NOTE: there is no Ray for this Python; its tests are left out" && echo absent > $@; fi

# Tools whose dependencies must not mix with the project's.
.venv-%/.made: requirements/%.txt $(VENV)/.created
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install $(PIP_LOCKED) -r $<
	@touch $@

# -- fonts ----------------------------------------------------------------------------------------------------------

FONTS := .fonts
# Regular and bold where they are small; of the large ones (Chinese, Japanese, Korean: 22 MB) the regular alone.
FONT_FILES := noto-sans/400Regular noto-sans/700Bold noto-sans-arabic/400Regular noto-sans-arabic/700Bold \
  noto-sans-devanagari/400Regular noto-sans-devanagari/700Bold noto-sans-hebrew/400Regular noto-sans-hebrew/700Bold \
  noto-sans-tamil/400Regular noto-sans-tamil/700Bold noto-emoji/400Regular \
  noto-sans-sc/400Regular noto-sans-jp/400Regular noto-sans-kr/400Regular

fonts: $(FONTS)/.installed

# Pinned with hashes, as everything else; the packages hold nine weights of each, which do not stay.
$(FONTS)/.installed: requirements/fonts/package.json requirements/fonts/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: the fonts need node 20 or newer with npm" >&2; exit 1; }
	rm -rf $(FONTS)
	mkdir -p $(FONTS)/npm
	cp requirements/fonts/package.json requirements/fonts/package-lock.json $(FONTS)/npm/
	cd $(FONTS)/npm && npm ci --ignore-scripts --no-audit --no-fund
	for folder in $(FONT_FILES); do cp $(FONTS)/npm/node_modules/@expo-google-fonts/$$folder/*.ttf $(FONTS)/ || exit 1; done
	cp $(FONTS)/npm/node_modules/@expo-google-fonts/noto-sans/LICENSE_FONT $(FONTS)/LICENSE
	rm -rf $(FONTS)/npm
	@touch $@

# A demonstration goes on without them: only its certificates in other scripts cannot be made.
fonts-if-possible:
	@$(MAKE) --no-print-directory fonts || { echo; \
	  echo "NOTE: the fonts could not be installed (see above). Certificates and pictures with names beyond Latin, Greek and"; \
	  echo "      Cyrillic cannot be made: they are refused with the code font-missing. Everything else works."; echo; }

# -- running --------------------------------------------------------------------------------------------------------

# Looked for when the recipe runs: they may have been installed a moment ago.
WITH_FONTS := if test -f $(FONTS)/.installed; then export CREDROOT_FONT_DIR="$${CREDROOT_FONT_DIR:-$$PWD/$(FONTS)}"; fi;

demo: $(VENV)/.runtime fonts-if-possible
	$(WITH_FONTS) $(RUN) -m registry.demo

serve: $(VENV)/.runtime fonts-if-possible
	$(WITH_FONTS) $(RUN) -m registry.demo --serve

# -- tests ----------------------------------------------------------------------------------------------------------

test: $(VENV)/.ray contracts-forge judges-tools browser-tools fonts
	@rm -f .coverage .coverage.*
	@echo "seed $(SEED): repeat this run with  make test SEED=$(SEED)"
	@test -d "$(SHARED_DATA)" || echo "NOTE: $(SHARED_DATA) is absent; the tests named below that read it are left out"
	$(RUN) -m pytest -n $(TEST_PROCESSES) --randomly-seed=$(SEED) \
	  --hypothesis-seed=$(SEED) --cov --cov-report= $(PYTEST_ARGS) \
	  $$(grep -q installed $(VENV)/.ray || echo --without-ray) \
	  $(if $(wildcard $(SHARED_DATA)/.),,--without-shared-data)
	$(RUN) -m coverage report --fail-under=95
	$(RUN) -m coverage report --fail-under=100 --include='registry/domain/*,anchor_worker/machine.py,anchor_worker/offers.py,anchor_worker/budget.py,anchor_worker/fees.py'

# Verifiers of others, which the tests ask about our credentials; like the contracts' tools without a lock file.
judges-tools: tests/judges/node_modules/.credroot-stamp

tests/judges/node_modules/.credroot-stamp: tests/judges/package.json tests/judges/.npmrc
	@command -v npm >/dev/null || { echo "npm is missing: the tests need node 20 or newer with npm" >&2; exit 1; }
	cd tests/judges && npm install --no-save --no-package-lock --ignore-scripts
	@touch $@

# A real browser, from the distribution, and axe-core, the accessibility rules that every page is held to.
browser-tools: tests/browser/node_modules/.credroot-stamp
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-droid-fallback >/dev/null; } \
	  || { echo "Chromium is missing: the tests of the pages need it (Debian: apt-get install chromium)" >&2; exit 1; }

tests/browser/node_modules/.credroot-stamp: tests/browser/package.json tests/browser/.npmrc
	@command -v npm >/dev/null || { echo "npm is missing: the tests need node 20 or newer with npm" >&2; exit 1; }
	cd tests/browser && npm install --no-save --no-package-lock --ignore-scripts
	@touch $@

crash-points: $(VENV)/.dev contracts-tools
	$(RUN) -m pytest -n $(TEST_PROCESSES) -rP --every-crash-point tests/faults/test_crash_points.py

EQUALITY_DOCUMENTS ?= 25000

equality: $(VENV)/.dev
	$(RUN) -m tests.equality $(EQUALITY_DOCUMENTS) $(SEED)

coverage: $(VENV)/.dev
	@test -f .coverage || { echo "run 'make test' first: there are no measurements"; exit 1; }
	$(RUN) -m coverage html --directory=out/coverage

mutation: .venv-mutation/.made
	.venv-mutation/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	.venv-mutation/bin/python -m mutmut run

# Some of them, by name: `make mutants MUTANTS="pending-nonce no-reorg-check"`.
MUTANTS ?=

mutants: $(VENV)/.dev contracts-tools
	$(RUN) -m tests.mutants $(MUTANTS)

# FUZZ_ARGS="--requests N --seed N" sends more, or repeats a run.
fuzz-api: $(VENV)/.dev
	$(RUN) -m tests.web.fuzzing $(FUZZ_ARGS)

changes: $(VENV)/.dev
	$(RUN) -m tests.attacks.character_changes

# What to measure and how often: `make bench BENCH="rates --rounds 9"`.
BENCH ?= rates latency million

# ROWS and SEED repeat a run: `make many-workers ROWS=20000 SEED=7`.
ROWS ?= 200000

many-workers: $(VENV)/.dev contracts-tools
	$(RUN) -m tests.many_workers --rows $(ROWS) --seed $(SEED)

# EPOCHS, SEED and DATABASE repeat a run: `make chaos EPOCHS=50 SEED=7 DATABASE=postgresql`.
EPOCHS ?= 1000
DATABASE ?= sqlite

chaos: $(VENV)/.dev contracts-tools
	$(RUN) -m tests.chaos --epochs $(EPOCHS) --seed $(SEED) --database $(DATABASE)

# Repeat it, or make it longer: `make hammer SEED=7 HAMMER="--minutes 60 --database sqlite"`.
HAMMER ?=

hammer: $(VENV)/.dev contracts-tools
	$(RUN) -m tests.hammer --seed $(SEED) $(HAMMER)

bench: $(VENV)/.dev .venv-bench/.made fonts
	$(WITH_FONTS) $(RUN) -m tests.bench $(BENCH) --out out/bench
	.venv-bench/bin/python tests/bench/plot.py out/bench/results.json

# -- checks ---------------------------------------------------------------------------------------------------------

check: format-check lint types import-rules dead-code dependencies spelling generated-check contracts-check

format-check: $(VENV)/.dev
	$(RUN) -m ruff format --check .

lint: $(VENV)/.dev
	$(RUN) -m ruff check .

types: $(VENV)/.dev
	$(RUN) -m mypy

import-rules: $(VENV)/.dev
	$(VENV)/bin/lint-imports

dead-code: $(VENV)/.dev
	$(RUN) -m vulture

dependencies: $(VENV)/.dev
	$(RUN) -m deptry .

# Pages and vectors made from the code, in git exactly as the code makes them. The contracts' artifacts are compared by `contracts`.
GENERATED_PAGES := docs/settings.md docs/routes.md docs/commands.md docs/faults.md tests/vectors docs/examples

generated: generated-pages contracts-artifacts $(VENV)/.dev
	$(RUN) -m tests.contracts.page

generated-pages: $(VENV)/.dev
	$(RUN) -m tests.docs.generate
	$(RUN) -m tests.vectors.generate
	$(RUN) -m tests.docs.examples

generated-check: generated-pages
	git ls-files --error-unmatch $(GENERATED_PAGES) >/dev/null
	git diff --exit-code -- $(GENERATED_PAGES)

# What the pages say, in each language: new sentences are added for somebody to translate.
catalogues: $(VENV)/.dev
	$(RUN) -m tests.docs.catalogues

spelling: $(VENV)/.dev
	git ls-files -z --cached --others --exclude-standard | xargs -0 $(VENV)/bin/codespell

slither: .venv-audit/.made contracts-tools
	cd contracts && PATH="$$(dirname $(FORGE)):$$PATH" ../.venv-audit/bin/python -m slither . \
	  --filter-paths 'test|node_modules' --fail-medium

# -- locking --------------------------------------------------------------------------------------------------------

# The largest set is resolved first and the others are held to it, so that one environment satisfies them all. No index
# is written: lock files name versions and hashes, never a registry.
UV_COMPILE := .venv-lock/bin/uv pip compile --quiet --python-version 3.11 --only-binary :all: --generate-hashes \
  --no-emit-index-url --no-header --no-annotate --no-strip-extras

lock: .venv-lock/.made
	$(UV_COMPILE) $(UPGRADE) requirements/dev.in --output-file requirements/dev.txt
	$(UV_COMPILE) requirements/runtime.in --constraint requirements/dev.txt --output-file requirements/runtime.txt
	$(UV_COMPILE) requirements/ray.in --constraint requirements/dev.txt --output-file requirements/ray.txt
	$(UV_COMPILE) requirements/build.in --constraint requirements/dev.txt --output-file requirements/build.txt
	$(UV_COMPILE) requirements/bench.in --output-file requirements/bench.txt
	$(UV_COMPILE) requirements/mutation.in --constraint requirements/dev.txt --output-file requirements/mutation.txt
	$(UV_COMPILE) $(UPGRADE) requirements/audit.in --output-file requirements/audit.txt
	$(UV_COMPILE) $(UPGRADE) requirements/symbolic.in --output-file requirements/symbolic.txt
	$(UV_COMPILE) $(UPGRADE) requirements/lock.in --output-file requirements/lock.txt

clean:
	rm -rf .venv .venv-* .fonts out build dist .coverage .coverage.* .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf contracts/node_modules contracts/out contracts/cache tests/judges/node_modules tests/browser/node_modules
