# `make run` and `make test` are all one needs; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Every folder of plugins/ with a pyproject.toml is installed, so a new plugin needs no line here.
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))

# What `make run` trains: short enough to end within about five minutes on two cores.
RUN_FRAMES ?= 40000
RUN_REPLAY_START ?= 5000

# Two test processes with one thread each are faster than one process with two threads.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
WORKERS ?= 2

# The tests on a cluster mostly wait, so more of them than there are processors run side by side, each with a cluster of its own.
SLURM_WORKERS ?= 4
SLURM_LOCAL ?= $(abspath ../shared/slurm/slurm-local.sh)

# Without the theme's notice about another tool, which a strict build would bury its own warnings under.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs

.DEFAULT_GOAL := help
.PHONY: help setup run test test-learning test-slow test-slurm test-system bench-peers bench-speed bench-environments format docs docs-serve clean
.PHONY: check check-format check-lint check-types check-layers check-docs

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install the core, all plugins and the developers' tools

$(STAMP): Makefile constraints.txt pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "allcore needs Python 3.11 or newer, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)"; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --upgrade-deps $(VENV)
	$(BIN)/python -m pip install --constraint constraints.txt --build-constraint constraints.txt \
	  --group dev --editable . $(PLUGINS:%=--editable %)
	@touch $@

run: setup ## Train DQN on Breakout for about five minutes
	$(BIN)/all run --preset atari.dqn --env Breakout --frames $(RUN_FRAMES) --test-episodes 20 \
	  --set replay_start_size=$(RUN_REPLAY_START) --set replay_buffer_size=100000

test: setup ## Run the whole fast test suite
	$(PYTEST) -n $(WORKERS)

test-learning: setup ## Run the tests in which agents must learn (minutes)
	$(PYTEST) -n $(WORKERS) -m learning

test-slow: setup ## Run the slow tests
	$(PYTEST) -n $(WORKERS) -m slow

test-gpu: setup ## Run the tests that need CUDA
	$(PYTEST) -m gpu

test-slurm: setup ## Run the tests on a private Slurm cluster (minutes)
	@command -v sbatch >/dev/null && command -v slurmctld >/dev/null && test -x "$(SLURM_LOCAL)" || { \
	  echo "These tests will be skipped. They need Slurm's programs (Debian and Ubuntu: apt-get install slurmctld slurmd slurm-client munge)"; \
	  echo "and a script that starts a private cluster, which SLURM_LOCAL names ($(SLURM_LOCAL)): up, purge, restart-ctld,"; \
	  echo "stop-node and start-node are called as tests/slurm/conftest.py shows."; }
	SLURM_LOCAL="$(SLURM_LOCAL)" $(PYTEST) -n $(SLURM_WORKERS) -m slurm

test-system: setup ## Build the distributions and install them into fresh environments
	$(PYTEST) -m system

bench-peers: setup
	sh benchmarks/speed/setup_peers.sh $(BIN)/python

bench-speed: bench-peers ## Measure how fast runs train beside other libraries (BENCH=workload, or all: hours)
	$(BIN)/python benchmarks/speed/run.py $(BENCH) $(BENCH_OPTIONS)

bench-environments: bench-peers ## Measure how fast environments step beside others (half an hour)
	$(BIN)/python benchmarks/speed/environments.py $(BENCH_OPTIONS)

check: check-format check-lint check-types check-layers check-docs ## Everything but the tests; changes no file

check-format: setup
	$(BIN)/ruff format --check .

check-lint: setup
	$(BIN)/ruff check .

check-types: setup
	$(BIN)/mypy

check-layers: setup
	$(BIN)/lint-imports

check-docs: setup
	$(MKDOCS) build --strict --quiet

format: setup ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## Build the documentation into site/
	$(MKDOCS) build --strict

docs-serve: setup ## Show the documentation in a browser and rebuild it on changes
	$(MKDOCS) serve

clean: ## Remove the environment, caches and built files (runs/ stays)
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
