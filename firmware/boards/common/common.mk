# What all boards share. MicroPython's ports/qemu reads this before it lists its own sources:
#   make -C ports/qemu BOARD=<name> BOARD_DIR=<ours> BUILD=<folder> MICROPY_HEAP_SIZE=<bytes> [EMBER=0]

COMMON := $(abspath $(BOARD_DIR)/../common)
FIRMWARE := $(abspath $(COMMON)/../..)

# Its main.c has no file system and a fixed stack limit, its start-up no FPU and no clock, its UART no interrupt; what
# is left are MicroPython's shared parts. `override` makes make ignore the port's later SRC_C +=, so that our files
# stand in for its own, rather than being linked over them symbol by symbol.
override SRC_C = $(addprefix boards/common/,main.c console.c disk.c aes.c $(COMMON_PARTS) $(if $(ROM_SIZE),rom.c)) \
	$(addprefix shared/,libc/string0.c readline/readline.c timeutils/timeutils.c) \
	$(addprefix shared/runtime/,gchelper_generic.c interrupt_char.c pyexec.c stdout_helpers.c sys_stdio_mphal.c)
override SRC_BOARD_O =
vpath %.c $(FIRMWARE)

MICROPY_VFS_LFS2 = 1
MPY_CROSS_FLAGS += -march=$(MPY_ARCH)

# EMBER=0 is the stock firmware: all the same but for the VM and the package.
EMBER ?= 1
FROZEN_MANIFEST = $(COMMON)/manifest.py
ifneq ($(EMBER),0)
USER_C_MODULES = $(FIRMWARE)
FROZEN_MANIFEST += $(FIRMWARE)/../lib/manifest.py
endif
# Whoever freezes anything is asked for micropython-lib, by its README. Nothing here is from it.
MPY_LIB_DIR = $(FIRMWARE)/..

# Sizes of a real part of its class; the machines have more. The disk lies behind the RAM, as flash chips do, and behind
# that a partition for a ROMFS, if ROM_SIZE is given.
FLASH_SIZE ?= 1M
RAM_SIZE ?= 256K
STACK_SIZE ?= 16K
DISK_SIZE ?= 1536K
ROM_SIZE ?=
LDSCRIPT ?= $(COMMON)/board.ld
LDFLAGS += $(foreach name,FLASH_ORIGIN FLASH_SIZE RAM_ORIGIN RAM_SIZE STACK_SIZE DISK_SIZE,-Wl,--defsym=$(name)=$($(name)))
LDFLAGS += -Wl,--defsym=ROM_SIZE=$(or $(ROM_SIZE),0)

INC += -I$(COMMON)
# cryptolib takes AES from Mbed TLS, and this is what it asks for; nothing else here is built with Mbed TLS.
$(BUILD)/extmod/modcryptolib.o: CFLAGS += -DMICROPY_SSL_MBEDTLS=1
CFLAGS += -DMP_CONFIGFILE='"config.h"' -DMICROPY_HW_MCU_NAME='"$(MCU)"' -DEMBER_ROM=$(if $(ROM_SIZE),1,0)
CFLAGS += -DUART_BASE=$(UART) -DUART_IRQ=$(UART_IRQ) -DCLOCK_HZ=$(CLOCK_HZ)
QSTR_GLOBAL_DEPENDENCIES += $(COMMON)/config.h
