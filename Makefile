# Everything that a person or a CI runner calls. `make help` explains the targets.
STACK ?= local
OPTIONS ?=
# Tests wait more than they work, so there is one process more than two processors.
PROCESSES ?= 3
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .state/uv/bin/uv)
PYTHON := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help up preview down status password env backup restore migrate import drift suspend resume bootstrap rotate-key check test test-fast bench clean

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  STACK=dev|prod with up, preview, down: a real Snowflake account instead of the local one"

up: $(READY) ## install what is missing, start the local account, deploy, print the notebook's address
	@$(PYTHON) -m workstation.cli up --stack $(STACK)

preview: $(READY) ## show what `make up` would change
	@$(PYTHON) -m workstation.cli preview --stack $(STACK)

down: $(READY) ## destroy the stack and stop the local account
	@$(PYTHON) -m workstation.cli down --stack $(STACK)

status: $(READY) ## show the local account, its compute pools, services and containers
	@$(PYTHON) -m workstation.cli status

password: $(READY) ## print the notebook user's generated password
	@$(PYTHON) -m workstation.cli password --stack $(STACK)

env: $(READY) ## print shell exports with which pulumi, snow -c local and docker work by hand
	@$(PYTHON) -m workstation.cli env --stack $(STACK)

bootstrap: $(READY) ## make, as administrator and once, the role and user that deploy a stack (OPTIONS=--help)
	@$(PYTHON) -m operations bootstrap --stack $(STACK) $(OPTIONS)

rotate-key: $(READY) ## give the user that deploys a stack a new key, without a gap (OPTIONS=--help)
	@$(PYTHON) -m operations rotate-key --stack $(STACK) $(OPTIONS)

import: $(READY) ## take over into a stack what its account has already (OPTIONS=--dry-run only shows it)
	@$(PYTHON) -m operations import --stack $(STACK) $(OPTIONS)

drift: $(READY) ## show where the account is not as the last `make up` left it
	@$(PYTHON) -m operations drift --stack $(STACK) $(OPTIONS)

suspend: $(READY) ## stop services, compute pools and warehouse of a stack; the data stays
	@$(PYTHON) -m operations suspend --stack $(STACK)

resume: $(READY) ## start a suspended stack again and wait until it is ready
	@$(PYTHON) -m operations resume --stack $(STACK)

backup: $(READY) ## take a snapshot of Milvus's volume; OPTIONS="--export --keep 7", "--list" shows all
	@$(PYTHON) -m operations backup --stack $(STACK) $(OPTIONS)

restore: $(READY) ## bring Milvus back to a backup; OPTIONS="NAME" or "--export NAME", default the newest
	@$(PYTHON) -m operations restore --stack $(STACK) $(OPTIONS)

migrate: $(READY) ## carry Milvus's data through a change of volume size or instance family
	@$(PYTHON) -m operations migrate --stack $(STACK)

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
	@$(PYTHON) -m workstation.cli setup
	@$(PYTHON) -m pytest -n $(PROCESSES)

test-fast: $(READY) ## for every save: what needs neither Docker nor an account
	@$(PYTHON) -m pytest -n $(PROCESSES) -m "not docker" tests/unit tests/plugin

bench: $(READY) ## measure what users wait for, against references in the same run
	@$(PYTHON) -m workstation.cli setup
	@$(PYTHON) -m bench

clean: $(READY) ## remove all that was made: containers, volumes, networks, state, tools
	@$(PYTHON) -m workstation.cli clean
	@rm -rf .venv .venv-*

$(READY): pyproject.toml local_account/pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

.state/uv/bin/uv:
	@echo "uv: not found, installing $(UV_VERSION) into .state/uv"
	@python3 -m venv .state/uv
	@.state/uv/bin/pip install --quiet uv==$(UV_VERSION)
