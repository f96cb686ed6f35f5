# Openprime: the three commands a newcomer needs are `make up`, `make test`, `make lock`.
# Needs: python3 with venv, make, a C compiler; node and npm for the end-to-end tests.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Both stamps depend on what they install; a second run finds them fresh and does nothing.
RUNTIME := $(STAMPS)/runtime
DEV     := $(STAMPS)/dev

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up install dev test lint format types arrows pytest coverage lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: $(RUNTIME) ## install what is needed and start a server
	$(BIN)/openprime up $(ARGS)

install: $(RUNTIME) ## install the package and its locked dependencies into .venv
dev: $(DEV) ## the same, and the tools of the tests

test: lint types arrows pytest ## everything that must pass

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy --strict src

arrows: $(DEV)
	$(BIN)/lint-imports --no-cache

# Files are shared out to a process a core: most tests wait for a broker of their own.
pytest: $(DEV)
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# Files are shared out as above. Exact: what must be covered to the last branch. Takes about four
# times as long as the tests alone. A test that fails does not keep the report back.
EXACT := src/openprime/desk/*,src/openprime/sequencer/*,src/openprime/store/*
coverage: $(DEV) ## run the tests under coverage, branches counted, and print what is left
	$(BIN)/coverage erase
	failed=0; \
	$(BIN)/coverage run -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
		--timeout 600 $(ARGS) || failed=1; \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage report --fail-under 95 || failed=1; \
	$(BIN)/coverage report --include '$(EXACT)' --fail-under 100 || failed=1; \
	exit $$failed

format: $(DEV) ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv resolves for every platform and Python from 3.11 on; hashes, and no index named in the file.
lock: $(DEV) ## resolve the dependencies anew
	BIN=$(BIN) sh scripts/lock.sh
	$(MAKE) dev

clean: ## remove everything that this file made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(DEV): requirements/dev.txt $(RUNTIME)
	$(PIP) install --require-hashes -r requirements/dev.txt
	@mkdir -p $(STAMPS) && touch $@
