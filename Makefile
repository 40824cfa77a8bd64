# CityCall. `make run` starts it, `make test` tests it; both make the environment that they need.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
DEV := $(VENV)/.dev
PACKAGE := $(VENV)/.package
CATALOGUES = $(shell find src/citycall -path '*/locale/*' -name '*.po')

.PHONY: help run env env-dev browser test check bench mutants lock clean

help: ## Say what there is.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: env ## Start everything at http://127.0.0.1:1999. Options: make run ARGS="--port 2999"
	@exec $(BIN)/citycall run $(ARGS)

env: $(BASE) $(PACKAGE) $(VENV)/.messages ## Make the environment that it runs in.

env-dev: $(DEV) $(PACKAGE) $(VENV)/.messages ## The same, with what tests and checks need.

$(VENV)/bin/python:
	@.ci/python $(VENV)

$(BASE): requirements/base.txt | $(VENV)/bin/python
	@echo "installing what CityCall runs on ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r $<
	@touch $@

$(DEV): requirements/dev.txt requirements/base.txt | $(VENV)/bin/python
	@echo "installing what tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r $<
	@touch $@ $(BASE)

# After the locks, because the build tool is in them; an editable install needs no network.
$(PACKAGE): pyproject.toml | $(VENV)/bin/python
	@test -e $(BASE) || $(MAKE) --no-print-directory $(BASE)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.messages: $(CATALOGUES) $(PACKAGE)
	@$(BIN)/citycall messages compile
	@touch $@

browser: ## Chromium and Chinese type for the browser tests.
	@.ci/browser

test: env-dev browser ## Everything, the browser included.
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: env-dev ## Style, types, contracts and the quick tests, in under a minute.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/bandit --quiet --severity-level medium --recursive --configfile pyproject.toml src
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "quick and not slow and not browser" $(ARGS)

bench: env ## The benchmarks, each with what it is measured against.
	@$(BIN)/python -m bench $(ARGS)

mutants: env ## Each rule and setting of the cities' packs taken out or shifted: which story notices?
	@left=0; for pack in kinmen newtaipei taipei; do \
		$(BIN)/citycall mutants policies/$$pack $(ARGS) || left=1; done; exit $$left

lock: env-dev ## Make the locks anew from requirements/*.in.
	@.ci/lock $(BIN)

clean: ## Remove the environment and what tools left. Data (var/) stays.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-output
	find src tests -name __pycache__ -prune -exec rm -rf {} +
	find src -name '*.mo' -delete
