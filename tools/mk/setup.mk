# How everything in build/ is made: each file or .ready mark there depends on what it is made from.

MICROPYTHON_VERSION = 1.26.1

# What is said on the command line (VM=portable) is for this Makefile, not for MicroPython's and firmware/vm's, which
# mean other things by the same names.
MAKEOVERRIDES =
unexport MODEL VM TORCH ARGS PYTHON SEED COUNT KIND CASE COMPONENTS OPTIMIZE

# MicroPython would ask git for its version, and find this checkout's.
export MICROPY_GIT_TAG = v$(MICROPYTHON_VERSION)
export MICROPY_GIT_HASH =

# One word for the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'

STEP = @tools/mk/step.sh
# As many jobs as there are processors, unless `make -j` said otherwise.
PARALLEL = $(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
RUN = build/venv/bin/python

SYSTEM_READY = build/.system
VENV_READY = build/venv/.ready
TORCH_READY = build/venv-torch/.ready
RUN_TORCH = build/venv-torch/bin/python
SOURCE_READY = build/micropython/.v$(MICROPYTHON_VERSION)
MPY_CROSS = build/micropython/mpy-cross/build/mpy-cross

FIRMWARES = $(foreach kind,unix unix-single unix-ember unix-failing,build/$(kind)/micropython)
FUZZERS = $(addprefix build/native/,fuzz guided guided_scalars guided_soft)
HOST_PARTS = $(addprefix build/native/,libember.so libember_san.so libember_san_scalars.so math_check) $(FUZZERS)
MODULE = build/native/ember_vm.mpy

EVERYTHING = $(VENV_READY) $(MPY_CROSS) $(FIRMWARES) $(MODULE) $(HOST_PARTS) $(TEST_FIRMWARES) $(MODULES) $(LIBRARY)
FOR_DEMO = $(VENV_READY) build/unix/micropython $(if $(filter native,$(VM)),$(MODULE))

VM_MAKEFILES = $(wildcard firmware/vm/Makefile firmware/vm/*.mk)
VM_SOURCES = $(wildcard firmware/vm/*.c firmware/vm/*.h)
# A VM with these components alone, beside the core, or for size has a folder by their names: core+convolution+size.
COMPONENTS =
OPTIMIZE =
EMBER_COMPONENTS = $(COMPONENTS)
include firmware/vm/flags.mk
ifneq ($(filter-out size,$(OPTIMIZE)),)
$(error OPTIMIZE is "$(OPTIMIZE)"; it may be size)
endif
VARIANT = $(subst $(EMBER_NONE) ,+,$(strip $(if $(COMPONENTS),core $(filter-out core,$(sort $(COMPONENTS)))) $(OPTIMIZE)))
# From such a name: what the VM's makefiles take.
variant_of = EMBER_COMPONENTS="$(filter-out size,$(subst +, ,$(1)))" \
	$(if $(filter size,$(subst +, ,$(1))),EMBER_VM_OPTIMIZE=-Os)
# Those that need no headers of MicroPython's; what does is compiled with warnings as errors by `make setup`.
C_TO_LINT = firmware/vm/ember_vm.c firmware/vm/host.c firmware/boards/common/aes.c \
	$(wildcard firmware/vm/test/*.c host_tests/bench/*.c)

# --- What comes from outside

$(SYSTEM_READY): tools/setup_system.py
	@mkdir -p $(@D)
	@$(PYTHON) tools/setup_system.py
	@touch $@

# pip takes files with the hashes of requirements.txt, and no others. The environment's own file of paths makes
# tools/ember_tools known there: build/venv/bin/python -m ember_tools.
$(VENV_READY): requirements.txt | $(SYSTEM_READY)
	$(STEP) venv "Making Python's virtual environment (half a minute)." \
		sh -c '$(PYTHON) -m venv build/venv && $(RUN) -m pip install --quiet --progress-bar off \
		--require-hashes -r requirements.txt'
	@$(RUN) -c "import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path('purelib'), 'ember_tools.pth').write_text('../../../../../tools\n')"
	@touch $@

# An environment of its own, so that no test can come to need it; it finds what build/venv has there.
$(TORCH_READY): $(VENV_READY) requirements-torch.txt
	$(STEP) torch "Installing PyTorch (200 MB, two minutes)." \
		sh -c '$(RUN) -m venv build/venv-torch && $(RUN_TORCH) -m pip install --quiet --progress-bar off -r requirements-torch.txt'
	@$(RUN) -c "import sysconfig; print(sysconfig.get_path('purelib'))" > build/venv-torch/venv.path
	@$(RUN_TORCH) -c "import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path('purelib'), 'venv.pth').write_text(open('build/venv-torch/venv.path').read())"
	@touch $@

$(SOURCE_READY): | $(SYSTEM_READY)
	$(STEP) source "Getting the source of MicroPython $(MICROPYTHON_VERSION)." \
		$(PYTHON) tools/setup_source.py build/micropython $@

# --- MicroPython

$(MPY_CROSS): $(SOURCE_READY)
	+$(STEP) mpy-cross "Building mpy-cross, MicroPython's compiler (20 seconds)." \
		$(PARALLEL) -C build/micropython/mpy-cross PYTHON=$(PYTHON)
	@touch $@

# The standard variant, less what needs other libraries; FLOATS: of another size. Its rules do not know of headers that
# flags include: what PASTE is for is compiled anew.
PASTE = firmware/unix/paste.h
FLOATS =
UNIX = rm -f $(@D)/unix_mphal.o && $(PARALLEL) -C build/micropython/ports/unix BUILD=$(abspath $(@D)) \
	PYTHON=$(PYTHON) FROZEN_MANIFEST= MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0 MICROPY_PY_BTREE=0 MICROPY_PY_FFI=0 \
	CFLAGS_EXTRA="-include $(abspath $(PASTE)) $(FLOATS)"

build/unix/micropython: $(SOURCE_READY) $(PASTE)
	+$(STEP) unix "Building MicroPython for this machine (20 seconds)." sh -c '$(UNIX)'
	@touch $@

build/unix-single/micropython: FLOATS = -DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT
build/unix-single/micropython: $(SOURCE_READY) $(PASTE)
	+$(STEP) unix-single "Building MicroPython with single-precision floats, as boards have." \
		sh -c '$(UNIX)'
	@touch $@

# Its own rules do not know that the VM's objects depend on flags in a makefile.
build/unix-ember/micropython: $(SOURCE_READY) $(PASTE) $(VM_SOURCES) $(VM_MAKEFILES)
	+$(STEP) unix-ember "Building MicroPython with the VM compiled in." \
		sh -c 'rm -rf $(@D)/vm && $(UNIX) USER_C_MODULES=$(abspath firmware)'
	@touch $@

# What allocates fails there when a script says so.
FAILING = $(wildcard firmware/unix/failing/*)

build/unix-failing/micropython: FLOATS = -DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT
build/unix-failing/micropython: $(SOURCE_READY) $(PASTE) $(FAILING)
	+$(STEP) unix-failing "Building MicroPython with a heap that fails when it is told to." \
		sh -c 'rm -rf $(@D)/failing && $(UNIX) USER_C_MODULES=$(abspath firmware/unix)'
	@touch $@

# --- The VM

VM_MAKE = $(PARALLEL) -C firmware/vm OUT=$(abspath build/native)

$(MODULE): $(VM_SOURCES) $(VM_MAKEFILES) $(MPY_CROSS) | $(VENV_READY)
	+$(STEP) ember_vm.mpy "Building the native VM as a module that stock MicroPython loads." \
		$(VM_MAKE) natmod MPY_DIR=$(abspath build/micropython) PYTHON=$(abspath $(RUN))
	@touch $@

$(HOST_PARTS): $(VM_SOURCES) $(VM_MAKEFILES) | $(SYSTEM_READY)
$(FUZZERS) build/native/math_check: $(wildcard firmware/vm/test/*)

$(HOST_PARTS):
	+$(STEP) $(@F) "Building the VM for the host: $(@F)." $(VM_MAKE) -B $(abspath $@)
