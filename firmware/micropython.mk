# Ember's VM in a firmware that builds with make (stm32, nrf, mimxrt, qemu, unix): USER_C_MODULES=<the folder above this
# one>, or this folder, which finds vm/micropython.mk by itself.
include $(USERMOD_DIR)/vm/micropython.mk
