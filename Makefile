# One command installs, one shows, one tests, one checks, one fixes, one measures.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test suite checks check fix bench chaos install lock clean

demo: install
	$(BIN)/shipmate demo --script

# The suite waits more than it computes, so the checks run beside it, in what it leaves.
test: install
	$(MAKE) --jobs 2 checks suite

# Every process reads each test file: what one has compiled spares the others, so it is kept.
# Bots, fakes and databases share few cores, and some stories wait in real time. What failed is
# told once more, alone, and both are shown; what fails twice has failed.
suite: install
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile \
	  || $(BIN)/python -m pytest --last-failed --last-failed-no-failures none

checks: install
	$(BIN)/lint-imports --no-cache
	$(BIN)/ruff check .
	nice $(BIN)/mypy

check: install
	$(BIN)/ruff format --check .
	$(MAKE) checks

fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install
	$(BIN)/python -m benchmarks

chaos: install
	nice $(BIN)/python -m tests.chaos

install: $(VENV)/.installed

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml --group dev requirements/build.in --output-file requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml --extra ecr --extra notify requirements/build.in \
	  --constraint requirements/dev.txt --output-file requirements/run.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
