# Cartera: `make demo` shows it, `make test` proves it. Needs Python 3.11-3.13 and make, nothing else.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup demo test tryton soak check lint lint-types lint-sql airflow benchmarks lock clean

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Cartera needs Python 3.11, 3.12 or 3.13; none was found on PATH" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@echo "installing the lock into .venv (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup
	@$(BIN)/cartera demo

# One worker more than cores, for a fifth of the time tests wait for a browser or a server; each has a server of its own.
# A test file stays in one worker; tests/conftest.py says which come first.
WORKERS := --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --maxprocesses 5 --dist loadfile --no-loadscope-reorder
test: setup lint $(if $(findstring --without-tryton,$(PYTEST_OPTIONS)),,tryton)
	@$(BIN)/python -m pytest $(WORKERS) $(PYTEST_OPTIONS)

# The real Tryton, for its connector's tests: an environment of its own, made once from
# tests/connectors/tryton/requirements.lock; PYTEST_OPTIONS=--without-tryton leaves it out.
tryton: setup
	@test -d .venv-tryton || echo "installing Tryton into .venv-tryton (about two minutes, once)"
	@PYTHONPATH=tests $(BIN)/python -m support.tryton_server

# A thousand senders killed at random points, for each kind of provider; then
# the ledger's proof on 10,000 random histories, a thousand at a time; HISTORIES_FROM=10000 takes other ones.
HISTORIES_FROM ?= 0
soak: setup
	@CARTERA_CRASH_SEEDS=1000 $(BIN)/python -m pytest -q --timeout 3600 tests/reminders/test_reminder_crashes.py
	@for batch in 0 1 2 3 4 5 6 7 8 9; do \
		CARTERA_HISTORY_SEED=$$(($(HISTORIES_FROM) + batch * 1000)) $(BIN)/python -m pytest -q tests/dbt_project/test_ledger.py || exit 1; \
	done

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(MAKE) --no-print-directory -j2 lint-types lint-sql

lint-types: setup
	@$(BIN)/mypy

lint-sql: setup
	@$(BIN)/sqlfluff lint -q dbt_project/models dbt_project/tests

check: test

airflow: setup
	@$(BIN)/cartera airflow

benchmarks: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@$(BIN)/python benchmarks/landing.py
	@$(BIN)/python benchmarks/warehouse.py
	@$(BIN)/python benchmarks/connectors.py
	@$(BIN)/python benchmarks/each_connector.py
	@$(BIN)/python benchmarks/bank_files.py
	@$(BIN)/python benchmarks/reminders.py
	@$(BIN)/python benchmarks/contact_rules.py
	@$(BIN)/python benchmarks/logins.py
	@$(BIN)/python benchmarks/order_on_disk.py

# Writes the locks anew; needs uv (`pip install uv`).
UV := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock:
	$(UV) pyproject.toml -o requirements.lock
	$(UV) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv .venv-tryton .cartera
