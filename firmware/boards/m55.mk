# Cortex-M55, in its secure state. Without vectors of floats, which flush subnormals.
include $(HERE)arm.inc
MCU = Cortex-M55
MACHINE = mps3-an547
CPU = -mthumb -mcpu=cortex-m55+nomve.fp -mfloat-abi=hard
HARD_FLOAT = 1
MPY_ARCH = armv7emdp
UART = 0x59303000
CLOCK = 32000000
FLASH = 0x00000000 512K
RAM = 0x31000000 2M
