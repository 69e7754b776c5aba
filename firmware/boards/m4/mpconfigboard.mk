# Cortex-M4F.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an386
MCU = Cortex-M4F
MPY_ARCH = armv7emsp
CFLAGS += -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
include $(BOARD_DIR)/../common/mps2.mk
