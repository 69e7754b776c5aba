# What a board without Ember in its firmware takes: the native VM for each architecture, and the compiled library.

ARCHITECTURES = armv6m armv7m armv7emsp armv7emdp rv32imc xtensa
MODULES = $(foreach arch,$(ARCHITECTURES),build/native/ember_vm_$(arch).mpy)
LIBRARY = build/library/.ready

build/native/ember_vm_%.mpy: $(VM_SOURCES) $(VM_MAKEFILES) $(MPY_CROSS) | $(VENV_READY) $(BOARDS_READY)
	+$(STEP) ember_vm_$*.mpy "Building the native VM as a module for $*." \
		$(VM_MAKE) natmod ARCH=$* MPY_DIR=$(abspath build/micropython) PYTHON=$(abspath $(RUN))
	@touch $@

$(LIBRARY): $(wildcard lib/ember/*.py) $(MPY_CROSS)
	$(STEP) library "Compiling the library for boards." \
		sh -c 'rm -rf $(@D) && mkdir -p $(@D)/ember && cd lib && for file in ember/*.py; do \
		../$(MPY_CROSS) -s $$file -o ../$(@D)/$${file%.py}.mpy $$file || exit 1; done'
	@touch $@
