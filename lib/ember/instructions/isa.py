"""The instruction set: how a program is laid out, and its numbers. table.py says what each instruction is.

A program is one array('i'):

    magic, words, max_rows, segment count, section count
    per segment: type | WRITABLE, elements, elements per row    (it holds elements + per_row * rows)
    per section: the word at which it ends                      (it begins where the one before ended)
    instructions: opcode, then one word a field, in the order of the row

`rows` is the one size that is known only when a program runs: how many samples this batch holds, 1 to
max_rows, read from the first integer slot. A size word below zero means: that many times rows.

An address is one int, segment << 24 | offset, the offset in elements.
"""

from .program import ARENA, CONSTANTS, FIRST_BOUND, FLOATS, FOLLOWING, INTS, TYPES  # noqa: F401

MAGIC = 0x0E3BE001  # the last digit is the version; below 2**30, a small int on 32-bit MicroPython

ROWS = INTS << 24  # the address of the integer slot that holds rows
MOST_SEGMENTS = 63
MOST_SECTIONS = 15

# Element types: their numbers.
FLOAT32, INT32, UINT8, INT8, INT16, UINT16, UINT32 = 0, 1, 2, 3, 4, 5, 6
WRITABLE = 8

LIMIT = 1 << 24  # elements in a segment, and the largest size, offset and stride

# How a result meets what the destination holds (field `into`).
WRITE, ADD, MULTIPLY, MAXIMUM, MINIMUM = 0, 1, 2, 3, 4

# Opcodes are positions in table.TABLE.
(MAP, MAP_STRIDED, MATMUL, CONV2D, CONV2D_GRAD_INPUT, CONV2D_GRAD_WEIGHT, MAX_POOL2D, MAX_POOL2D_GRAD,
 SOFTMAX, SOFTMAX_GRAD, CROSS_ENTROPY, CROSS_ENTROPY_GRAD, CHECK_INDEX, COUNT_CORRECT, DROPOUT, UNIFORM,
 CONVERT, COUNT, SGD, ADAM, GATHER, SCATTER_ADD, SCAN, ARGSORT, NORMALIZE, NORMALIZE_GRAD,
 RMSPROP, ADAGRAD, ADADELTA, LION, ADAN, RNN, RNN_GRAD, GRU, GRU_GRAD, LSTM, LSTM_GRAD,
 TO_BFLOAT16, FROM_BFLOAT16, SUM, RFFT, RFFT_TRANSPOSED, BIQUAD, STOP, CHECK_FINITE) = range(45)
