# Run from the repository's root: the Makefile's `bench` comes here. Peers have an environment of their own, since
# some of them do not bear one another; programs (plastimatch, cmtk, elastix, reg_aladin) are used where found.
PYTHON ?= python3
PEERS := .venv-bench
RUN := .venv/bin/python -m benchmarks

.PHONY: bench bench-real

bench: $(PEERS)/.installed  ## 100 pairs with known motion, ours on all and the peers on 20; about an hour
	$(RUN).run

bench-real: $(PEERS)/.installed  ## The real CT and T2 of one specimen: how far the methods' answers lie apart
	$(RUN).real

$(PEERS)/.installed: benchmarks/requirements.txt
	@rm -f $@
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -r benchmarks/requirements.txt
	@touch $@
