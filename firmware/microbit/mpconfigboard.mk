# A micro:bit (nRF51822: Cortex-M0, 256 kB of flash, 16 kB of RAM) with the least of MicroPython that runs a program which
# travelled there: the VM, the runtime, no compiler, no REPL, no files. MicroPython's ports/qemu reads this.
#
#   make -C ports/qemu BOARD=microbit BOARD_DIR=<this> BUILD=<folder> FROZEN=<folder of the program and its data>

QEMU_ARCH = arm
QEMU_MACHINE = microbit
MICROPY_HEAP_SIZE ?= 12800
STACK_SIZE ?= 3K

MICROBIT := $(abspath $(BOARD_DIR))
FIRMWARE := $(abspath $(MICROBIT)/..)

# As the other boards do: `override` keeps the port's own sources out.
override SRC_C = microbit/main.c microbit/flash.c $(addprefix shared/,libc/string0.c runtime/gchelper_generic.c runtime/semihosting_arm.c)
override SRC_BOARD_O =
vpath %.c $(FIRMWARE)

MPY_CROSS_FLAGS += -O3  # no line numbers: there is no room
USER_C_MODULES = $(FIRMWARE)
EMBER_VM_OPTIMIZE = -Os
FROZEN_MANIFEST = $(MICROBIT)/manifest.py
export FROZEN
MPY_LIB_DIR = $(FIRMWARE)/..

LDSCRIPT = $(MICROBIT)/microbit.ld
LDFLAGS += -Wl,--defsym=STACK_SIZE=$(STACK_SIZE)
INC += -I$(MICROBIT)
CFLAGS += -mthumb -mcpu=cortex-m0 -mfloat-abi=soft -DMP_CONFIGFILE='"config.h"' -Wno-unused-variable
QSTR_GLOBAL_DEPENDENCIES += $(MICROBIT)/config.h
