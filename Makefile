# `make demo` and `make test` make the environment themselves.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export HF_HUB_OFFLINE ?= 1

.PHONY: help env demo test slow check format reference clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bioner needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

env: $(READY)  ## make the environment .venv

demo: $(READY)  ## transfer then MTL against single, on the demo datasets
	$(BIN)/bioner train -m experiment=demo/single,demo/transfer_mtl
	$(BIN)/bioner report study=demo
	@echo
	@echo "Next, in this folder:"
	@echo "  $(BIN)/bioner train --help"
	@echo "  $(BIN)/bioner train finetune.targets=ncbi_disease finetune.train_size=0.1"
	@echo "  $(BIN)/bioner train -m experiment=demo/single,demo/transfer_mtl seed=1,2,3"

test: $(READY)  ## the tests
	$(BIN)/pytest -n auto --dist loadfile -m 'not slow'

slow: $(READY)  ## every test, true runs on real corpora included (BIONER_DATASETS)
	$(BIN)/pytest

check: $(READY)  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

reference: $(READY)  ## conf/README.md, from the YAML and the schema
	$(BIN)/python -m bioner.config.reference >conf/README.md

clean:  ## remove the environment and the caches of the tools
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
