# Cortex-M33F, in the secure state it starts in: the addresses are the secure aliases.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an505
MCU = Cortex-M33F
MPY_ARCH = armv7emsp
CFLAGS += -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
FLASH_ORIGIN = 0x10000000
RAM_ORIGIN = 0x38000000
UART = 0x50200000
UART_IRQ = 32
CLOCK_HZ = 20000000
include $(BOARD_DIR)/../common/arm.mk
