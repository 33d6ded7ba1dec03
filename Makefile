# Short names for the habitual commands; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install run test nightly lint format bench serve clean

help: ## List these commands
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## /\1\t/' | column -t -s "$$(printf '\t')"

.venv/installed: requirements.txt test-requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -r test-requirements.txt
	touch $@

install: .venv/installed ## Make the virtual environment and install everything into it

run: .venv/installed ## Run the default experiment
	$(BIN)/python -m project.run --exp-name trial --learning-rate 0.001

serve: .venv/installed ## Open the web page where runs are compared
	$(BIN)/python -m project.serve

test: .venv/installed ## Run all tests
	$(BIN)/python -m pytest -n auto

nightly: .venv/installed ## Run the tests that GitHub runs each night
	$(BIN)/pip install -q -r requirements-video.txt
	$(BIN)/python -m pytest -n auto -m nightly

# Not a target of the next rule, though it looks like one.
test-requirements.txt: ;

test-%: .venv/installed ## Run the tests whose names match, as in make test-resume
	$(BIN)/python -m pytest -n auto -k "$*"

lint: .venv/installed ## Check style and formatting
	$(BIN)/flake8
	$(BIN)/black --check --quiet .
	$(BIN)/isort --check-only --quiet .

format: .venv/installed ## Format all code
	$(BIN)/isort --quiet .
	$(BIN)/black --quiet .

bench: .venv/installed ## Measure beside peers and limits, and rewrite the table in benchmarks/README.md
	$(BIN)/python -m benchmarks --readme

clean: ## Remove the virtual environment and caches, never runs or data
	rm -rf .venv .pytest_cache
