# make run   the app, on a machine with nothing but Python 3.11 or newer
# make test  the whole suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Tests mostly wait for calls that take their time: two processors are enough for four at a time.
JOBS ?= 4

# Tests start hundreds of processes: each would compile the whole program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check lint types imports fmt bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "sentra-tui needs Python 3.11 or newer: make run PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@echo "Installing sentra-tui into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,echo]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.run
	@echo "Installing the test tools into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(VENV)/.run ## Open the app (make run ARGS="--mic talk.wav")
	@$(BIN)/sentra-tui $(ARGS)

# Real sound and real calls are late where the machine is busy: what fails beside other tests gets one more trial alone.
# What is wrong fails both times.
test: $(VENV)/.dev ## Run the whole suite (make test ARGS="-k wav")
	@$(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder $(ARGS) || { test $$? -eq 1 && \
	    echo "Once more, alone, what failed:" && \
	    $(BIN)/python -m pytest --last-failed --last-failed-no-failures=none -v $(ARGS); }

check: lint types imports ## Run every static check

lint: $(VENV)/.dev ## Check style
	@$(BIN)/ruff check sentra_tui tests bench
	@$(BIN)/ruff format --check sentra_tui tests bench

types: $(VENV)/.dev ## Check types
	@$(BIN)/mypy

imports: $(VENV)/.dev ## Check that floors import only floors below
	@$(BIN)/lint-imports

fmt: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff check --fix --quiet sentra_tui tests bench || true
	@$(BIN)/ruff format sentra_tui tests bench

bench: $(VENV)/.dev ## Measure every figure
	@$(BIN)/python -m bench $(ARGS)

clean: ## Remove what make and the tests made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
