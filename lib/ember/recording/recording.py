"""Recording: the same operations, written into a program instead of run.

What is recorded is recorded twice. The first time only counts: words, buffers, when each buffer is used. From that the
planner says where every buffer lies; then program and arena are allocated, exactly, before recording has
fragmented the heap, and the second time writes the words with the final addresses.
"""

from array import array

from .. import vm
from ..instructions import derived, emit, isa
from ..instructions.cost import cost
from ..instructions.program import KEY, ROWS, SCORED
from ..machine.image import Image
from ..tensors import parameter
from ..tensors.sink import Sink, numel
from ..tensors.tensor import Tensor
from .layout import Plan

_CHANGED = "the model did not record the same the second time as the first: its code must not change"


def _same_layout(pairs, i, fields):
    """Whether both operands of a pair step through their place alike (see derived.COINCIDE)."""
    for k in range(i + 3, i + 3 + 2 * pairs[i + 2], 2):
        d, a = pairs[k], pairs[k + 1]
        if (fields[d] if d != 255 else 1) != (fields[a] if a != 255 else 1):
            return False
    return True


def _has_part(place, n, fields):
    """Whether an operand there is not all n elements: what is written in their place would change it."""
    for x in fields:
        if isinstance(x, Tensor) and x.place == place and (x.offset or numel(x.dims) != n):
            return True
    return False


class Recording(Sink):
    """rows: of a full batch. plan, code: for the second time, where the first left off."""

    records = True
    again = True  # whether activations may be made again in the backward pass

    def __init__(self, rows, plan=None, code=None):
        self.rows, self.plan, self.code = rows, plan, code
        self.words = 0
        self.names, self.ends = [], []  # sections
        self.bound = []  # (type, elements, elements per row) of the segments from 4 on
        self.kept, self.reserved = [], 0
        self.values, self.slots = [], []  # constants and float slots
        self.integers = SCORED + 1
        self.trace = 0  # a checksum of what uses which buffer: the same both times
        self.streams = 1 << 20  # apart from those of parameters
        self.mapped = []  # tensors that are read where they lie, each in a segment of its own after the inputs
        self.captured = []  # tensors with values of their own, and where they lie among the constants
        self.buffers = 0
        self.high = isa.LIMIT  # what the indices in the first input must be below
        self.longest = 0  # the cost of the costliest row: as long as a run cannot stop
        self.outside = plan.outside if plan else []  # parameters that are constants here
        self.watch = None  # sees each instruction first, and may change it: see recompute.py
        if plan is None:
            self.sizes, self.first, self.last, self.shares = array("i"), array("i"), array("i"), []

    # Places.

    def keep(self, kind, size):
        """Reserve part of the arena from step to step; all of it before the first operation. Returns the offset."""
        offset = self.reserved
        self.kept.append((kind, offset, size))
        self.reserved += size
        return offset

    def at(self, offset, dims):
        """A tensor in what was kept."""
        t = Tensor()
        t.dims, t.place = tuple(dims), offset
        return t

    def input(self, segment, dtype, dims, writable=0):
        """A tensor that is bound when the program runs; its first dimension is the batch. writable: isa.WRITABLE."""
        index = segment - isa.FIRST_BOUND
        while len(self.bound) <= index:
            self.bound.append(None)
        self.bound[index] = (isa.TYPES.index(dtype) | writable, 0, -numel(dims))
        t = Tensor()
        t.dims, t.place, t.dtype = tuple(dims), segment << 24, dtype
        return t

    def indexes(self, index, high):
        if index.place is not None and index.place >> 24 == isa.FIRST_BOUND:
            self.high = min(self.high, high)

    def new(self, dims):
        t = Tensor()
        t.dims, t.place = tuple(dims), -1 - self.buffers
        self.buffers += 1
        n = numel(dims)
        self._note(n)
        if self.plan is None:
            self.sizes.append(n if n > 0 else -n * self.rows)
            self.first.append(-1)
            self.last.append(-1)
        elif self.buffers > self.plan.buffers:
            raise RuntimeError(_CHANGED)
        return t

    def constants(self, values):
        values = list(values)
        have, want = self.values, len(values)
        for i in range(len(have) - want + 1):
            if have[i : i + want] == values:
                return (isa.CONSTANTS << 24) + i
        have.extend(values)
        return (isa.CONSTANTS << 24) + len(have) - want

    def scalar(self, value):
        return self.at(self.constants((float(value),)), ())

    def adopt(self, inputs):
        """The inputs of an operation: those that want a gradient but have no place here become constants."""
        return tuple([self.constant(x) if x.requires_grad and x.place is None else x for x in inputs])

    def constant(self, x):
        from .outside import constant

        return constant(self, x)

    def slot(self, values):
        """Float slots: what Python may change between steps. Returns the address of the first."""
        self.slots.extend(values)
        return (isa.FLOATS << 24) + len(self.slots) - len(values)

    def count(self, n):
        """n as a number to calculate with; n below zero is times rows, and known when the program runs."""
        if n > 0:
            return self.scalar(n)
        t = self.new(())
        emit.convert(self, n=1, channels=1, d=t, src=isa.ROWS, affine=self.constants((float(-n), 0.0)))
        return t

    def stream(self):
        self.streams += 1
        return self.streams

    def address(self, t):
        if t.place is None:
            return self.capture(t) + t.offset
        if t.place >= 0:
            return t.place + t.offset
        buffer = -1 - t.place
        self._note(self.words + buffer)
        if self.plan is None:
            if self.first[buffer] < 0:
                self.first[buffer] = self.words
            self.last[buffer] = self.words
            return 0
        return self.plan.start + self.plan.offsets[buffer] + t.offset

    def _note(self, value):
        self.trace = (self.trace * 31 + value) & 0x3FFFFF

    def capture(self, t):
        from .outside import capture

        return capture(self, t)

    # Instructions.

    def emit(self, opcode, *fields):
        if self.watch is not None:
            fields = self.watch.see(self, opcode, fields)
        self.take(opcode, fields)

    def take(self, opcode, fields):
        if self.plan is None:
            self._note_shares(opcode, fields)
            self.longest = max(self.longest, cost(opcode, fields, self.rows, True))
            for field in fields:
                if isinstance(field, Tensor):
                    self.address(field)
        else:
            code, at = self.code, self.plan.head + self.words
            if at + len(fields) >= len(code):
                raise RuntimeError(_CHANGED)
            code[at] = opcode
            for field in fields:
                at += 1
                code[at] = self.address(field) if isinstance(field, Tensor) else field
        self.words += 1 + len(fields)

    def _note_shares(self, opcode, fields):
        pairs, following = derived.COINCIDE[opcode], 0
        while following < len(pairs):
            i, following = following, following + 3 + 2 * pairs[following + 2]
            result, source = fields[pairs[i]], fields[pairs[i + 1]]
            if not isinstance(result, Tensor) or not isinstance(source, Tensor):
                continue
            if result.place is None or source.place is None or result.place >= 0 or source.place >= 0:
                continue
            r, s = -1 - result.place, -1 - source.place
            if r != s and self.first[r] < 0 and result.offset == source.offset == 0:
                if _same_layout(pairs, i, fields) and not _has_part(source.place, numel(result.dims), fields):
                    self.shares.append((r, s))

    def flush(self):
        """Nothing to run."""

    def finish(self):
        """The plan: after the first recording."""
        return Plan(self)

    def locate(self, t):
        """Where a tensor lies: known the second time only."""
        return self.address(t)

    def section(self, name):
        """Ends a section: what was emitted since the last one."""
        self.names.append(name)
        self.ends.append(self.words)

    def image(self):
        """The header, the check, and what the segments begin as: after the second recording."""
        plan, code = self.plan, self.code
        start = plan.head
        if start + self.words != len(code) or self.buffers != plan.buffers or self.trace != plan.trace:
            raise RuntimeError(_CHANGED)
        constants, floats = array("f", self.values or (0.0,)), array("f", self.slots or (0.0,))
        ints = array("i", range(self.integers))
        for i in range(self.integers):
            ints[i] = 0
        ints[ROWS], ints[KEY] = self.rows, parameter.seed
        bound = self.bound + [(0, t.mapped, 0) for t in self.mapped]
        header = [isa.MAGIC, len(code), self.rows, isa.FIRST_BOUND + len(bound), len(self.ends)]
        for flags, size in ((8, plan.arena), (0, len(constants)), (0, len(floats)), (isa.INT32 | 8, len(ints))):
            header += (flags, size, 0)
        for layout in bound:
            header += layout
        for end in self.ends:
            header.append(start + end)
        for i in range(len(header)):
            code[i] = header[i]
        vm.check(code)
        plan.offsets = plan.outside = None  # they are in the program now
        plan.code, plan.names = code, tuple(self.names)
        image = Image(code, plan.names, constants, floats, ints)
        image.mapped, image.longest = [t.storage for t in self.mapped], plan.longest
        return image
