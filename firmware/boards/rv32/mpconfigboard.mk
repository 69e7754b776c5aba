# RISC-V, 32 bits, without an FPU.

QEMU_ARCH = riscv32
QEMU_MACHINE = virt
MCU = RV32IMC
MPY_ARCH = rv32imc
RV32_ARCH = rv32imc_zicsr
COMMON_PARTS = rv32.c uart_16550.c
# The compiler has libraries for rv32imc, and takes 64-bit ones when it reads of zicsr.
LDFLAGS += -nostdlib
LIBS = $(shell $(CC) -march=rv32imc -mabi=ilp32 -print-libgcc-file-name)
FLASH_ORIGIN = 0x80000000
RAM_ORIGIN = 0x80400000
UART = 0x10000000
UART_IRQ = 10
CLOCK_HZ = 10000000
include $(BOARD_DIR)/../common/common.mk
