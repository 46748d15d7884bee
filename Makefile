# Every command of the project. `make help` prints this list; CI calls only these.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
HOST   ?= 127.0.0.1
DATA   ?= .huitou
PACKAGES := libs/common services/orders services/members services/engagement services/lifecycle embedded demo
SOURCES  := $(PACKAGES:%=%/src) tests benchmarks scripts
PURE     := not (integration or e2e or slow)

.DEFAULT_GOAL := check
.PHONY: help run up-local demo kafka-up kafka-down check format tidy lint types imports tree fresh pure test simulate bench lock docs clean

help: ## print every target and what it does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  variables: PORT=8000 HOST=127.0.0.1 DATA=.huitou (run, demo, kafka-*), HOUSEHOLDS= (demo), T=path (test), ALL=1 (test, demo)"

# A folder that was asked for; each of these commands has its own otherwise.
OWN_DATA = $(if $(filter-out undefined default file,$(origin DATA)),--data $(DATA))
OVER = $(if $(BUS),--bus $(BUS)) $(if $(KAFKA_PORT),--kafka-port $(KAFKA_PORT))

run: $(VENV)/.run ## start the whole platform on embedded PostgreSQL and Valkey (BUS=kafka: and Kafka)
	@exec $(BIN)/python -m embedded --host $(HOST) --port $(PORT) --data $(DATA) $(OVER)

up-local: $(VENV)/.run ## start every service in processes of its own, over PostgreSQL, Valkey and Kafka, without Docker
	@exec $(BIN)/python -m embedded.distributed --port $(PORT) $(if $(KAFKA_PORT),--kafka-port $(KAFKA_PORT)) $(OWN_DATA)

demo: $(VENV)/.demo ## replay real purchases and show members moving (HOUSEHOLDS=n, ALL=1, BUS=kafka, LOCAL=1: in many processes)
	@exec $(BIN)/python -m demo $(if $(LOCAL),--local) $(if $(HOUSEHOLDS),--households $(HOUSEHOLDS)) $(if $(ALL),--all) $(OWN_DATA) $(OVER)

kafka-up: $(VENV)/.run ## start Apache Kafka in the background, without Docker (BROKERS=1|3, KAFKA_PORT=9092)
	@$(BIN)/python -m common.engines.kafka up $(if $(BROKERS),--brokers $(BROKERS)) $(if $(KAFKA_PORT),--port $(KAFKA_PORT)) $(OWN_DATA)

kafka-down: $(VENV)/.run ## stop it; the data stays in .huitou-kafka
	@$(BIN)/python -m common.engines.kafka down $(OWN_DATA)

check: format lint types imports tree fresh pure ## format, lint, types, imports, tree, generated files and the pure tests

format: $(VENV)/.dev ## fail when a file is not as the formatter writes it (`make tidy` writes it)
	@$(BIN)/ruff format --check --quiet . || { echo "run: make tidy"; exit 1; }

tidy: $(VENV)/.dev ## format the code and mend what the linter can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lint: $(VENV)/.dev ## ruff, all rules
	@$(BIN)/ruff check --quiet .

types: $(VENV)/.dev ## mypy, strict, over source and tests
	@$(BIN)/mypy --no-error-summary $(wildcard $(SOURCES))

imports: $(VENV)/.dev ## who may import whom
	@$(BIN)/lint-imports --config pyproject.toml > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }

tree: $(VENV)/.dev ## sizes, file names, banned names, SQL rules
	@$(BIN)/python scripts/check_tree.py

# Examples and published schemas of events are compared by tests/contracts, which `pure` runs.
fresh: $(VENV)/.dev ## fail when the lock or a generated page is stale
	@$(BIN)/python scripts/lock.py --check
	@$(BIN)/python scripts/generate_docs.py --check

pure: $(VENV)/.dev
	@$(BIN)/pytest -q -n 2 -m "$(PURE)" tests

test: $(VENV)/.dev ## the tests: `T=path` for one file, `ALL=1` adds the slow ones
	@$(BIN)/pytest -q $(if $(T),$(T),-n 2 $(if $(ALL),,-m "not slow") tests)

simulate: $(VENV)/.dev ## play the lifecycle in worlds of seeds until a law breaks (SEEDS=1000, FROM=0; SEED=n: only that one)
	@PYTHONPATH=tests $(BIN)/python -m simulation $(if $(SEED),--seed $(SEED),$(if $(SEEDS),--seeds $(SEEDS)) $(if $(FROM),--from $(FROM)))

bench: $(VENV)/.dev ## measure orders, the log over both buses, recovery, processes and the lifecycle (an hour, on a machine left alone)
	@$(BIN)/python -m benchmarks.orders.create
	@$(BIN)/python -m benchmarks.orders.journey
	@$(BIN)/python -m benchmarks.log.append_consume
	@$(BIN)/python -m benchmarks.log.backlog
	@$(BIN)/python -m benchmarks.log.recovery
	@$(BIN)/python -m benchmarks.log.processes
	@$(BIN)/python -m benchmarks.lifecycle.pipeline
	@$(BIN)/python -m benchmarks.lifecycle.quix
	@$(BIN)/python -m benchmarks.lifecycle.latency
	@$(BIN)/python -m benchmarks.lifecycle.walks
	@$(BIN)/python -m benchmarks.lifecycle.replay
	@$(BIN)/python -m benchmarks.report

docs: $(VENV)/.dev ## write anew what follows from the code: examples and schemas of events, generated pages
	@$(BIN)/python scripts/golden_examples.py
	@$(BIN)/python scripts/publish_contracts.py
	@$(BIN)/python scripts/generate_docs.py

lock: $(VENV)/.dev ## resolve the requirements anew
	@$(BIN)/python scripts/lock.py

clean: ## remove the environment and every cache, never a data folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The environment: uv by pip, then the hash-locked requirements, then our own packages in place.
$(VENV)/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.x"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@touch $@

INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python

define install
	@$(INSTALL) --require-hashes --requirement $(1)
	@$(INSTALL) --no-deps $(PACKAGES:%=--editable %)
	@touch $@
endef

$(VENV)/.run: $(VENV)/.uv requirements/embedded.txt $(PACKAGES:%=%/pyproject.toml)
	$(call install,requirements/embedded.txt)

$(VENV)/.demo: $(VENV)/.uv requirements/demo.txt $(PACKAGES:%=%/pyproject.toml)
	$(call install,requirements/demo.txt)

$(VENV)/.dev: $(VENV)/.uv requirements/all.txt $(PACKAGES:%=%/pyproject.toml)
	$(call install,requirements/all.txt)
