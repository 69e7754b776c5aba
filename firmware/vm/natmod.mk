# ember_vm.mpy, the native module for stock MicroPython, through MicroPython's own rules. They build where they are
# started, so this starts them in $(OUT)/natmod-$(ARCH).
#
#   make -f natmod.mk MPY_DIR=… ARCH=x64 OUT=…

HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
ifeq ($(MPY_DIR),)
$(error set MPY_DIR to MicroPython's source)
endif
override MPY_DIR := $(abspath $(MPY_DIR))
ARCH ?= x64
PLACE = $(OUT)/natmod-$(ARCH)

ifndef EMBER_INSIDE

.PHONY: module
module:
	mkdir -p $(PLACE)
	cp $(HERE)*.c $(HERE)*.h $(HERE)*.mk $(PLACE)
	cp $(HERE)natmod.mk $(PLACE)/Makefile
	$(MAKE) -C $(PLACE) EMBER_INSIDE=1 ARCH=$(ARCH) MPY_DIR=$(MPY_DIR) OUT=$(OUT) PYTHON=$(PYTHON) \
		EMBER_COMPONENTS="$(EMBER_COMPONENTS)" $(addprefix EMBER_VM_OPTIMIZE=,$(EMBER_VM_OPTIMIZE)) all
	cp $(PLACE)/ember_vm.mpy $(if $(filter x64,$(ARCH)),$(OUT)/ember_vm.mpy,$(OUT)/ember_vm_$(ARCH).mpy)

else

include flags.mk
MOD = ember_vm
# On Xtensa natmod.c includes the other.
SRC = natmod.c $(if $(filter-out xtensa%,$(ARCH)),ember_vm.c)
# The switches' jump tables would need relocating.
CFLAGS_EXTRA = $(EMBER_VM_FLAGS) $(EMBER_VM_OPTIMIZE) -Wextra -Wno-unused-parameter -fno-jump-tables -fvisibility=hidden
SOFT_FLOAT = $(filter armv6m armv7m rv32imc xtensa,$(ARCH))
# Without an FPU: the code lies in RAM, and nothing makes it fast.
EMBER_VM_OPTIMIZE ?= $(if $(SOFT_FLOAT),-Os,$(if $(filter x64,$(ARCH)),-O3,-O2))
ifeq ($(ARCH),xtensa)
# The ESP8266 has the arithmetic in its ROM: not known to keep subnormals.
MPY_EXTERN_SYM_FILE = $(MPY_DIR)/ports/esp8266/boards/eagle.rom.addr.v6.ld
endif
include $(MPY_DIR)/py/dynruntime.mk
ifneq ($(SOFT_FLOAT),)
# Arithmetic in software, from the compiler's own library. LINK_RUNTIME would bring a C library too, which has a memset of
# its own.
MPY_LD_FLAGS += -l$(shell $(CROSS)gcc $(CFLAGS) -print-libgcc-file-name)
endif

endif
