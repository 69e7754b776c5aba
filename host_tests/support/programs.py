"""Raw programs for the conformance tests, laid out word by word as isa.py's docstring says, their memory,
and the two VMs that run them."""

import importlib
import math
from array import array
from pathlib import Path

import numpy as np
import pytest

from ember.instructions import isa, table

ROOT = Path(__file__).resolve().parents[2]
FINISHED, PAUSED, FAULT, NOT_FINITE = 1, 0, -1, -2
OPCODES = {row[table.NAME]: opcode for opcode, row in enumerate(table.TABLE)}
FIELDS = {name: table.parse(opcode) for name, opcode in OPCODES.items()}
FUNCTIONS = [function[0] for function in table.FUNCTIONS]
GUARD = 0x7FC5EED1  # a NaN: what lies between operands, so that a stray read poisons and a stray write shows


class VM:
    """One of the two VMs, imported when it is first used."""

    def __init__(self, name, module):
        self.name, self.module = name, module

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self.module), attribute)

    def __repr__(self):
        return self.name


PORTABLE, NATIVE = VM("portable", "ember.portable.run"), VM("native", "ember_vm")
both = pytest.mark.parametrize("vm", [PORTABLE, NATIVE], ids=repr)


def instruction(name, **fields):
    """The words of one instruction; every field must be named."""
    names = [field[1] for field in FIELDS[name]]
    if sorted(names) != sorted(fields):
        raise KeyError("%s has the fields %s, not %s" % (name, names, list(fields)))
    return [OPCODES[name]] + [fields[name] for name in names]


def assemble(sections, segments, max_rows=1):
    """A program: sections are lists of instructions, segments are (flags, elements, per_row)."""
    body, ends = [], []
    start = 5 + 3 * len(segments) + len(sections)
    for section in sections:
        for words in section:
            body += words
        ends.append(start + len(body))
    header = [isa.MAGIC, start + len(body), max_rows, len(segments), len(sections)]
    return array("i", header + [word for segment in segments for word in segment] + ends + body)


def address(segment, offset=0):
    return segment << 24 | offset


def f32(values):
    return np.asarray(values, dtype=np.float32)


def buffer(typecode, values):
    """An array of the type, from a NumPy array or a list, to the bit."""
    result = array(typecode)
    dtype = np.dtype(np.float32 if typecode == "f" else typecode)
    result.frombytes(np.ascontiguousarray(values, dtype=dtype).tobytes())
    return result


def bits(values):
    return np.asarray(values, dtype=np.float32).view(np.uint32)


def same_bits(a, b):
    """Equal to the bit, every NaN standing for every other."""
    a, b = f32(a), f32(b)
    return bool(np.all((bits(a) == bits(b)) | (np.isnan(a) & np.isnan(b))))


class Size(int):
    """A size: its value in this run, `word` as a program says it, and the most it may be at max_rows."""

    def __new__(cls, value, word, most):
        self = int.__new__(cls, value)
        self.word, self.most = word, most
        return self


def most(size):
    return getattr(size, "most", size)


def word(size):
    return getattr(size, "word", size)


class Memory:
    """The segments of a program under construction, operands set apart by guards.

    Segments 0 arena, 1 constants, 2 floats, 3 ints (rows first), 4 a bound writable float32; more by bind().
    """

    def __init__(self, rows=1, max_rows=None):
        self.rows, self.max_rows = rows, max_rows or rows
        guard = array("f")
        guard.frombytes(np.uint32(GUARD).tobytes() * 3)
        self.guard = guard
        self.buffers = [guard[:], guard[:], guard[:], array("i", [rows]), guard[:]]
        self.flags = [isa.WRITABLE, 0, 0, isa.INT32 | isa.WRITABLE, isa.WRITABLE]
        self.shapes = [None] * 5  # (elements, per_row), or None: as long as the buffer

    def size(self, r, high):
        """A size of 1 .. high, sometimes ragged, sometimes a multiple of rows."""
        n = r.choice((1, 2, 3, 5, 7, r.randint(1, 40), r.randint(1, high) if high < 1000 else 64))
        n = min(n, high)
        if self.max_rows > 1 and r.random() < 0.5:
            times = max(1, n // self.max_rows)
            return Size(times * self.rows, -times, times * self.max_rows)
        return n

    def put(self, segment, values, capacity=None):
        """Append values to a segment, then guards; -> their address. Guards fill up to the capacity."""
        memory = self.buffers[segment]
        place = address(segment, len(memory))
        memory.extend(buffer(memory.typecode, values))
        spare = (capacity or 0) - len(values)
        if memory.typecode == "f":
            memory.extend(self.guard[:1] * max(0, spare) + self.guard)
        return place

    def bind(self, typecode, values, writable=False, shape=None):
        """A segment of its own, exactly as long as the values; -> its address."""
        self.buffers.append(buffer(typecode, values))
        self.flags.append(isa.TYPES.index(typecode) | (isa.WRITABLE if writable else 0))
        self.shapes.append(shape)
        return address(len(self.buffers) - 1)

    def operand(self, r, values, sizes, written=False):
        """A contiguous float32 operand somewhere: arena, constants, floats, bound by rows."""
        capacity = math.prod(most(size) for size in sizes)
        if r.random() < 0.25:
            by_rows = any(isinstance(size, Size) for size in sizes)
            if not by_rows:
                return self.bind("f", values, written)
            if capacity * self.rows == len(values) * self.max_rows:
                return self.bind("f", values, written, (0, capacity // self.max_rows))
        return self.put(r.choice((0, 4) if written else (0, 1, 2, 4)), values, capacity)

    def strided(self, r, sizes, values, written=False, zeros=True, gaps=True):
        """An operand with strides drawn for it, contiguous in some order at least; values(count) fills it.

        -> address, strides."""
        order = list(range(len(sizes)))
        if r.random() < 0.6:
            r.shuffle(order)
        strides, step = [0] * len(sizes), 1
        for axis in reversed(order):
            if zeros and r.random() < 0.2:
                continue
            if gaps and r.random() < 0.2:
                step += r.randint(1, 3)
            strides[axis] = -step if r.random() < 0.25 else step
            step *= most(sizes[axis])
        return self.spread(r, sizes, strides, values, written), strides

    def spread(self, r, sizes, strides, values, written=False):
        """The address of an operand with these strides."""
        reach = [(most(size) - 1) * stride for size, stride in zip(sizes, strides)]
        low, high = sum(min(0, x) for x in reach), sum(max(0, x) for x in reach)
        block = np.full(high - low + 1, np.uint32(GUARD)).view(np.float32)
        index = spots(-low, sizes, strides)
        block[index.ravel()] = values(index.size)
        return self.put(r.choice((0, 4) if written else (0, 1, 2, 4)), block) - low

    def segments(self):
        result = []
        for flags, memory, shape in zip(self.flags, self.buffers, self.shapes):
            result.append((flags,) + (shape or (len(memory), 0)))
        return result

    def program(self, *instructions):
        return assemble([list(instructions)], self.segments(), self.max_rows)

    def copy(self):
        return [memory[:] for memory in self.buffers]


def spots(offset, sizes, strides):
    """The offsets of a strided operand's elements, as an array of its shape."""
    index = np.array(offset, dtype=np.int64)
    for size, stride in zip(sizes, strides):
        index = np.add.outer(index, np.arange(int(size)) * stride)
    return index


def run(vm, program, buffers, budget=-1, section=0):
    """Verify and run to the end, whatever the budget; -> the verdict, the state and how many calls it took."""
    verdict = vm.verify(program)
    assert verdict == 0, "refused: kind %d at word %d" % (verdict >> 24, verdict & 0xFFFFFF)
    state, calls = array("i", [section, 0, 0, 0]), 1
    verdict = vm.run(program, buffers, state, budget)
    while verdict == PAUSED:
        verdict = vm.run(program, buffers, state, budget)
        calls += 1
    return verdict, state, calls


LIMITS = {
    "i": (-(2**31), 2**31 - 1),
    "B": (0, 255),
    "b": (-128, 127),
    "h": (-(2**15), 2**15 - 1),
    "H": (0, 2**16 - 1),
    "I": (0, 2**32 - 1),
}
