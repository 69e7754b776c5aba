"""Predictions: as tensors, or in buffers that the caller owns."""

from array import array

from .. import vm
from ..instructions.program import X, Y
from ..machine.image import per_row


class Predictions:
    """What a trainer predicted last."""

    def __init__(self, trainer):
        self.trainer, self.many = trainer, trainer.image.targets > 0
        self.writers = None

    # Cut into small calls, as in run/runner.py, so that frames do not come from the heap.

    def predict(self, x, out):
        if not self.trainer.foresee(x):
            return self.trainer.cutter.predict(x, out)
        return self.tensors() if out is None else self.write(out)

    def tensors(self):
        """A tensor of its own, or a tuple of one for each output."""
        from ..tensors.tensor import Tensor

        t, found = self.trainer, []
        for address, dims in t.image.results:
            found.append(Tensor(array("f", t.result(address, dims)), (t.rows,) + dims[1:]))
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
        return [Writer(self.trainer, address, dims) for address, dims in self.trainer.image.results]

    def write_all(self, out, k):
        if len(out) != len(self.writers):
            raise ValueError("out has %d buffers for %d outputs" % (len(out), len(self.writers)))
        while k < len(self.writers):
            self.writers[k].write(out[k])
            k += 1


def tensors(trainer, found):
    """What a prediction came to, which is arrays where it was made in parts."""
    from ..tensors.tensor import Tensor

    several = trainer.image.targets > 0
    made = []
    for values, (_, dims) in zip(found if several else (found,), trainer.image.results):
        if not isinstance(values, Tensor):
            values = Tensor(values, (len(values) // per_row(dims),) + dims[1:])
        made.append(values)
    return tuple(made) if several else made[0]


class Writer:
    """Copies an output that was predicted last into buffers, by one instruction: no float becomes an object."""

    def __init__(self, trainer, result, dims):
        from ..recording.build import build

        self.trainer, self.dims, self.size = trainer, dims[1:], per_row(dims)
        _, image, arena = build(trainer.micro_batch, self._record)
        self.executor = vm.execute(image, arena)
        self.source = trainer.executor.view(result, trainer.micro_batch * self.size)

    def _record(self, recording):
        from ..instructions.isa import WRITABLE
        from ..tensors.tensor import use

        with use(recording):
            source = recording.input(X, "f", (-1, self.size))
            recording.copy(recording.input(Y, "f", (-1, self.size), WRITABLE), source)
            recording.section("write")

    def write(self, out):
        """Into out, which may be longer."""
        if hasattr(out, "ndim"):
            from ..tensors.shaped import in_a_row

            out = in_a_row(out, self.dims)
        if len(out) < self.trainer.rows * self.size:
            self._refuse(len(out), self.trainer.rows)
        self.executor.bind(self.trainer.rows, self.source, out)
        self.executor.recover(-1)
        self.executor.run(0, -1)
        return out

    def _refuse(self, n, rows):
        raise ValueError("out has %d elements; %d rows of %d take %d" % (n, rows, self.size, rows * self.size))
