# Cortex-M33F, which starts and stays in its secure state: addresses are the secure aliases.
include $(HERE)arm.inc
MCU = Cortex-M33F
MACHINE = mps2-an505
CPU = -mthumb -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
HARD_FLOAT = 1
MPY_ARCH = armv7emsp
UART = 0x50200000
CLOCK = 20000000
FLASH = 0x10000000 4M
RAM = 0x38000000 2M
