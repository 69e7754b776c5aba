"""Sequences of unequal length, for the recurrent layers.

N batch, L steps, C elements of a step, H hidden.
"""

from array import array

from ..ops.compare import gt, where
from ..ops.index import GATHER
from ..tensors.tensor import Tensor, apply
from .loss import elements, floats


class Valid:
    """Which steps of [N, L, C] count: the first so many of each sequence. lengths: [N], whole numbers from 1 to L, as
    a list or a tensor of any dtype."""

    def __init__(self, lengths, x):
        n, steps = x.dims[:2]
        values, dims = elements(lengths)
        if dims != (n,):
            raise ValueError("lengths has shape %s; it may be (N,), one of each sequence of %s" % (dims, x.shape))
        for i in range(0 if values is None else len(values)):
            if not 1 <= values[i] <= steps or values[i] != int(values[i]):
                raise ValueError("lengths has %r at index %d; it may be a whole number from 1 to %d"
                                 % (values[i], i, steps))  # fmt: skip
        lengths = floats(lengths).detach().reshape(-1 if n < 0 else n, 1)
        at = Tensor(array("f", range(steps)), (1, steps))
        inside = gt(lengths, at)
        self.index = lengths - 1.0
        self.back = where(inside, self.index - at, at)  # what comes first last, within the length
        self.counts = inside.reshape(-1 if n < 0 else n, steps, 1)

    def only(self, x):
        """x, and 0 at steps that do not count."""
        return where(self.counts, x, 0.0)

    def turned(self, x):
        """x from each sequence's last step to its first."""
        n, steps, width = x.dims
        return apply(GATHER, (x, self.back), (x.dims, (n, steps, width, steps, steps, 1, 0), None))

    def last(self, x):
        """[N, C] of [N, L, C]: each sequence's last step."""
        n, steps, width = x.dims
        return apply(GATHER, (x, self.index), ((n, width), (n, 1, width, steps, 1, 0, 0), None))

    def held(self, gates):
        """What an LSTM's gates get, [N, L, 4 * H]; where a step does not count, what leaves the cell as it is: of i the
        sigmoid is 0, of f it is 1."""
        width = gates.dims[2] // 4
        return where(self.counts, gates, Tensor(array("f", [-1e30] * width + [1e30] * width + [0.0] * (2 * width))))
