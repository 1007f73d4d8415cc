# The two commands: `make demo` and `make test`. Both set up what they need; only Python 3.11+, venv and make are assumed.

VENV ?= .venv
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN = $(VENV)/bin
MANIFESTS = pyproject.toml $(wildcard destinations/*/pyproject.toml) constraints.txt
PLUGINS = $(patsubst %/pyproject.toml,-e %,$(wildcard destinations/*/pyproject.toml))

.PHONY: demo test docs static compliance campaign crash crash-nats bench bench-docs clean

demo: $(VENV)/.demo
	$(BIN)/destinations demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist loadfile

compliance: $(VENV)/.test
	$(BIN)/python -m pytest tests/compliance -q -s

static: $(VENV)/.static
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

campaign: $(VENV)/.test
	$(BIN)/python tests/stores/campaign.py
	$(BIN)/python tests/testing/seeded_bugs/campaign.py
	$(BIN)/python tests/_support/record_planted.py 10000
	$(BIN)/python tests/testing/flakes.py 200
	DESTINATION_ACTIONS_CAMPAIGN=1 $(BIN)/python -m pytest -q tests/runtime/test_pace.py tests/scaffold
	$(BIN)/python tests/checking/campaign.py 20
	DESTINATION_ACTIONS_CHECK_EXAMPLES=2000 $(BIN)/python -m pytest -q tests/checking/test_laws.py
	DESTINATION_ACTIONS_EXPLAIN_CASES=10000 $(BIN)/python -m pytest -q -s tests/subscriptions/test_explain.py

crash: $(VENV)/.test
	$(BIN)/python tests/crash/crash_harness.py --events 8000 --kills 300
	$(BIN)/python tests/crash/crash_harness.py --events 6000 --kills 100 --rule upstream
	$(BIN)/python tests/crash/crash_rates.py
	$(BIN)/python tests/crash/crash_all.py --events 10000 --kills 1200
	for rule in upstream ack-first answer-first send-again; do \
		$(BIN)/python tests/crash/crash_all.py --events 600 --kills 60 --keys 20 --rule $$rule || exit 1; done
	$(MAKE) crash-nats

crash-nats: $(VENV)/.test
	$(BIN)/python -m pytest -q tests/nats/cluster_faults.py
	$(BIN)/python tests/crash/crash_nats.py

docs: $(VENV)/.docs
	mkdir -p build/docs
	$(BIN)/python -m mkdocs build --quiet --strict
	@echo "build/site/index.html"

# Ours and Segment's published packages (where node is), alternately: the figures; and those that docs/performance.md shows.
bench: $(VENV)/.test
	$(BIN)/python benchmarks/bench.py

bench-docs: $(VENV)/.test
	$(BIN)/python benchmarks/bench.py --docs

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later with venv is needed; name it with: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.venv $(MANIFESTS)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[liquid]' $(PLUGINS)
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]' $(PLUGINS)
	@touch $@

$(VENV)/.docs: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]' $(PLUGINS)
	@touch $@

$(VENV)/.static: $(VENV)/.test
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[static]' $(PLUGINS)
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
