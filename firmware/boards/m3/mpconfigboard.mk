# Cortex-M3, no FPU: MPS2 with the image of application note 385.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an385
MCU = Cortex-M3
CFLAGS += -mcpu=cortex-m3 -mfloat-abi=soft
MPY_ARCH = armv7m
include $(BOARD_DIR)/../common/mps2.mk
