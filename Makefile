SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# Words behind the target: make demo ARGS=--once
ARGS ?=
# The folder of dlt's own salesforce source, if `make clients` should run that too; PYTHON names an interpreter that has dlt
DLT_SOURCE ?=
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate --quiet

.PHONY: help setup browser demo test check bench workers fleet libraries flames year burst pages slow live clients lwc wheel sbom audit deploycheck docs screenshots messages lock format clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: .make/assets ## Make .venv with everything that is needed

browser: ## Make sure that the tests have a browser
	@.ci/need-chromium

demo: setup ## From nothing to a first sync between two local emulators; ARGS=--once checks it and ends
	@$(BIN)/fairlead demo $(ARGS)

test: setup browser ## Run all tests with coverage; ARGS goes to pytest
	$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder --cov --cov-report=term $(ARGS)

check: setup sbom audit ## Lint, format, types, import contracts, documentation, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: setup .make/bench ## Measure the same jobs side by side; writes bench/results.json and docs/reference/performance.md
	$(BIN)/python -m bench $(ARGS)

workers: setup ## One, two and four workers on one PostgreSQL; writes bench/workers.json
	$(BIN)/python -m bench.workers $(ARGS)

fleet: setup ## Simulate a thousand orgs on what runs were measured to cost; ARGS=--write puts the answer into the documentation
	$(BIN)/python -m bench.fleet $(ARGS)

libraries: setup ## Measure libraries for JSON, CSV and HTTP against each other
	$(BIN)/python -m bench.libraries

flames: setup ## Draw where the processor's time goes; writes docs/images/flames
	$(BIN)/python -m bench.flames $(ARGS)

year: setup ## A year of life of an account, then ten days hour by hour against an oracle; slow; writes bench/year.json
	$(BIN)/python -m bench.year $(ARGS)

burst: setup ## A bulk load that changes 100,000 contacts, followed to Campaign Monitor; writes bench/burst.json
	$(BIN)/python -m bench.burst $(ARGS)

pages: setup ## Server time of every page on a large installation; writes bench/pages.json
	$(BIN)/python -m bench.pages $(ARGS)

slow: setup browser ## Run the tests that take minutes each: kills of every stage, long walks through faults
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow $(ARGS)

live: setup ## Run the opt-in tests against real accounts
	$(BIN)/python -m pytest -m live $(ARGS)

clients: setup ## Run others' JavaScript clients and Salesforce's command line against the local services; needs node 22 and npm
	npm ci --prefix tests/clients/javascript --no-audit --no-fund
	$(BIN)/python tests/clients/javascript/run.py
	npm ci --prefix tests/clients/jsforce --no-audit --no-fund
	$(BIN)/python tests/clients/jsforce/run.py
	npm ci --prefix tests/clients/salesforce_cli --no-audit --no-fund
	$(BIN)/python tests/clients/salesforce_cli/run.py
	@if [ -n "$(DLT_SOURCE)" ]; then $(BIN)/python tests/clients/dlt/run.py "$(DLT_SOURCE)"; fi

wheel: setup ## Build the wheel, with everything that Fairlead needs beside its locked packages, into dist/
	rm -rf build/lib dist/fairlead-*.whl
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

sbom: setup ## Write what the wheel brings along or needs, as CycloneDX, to build/fairlead.cdx.json
	@$(BIN)/python deploy/sbom.py build/fairlead.cdx.json

audit: setup ## Ask whether a locked package has a known vulnerability; ARGS=--strict fails where nobody can be asked
	@$(BIN)/python deploy/audit.py $(ARGS)

deploycheck: .make/deploy ## Hold deploy/ and Containerfile against Helm, Kubernetes' schemas, hadolint, systemd, PromQL
	@PATH="$(CURDIR)/.make/tools/bin:$$PATH" .make/tools/bin/python deploy/check.py

lwc: ## Test the components for Salesforce's record pages, lint them, read their Apex; needs node 20 and npm
	npm ci --prefix salesforce/components --no-audit --no-fund
	npm --prefix salesforce/components run apex
	npm --prefix salesforce/components run lint
	npm --prefix salesforce/components test

docs: setup ## Write the reference anew and serve the documentation at http://127.0.0.1:8000
	$(BIN)/python -m fairlead.cli.reference docs/reference
	$(BIN)/python -m fairlead_emulators.reference docs/reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

screenshots: setup browser ## Take a picture of every page for the documentation
	$(BIN)/python -m tests.journeys.screenshots

messages: setup ## Collect every text of the pages for translators
	$(BIN)/python -m fairlead.cli.texts

lock: .make/setup ## Lock the requirements again, with hashes and without addresses
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/$(LOCK) requirements/runtime.in --output-file requirements/runtime.txt
	$(BIN)/$(LOCK) requirements/develop.in --output-file requirements/develop.txt
	$(BIN)/$(LOCK) requirements/deploy.in --output-file requirements/deploy.txt
	$(BIN)/$(LOCK) requirements/bench.in --output-file requirements/bench.txt
	$(BIN)/$(LOCK) requirements/runtime.in requirements/billing.in --constraints requirements/develop.txt \
		--output-file requirements/billing.txt

format: setup ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what was built, but no data
	rm -rf $(VENV) $(VENV)-bench .make site build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*

# The lock names every package, so none is looked for: older pips take a newer release of a package with extras for unpinned.
.make/setup: requirements/develop.txt pyproject.toml .ci/make-venv
	@mkdir -p .make
	.ci/make-venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/develop.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.make/deploy: requirements/deploy.txt .ci/make-venv
	@mkdir -p .make
	.ci/make-venv .make/tools
	.make/tools/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/deploy.txt
	@touch $@

.make/assets: .make/setup src/fairlead/ui/assets.py
	$(BIN)/python -m fairlead.ui.assets
	@touch $@

# dlt, which the service needs nothing of. Where it cannot be installed the bench says so and ends, unless told --without dlt.
.make/bench: requirements/bench.txt .ci/make-venv
	@mkdir -p .make
	@if .ci/make-venv $(VENV)-bench && $(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes -r requirements/bench.txt; then touch $@; else echo "dlt could not be installed." >&2; fi
