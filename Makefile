# The commands of this project. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
LISTEN ?= 127.0.0.1:8470
MINUTES ?= 10
USERS ?= 100000
ACCOUNTS ?= 10000
SIZES ?= 1000,100000,1000000

.DEFAULT_GOAL := help
.PHONY: help run cluster frontend test check lint format types layers docs coverage bench bench-http bench-nodes bench-console bench-accounts scale scale-costs pictures fuzz fuzz-http faults clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.run: pyproject.toml scripts/environment.sh
	@PYTHON=$(PYTHON) scripts/environment.sh run

$(VENV)/.test: pyproject.toml scripts/environment.sh
	@PYTHON=$(PYTHON) scripts/environment.sh test

$(VENV)/.bench: $(VENV)/.test
	@PYTHON=$(PYTHON) scripts/environment.sh bench

frontend: $(VENV)/.run ## bring the console's front-end files (does nothing when they are there)
	@scripts/install-frontend.sh

run: $(VENV)/.run frontend ## start a server with the sample company on 127.0.0.1:8470 and say what to do next
	@$(BIN)/bailiwick sample --data $(DATA) --listen $(LISTEN)

cluster: $(VENV)/.run frontend ## three nodes over PostgreSQL behind a proxy, shown at work (with DEMO=1 it ends then)
	@scripts/install-postgresql.sh
	@scripts/install-haproxy.sh
	@$(BIN)/python -m scripts.cluster --listen $(LISTEN) $(if $(DEMO),--demo)

test: $(VENV)/.test frontend ## install what the tests need and run all of them
	@scripts/install-registry.sh
	@scripts/install-postgresql.sh
	@scripts/install-pgbouncer.sh
	@scripts/install-browser.sh
	@scripts/install-faketime.sh
	@# More than a small machine has cores: half of the time tests wait for servers that they have started.
	@# In the order of the folders: short files, those of unit/, come last, so that none runs alone at the end.
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

check: lint types layers docs ## lint, types, import layers, documentation

lint: $(VENV)/.test ## style (ruff); `make format` mends what can be mended
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.test ## mend style
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

types: $(VENV)/.test ## static types (mypy --strict)
	@$(BIN)/mypy

layers: $(VENV)/.test ## the rooms import downwards only (import-linter)
	@$(BIN)/lint-imports

docs: $(VENV)/.test ## the documentation says what the program does
	@$(BIN)/python scripts/check_docs.py

coverage: $(VENV)/.test ## branch coverage of model, catalog and engine
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --cov --cov-report=term tests/unit tests/golden tests/differential tests/property tests/reference

bench: $(VENV)/.bench ## measure decisions in process, beside two other engines (long)
	@$(BIN)/python -m bench.engine_bench --sizes $(SIZES)

bench-http: $(VENV)/.bench ## measure decisions over HTTP, beside a constant answer (needs wrk)
	@$(BIN)/python -m bench.http_bench

bench-nodes: $(VENV)/.test ## measure how soon a revocation on one node is enforced on two others (COUNT=300)
	@scripts/install-postgresql.sh
	@$(BIN)/python -m bench.nodes_bench $(COUNT)

bench-accounts: $(VENV)/.test ## measure one node that holds many accounts (ACCOUNTS=10000)
	@$(BIN)/python -m bench.accounts_bench $(ACCOUNTS)

scale: $(VENV)/.test ## what a million accounts need, reckoned and simulated from measured costs (WRITE=1: into docs/scale.md)
	@$(BIN)/python -m bench.scale_simulation $(if $(WRITE),--write)

scale-costs: $(VENV)/.test ## measure those costs anew on a PostgreSQL server of its own, into bench/scale_costs.json
	@scripts/install-postgresql.sh
	@$(BIN)/python -m bench.scale_costs

bench-console: $(VENV)/.test frontend ## measure how soon the console's pages are usable among USERS=100000
	@$(BIN)/python -m tests.browser.bench $(USERS)

pictures: $(VENV)/.test frontend ## pictures of every page of the console, in test-results/screenshots
	@PICTURES=1 $(BIN)/python -m pytest -q -n 2 tests/browser/test_pages_on_screens.py

fuzz: $(VENV)/.test ## compare the engine with the reference for MINUTES=10
	@$(BIN)/python -m tests.differential.fuzz --minutes $(MINUTES)

fuzz-http: $(VENV)/.test frontend ## ask every route at random, as the published document allows, for MINUTES=10
	@$(BIN)/python -m tests.meta.asking_at_random --minutes $(MINUTES)

faults: $(VENV)/.test ## break nodes and databases with other seeds for MINUTES=10
	@$(BIN)/python -m tests.faults.again --minutes $(MINUTES)

clean: ## remove the environment and what was built
	@rm -rf $(VENV) src/bailiwick/console/static/vendor test-results build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
