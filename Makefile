# make build: the main job. make test: the tests. Nothing is needed but make and Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: build test lint fmt fuzz mutate bench wheel lock clean
.DEFAULT_GOAL := build

build: $(READY)
	$(BIN)/communique build

test: $(READY)
	$(BIN)/pytest

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/communique fmt --check

fmt: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/communique fmt

fuzz: $(READY)
	$(BIN)/python tests/fuzz.py

mutate: $(READY)
	$(BIN)/communique mutate
	$(BIN)/communique test --mutate

bench: $(READY)
	$(BIN)/python benchmarks/bench.py

wheel: $(READY)
	$(BIN)/python -m pip --quiet wheel --no-deps --no-build-isolation --wheel-dir build .

lock: $(READY)
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
	  --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist .dist-releases .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q scripts
	touch $@
