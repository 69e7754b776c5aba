# Cortex-M7F. Ember computes in float32: single precision is all it needs of the FPU.
include $(HERE)arm.inc
MCU = Cortex-M7F
MACHINE = mps2-an500
CPU = -mthumb -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
HARD_FLOAT = 1
MPY_ARCH = armv7emsp
UART = 0x40004000
CLOCK = 25000000
FLASH = 0x00000000 4M
RAM = 0x20000000 4M
