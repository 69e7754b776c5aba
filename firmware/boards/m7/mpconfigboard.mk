# Cortex-M7F. Its FPU is used for single precision alone: there is no other here.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an500
MCU = Cortex-M7F
MPY_ARCH = armv7emsp
CFLAGS += -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
include $(BOARD_DIR)/../common/mps2.mk
