# `make` lists the targets.

PYTHON ?= python3
HOSTS ?= 6
BACKEND ?= memory
SECONDS ?= 60
JOBS ?= 6
RUNS ?= 2000
SEED ?= 0

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
INSTALLED := .venv/installed
FUZZ_INSTALLED := .venv/installed-fuzz
LINK := build/collections/ansible_collections/sitekeeper/sms

# Tools find each other by name, find the collection in this checkout only, and write their files into it.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export ANSIBLE_HOME := $(CURDIR)/build/ansible
export PYTHONPATH := $(CURDIR)/build/collections:$(CURDIR)

# The texts that `make lint` checks against tests/tools/words.txt.
TEXTS := plugins docs README.md roles playbooks changelogs extensions tests/integration

CHECKS := lint types imports sanity unit functional integration molecule

.PHONY: help setup lab demo packages test $(CHECKS) faults fuzz oracle bench format changelog build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) | $(LINK) ## create .venv and the path by which Ansible finds the collection

$(INSTALLED): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11, which ansible-core 2.19 needs: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install them (Debian: apt-get install python3-venv)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

lab: setup ## start the mocked Windows hosts in the foreground (HOSTS=6, BACKEND=memory, samba or domain)
	$(BIN)/python -m tests.lab --hosts $(HOSTS) --backend $(BACKEND) --build build/lab

demo: setup ## show the fault of the KB article, its repair, drift and its repair, on the lab
	$(BIN)/python -m tests.demo

packages: ## as root on Debian, install the packages for tests against Samba; otherwise list the tests left out
	@tests/tools/install_debian_packages.sh

test: setup packages ## run all checks below, two at a time, even if one fails
	@rm -rf build/passed
	@mkdir -p build/passed
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(CHECKS:%=passed-%) || true
	@for check in $(CHECKS); do test -e build/passed/$$check || failed="$${failed:-} $$check"; done; \
	  if [ -n "$${failed:-}" ]; then echo "FAILED:$$failed (run one alone with make <name>)" >&2; exit 1; fi; \
	  echo "passed: $(CHECKS)"
	@tail -q -n 1 build/unit.log build/functional.log

passed-%:
	@$(MAKE) --no-print-directory $*
	@touch build/passed/$*

lint: setup ## ruff, yamllint, ansible-lint, changelog fragments, spelling, words
	ruff check --quiet
	ruff format --check --quiet
	yamllint --strict .
	ansible-lint -q
	antsibull-changelog lint
	codespell
	python -m tests.tools.check_words $(TEXTS)

format: setup ## write the Python files as ruff formats them
	ruff format

types: setup ## mypy --strict on plugin_utils, the lab and the tools
	mypy

imports: setup ## import-linter: the layers of the collection
	lint-imports --cache-dir build/import_linter

sanity: setup ## ansible-test sanity
	python -m tests.tools.run_ansible_test sanity

unit: setup ## the tests of single modules, without a server
	@mkdir -p build
	pytest tests/unit --numprocesses=$$(($$(nproc) + 1)) | tee build/unit.log

functional: setup ## the tests against the lab, real SMB servers and a browser; much of their time is waiting
	@mkdir -p build
	pytest tests/functional --numprocesses=$$((2 * $$(nproc))) | tee build/functional.log

integration: setup ## the modules against the lab (TARGETS=sender_access for some of them)
	python -m tests.tools.run_integration $(TARGETS)

molecule: setup ## the whole hierarchy against the lab, and against real SMB servers and a real domain if they can run
	@for lab in samba domain; do \
	  left_out=$$(python -c "from tests.lab.$$lab import missing; print(missing())"); \
	  if [ -n "$$left_out" ]; then \
	    echo "The scenario $$lab is left out: $$left_out. To run it: sudo make test" >&2; \
	    excluded="$${excluded:-} --exclude $$lab"; \
	  fi; \
	done; \
	cd extensions && molecule test --all $${excluded:-}

faults: setup packages ## every operation under every fault, into build/faults.json (JOBS=6, CELLS='apply/*', RESUME=1)
	@python -m tests.faults --jobs $(JOBS) $(if $(RESUME),--resume) $(foreach cell,$(CELLS),--cell '$(cell)')

fuzz: setup $(FUZZ_INSTALLED) ## random input for the parsers (SECONDS=60 in all, TARGETS=sddl for some, REPLAY=a saved file)
	python -m tests.fuzz --seconds $(SECONDS) $(if $(REPLAY),--replay $(REPLAY)) $(TARGETS)

$(FUZZ_INSTALLED): requirements-fuzz.txt $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-fuzz.txt
	@touch $@

oracle: setup packages ## compare our answers about access with what accounts get from real servers (RUNS=2000, SEED=0)
	python -m tests.oracle --runs $(RUNS) --seed $(SEED)

bench: setup ## measure the collection and its peers, into build/bench.json
	python -m tests.benchmark

changelog: setup ## turn changelogs/fragments into CHANGELOG.rst for the version in galaxy.yml
	antsibull-changelog release

build: setup ## the collection as an archive to publish or install, in build/
	ansible-galaxy collection build --force --output-path build

clean: ## remove everything that the other targets created
	rm -rf .venv .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
