# How the VM is compiled, wherever it is: the bits of its results depend on it.
#   -ffp-contract=off   no fused multiply-add
#   -fno-trapping-math, -fno-math-errno
#                       nobody reads the exception flags or errno: lets loops vectorise, changes no value
#   -fno-tree-loop-distribute-patterns
#                       no loop becomes a call of memset or memcpy, which a native module does not have
EMBER_VM_FLAGS = -std=gnu99 -ffp-contract=off -fno-trapping-math -fno-math-errno -fno-tree-loop-distribute-patterns

# What the VM has: EMBER_COMPONENTS="convolution pooling", beside the core; without it, all that isa.h names.
EMBER_COMPONENTS ?=
EMBER_KNOWN := $(shell sed -n 's/^.define EMBER_WITH_\([a-z0-9_]*\) .*/\1/p' $(dir $(lastword $(MAKEFILE_LIST)))isa.h)
ifneq ($(filter-out $(EMBER_KNOWN),$(EMBER_COMPONENTS)),)
$(error no component "$(filter-out $(EMBER_KNOWN),$(EMBER_COMPONENTS))"; there are: $(EMBER_KNOWN))
endif
EMBER_NONE :=
ifneq ($(strip $(EMBER_COMPONENTS)),)
EMBER_VM_HAS = -DEMBER_COMPONENTS=$(subst $(EMBER_NONE) ,+,$(addprefix EMBER_WITH_,$(sort core $(EMBER_COMPONENTS))))
EMBER_VM_FLAGS += $(EMBER_VM_HAS)
endif
