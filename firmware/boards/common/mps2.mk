# MPS2 without TrustZone: 4 MB of fast memory for code, another 4 MB for data.

FLASH_ORIGIN = 0x00000000
RAM_ORIGIN = 0x20000000
UART = 0x40004000
UART_IRQ = 0
CLOCK_HZ = 25000000
include $(BOARD_DIR)/../common/arm.mk
