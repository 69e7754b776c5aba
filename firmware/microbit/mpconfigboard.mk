# A micro:bit (nRF51822: Cortex-M0, 256 kB of flash, 16 kB of RAM) with the least of MicroPython that runs a program which
# travelled there: the VM, the runtime, no compiler, no REPL, no files. MicroPython's ports/qemu reads this.
#
#   make -C ports/qemu BOARD=microbit BOARD_DIR=<this> BUILD=<folder> PROGRAM=<what travels> DIGITS=<digits.bin>

QEMU_ARCH = arm
QEMU_MACHINE = microbit
STACK_SIZE = 3520

MICROBIT := $(abspath $(BOARD_DIR))
FIRMWARE := $(abspath $(MICROBIT)/..)

# As the other boards do: `override` keeps the port's own sources out.
override SRC_C = microbit/main.c microbit/nrf.c $(addprefix shared/,libc/string0.c runtime/gchelper_generic.c runtime/semihosting_arm.c)
override SRC_BOARD_O =
vpath %.c $(FIRMWARE)

USER_C_MODULES = $(FIRMWARE)
EMBER_VM_OPTIMIZE = -Os
# What the program in its flash needs: the rest of the VM would not fit beside the digits.
EMBER_COMPONENTS = core
FROZEN_MANIFEST = $(MICROBIT)/manifest.py
MPY_LIB_DIR = $(FIRMWARE)/..

LDSCRIPT = $(MICROBIT)/microbit.ld
LDFLAGS += -Wl,--defsym=STACK_SIZE=$(STACK_SIZE)
INC += -I$(MICROBIT)
CFLAGS += -mthumb -mcpu=cortex-m0 -mfloat-abi=soft -DSTACK_SIZE=$(STACK_SIZE) -DMP_CONFIGFILE='"config.h"' -Wno-unused-variable
# Both by their names alone, found in their folders: no path gets in.
$(BUILD)/microbit/nrf.o: CFLAGS += $(foreach what,PROGRAM DIGITS,-D$(what)='"$(notdir $($(what)))"' -Wa,-I$(dir $($(what))))
$(BUILD)/microbit/nrf.o: $(PROGRAM) $(DIGITS)
QSTR_GLOBAL_DEPENDENCIES += $(MICROBIT)/config.h
