# Cortex-M under QEMU: the vector table, SysTick as clock, a CMSDK UART.

CFLAGS += -mthumb
COMMON_PARTS = arm.c uart_cmsdk.c
include $(BOARD_DIR)/../common/common.mk
