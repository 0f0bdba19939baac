# Everything a newcomer or a colleague runs. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
BIN := .venv/bin
DASHBOARD := src/sharpeyes/service/dashboard/vendor/.built

export UV_PROJECT_ENVIRONMENT := .venv
# The machine's own Python; none is fetched.
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON ?= $(PYTHON)
# An account without a home folder keeps what it downloads here.
export UV_CACHE_DIR ?= $(shell test -w "$$HOME" && echo "$$HOME/.cache/uv" || echo "$(CURDIR)/.tools/cache")

# npm comes from the machine, or else from a package of the dev group.
NPM_GROUP := $(shell command -v npm >/dev/null && command -v node >/dev/null || echo --group node)

.PHONY: help demo run test lint reference format bench soak clean

help: ## List what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/.runtime $(DASHBOARD) ## A street of simulated cameras, from stream to delivered event
	@exec $(BIN)/sharpeyes demo

run: .venv/.runtime $(DASHBOARD) ## The service with your own cameras
	@exec $(BIN)/sharpeyes serve

test: .venv/.dev $(DASHBOARD) ## All tests; installs the Debian packages they use where it can
	@scripts/install_test_packages
	@# In several processes, each with servers of its own; PYTEST_ARGS=-n0 runs them in one.
	$(BIN)/pytest -n auto $(PYTEST_ARGS)

lint: .venv/.dev ## Style, types, and the arrows between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/write_reference.py --check

reference: .venv/.dev ## Write docs/ref from the program
	$(BIN)/python scripts/write_reference.py

format: .venv/.dev ## Rewrite in the common style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## All benchmarks, quick; `python -m benchmarks NAME` for one in full
	$(BIN)/python -m benchmarks all --quick

soak: .venv/.dev ## Kill everything while 20,000 events flow, and add up what arrived: some 15 minutes
	$(BIN)/python -m benchmarks.soak

clean: ## Remove what was installed and built (data/ and .demo/ stay)
	rm -rf .venv .tools $(dir $(DASHBOARD))

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .tools/uv || \
	    { echo "Python's venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }
	.tools/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(DASHBOARD): scripts/build_dashboard.py dashboard/package.json dashboard/package-lock.json .venv/.runtime
	$(BIN)/python scripts/build_dashboard.py

.venv/.runtime: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --inexact --no-dev $(NPM_GROUP)
	@# Compiles the detectors' loops once; else every worker would, at its first start.
	$(BIN)/python -c 'import sharpeyes.detectors.scene'
	@touch $@

.venv/.dev: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked $(NPM_GROUP)
	@touch $@ .venv/.runtime
