"""Eager execution: each operation becomes a program of its own and runs at once; each tensor owns its array."""

from array import array

from .. import vm
from ..instructions import isa
from ..instructions.program import KEY, ROWS
from ..machine.executor import Executor
from . import parameter
from .sink import Sink, numel
from .tensor import Tensor

FIRST = 4  # the integer slot with the first element of what is drawn; those before it are as in every program


class Eager(Sink):
    rows = 1

    def __init__(self):
        self.ints = array("i", (1, 0, 0, 1, 0))  # rows, key, step, count, first
        self.streams = 1 << 20  # apart from those of parameters
        self.unused = (array("f", (0.0,)), array("f", (0.0,)))
        self._clear()

    def _clear(self):
        self.words = []
        self.values = []  # constants
        self.tensors = []  # those bound from segment 4 on

    def new(self, dims):
        return Tensor(array("f", range(abs(numel(dims)))), dims)

    def scalar(self, value):
        return Tensor(array("f", (value,)), ())

    def count(self, n):
        return self.scalar(n)

    def constants(self, values):
        self.values.extend(values)
        return (isa.CONSTANTS << 24) + len(self.values) - len(values)

    def stream(self):
        self.streams += 1
        return self.streams

    def address(self, t):
        data = t.storage if t.mapped else t.elements()
        for i in range(len(self.tensors)):
            if self.tensors[i].storage is data:
                return (isa.FIRST_BOUND + i << 24) + t.offset
        self.tensors.append(t)
        return (isa.FIRST_BOUND + len(self.tensors) - 1 << 24) + t.offset

    def emit(self, opcode, *fields):
        # At once: of one that is refused nothing stays for the next.
        self.words += [opcode] + [self.address(field) if isinstance(field, Tensor) else field for field in fields]

    def flush(self):
        """Run what was emitted."""
        words, tensors, values = self.words, self.tensors, self.values
        self._clear()
        if not words:
            return
        segments = 4 + len(tensors)
        size = 5 + 3 * segments + 1 + len(words)
        program = [isa.MAGIC, size, 1, segments, 1]
        program += [isa.WRITABLE, 0, 0, 0, len(values), 0, 0, 0, 0, isa.INT32 | isa.WRITABLE, len(self.ints), 0]
        bound = [self.unused[0], array("f", values or (0.0,)), self.unused[1], self.ints]
        for t in tensors:
            flags = isa.TYPES.index(t.dtype) | (isa.WRITABLE if t.dtype == "f" and not t.mapped else 0)
            program += [flags, t.mapped or len(t.storage), 0]
            bound.append(t.storage)
        program = array("i", program + [size] + words)
        vm.check(program)
        self.ints[ROWS], self.ints[KEY] = 1, parameter.seed
        executor = Executor(program, bound, vm.run)
        if executor.run(0, -1) < 0:
            vm.fault(program, bound, executor.state)
