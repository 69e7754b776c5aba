"""Every instruction in NumPy float64, read from docs/vm.md alone, with how far float32 may be from it.

An error bound is a number of roundings (each 2**-24 of what is rounded; for a sum, of the sum of its terms'
absolute values) and travels beside the values: Reference.error, beside Reference.written, what was written to.
"""

import math
import types

import numpy as np

from ember.instructions import isa, table
from programs import FIELDS, spots

U = 2.0**-24
TINY = 2.0**-149
DO = {}  # an opcode's name: its function of a Reference and the instruction's fields


def instruction(function):
    DO[function.__name__.rstrip("_")] = function
    return function


def maximum(a, b):
    return np.where((a >= b) | np.isnan(a), a, b)


def minimum(a, b):
    return np.where((a <= b) | np.isnan(a), a, b)


class Reference:
    """The memory of a program in float64, and its instructions one by one."""

    def __init__(self, buffers):
        self.values, self.error, self.written = [], [], []
        for memory in buffers:
            wide = np.float64 if memory.typecode == "f" else np.int64
            self.values.append(np.array(memory, dtype=wide))
            self.error.append(np.zeros(len(memory)))
            self.written.append(np.zeros(len(memory), dtype=bool))
        self.rows = int(self.values[isa.INTS][0])

    def run(self, program, section=0):
        """Run a section; -> None, or (pc, row) of a fault."""
        first = 5 + 3 * program[3] + program[4]
        end = 5 + 3 * program[3]
        pc = program[end + section - 1] if section else first
        while pc < program[end + section]:
            opcode = program[pc]
            fields = FIELDS[table.TABLE[opcode][table.NAME]]
            f = types.SimpleNamespace()
            for position, field in enumerate(fields):
                word = program[pc + 1 + position]
                setattr(f, field[1], -word * self.rows if field[0] == table.SIZE and word < 0 else word)
            with np.errstate(all="ignore"):
                row = DO[table.TABLE[opcode][table.NAME]](self, f)
            if row is not None:
                return pc, row
            pc += 1 + len(fields)
        return None

    def at(self, place, *dimensions):
        """Where an operand lies: its segment, its offsets in its shape. A plain int is a contiguous dimension."""
        if all(isinstance(dimension, int) for dimension in dimensions):
            shape = dimensions
            return place >> 24, (place & 0xFFFFFF) + np.arange(math.prod(shape)).reshape(shape)
        sizes, strides = zip(*dimensions)
        return place >> 24, spots(place & 0xFFFFFF, sizes, strides)

    def read(self, place, *dimensions):
        segment, index = self.at(place, *dimensions)
        return self.values[segment][index]

    def meet(self, where, value, error, into=0):
        """Let values, with their bounds, meet what the destination holds; a later one sees an earlier one."""
        segment, index = where
        index = index.ravel()
        value = np.broadcast_to(value, where[1].shape).ravel()
        error = np.broadcast_to(error, where[1].shape).ravel()
        held, bound = self.values[segment], self.error[segment]
        self.written[segment][index] = True
        if into == isa.WRITE:
            held[index], bound[index] = value, error
            return
        once = np.unique(index)
        before = np.abs(held[once])
        count = np.zeros(len(held))
        np.add.at(count, index, 1)
        if into == isa.ADD:
            size = np.zeros(len(held))
            size[once] = before
            np.add.at(held, index, value)
            np.add.at(size, index, np.abs(value))
            np.add.at(bound, index, error)
            bound[once] += (U * count * size)[once]
        elif into == isa.MULTIPLY:
            relative = np.zeros(len(held))
            np.multiply.at(held, index, value)
            np.add.at(relative, index, np.where(value == 0, 0, error / np.abs(value)) + U)
            bound[once] += (np.abs(held) * relative)[once] + TINY * 4
        else:
            choose = maximum if into == isa.MAXIMUM else minimum
            for i, v, e in zip(index, value, error):
                held[i] = choose(held[i], v)
                bound[i] = max(bound[i], e)
