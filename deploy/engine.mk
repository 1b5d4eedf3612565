# What `make` does in every project on this engine; the Makefile includes it and has what is the project's own.

SHELL := bash
PY := .venv/bin/python
MYSQL_TEST_PORT ?= 3410
DOCS_PORT ?= 8001
STATE = $(or $(LOCAL_STATE),.local)
# Some containers set it. Without bytecode every process compiles what it imports, and pytest every test, again.
unexport PYTHONDONTWRITEBYTECODE
# Files of tests run side by side: servers wait more than they work. They begin in the order of tests/conftest.py.
QUICK = -m "not end_to_end"
PARALLEL = -n $(or $(JOBS),3) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: run token reset test-fast test test-end-to-end lint generate schema new-service new-project take-engine security-matrix \
  fuzz status verify rebuild test-without-shop test-mysql test-deploy faults soak setup deploy-tools browser-tools \
  api-tools docs-tools docs docs-build lock vendor audit clean help

##@ Try it

run: setup ## Start Tributary at http://localhost:8000; Ctrl-C stops it, data is kept
	@exec $(PY) -m local run

token: setup ## Print a signed JWT for the running stack: ROLE=staff [SUB=...]; without ROLE, name the roles
	@exec $(PY) -m ops token "$(ROLE)" --sub "$(SUB)"

reset: ## Empty what the local stack keeps (stop it first)
	@[ ! -e "$(STATE)/lock" ] || ! command -v flock >/dev/null || flock -n "$(STATE)/lock" true || \
	{ echo "The stack in $(STATE) is running; stop it first (Ctrl-C in its terminal)." >&2; exit 1; }
	rm -rf -- "$(STATE)"

##@ Check a change

test-fast: setup ## Run the tests that need no server: under a minute
	$(PY) -m pytest -n 2 --dist worksteal -m serverless tests/core tests/services $(PROJECT_TESTS) chalicelib tests/deploy/test_makefile.py tests/deploy/test_requirements.py $(ARGS)

test: setup lint ## Run all checks, and all tests but those of test-end-to-end; or what is named: [ARGS=tests/core] [JOBS=3]
	$(PY) -m pytest $(PARALLEL) $(or $(ARGS),$(QUICK))

lint: setup ## Run ruff, mypy --strict and import-linter; see that what is generated is current
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@$(PY) -m deploy.generate --check

##@ Write services

generate: setup ## Write template.yaml, infrastructure/ and import-linter's lists from the services' declarations
	@$(PY) -m deploy.generate

schema: setup ## Write schema/: the shape of stored states and events, by which `make lint` sees what a change breaks
	@$(PY) -m deploy.schemas

new-service: setup ## Write a service to begin with: NAME=gift_cards
	@$(PY) -m deploy.new_service "$(NAME)"

new-project: setup ## Write a project of your own, without the example: DEST=../desk SERVICE=tickets
	@$(PY) -m deploy.new_project "$(DEST)" "$(SERVICE)"

take-engine: setup ## In such a project, take a newer engine: FROM=../tributary
	@[ -e "$(FROM)/deploy/take_engine.py" ] || { echo "FROM must name the folder of a newer engine: make take-engine FROM=../tributary" >&2; exit 1; }
	@python=$(CURDIR)/$(PY) && cd "$(FROM)" && $$python -m deploy.take_engine "$(CURDIR)"

##@ Read the documents

docs: docs-tools ## Serve the documentation at http://localhost:8001: [DOCS_PORT=8001]
	@exec $(PY) -m deploy.site --serve $(DOCS_PORT)

docs-build: docs-tools ## Build the documentation into .site/site; a warning or a broken link is an error
	@$(PY) -m deploy.site

##@ Check a change

security-matrix: setup ## Ask every route as everybody, compare with the written table, and print it: [ARGS=-x]
	@$(PY) -m pytest -q tests/security/test_matrix.py $(ARGS) && cat $(wildcard chalicelib/*/tests/matrix.md tests/*/matrix.md)

fuzz: api-tools ## Send schemathesis's cases to every route as every role: [CASES=10000]
	FUZZ_CASES=$(or $(CASES),10000) $(PY) -m pytest tests/api/test_fuzz.py -s $(ARGS)

##@ Operate the running stack

status: setup ## Show lag, dead letters and rebuilds of the running stack, until Ctrl-C
	@exec $(PY) -m ops status --watch

verify: setup ## Compare both sides of the running stack; REPAIR=1 repairs differences
	@exec $(PY) -m ops verify $(if $(REPAIR),--repair)

rebuild: setup ## Build the running stack's read tables anew, online
	@exec $(PY) -m ops rebuild

##@ Check a change

test-end-to-end: setup ## Run the tests of the whole: deployment, new project, tutorial, browser, clients, faults under load: [ARGS=-x]
	$(PY) -m pytest $(PARALLEL) -m end_to_end $(ARGS)

test-without-shop: setup ## Run the engine's tests in a copy of the repository without the shop
	@tests/core/without_shop.sh $(PARALLEL) $(or $(ARGS),$(QUICK))

test-mysql: setup ## Run the database tests on a real MySQL, downloaded into a folder of its own
	url=$$(local/mysql.sh start $(MYSQL_TEST_PORT)) && trap 'local/mysql.sh stop' EXIT && \
	TEST_DATABASE_URL=$$url $(PY) -m pytest $(PARALLEL) -m "database and not end_to_end" $(ARGS)

test-deploy: deploy-tools ## Run the deployment's tests, `sam local` in Docker too
	deploy/lambda-docker.sh run $(PY) -m pytest tests/deploy $(wildcard $(PROJECT_TESTS:=/deploy)) $(ARGS)

faults: setup ## Run the fault tests in their long form: servers killed, cut off, paused; half an hour or so: [FAULTS=short]
	FAULTS=$(or $(FAULTS),long) $(PY) -m pytest tests/core/faults $(ARGS)

soak: setup ## Load the whole with faults at random, for [MINUTES=30], and write [REPORT=docs/reports/soak.md]
	SOAK_MINUTES=$(or $(MINUTES),30) SOAK_REPORT=$(or $(REPORT),docs/reports/soak.md) $(PY) -m pytest tests/core/soak $(ARGS)

##@ Install and clean up

setup: ## Install what is missing: virtual environments, mariadbd
	@local/setup.sh

# sam has `sam` and `cfn-lint`, and with them the Runtime Interface Emulator of Lambda; lambda has Lambda's Python runtime
# alone, so that a package which lacks a library fails there as it would on Lambda; rehearsal has MiniStack with SAM's
# transform; checkov and iam (policy_sentry and parliament, which know the definitions of IAM) judge templates and
# policies; patterns has localstack's rules of event patterns.
deploy-tools: setup ## Install sam, cfn-lint, checkov and Lambda's runtime, for the deployment's tests
	@local/venv.sh sam lambda rehearsal checkov iam patterns

browser-tools: setup ## Install Chromium and Playwright, for the tests of the console and of /docs in a browser
	@tests/browser/tools.sh

api-tools: setup ## Install what reads openapi.json as clients do: a client generator, schemathesis, redocly
	@tests/api/tools.sh

docs-tools: setup ## Install what builds the documentation: Zensical, griffe, Mermaid
	@deploy/site/tools.sh

lock: setup ## Work out anew what is installed, with its hashes, from requirements/*.in: [ARGS=--upgrade]
	requirements/lock.sh $(ARGS)

vendor: setup ## Fetch the libraries of the console and of /docs anew, in the versions that packages.json names
	@$(PY) -m deploy.vendor

##@ Check a change

audit: setup ## Look for known faults in what is installed (pip-audit) and for risky code of ours (bandit)
	@local/venv.sh audit
	@.venv-audit/bin/python requirements/audit.py

##@ Install and clean up

clean: ## Remove what was built and what the local stack keeps (not the downloaded MySQL)
	rm -rf .venv .venv-* .aws-sam .site .local .dynalite .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf tests/core/browser/tools/node_modules .chalice/deployments .chalice/deployed
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this list
	@echo "To begin: make run. It starts everything on this machine, and says what to do next."
	@awk -F ':.*## ' '/^##@ / {s = substr($$0, 5); if (!(s in text)) {sections[++n] = s; text[s] = ""}} \
	/^[a-z-]+:.*## / {text[s] = text[s] sprintf("  %-18s %s\n", $$1, $$2)} \
	END {for (i = 1; i <= n; i++) printf "\n%s\n%s", sections[i], text[sections[i]]}' $(wildcard deploy/engine.mk Makefile)
	@echo
	@echo "Variables and their defaults: API_PORT=8000 MINISTACK_PORT=4566 MYSQL_PORT=3307 LOCAL_STATE=.local"
	@echo "DATABASE_URL=mysql://user:password@host:3306/tributary makes the stack use another MySQL, TEST_DATABASE_URL the tests."

# `sam build` looks here for how to package a function.
include deploy/package.mk
