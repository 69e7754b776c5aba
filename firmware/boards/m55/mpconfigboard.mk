# Cortex-M55, in the secure state it starts in. No vector floats: MVE flushes subnormals.

QEMU_ARCH = arm
QEMU_MACHINE = mps3-an547
MCU = Cortex-M55
MPY_ARCH = armv7emsp
CFLAGS += -mcpu=cortex-m55+nomve.fp -mfloat-abi=hard
FLASH_ORIGIN = 0x00000000
FLASH_SIZE = 512K
RAM_ORIGIN = 0x31000000
UART = 0x59303000
UART_IRQ = 33
CLOCK_HZ = 32000000
LDSCRIPT = $(BOARD_DIR)/board.ld
LDFLAGS += -L$(BOARD_DIR)
include $(BOARD_DIR)/../common/arm.mk
