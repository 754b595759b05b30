# Fairwait's tasks. They need make, Python 3.11 to 3.13, and a package index that pip knows.

# The first that the embedded store runs on; PYTHON=... chooses another
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		2>/dev/null && echo $$python && break; done)
WORKERS ?= auto
BENCH ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# uv-build, which builds our distributions, is looked up on the path
export PATH := $(CURDIR)/$(BIN):$(PATH)

DISTRIBUTIONS := contracts chassis services/referral services/matching services/notifications \
                 services/reporting deploy/local
PROJECTS := $(DISTRIBUTIONS:%=%/pyproject.toml)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup dev run once check test test-kafka fuzz bench national contracts requirements vendor clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' \
		| awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

# --- Install ---------------------------------------------------------------------------------

setup: $(VENV)/.run $(VENV)/.editable ## Install what a run needs, into .venv

dev: $(VENV)/.dev $(VENV)/.editable ## Install what tests and checks need, too

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Needs Python 3.11, 3.12 or 3.13 with venv (Debian: python3-venv), or PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements/run.txt | $(VENV)/.python
	$(PIP) --require-hashes -r requirements/run.txt
	@touch $@

# Holds run.txt and more, at the same versions
$(VENV)/.dev: requirements/dev.txt | $(VENV)/.python
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/.run

$(VENV)/.editable: $(PROJECTS) | $(VENV)/.run
	$(PIP) --no-deps --no-build-isolation $(DISTRIBUTIONS:%=-e ./%)
	@touch $@

# --- Run -------------------------------------------------------------------------------------

run: setup ## The whole system on this machine, until Ctrl-C
	fairwait run $(ARGS)

once: setup ## A day of referrals through the whole system to the data set, checked, then stop
	fairwait run --once $(ARGS)

# --- Check -----------------------------------------------------------------------------------

check: dev ## Lint, format, types, who imports whom, published contracts
	ruff check
	ruff format --check
	mypy
	lint-imports
	python -m contracts.tools check

test: dev ## Every test that needs neither Docker nor Java
	pytest -n $(WORKERS) --dist worksteal $(ARGS)

NEEDS_KAFKA := $(wildcard tests/integration tests/e2e tests/crash)

test-kafka: dev ## The tests that meet a broker, on Apache Kafka (Java 17 and Maven)
	FAIRWAIT_STACK=native FAIRWAIT_REQUIRE=$${FAIRWAIT_REQUIRE:-durable_kafka} \
		pytest -n $(WORKERS) --dist worksteal $(NEEDS_KAFKA) $(ARGS)

fuzz: dev ## Search longer for inputs that break an edge
	pytest -n $(WORKERS) --hypothesis-profile=fuzz tests/fuzz $(ARGS)

bench: dev ## Measure, as ratios inside one run (BENCH=bulk for one, ARGS for its options)
	python -m tests.bench $(BENCH) $(ARGS)

RTT ?= $(or $(FAIRWAIT_SHARED),../shared)/data/rtt/2026-01-full-extract-32-icbs.csv.gz

national: setup ## Tell a published month as events and compare every cell (RTT=file ARGS="--workers 2")
	fairwait national $(RTT) $(ARGS)

# --- Write what is committed -----------------------------------------------------------------

contracts: dev ## Write schemas, examples and AsyncAPI from the event classes
	python -m contracts.tools write

requirements: dev ## Resolve requirements/*.in into pinned, hashed lists (ARGS=--upgrade)
	requirements/compile.sh $(ARGS)

vendor: dev ## Fetch the front-end files of deploy/vendor/vendor.toml (needs npm)
	python deploy/vendor/vendor.py

clean: ## Remove what runs and tools left behind; .venv stays
	rm -rf .fairwait .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		.coverage .coverage.* htmlcov dist build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
