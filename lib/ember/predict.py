"""Predictions: as tensors, or in buffers that the caller owns."""

from array import array

from . import vm
from .image import per_row
from .program import FIRST_BOUND, INTS, PREDICT, ROWS

_FROM, _TO = FIRST_BOUND, FIRST_BOUND + 1  # segments


class Predictions:
    """What a trainer predicted last."""

    def __init__(self, trainer):
        self.trainer, self.many = trainer, trainer._many
        self.writers = None

    # Cut into small calls, as in running.py, so that frames do not come from the heap.

    def predict(self, x, out):
        if not self.trainer._fits_alone(x) or not self.trainer._attempt():
            self.trainer._convert(x, None, PREDICT)
        return self.tensors() if out is None else self.write(out)

    def tensors(self):
        """A tensor of its own, or a tuple of one for each output."""
        from .tensor import Tensor

        t, found = self.trainer, []
        for address, dims in t._results:
            dims = (t._ints[ROWS],) + dims[1:]
            at = address & 0xFFFFFF
            found.append(
                Tensor(array("f", memoryview(t._segments[address >> 24])[at : at + dims[0] * per_row(dims)]), dims)
            )
        return tuple(found) if self.many else found[0]

    def write(self, out):
        """Into out, or the buffers of the tuple out."""
        if self.writers is None:
            self.writers = self.make()
        if self.many:
            self.write_all(out, 0)
        else:
            self.writers[0].write(out)
        return out

    def make(self):
        return [Writer(self.trainer, address, dims) for address, dims in self.trainer._results]

    def write_all(self, out, k):
        if len(out) != len(self.writers):
            raise ValueError("out has %d buffers for %d outputs" % (len(out), len(self.writers)))
        while k < len(self.writers):
            self.writers[k].write(out[k])
            k += 1


def in_parts(trainer, x, out):
    """A prediction for more samples than fit at once."""
    from .tensor import Tensor

    found = trainer._cutter.predict(x, out)
    if out is not None:
        return out
    tensors = []
    for values, (_, dims) in zip(found if trainer._many else (found,), trainer._results):
        tensors.append(Tensor(values, (len(values) // per_row(dims),) + dims[1:]))
    return tuple(tensors) if trainer._many else tensors[0]


class Writer:
    """Copies an output that was predicted last into buffers, by one instruction: no float becomes an object."""

    def __init__(self, trainer, result, dims):
        from .build import build

        self.ints, self.dims, self.size = trainer._ints, dims[1:], per_row(dims)
        _, image, arena = build(trainer.micro_batch, self._record)
        self.code, self.segments, self.vm_run = image.code, image.segments(arena), vm.run
        self.state = array("i", (0, 0, 0, 0))
        at = result & 0xFFFFFF
        memory = memoryview(trainer._segments[result >> 24])
        self.segments[_FROM] = memory[at : at + trainer.micro_batch * self.size]

    def _record(self, r):
        from .isa import WRITABLE
        from .tensor import use

        with use(r):
            source = r.input(_FROM, "f", (-1, self.size))
            r.copy(r.input(_TO, "f", (-1, self.size), WRITABLE), source)
            r.section("write")

    def write(self, out):
        """Into out, which may be longer."""
        if hasattr(out, "ndim"):
            from .shaped import in_a_row

            out = in_a_row(out, self.dims)
        if len(out) < self.ints[ROWS] * self.size:
            self._refuse(len(out), self.ints[ROWS])
        self.segments[_TO] = out
        self.segments[INTS][ROWS] = self.ints[ROWS]
        self.state[0] = 0
        self.vm_run(self.code, self.segments, self.state, -1)
        return out

    def _refuse(self, n, rows):
        raise ValueError("out has %d elements; %d rows of %d take %d" % (n, rows, self.size, rows * self.size))
