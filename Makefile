# Verbs for people. Each sets up what it needs; none asks a question.
SHELL := /bin/sh
BIN := .venv/bin
# Pinned threads: a sum over 2 threads differs from one over 4 in its last bit. Passive waiting: spinning threads cost 4x on shared cores.
export OMP_NUM_THREADS ?= 2
export OMP_WAIT_POLICY ?= passive
export GOMP_SPINCOUNT ?= 0
export HF_HUB_OFFLINE ?= 1
export MLFLOW_DISABLE_TELEMETRY ?= true
export GX_ANALYTICS_ENABLED ?= false
# Where it is set, every process compiles all it imports anew: 2 of the 3 CPU seconds that most of the processes started here take.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-ocr setup-slurm run ui test test-slow test-gpu test-lock check bench bench-curation bench-gpu pictures samples lock
help: ## list these verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## make the environment in .venv from constraints.txt
	@scripts/setup.sh

setup-ocr: ## install what reads scans, for `latamgpt ocr`
	@scripts/setup-ocr.sh

setup-slurm: ## install a Slurm of one's own, for the tests that start one
	@scripts/setup-slurm.sh

run: setup ## from the samples' raw deliveries to a release; does only what is stale
	@$(BIN)/python -m dagster_project.run

ui: setup ## Dagster, MLflow and Data Docs in the browser, on 127.0.0.1
	@$(BIN)/python -m dagster_project.ui

test: setup ## the quick tests
	@$(BIN)/python -m pytest -q -m "not slow" --numprocesses logical --maxprocesses 4

# Each process that tests imports every file that it is given.
SLOW_FILES = $$(grep -rl --include 'test_*.py' 'mark\.slow' tests)
test-slow: setup ## the tests that take longer: whole runs, kills, real servers, a real browser
	@scripts/setup-browser.sh
	@$(BIN)/python -m pytest -q -m slow --timeout 600 --numprocesses 3 --no-loadscope-reorder $(SLOW_FILES)

test-gpu: setup ## what only a GPU can show; says what it skips where there is none, or only one
	@$(BIN)/python -m pytest -q -rs -m requires_gpu tests/training/test_gpu.py tests/training/test_attention.py

test-lock: setup ## train and score the samples anew from a fresh clone, and compare every byte with dvc.lock (half an hour)
	@LATAMGPT_TRAIN_ANEW=1 $(BIN)/python -m pytest -q tests/smoke/test_committed_lock.py

check: setup ## format, lint, types, import directions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

bench: setup ## measure what README claims, side by side
	@$(BIN)/python -m scripts.bench

bench-curation: setup ## measure curation beside other pipelines, kernels and limits on a generated corpus (about half an hour)
	@$(BIN)/python -m scripts.curation_bench $(OPTIONS)

bench-gpu: setup ## measure the trainer on a GPU beside a bare loop; OPTIONS as scripts/bench_gpu.py names them
	@$(BIN)/python -m scripts.bench_gpu $(OPTIONS)

pictures: setup ## take README's pictures from the running pages, after make run
	@scripts/setup-browser.sh
	@$(BIN)/python -m scripts.take_pictures

samples: setup ## rebuild samples/ from the packages that its texts come from
	@$(BIN)/python scripts/build_samples.py

lock: ## write constraints.txt anew from .venv
	@scripts/lock.sh
