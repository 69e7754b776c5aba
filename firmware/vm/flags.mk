# How the VM is compiled, wherever it is: the bits of its results depend on it.
#   -ffp-contract=off   no fused multiply-add
#   -fno-trapping-math, -fno-math-errno
#                       nobody reads the exception flags or errno: lets loops vectorise, changes no value
#   -fno-tree-loop-distribute-patterns
#                       no loop becomes a call of memset or memcpy, which a native module does not have
EMBER_VM_FLAGS = -std=gnu99 -ffp-contract=off -fno-trapping-math -fno-math-errno -fno-tree-loop-distribute-patterns
