# `make help` lists what there is. Nothing need be done before any of it.

SHELL := bash
PY := .venv/bin/python
MYSQL_TEST_PORT ?= 3410
STATE = $(or $(LOCAL_STATE),.local)

.DEFAULT_GOAL := help
.PHONY: help setup run reset token seed check-sales generate new-service test api-tools fuzz security-matrix lint test-unit test-without-shop test-mysql faults soak load deploy-tools browser-tools test-deploy \
  costs bench bench-verify bench-buckets bench-rebuild bench-search verify rebuild status clean

help: ## Show this list
	@echo "make TARGET, where TARGET is"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14 | sed 's/^/  /'
	@echo
	@echo "Choices, with their defaults: API_PORT=8000 MINISTACK_PORT=4566 MYSQL_PORT=3307 LOCAL_STATE=.local"
	@echo "DATABASE_URL=mysql://user:password@host:3306/tributary has another MySQL used; TEST_DATABASE_URL likewise by tests."

setup: ## Install what is missing: virtual environments, mariadbd
	@local/setup.sh

run: setup ## Start Tributary at http://localhost:8000; Ctrl-C stops it, data is kept
	@exec $(PY) -m local run

reset: ## Empty what the local stack keeps (stop it first)
	@[ ! -e "$(STATE)/lock" ] || ! command -v flock >/dev/null || flock -n "$(STATE)/lock" true || \
	{ echo "The stack in $(STATE) is running; stop it first (Ctrl-C in its terminal)." >&2; exit 1; }
	rm -rf -- "$(STATE)"

token: setup ## Print a signed JWT for the running stack: ROLE=staff [SUB=...]; without ROLE, name the roles
	@exec $(PY) -m ops token "$(ROLE)" --sub "$(SUB)"

seed: setup ## Load real orders into the running stack: the sample, or the year with FILE=online-retail.csv.gz
	@exec $(PY) -m demo.seed $(FILE)

check-sales: setup ## Compare the sales reports with what was seeded, to the penny: [FILE=...]
	@$(PY) -m tests.shop.seed.sales_from_csv $(or $(FILE),demo/seed/sample/online-retail-sample.csv.gz) | $(PY) -m demo.check_sales

test: setup lint ## Run all checks and all tests
	$(PY) -m pytest $(ARGS)

generate: setup ## Write template.yaml, infrastructure/ and import-linter's lists from the services' declarations
	@$(PY) -m deploy.generate

api-tools: setup ## Install what reads openapi.json as clients do: a client generator, schemathesis, redocly
	@tests/api/tools.sh

fuzz: api-tools ## Send schemathesis's cases to every route as every role: [CASES=10000]
	FUZZ_CASES=$(or $(CASES),10000) $(PY) -m pytest tests/api/test_fuzz.py -s $(ARGS)

security-matrix: setup ## Ask every route as everybody, compare with the written table, and print it
	@$(PY) -m pytest -q tests/security/test_matrix.py && cat tests/security/matrix.md

new-service: setup ## Write a service to begin with: NAME=gift_cards
	@$(PY) -m deploy.new_service "$(NAME)"

lint: setup ## Run ruff, mypy --strict and import-linter; see that what is generated is current
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@$(PY) -m deploy.generate --check

test-unit: setup ## Run the tests that need no server, in seconds
	$(PY) -m pytest -m serverless tests/core tests/services tests/shop tests/deploy/test_makefile.py $(ARGS)

test-without-shop: setup ## Run the engine's tests in a copy of the repository without the shop
	@tests/core/without_shop.sh $(ARGS)

test-mysql: setup ## Run the database tests on a real MySQL, downloaded into a folder of its own
	url=$$(local/mysql.sh start $(MYSQL_TEST_PORT)) && trap 'local/mysql.sh stop' EXIT && \
	TEST_DATABASE_URL=$$url $(PY) -m pytest -m database $(ARGS)

faults: setup ## Run the fault tests in their long form, FAULTS=long: servers killed, cut off, paused, failed over; half an hour or so
	FAULTS=long $(PY) -m pytest tests/faults $(ARGS)

load: setup ## Send a mixed load to the running stack and check every answer: [RATE=50] [SECONDS=30]
	@exec $(PY) -m demo.load --rate $(or $(RATE),50) --seconds $(or $(SECONDS),30)

deploy-tools: setup ## Install sam, cfn-lint, checkov and Lambda's runtime, for the deployment's tests
	@deploy/tools.sh --checkov

browser-tools: setup ## Install Chromium and Playwright, for the tests of /docs in a browser
	@tests/browser/tools.sh

test-deploy: deploy-tools ## Run the deployment's tests, `sam local` in Docker too, which is made available where it can be
	deploy/lambda-docker.sh run $(PY) -m pytest tests/deploy $(ARGS)

soak: setup ## Load the whole with faults at random, for [MINUTES=30], and write docs/reports/soak.md
	SOAK_MINUTES=$(or $(MINUTES),30) SOAK_REPORT=docs/reports/soak.md $(PY) -m pytest tests/soak $(ARGS)

costs: setup ## Work out docs/'s tables of costs and loads anew, from demo/prices.toml and demo/loads.py
	$(PY) -m demo.costs --write

bench: setup ## Measure the projector on this machine
	$(PY) -m bench.projector

bench-verify: setup ## Measure verify beside a bare scan of the write store
	$(PY) -m bench.verify

bench-buckets: setup ## Measure what the buckets of the sales summary bring, with several projectors at once
	$(PY) -m bench.buckets

bench-rebuild: setup ## Measure a rebuild and its memory: [ORDERS=1000000], for which npm installs dynalite
	$(PY) -m bench.rebuild --orders $(or $(ORDERS),20000)

bench-search: setup ## Measure searches, hostile ones too, and what others notice of those: [ORDERS=1000000]
	$(PY) -m bench.search --orders $(or $(ORDERS),100000)

verify: setup ## Compare both sides of the running stack; REPAIR=1 brings right what differs
	@exec $(PY) -m ops verify $(if $(REPAIR),--repair)

rebuild: setup ## Build the running stack's read tables anew, online
	@exec $(PY) -m ops rebuild

status: setup ## Show lag, dead letters and rebuilds of the running stack
	@exec $(PY) -m ops status --watch

clean: ## Remove what was built and what the local stack keeps (not the downloaded MySQL)
	rm -rf .venv .venv-ministack .venv-sam .venv-lambda .venv-rehearsal .venv-checkov .venv-api .venv-iam .aws-sam .local .dynalite .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# `sam build` looks here for how to package a function.
include deploy/package.mk
