"""What the programs of some Trainers have besides: buffers that forward changes; and what is done where the loss does
not reach all parameters."""

from ..instructions import emit
from ..tensors.sink import is_among, numel, numels


class Changing:
    """Buffers that forward changes lie last of what is frozen. While a step is recorded they are copies, which begin as
    the buffers are; the update copies them back."""

    def __init__(self, front, recording, end):
        self.buffers = front.changing
        dims = (numels(self.buffers),)
        self.kept = recording.at(end - dims[0], dims)
        self.copies = recording.at(recording.keep("statistics", dims[0]), dims)

    def begin(self, recording):
        recording.copy(self.copies, self.kept)
        self._move(self.copies.place - self.kept.place)

    def guard(self, recording):
        """Ends the run, before anything has changed, where what a step is to leave is not finite."""
        emit.check_finite(recording, squared=0, n=numel(self.copies.dims), a=self.copies, total=recording.scalar(1.0))

    def end(self, recording):
        self._move(self.kept.place - self.copies.place)
        recording.copy(self.kept, self.copies)

    def _move(self, way):
        for p in self.buffers:
            p.place += way


def without(parameters, others):
    return [p for p in parameters if not is_among(p, others)]


def leave(front, left):
    """Parameters that the front's optimizers have and its loss does not reach: they are as frozen."""
    front.trained = without(front.trained, left)
    front.groups = [without(group, left) for group in front.groups]
    front.frozen = left + without(front.frozen, left)
    for p in left:
        p.grad = None
    front.left = "the loss does not reach parameters of shapes %s: they stay as they are" % (
        ", ".join([str(p.shape) for p in left]))  # fmt: skip


def add_weights(recording, loss, into, total):
    """Record a mean over weights: its sum goes into one statistic, the weights into the other, each after the one
    before, so that parts have the bits of the whole. Returns the sum."""
    from ..instructions import isa
    from ..ops.rules import COPY_FN, strided

    loss, weights = loss.weighted
    strided(recording, COPY_FN, isa.ADD, (numel(weights.dims),), total, (0,), weights, (1,))
    recording.copy(into, loss, isa.ADD)
    return loss
