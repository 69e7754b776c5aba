# The VM as a module in the firmware: make … USER_C_MODULES=<folder above this one, or the one above that>
# EMBER_COMPONENTS="convolution pooling" leaves out what is not among them.

EMBER_VM_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
include $(EMBER_VM_DIR)/flags.mk

SRC_USERMOD_C += $(EMBER_VM_DIR)/usermod.c
SRC_USERMOD_LIB_C += $(EMBER_VM_DIR)/ember_vm.c
CFLAGS_USERMOD += -I$(EMBER_VM_DIR) $(EMBER_VM_HAS)

# For this object alone, and after the port's own flags: the last -O counts. -O3 vectorises, which is for PCs.
EMBER_VM_OPTIMIZE ?= $(if $(CROSS_COMPILE),-O2,-O3)
# MicroPython names its objects by their place below USER_C_MODULES.
$(BUILD)/$(patsubst $(USER_C_MODULES)/%,%,$(EMBER_VM_DIR))/ember_vm.o: CFLAGS += $(EMBER_VM_OPTIMIZE) $(EMBER_VM_FLAGS)
