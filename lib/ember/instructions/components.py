"""Which component each instruction and function is of, and what tables there were: see needs.py.
Made by tools/generate.py from table.py: do not edit.
"""

NAMES = "core convolution pooling recurrent index normalization signal optimizers functions"

# By opcode, 128 more where its first field is a function; and by function.
OPCODES = (
    b"\x80\x80\x00\x01\x01\x01\x02\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x04\x84\x04"
    b"\x05\x05\x07\x07\x07\x07\x07\x03\x03\x03\x03\x03\x03\x07\x07\x80\x06\x06\x06\x00\x00"
)
FUNCTIONS = (
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x08\x08\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x08\x00"
    b"\x00\x00\x00\x00\x00\x08\x08\x00"
)

# The tables, oldest first: how many opcodes, how many functions, checksum.
EDITIONS = (
    (44, 32, 298043),
    (45, 32, 2940915),
)
