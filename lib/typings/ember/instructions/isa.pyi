TYPES: str

# Opcodes and other numbers: a new instruction need not be named here too.
def __getattr__(name: str) -> int: ...
