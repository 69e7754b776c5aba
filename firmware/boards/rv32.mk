# RISC-V, RV32IMC: arithmetic in software.
ARCH = riscv
CROSS_COMPILE ?= riscv64-unknown-elf-
QEMU = qemu-system-riscv32
MCU = RV32IMC
MACHINE = virt
CPU = -march=rv32imc -mabi=ilp32 --specs=picolibc.specs
MPY_ARCH = rv32imc
UART = 0x10000000
CLOCK = 10000000
FLASH = 0x80000000 4M
RAM = 0x80400000 4M
