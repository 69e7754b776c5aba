# Cortex-M4F.
include $(HERE)arm.inc
MCU = Cortex-M4F
MACHINE = mps2-an386
CPU = -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
HARD_FLOAT = 1
MPY_ARCH = armv7emsp
UART = 0x40004000
CLOCK = 25000000
FLASH = 0x00000000 4M
RAM = 0x20000000 4M
