# make demo: set up and run the main job; make test: set up and pass all checks. Needs python3 >= 3.9 with venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed

.PHONY: demo test lint types unit matrix spark bench app browser-test snapshot snapshot-check clean docs lab-test fresh

PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt

$(VENV)/.product: setup.py .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[reports]'
	touch $@

$(SETUP): $(VENV)/.product
	$(PIP) -e '.[reports,dev]'
	touch $@

demo: $(VENV)/.product
	$(BIN)/ipthreat demo

test: lint types matrix

lint: $(SETUP)
	$(BIN)/python .ci/secret_scan.py
	$(BIN)/python .ci/audit.py
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  $(BIN)/ruff check . && $(BIN)/ruff format --check . ; \
	else echo "NOT CHECKED: lint needs Python 3.11 or newer; this is $$($(BIN)/python -V)"; fi

types: $(SETUP)
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then $(BIN)/mypy; \
	else echo "NOT CHECKED: types need Python 3.11 or newer; this is $$($(BIN)/python -V)"; fi

unit: $(SETUP)
	$(BIN)/python -m pytest -n auto

# The tests under every Python of 3.9, 3.11 and 3.13 that this machine has, and under the one of .venv.
matrix: $(SETUP)
	.ci/matrix

# The same answers under Spark, where there is Java; notebooks run with the other tests, on Python 3.11.
spark: $(SETUP)
	$(PIP) -e '.[spark]'
	$(BIN)/python -m pytest tests/test_spark.py

# Every benchmark in a process of its own, into docs/results.md; BENCH="--only judgement,gate" for some.
BENCH ?=
bench: $(SETUP)
	$(BIN)/python benchmarks/results.py $(BENCH)

# Builds dist/ipthreat-<version>.spl and has AppInspect and ksconf look at it.
app: $(SETUP)
	.ci/appinspect

# Builds the embedded snapshot anew from its pinned sources (Python >= 3.11).
snapshot: $(SETUP)
	$(PIP) -e '.[build]'
	$(BIN)/python -m ipthreat.snapshot.build

# The committed snapshot is exactly what its sources give, row by row.
snapshot-check: $(SETUP)
	.ci/snapshot-check

# The app's pages in headless Chromium. Needs node and npm; the rest goes into build/browser.
browser-test: $(SETUP)
	tests/browser/run

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The documentation, generated parts up to date and all notebooks executed: build/site/index.html. Python >= 3.11.
docs: $(SETUP)
	$(PIP) -e '.[reports,notebooks,docs]'
	$(BIN)/python docs/making/tables.py --check
	$(BIN)/python docs/making/site.py
	$(BIN)/python -m mkdocs build --strict --quiet

# A notebook in a real JupyterLab, the HTML report and the documentation, in headless Chromium: build/lab. Not in CI.
lab-test: $(SETUP)
	$(PIP) -e '.[reports,notebooks,lab]'
	PYTHON=$(CURDIR)/$(BIN)/python tests/browser/lab

# The two commands of the README in a fresh clone, with an empty HOME and a bare PATH.
fresh:
	.ci/fresh
.PHONY: fuzz

# Fuzzes every reader, FUZZ_SECONDS each: led by coverage where atheris is at hand, else by seeded mutations.
FUZZ_SECONDS ?= 60
fuzz: $(SETUP)
	@if $(PIP) atheris==3.0.0; then $(BIN)/python fuzz/fuzzing.py --seconds $(FUZZ_SECONDS) --atheris; \
	else echo "!! atheris is not at hand: seeded mutations instead"; $(BIN)/python fuzz/fuzzing.py --seconds $(FUZZ_SECONDS); fi

.PHONY: soak

# The command and live look-ups under faults; SOAK="--events 10000000 --rounds 400" for the long run.
SOAK ?=
soak: $(SETUP)
	$(BIN)/python benchmarks/soak.py $(SOAK)

.PHONY: gate

# Ratios that must hold, with generous margins: short enough for every change.
gate: $(SETUP)
	$(BIN)/python benchmarks/gate.py
