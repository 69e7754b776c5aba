# Cortex-M3, arithmetic in software.
include $(HERE)arm.inc
MCU = Cortex-M3
MACHINE = mps2-an385
CPU = -mthumb -mcpu=cortex-m3 -mfloat-abi=soft
MPY_ARCH = armv7m
UART = 0x40004000
CLOCK = 25000000
FLASH = 0x00000000 4M
RAM = 0x20000000 4M
