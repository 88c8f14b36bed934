# Everything that a person or a CI runner calls. `make help` explains the targets.
STACK ?= local
OPTIONS ?=
# Tests wait more than they work, so there is one process more than two processors.
PROCESSES ?= 3
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .state/uv/bin/uv)
PYTHON := .venv/bin/python
READY := .venv/.ready
# Each of these is the command of the same name of `milvus-spcs`, for STACK.
COMMANDS := up preview down status logs open password env suspend resume drift import backup restore migrate \
	bootstrap rotate-key

.DEFAULT_GOAL := help
.PHONY: help check test test-fast bench clean $(COMMANDS)

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  make env       print shell exports; afterwards pulumi, snow -c local and milvus-spcs work by hand:'
	@echo '                   eval "$$(make -s env)"; milvus-spcs --help'
	@echo '  Also: $(filter-out up preview down status env,$(COMMANDS)).'
	@echo '  STACK=dev makes any of them act on the stack of that name in a Snowflake account.'
	@echo '  For options use the command: milvus-spcs backup --export --keep 7'

up: ## install what is missing, start the local account, deploy, print the notebook's address
preview: ## show what `make up` would change
down: ## destroy the stack and stop the local account
status: ## show the stack's compute pools, services, containers and endpoints

$(COMMANDS): $(READY)
	@$(PYTHON) -m cli $@ --stack $(STACK) $(OPTIONS)

.PHONY: settings
settings: $(READY) ## write the settings of settings/model.py into Pulumi.yaml and docs/lifecycle.md
	@$(PYTHON) -m settings.documents

check: $(READY) ## lint, type check, and the rules of which folder may import which
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/pyright
	@.venv/bin/lint-imports --no-logo

test: check ## all tests: unit, account with official clients, stack with real containers and a browser
	@$(PYTHON) -m tests.tools
	@$(PYTHON) -m cli setup
	@$(PYTHON) -m pytest -n $(PROCESSES)

test-fast: $(READY) ## for every save: what needs neither Docker nor an account
	@$(PYTHON) -m pytest -n $(PROCESSES) -m "not docker" tests/unit tests/plugin

bench: $(READY) ## measure what users wait for, against references in the same run
	@$(PYTHON) -m cli setup
	@$(PYTHON) -m bench

clean: $(READY) ## remove all that was made: containers, volumes, networks, state, tools
	@$(PYTHON) -m cli clean --stack $(STACK)
	@rm -rf .venv .venv-*

$(READY): pyproject.toml local_account/pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

.state/uv/bin/uv:
	@echo "uv: not found, installing $(UV_VERSION) into .state/uv"
	@python3 -m venv .state/uv
	@.state/uv/bin/pip install --quiet uv==$(UV_VERSION)
