# Cortex-M3, without an FPU.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an385
MCU = Cortex-M3
MPY_ARCH = armv7m
CFLAGS += -mcpu=cortex-m3 -mfloat-abi=soft
include $(BOARD_DIR)/../common/mps2.mk
