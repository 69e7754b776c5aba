# Cortex-M under QEMU: the vector table, SysTick as clock, a CMSDK UART.

CFLAGS += -mthumb
COMMON_PARTS = arm.c uart_cmsdk.c
override SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o
include $(BOARD_DIR)/../common/common.mk
