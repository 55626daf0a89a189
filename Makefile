# Sẵn Sàng. `make help` lists what there is; `make up` and `make test` set up what they need themselves.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input
TESTS ?= tests
export PYTHON

##@ Use
.PHONY: up
up: $(VENV)/.run ## Set everything up, run the collector and this PC's agent, print its address (PORT=8421 for another port)
	@$(MAKE) assets || echo "» going on without them: the page uses the system's font and does not refresh by itself"
	@exec $(BIN)/python tools/up.py $(if $(PORT),--port $(PORT))

.PHONY: up-observability
up-observability: $(VENV)/.run debian-watch ## The same, watched by Prometheus and Alertmanager (PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT)
	@$(MAKE) assets || echo "» going on without them: the page uses the system's font and does not refresh by itself"
	@exec $(BIN)/python -m tools.up_observability $(if $(PORT),--port $(PORT)) $(if $(PROMETHEUS_PORT),--prometheus-port $(PROMETHEUS_PORT)) $(if $(ALERTMANAGER_PORT),--alertmanager-port $(ALERTMANAGER_PORT))

.PHONY: test
test: $(VENV)/.dev assets-test debian-test lint types ## Set everything up, check style and types, run every test (TESTS=path for some)
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile $(TESTS)

##@ Develop
.PHONY: lint
lint: $(VENV)/.dev ## Style: ruff check and ruff format --check
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .

.PHONY: types
types: $(VENV)/.dev ## Types: mypy --strict over everything, tests too
	@$(BIN)/mypy --no-error-summary && $(BIN)/mypy --no-error-summary --explicit-package-bases tools tests benchmarks

.PHONY: format
format: $(VENV)/.dev ## Rewrite the sources as lint wants them
	@$(BIN)/ruff check --quiet --fix --exit-zero . && $(BIN)/ruff format --quiet .

.PHONY: lock
lock: $(VENV)/.dev ## Write requirements/*.txt from pyproject.toml (UPGRADE=1 takes newer versions)
	@$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

.PHONY: docs
docs: $(VENV)/.dev ## Write CONFIGURATION.md and METRICS.md from the code
	@$(BIN)/python tools/generate_docs.py

.PHONY: assets
assets: $(VENV)/.run debian-assets ## Fetch what the pages need and we did not write (font, htmx)
	@$(BIN)/python tools/assets.py </dev/null

.PHONY: assets-test
assets-test: $(VENV)/.run debian-assets ## The same, and what others wrote that only tests use
	@$(BIN)/python tools/assets.py --tests </dev/null

##@ Measure
.PHONY: bench
bench: $(VENV)/.dev debian-bench debian-test ## Footprint, throughput, accuracy, bytes a day, verdicts, findings, speed and scrapes, beside their peers (about 90 minutes)
	@for name in agent_footprint ingest traffic accuracy tokens readiness attribution bandwidth exposition; do $(BIN)/python benchmarks/$$name.py; done

.PHONY: campaign-kill
campaign-kill: $(VENV)/.dev debian-test ## Kill agent and collector at every system call, many times, and count what was lost
	@for script in tests/faults/campaign_*.py; do $(BIN)/python -m "tests.faults.$$(basename "$$script" .py)"; done

.PHONY: campaign-tokens
campaign-tokens: $(VENV)/.dev debian-test ## Read a signing token ten thousand times, crash a hundred modules, and look for a trace (about an hour)
	@$(BIN)/python -m tests.checks.campaign_tokens --runs 10000

.PHONY: campaign-verdict
campaign-verdict: $(VENV)/.dev ## What holds of every verdict, tried on tens of thousands of cities
	@$(BIN)/python -m tests.collector.readiness.campaign_properties
	@$(BIN)/python -m tests.collector.readiness.campaign_path

.PHONY: campaign-backlog
campaign-backlog: $(VENV)/.dev debian-test ## Three days of a city of 17 wards, late, into a real Prometheus and VictoriaMetrics
	@$(BIN)/python -m tests.peers.campaign_backlog

##@ Housekeeping
.PHONY: clean
clean: ## Remove what was built: .venv, node_modules, caches (measured data in .state stays)
	@rm -rf $(VENV) node_modules collector/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis test-output build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

# --- set-up ------------------------------------------------------------------------------------------------------
DEBIAN := debian-env debian-build debian-assets debian-watch debian-test debian-bench
.PHONY: $(DEBIAN)
$(DEBIAN): debian-%:
	@tools/debian.sh $*

$(BIN)/python: | debian-env
	@echo "» Python environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml requirements/build.txt requirements/agent.txt requirements/collector.txt | $(BIN)/python
	@echo "» Python packages of the agent and the collector"
	@$(PIP) --require-hashes --no-deps -r requirements/build.txt -r requirements/agent.txt -r requirements/collector.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run | debian-build
	@echo "» Python packages of the tests"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) --require-hashes --no-deps --no-build-isolation -r requirements/dev.txt
	@touch $@
