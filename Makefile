# Two commands do everything: `make demo` trains a model on real data, `make test` checks the whole house.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported: of the ten thousand that are installed most never are.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint .ci/constraints.txt
unexport PYTHONDONTWRITEBYTECODE
# Shared out while they run: the tests of a file take between a millisecond and a minute.
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
# Small networks on few cores: threads that spin while they wait cost many times the work itself.
export OMP_WAIT_POLICY = PASSIVE

.PHONY: help demo test tests thorough unit lint types contracts schema vscode e2e-vscode bench e2e-jupyter clean

help:  ## show what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /make \1\t/' | expand -t 18

$(VENV)/.runtime: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	@touch $@

# pip's resolver needs torch first: with it in place nothing pulls in a build for other hardware.
$(VENV)/.development: $(VENV)/.runtime
	$(INSTALL) --editable '.[all]' --requirement .ci/development.txt
	@touch $@

demo: $(VENV)/.runtime  ## install, write an example project from real data and train it
	rm -rf demo
	$(BIN)/declml init tabular demo
	cd demo && ../$(BIN)/declml train census.declml.yaml

test: lint contracts  ## install everything and run every check and test
	$(MAKE) --no-print-directory --jobs 2 types tests

# Real kernels and servers on a busy machine miss a moment now and then: what failed is run once more, alone.
tests: $(VENV)/.development  ## every test but the thorough ones
	$(PYTEST) -m 'not thorough' || $(BIN)/python -m pytest --last-failed --last-failed-no-failures none -m 'not thorough'

thorough: $(VENV)/.development  ## thousands of generated cases more, for five to ten minutes
	$(PYTEST) -m thorough

unit: $(VENV)/.development  ## the tests that take seconds
	$(PYTEST) -m 'not slow and not thorough'

lint: $(VENV)/.development  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.development  ## pyright, strict
	$(BIN)/pyright --pythonpath $(BIN)/python

contracts: $(VENV)/.development  ## which room may import which
	$(BIN)/lint-imports

schema: $(VENV)/.development  ## write the generated schemas anew
	$(BIN)/declml schema write

vscode-extension/node_modules/.package-lock.json: vscode-extension/package-lock.json
	cd vscode-extension && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

vscode: vscode-extension/node_modules/.package-lock.json  ## check, test and package the VS Code extension
	$(PYTHON) vscode-extension/scripts/write_event_types.py
	cd vscode-extension && npm run --silent check && npm run --silent package

e2e-vscode: vscode $(VENV)/.development  ## tests in a real VS Code in a browser, with screenshots
	DECLML_E2E_PYTHON=$(CURDIR)/$(BIN)/python vscode-extension/e2e/run.sh

soak: $(VENV)/.development  ## faults at random moments of trainings on kernels; ROUNDS=n of each (default 100)
	$(BIN)/python tests/soak/kernels.py

bench: $(VENV)/.development  ## the measurements behind the README's figures
	$(BIN)/python tests/benchmarks/check_speed.py
	$(BIN)/python tests/benchmarks/training_loop.py
	$(BIN)/python tests/benchmarks/ingest.py
	$(BIN)/python tests/benchmarks/language_server.py --lines 5000

$(VENV)/.jupyter: $(VENV)/.development
	$(INSTALL) jupyterlab jupyterlab-lsp nbconvert playwright python-lsp-server
	@touch $@

e2e-jupyter: $(VENV)/.jupyter  ## the tutorial in a real JupyterLab, watched in a headless browser
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/e2e/jupyter/run.sh

clean:  ## remove the environment and what the demo wrote
	rm -rf $(VENV) demo
