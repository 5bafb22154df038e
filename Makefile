# Every target makes .venv by itself from the two hash-pinned lock files; nothing else is needed but python3, git and make.
SHELL := /bin/sh
VENV := .venv
ZENML := integrations/zenml/.venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# One thread per process: two levels of parallelism are slower than none (see ARCHITECTURE.md).
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export DVC_NO_ANALYTICS ?= 1

.DEFAULT_GOAL := help
.PHONY: help repro test test-browser chromium lab check docs examples loop bench calibrate rankings zenml lock dvc clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

repro: $(VENV)/.ready  ## run the pipeline: what moved the score, the data or the model?
	dvc repro
	@ceteris summary

test: $(VENV)/.ready  ## run every test
	python -m pytest

test-browser: $(VENV)/.ready chromium  ## review labels in a real JupyterLab with a real Chromium, as a person does
	python -m pytest -n 2 -m browser tests/browser $(ARGS)

chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
	  { echo "These tests need Chromium. Install it, then run them again: apt-get install chromium fonts-dejavu-core"; exit 1; }

lab: $(VENV)/.ready  ## open JupyterLab on the notebooks (as root: ARGS=--allow-root)
	PYTHONPATH=src jupyter lab notebooks $(ARGS)

check: $(VENV)/.ready  ## lint, types and tests
	ruff check .
	ruff format --check .
	mypy
	$(MAKE) test

docs: $(VENV)/.ready  ## write the figures and numbers that README shows from the results
	python docs/readme.py
	PYTHONPATH=src python docs/messy.py
	PYTHONPATH=src:. python docs/monitoring.py

examples: $(VENV)/.ready  ## run the worked examples in scratch folders, and write their pages and figures in docs/examples/
	python docs/example_pages.py $(ARGS)

loop: $(VENV)/.ready  ## accept, serve, watch, label, retrain and serve again, in a scratch folder; writes docs/loop.md
	python examples/loop/loop.py $(ARGS)

bench: $(VENV)/.ready  ## time ceteris against plain scripts, side by side, as ratios
	python -m benchmarks

calibrate: $(VENV)/.ready  ## how often does ceteris err? The full study, resumable, within two hours
	PYTHONPATH=src:. python -m calibration $(ARGS)

rankings: $(VENV)/.ready  ## which ranking earns its reviews? Data sets x kinds of errors, resumable; writes docs/rankings.md
	PYTHONPATH=src:. python -m calibration.earned $(ARGS)

zenml: $(ZENML)/.ready $(VENV)/.ready  ## the same stages as a ZenML pipeline, in an environment of its own: make it, and test it
	python -m pytest -n 0 tests/test_zenml.py

dvc: $(VENV)/.ready  ## run any DVC command in the environment: make dvc ARGS="exp show"
	dvc $(ARGS)

lock: $(VENV)/.ready  ## resolve the dependencies of pyproject.toml anew
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --fork-strategy fewest --no-header --no-annotate \
	  --quiet -o requirements.lock
	grep -E '^(cleanlab|datasets|joblib|numpy|pandas|pyarrow|scikit-learn|scipy|skops|threadpoolctl)==' requirements.lock | tr -d '\\' > $(VENV)/held.txt
	uv pip compile integrations/zenml/requirements.in -c $(VENV)/held.txt --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --fork-strategy fewest --no-header --no-annotate \
	  --quiet -o integrations/zenml/requirements.lock

clean:  ## remove the environment and the caches of tools
	rm -rf $(VENV) $(ZENML) .pytest_cache .ruff_cache .mypy_cache .hypothesis

# uv installs in about half a minute and compiles bytecode; where it cannot run, pip does the same more slowly.
$(VENV)/.ready: requirements.lock requirements-uv.lock pyproject.toml
	@python3 -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else "ceteris needs Python 3.11, 3.12 or 3.13; python3 is %d.%d. Put one of these first on PATH and run make again." % v[:2])'
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements-uv.lock || true
	UV_PYTHON=$(VENV)/bin/python $(VENV)/bin/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock || \
	  $(VENV)/bin/python -m pip install --quiet --compile --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# ZenML's pins clash with ours (pydantic, click, sqlalchemy, python-dateutil), so it has libraries of its own, and our src/.
$(ZENML)/.ready: integrations/zenml/requirements.lock $(VENV)/.ready
	python3 -m venv --clear $(ZENML)
	UV_PYTHON=$(ZENML)/bin/python uv pip install --quiet --compile-bytecode --require-hashes -r integrations/zenml/requirements.lock || \
	  $(ZENML)/bin/python -m pip install --quiet --compile --require-hashes -r integrations/zenml/requirements.lock
	touch $@
