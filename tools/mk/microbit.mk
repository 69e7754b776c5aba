# The micro:bit: firmware of VM and runtime alone, with a program that travelled and the digits in its flash.

MICROBIT = build/microbit/firmware.elf
MICROBIT_PROGRAM = build/microbit/digits.ember
TEST_FIRMWARES += $(MICROBIT)

.PHONY: microbit

microbit: $(MICROBIT) ## train on digits in the 16 kB of an emulated micro:bit: [ARGS=--icount] [DOCS=1]
	@$(RUN) tools/microbit.py $(ARGS) $(if $(DOCS),--write)

$(MICROBIT_PROGRAM): lib/examples/microbit.py $(wildcard lib/ember/*.py lib/ember/*/*.py tools/ember_tools/*.py) | \
		$(VENV_READY) build/native/libember.so
	@mkdir -p $(@D)
	$(STEP) microbit-program "Recording what trains on the micro:bit." $(RUN) -m ember_tools compile $< --out $@

# What of Ember is frozen there: with its integer names written in, of which each takes 8 bytes of the 16 kB.
MICROBIT_LIBRARY = build/microbit-library/.ready
MICROBIT_MODULES = instructions.program machine.image machine.executor run.pieces run.blocks run.alone run.runner run.reader runtime
# What of it start.py does not call.
MICROBIT_DROPPED = alone during busy accumulate update jobs predict predict_part evaluate save resume poll slices __getattr__ __str__ \
	Runner.step Runner.loss Runner.steps Runner.load Runner.write Runner.fault Executor.fault Executor.stop _views

$(MICROBIT_LIBRARY): $(wildcard lib/ember/*.py lib/ember/*/*.py tools/ember_tools/*.py) lib/parts.py tools/mk/microbit.mk | $(VENV_READY)
	@$(RUN) -c "from ember_tools import library; library.write_sources('$(@D)', '$(MICROBIT_MODULES)'.split(), '$(MICROBIT_DROPPED)'.split())"
	@touch $@

# As with the other boards, rules in MicroPython do not know of flags in makefiles, nor that frozen modules went.
$(MICROBIT): $(SOURCE_READY) $(MPY_CROSS) $(VM_SOURCES) $(VM_MAKEFILES) $(wildcard firmware/microbit/* lib/ember/*.py lib/ember/*/*.py) \
		$(MICROBIT_PROGRAM) $(MICROBIT_LIBRARY) lib/examples/digits.bin | $(BOARDS_READY)
	+$(STEP) microbit "Building MicroPython for the micro:bit (a minute)." \
		sh -c 'rm -rf $(addprefix $(@D)/,vm microbit frozen_mpy frozen_content.c) && $(PARALLEL) -C build/micropython/ports/qemu PYTHON=$(PYTHON) \
		BOARD=microbit BOARD_DIR=$(abspath firmware/microbit) BUILD=$(abspath $(@D)) \
		PROGRAM=$(abspath $(MICROBIT_PROGRAM)) DIGITS=$(abspath lib/examples/digits.bin)'
	@touch $@
