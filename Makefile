# Everything a person does with this repository. `make help` lists it.
# Paths are relative, so that a checkout may stand in a folder with spaces.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
PACKAGES := libs/common libs/devkit services/booking services/notifications services/consents services/recall services/patient-profile services/gateway
CODE := libs services tests
RUN_READY := .venv/.ready-run
DEV_READY := .venv/.ready-dev

.PHONY: help setup run test soak check fmt format-check lint types imports contracts migrations bench bench-growth migration lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

.venv/bin/uv:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt

$(RUN_READY): requirements/devkit.txt $(PACKAGES:%=%/pyproject.toml) | .venv/bin/uv
	@test -e $(DEV_READY) || .venv/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements/devkit.txt
	@test -e $(DEV_READY) || .venv/bin/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@touch $@

$(DEV_READY): requirements/dev.txt $(PACKAGES:%=%/pyproject.toml) | .venv/bin/uv
	@.venv/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements/dev.txt
	@.venv/bin/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@touch $@ $(RUN_READY)

setup: $(DEV_READY) ## Make the virtual environment with everything for work on the code

run: $(RUN_READY) ## Run the six services with a demo network; the gateway on 8080 (GATEWAY_PORT), phones on 8090
	@exec $(PY) -m devkit.cli up

test: $(DEV_READY) ## Run every test on real PostgreSQL and NATS
	@$(PY) -m pytest

soak: $(DEV_READY) ## Run the slow tests too: thousands of acts at once
	@$(PY) -m pytest -m slow

check: format-check lint types imports test ## All that must pass before a change lands (contracts and migrations are tests)

format-check: $(DEV_READY)
	@$(PY) -m ruff format --check --quiet $(CODE)

fmt: $(DEV_READY) ## Format the code
	@$(PY) -m ruff format $(CODE)
	@$(PY) -m ruff check --fix-only --quiet $(CODE)

lint: $(DEV_READY) ## Lint
	@$(PY) -m ruff check $(CODE)

types: $(DEV_READY) ## Check types, strictly
	@$(PY) -m mypy $(CODE)

imports: $(DEV_READY) ## Check who may import whom
	@.venv/bin/lint-imports --no-logo

contracts: $(DEV_READY) ## Write the snapshots of message contracts anew
	@UPDATE_CONTRACTS=1 $(PY) -m pytest -q libs/common/tests/test_contracts.py

migration: $(DEV_READY) ## Write a service's next revision: make migration SERVICE=booking MESSAGE="what changes"
	@$(PY) -m devkit.revision "$(SERVICE)" "$(MESSAGE)"

bench: $(DEV_READY) ## Measure against the raw limits and the best peers, in one run each
	@$(PY) -m devkit.bench
	@.venv/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements/bench.txt || echo "(procrastinate cannot be had: sending is measured without it)"
	@$(PY) -m devkit.bench --sending

bench-growth: $(DEV_READY) ## Measure how costs grow with 10 000, 100 000 and a million booked appointments
	@$(PY) -m devkit.bench --growth

lock: .venv/bin/uv ## Pin what requirements/*.in ask for
	@for name in bootstrap run devkit dev bench; do \
	  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Remove what was built, and the data of `make run`
	@rm -rf .venv .vinculo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
