# Two commands are enough: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check format bench lock translations clean

help:  ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/installed  ## Install, prepare instance/ and serve on http://127.0.0.1:8000
	@$(BIN)/kms serve

# The browser's driver leaves greenlets behind, and Python 3.11 can lose count of its depth when
# one is collected while an application is built: so the journeys have processes of their own.
# A journey that fails is walked once more, and the last line counts those ("rerun").
test: $(VENV)/installed-test  ## The whole suite, browser journeys included
	$(BIN)/pytest -n 2 --dist loadfile -m "not browser"
	$(BIN)/pytest -n 2 --dist loadfile --reruns 1 -m browser

check: $(VENV)/installed-test  ## Format, lint, types and architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_architecture.py tests/test_docs.py

format: $(VENV)/installed-test  ## Put every file in the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-bench  ## Measure pages; with NOTES=file.jsonl.gz search beside others too
	$(BIN)/python -m bench.pages
ifdef NOTES
	$(BIN)/python -m bench.peers $(NOTES) $(if $(DOCS),--docs $(DOCS) --questions $(QUESTIONS))
else
	@echo "make bench NOTES=file.jsonl.gz measures search too: JSON lines with title and body"
endif

translations: $(VENV)/installed-test  ## Bring kms/translations/en.po in step with the Thai
	$(BIN)/python -m kms.translations.extract

lock: $(VENV)/installed-test  ## Resolve pyproject.toml into the two lock files
	$(BIN)/pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra test --output-file requirements-test.lock pyproject.toml

clean:  ## Remove the environment and caches, never instance/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/installed-test: requirements-test.lock $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-test.lock
	touch $@

$(VENV)/installed-bench: pyproject.toml $(VENV)/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@
