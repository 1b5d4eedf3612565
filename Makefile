# `make help` lists what there is. Nothing need be done before any of it.

# The project's own tests, beside those of the services in their folders.
PROJECT_TESTS := tests/shop

# What seed loads and check-sales compares with.
SEED = $(or $(FILE),demo/seed/sample/online-retail-$(if $(ALL),sample,small).csv.gz)

include deploy/engine.mk

.PHONY: seed check-sales load bench bench-tools costs

##@ Try it

seed: setup ## Load 200 real invoices into the running stack; 1,000 with ALL=1; a year with FILE=online-retail.csv.gz
	@exec $(PY) -m demo.seed $(SEED)

check-sales: setup ## Compare the sales reports with what was seeded, to the penny: [ALL=1] [FILE=...], as for seed
	@$(PY) -m tests.shop.seed.sales_from_csv $(SEED) | $(PY) -m demo.check_sales

load: setup ## Send a mixed load to the running stack and check every answer: [RATE=50] [SECONDS=30]
	@exec $(PY) -m demo.load --rate $(or $(RATE),50) --seconds $(or $(SECONDS),30)

##@ Measure it

bench: bench-tools ## Measure every path beside its peers, and write docs/performance.md: [ONLY=query,command] [LARGE=1] [WRITE=1] [ORDERS=100000] [SHORT=1]
	@BENCH_COMMAND="make bench$(if $(ONLY), ONLY=$(ONLY))$(if $(LARGE), LARGE=$(LARGE))$(if $(ORDERS), ORDERS=$(ORDERS))$(if $(WRITE), WRITE=$(WRITE))" \
	$(PY) -m bench $(if $(ONLY),--only $(ONLY)) $(if $(LARGE),--large) $(if $(SHORT),--short) $(if $(ORDERS),--orders $(ORDERS)) $(if $(JSON),--json $(JSON)) \
	$(if $(or $(WRITE),$(if $(ONLY)$(ORDERS)$(SHORT),,1)),--write docs/performance.md)

bench-tools: setup ## Install the frameworks that `make bench` starts beside ours
	@local/venv.sh peers

costs: setup ## Work out docs/'s tables of costs and loads anew, from demo/prices.toml and demo/loads.py
	$(PY) -m demo.costs --write
