# What a board without Ember in its firmware takes: the native VM for each architecture, and the compiled library.

# The ESP32's compiler is not among Debian's packages: Espressif's, when it is on PATH.
ARCHITECTURES = armv6m armv7m armv7emsp armv7emdp rv32imc xtensa $(if $(shell command -v xtensa-esp32-elf-gcc),xtensawin)
MODULES = $(foreach arch,$(ARCHITECTURES),build/native/ember_vm_$(arch).mpy)
LIBRARY = build/library/.ready

build/native/ember_vm_%.mpy: $(VM_SOURCES) $(VM_MAKEFILES) $(MPY_CROSS) | $(VENV_READY) $(BOARDS_READY)
	+$(STEP) ember_vm_$*.mpy "Building the native VM as a module for $*." \
		$(VM_MAKE) natmod ARCH=$* MPY_DIR=$(abspath build/micropython) PYTHON=$(abspath $(RUN))
	@touch $@

ARCH =
unexport ARCH
.PHONY: module

module: $(VM_SOURCES) $(VM_MAKEFILES) $(MPY_CROSS) $(VENV_READY) | $(BOARDS_READY) ## build the native VM alone: ARCH=armv7emsp [COMPONENTS="convolution pooling"] [OPTIMIZE=size]
	@$(if $(filter $(ARCH),x64 $(ARCHITECTURES)),,echo ARCH is $(call quoted,$(ARCH))"; it may be one of: x64 $(ARCHITECTURES)" >&2; exit 2)
	+$(STEP) ember_vm_$(ARCH)$(VARIANT) "Building the native VM as a module for $(ARCH): $(or $(VARIANT),all components)." \
		$(VM_MAKE)$(addprefix /,$(VARIANT)) natmod ARCH=$(ARCH) MPY_DIR=$(abspath build/micropython) \
		PYTHON=$(abspath $(RUN)) $(call variant_of,$(VARIANT))
	@ls -l build/native/$(addsuffix /,$(VARIANT))ember_vm$(addprefix _,$(filter-out x64,$(ARCH))).mpy

$(LIBRARY): $(wildcard lib/ember/*.py lib/ember/*/*.py tools/ember_tools/*.py) lib/parts.py | $(VENV_READY)
	$(STEP) library "Compiling the library for boards." \
		$(RUN) -c "from ember_tools import library; library.write('$(@D)')"
	@touch $@

PORT =
unexport PORT
.PHONY: flash dist port-given

port-given:
	@$(if $(PORT),,echo "PORT= is missing: the board's serial port, such as PORT=/dev/ttyACM0" >&2; exit 2)

# It looks for the board first, and then builds what that one takes.
flash: $(VENV_READY) ## install Ember on a real board: [PORT=/dev/ttyACM0] [ARGS="--with LayerNorm"]
	@$(RUN) -m ember_tools deploy --build $(if $(PORT),--port $(call quoted,$(PORT))) $(ARGS)

dist: $(VENV_READY) $(MODULE) $(MODULES) ## write what mip install takes, an architecture a folder, into build/dist
	@$(RUN) -m ember_tools dist --build

test-board: port-given $(VENV_READY) build/native/libember.so ## run the device tests on a real board that has Ember: PORT=/dev/ttyACM0
	@EMBER_PORT=$(call quoted,$(PORT)) $(RUN) -m pytest host_tests/boards/test_device.py -k "[board" $(ARGS)
