"""Predictions into a buffer that the caller owns."""

from . import isa, vm
from .build import build
from .sink import ROWS, numel
from .tensor import use

_FROM, _TO = isa.FIRST_BOUND, isa.FIRST_BOUND + 1  # segments


class Writer:
    """Copies what a trainer predicted last into buffers, by one instruction: no float becomes an object."""

    def __init__(self, trainer):
        self.ints, self.size = trainer._ints, numel(trainer._result_dims[1:])
        _, program = build(trainer.batch_size, self._record)
        self.segments, self.state, self.code, self.vm_run = program.segments, program.state, program.code, vm.run
        at = trainer._result & 0xFFFFFF
        result = memoryview(trainer._segments[trainer._result >> 24])
        self.segments[_FROM] = result[at : at + trainer.batch_size * self.size]

    def _record(self, r):
        with use(r):
            source = r.input(_FROM, "f", (-1, self.size))
            r.copy(r.input(_TO, "f", (-1, self.size), isa.WRITABLE), source)
            r.section("write")

    def write(self, out):
        """Into out, which may be longer."""
        if len(out) < self.ints[ROWS] * self.size:
            self._refuse(len(out), self.ints[ROWS])
        self.segments[_TO] = out
        self.segments[isa.INTS][ROWS] = self.ints[ROWS]
        self.state[0] = 0
        self.vm_run(self.code, self.segments, self.state, -1)
        return out

    def _refuse(self, n, rows):
        raise ValueError("out has %d elements; %d rows of %d take %d" % (n, rows, self.size, rows * self.size))
