# `make demo` and `make test` work on a fresh clone: each first sets up what it needs in .venv, and sets it up
# anew only when pyproject.toml or constraints.txt have changed. A stamp stands only where pip succeeded.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
INSTALL = $(PYTHON) -m venv $(VENV) && $(RUN) -m pip install --quiet -c constraints.txt -e

.PHONY: help demo test lint bench

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed  ## Make two scans of one head, register them, show the error and the picture
	$(RUN) demo/demo.py

test: $(VENV)/.installed-dev  ## Run all tests, two files at a time
	$(RUN) -m pytest -n 2 --dist loadfile

lint: $(VENV)/.installed-dev  ## Check style, format and types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

bench: $(VENV)/.installed  ## Measure against other programs (sets up .venv-bench; takes long)
	$(MAKE) -f benchmarks/bench.mk bench

$(VENV)/.installed: pyproject.toml constraints.txt
	@rm -f $@
	$(INSTALL) .
	@touch $@

# The development environment holds all that the demo needs.
$(VENV)/.installed-dev: pyproject.toml constraints.txt
	@rm -f $@
	$(INSTALL) '.[dev]'
	@touch $@ $(VENV)/.installed
