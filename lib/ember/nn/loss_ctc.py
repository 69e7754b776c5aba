"""Connectionist temporal classification: a sequence of labels without knowing when each occurs."""

from ..base.check import flag
from ..ops.compare import clamp, eq, gt, maximum, ne, where
from ..ops.index import GATHER, take_along_dim
from ..ops.loss import NEVER, WAYS, filled
from ..ops.order import cumprod
from ..tensors.tensor import Tensor, apply, numel
from .loss import Loss, floats, labels


def _given(name, value, n, dims):
    """A list of n where the values are known now, else the tensor, which has n and as many dimensions as dims says."""
    known = not isinstance(value, Tensor) or value.storage is not None
    if known and n < 0:
        raise ValueError("%s is %r; where the batch is recorded it may be an input of the function, or a Trainer's "
                         "target" % (name, value))  # fmt: skip
    if isinstance(value, Tensor):
        if len(value.dims) != dims or value.dims[0] != n:
            raise ValueError("%s has shape %s; it may be (N%s), N as of the log probabilities"
                             % (name, value.shape, "," if dims == 1 else ", S"))  # fmt: skip
        return value.tolist() if known else value.detach()
    if not isinstance(value, (list, tuple)) or len(value) != n:
        raise ValueError("%s is %r; it may be a list or a tensor of %d" % (name, value, n))
    return value


def _lengths(name, value, low, high):
    """Known lengths, each from low to its own of high."""
    for k, most in zip(value, high):
        if not low <= k <= most or k != int(k):
            raise ValueError("%s has %r; each may be a whole number from %d to %d" % (name, k, low, most))
    return [int(k) for k in value]


def _whole(index, count):
    """The tensor as float32; a run stops with ValueError where it is no whole number of count."""
    places = (1, numel(index.dims), 1, numel(count.dims), 0, 1, 0)
    return apply(GATHER, (count, index), (index.dims, places, None))


def _add(logs):
    """log(exp(a) + exp(b) + ...) along dimension 1."""
    most = logs.detach().max(1, keepdim=True)
    return (logs - most).exp().sum(1).log() + most.reshape((-1,) + logs.dims[2:])


class CTCLoss(Loss):
    """-log of the chance of a sequence of labels, over all ways to read it off a longer one, in which labels repeat and
    blanks stand between (Graves et al., 2006).

    Called with log probabilities [N, T, C] (the batch first, where PyTorch has T), targets [N, S] (a tensor of any
    dtype, or lists; what is past a length does not matter), and N lengths of each, which PyTorch requires:

    input_lengths   1 to T; None: all are T
    target_lengths  0 to S; None: each target ends before its first blank, so shorter ones are filled up with blanks

    The mean is over N, of each loss divided by its target's length. zero_infinity: 0 where the input is too short for
    its target, instead of inf; the gradient is 0 there either way.

    In ember.record the targets and lengths are further inputs of the function. A Trainer has one target, without
    lengths: target_shape=(S,), by default in bytes; its accuracy is None. For lengths give it a function as its loss,
    such as lambda x, y: ctc(x, y[:, 1:], y[:, 0]) with target_shape=(1 + S,), target_dtype="f".
    Recorded, a label that is none of 0 to C - 1, or a length above T or S, raises ValueError when it is met. Not
    noticed is a blank within a target's length, where the target ends then, and an input of length 0, which is read
    as nothing.
    Steps are written out: with its gradient each of T takes some 22 instructions, 1300 bytes (2100 in a Trainer, which
    scores too), and 5 * N * (2 * S + 1) floats.
    """

    sequences = True

    def __init__(self, blank=0, reduction="mean", zero_infinity=False):
        Loss.__init__(self, reduction)
        if isinstance(blank, bool) or not isinstance(blank, int) or blank < 0:
            raise ValueError("blank is %r; it may be a whole number from 0" % (blank,))
        self.blank, self.zero_infinity = blank, flag("zero_infinity", zero_infinity)

    def forward(self, x, targets, input_lengths=None, target_lengths=None):
        if len(x.dims) != 3 or not self.blank < x.dims[2]:
            raise ValueError("CTCLoss takes log probabilities (N, T, C), C above blank = %d, got shape %s"
                             % (self.blank, x.shape))  # fmt: skip
        n, steps, classes = x.dims
        targets = self._targets(n, classes, targets, target_lengths)
        width = 2 * targets.dims[1] + 1
        state, skips = self._states(targets)
        x = clamp(x, NEVER).permute(0, 2, 1)
        scores = take_along_dim(x, state.reshape(-1, width, 1), 1)  # of each state at each step
        if input_lengths is not None:  # from its end on, an input is blanks for certain
            running = _running(n, steps, input_lengths)
            past = Tensor([NEVER if s % 2 else 0.0 for s in range(width)], (width, 1))
            scores = where(running, scores, past)
        # The logarithm of the chance to be in each state by now: at first one of the first two.
        a = scores[:, :, 0] + Tensor([0.0, 0.0] + [NEVER] * (width - 2))
        for t in range(1, steps):
            a = _add(apply(WAYS, (a,)) + skips) + scores[:, :, t]
        length = ne(targets, self.blank).sum(1, keepdim=True)
        left = length * 2.0 - Tensor(list(range(width)))  # states to the last blank: the last two are 1 and 0
        loss = -_add(where(eq(left, 0.0) + eq(left, 1.0), a, NEVER))
        loss = where(gt(loss, -NEVER / 10), 0.0 if self.zero_infinity else float("inf"), loss)
        if self.reduction == "mean":
            loss = loss / maximum(length, 1.0).reshape(-1)
        return self.reduce(loss)

    def _targets(self, n, classes, targets, lengths):
        """[N, S] in float32, with blanks from each one's end on."""
        targets = _given("targets", targets, n, 2)
        if lengths is not None:
            lengths = _given("target_lengths", lengths, n, 1)
        if not isinstance(targets, Tensor):
            targets = self._known(targets, lengths, classes)
            if not isinstance(lengths, Tensor):
                return targets
        elif lengths is not None and not isinstance(lengths, Tensor):
            lengths = Tensor(_lengths("target_lengths", lengths, 0, targets.dims[1:] * n))
        targets = floats(targets)
        room = targets.dims[1]
        count = Tensor(list(range(max(room + 1, classes))))
        within = cumprod(ne(targets, self.blank), 1)
        if lengths is not None:
            within = within * gt(_whole(lengths, count[: room + 1]).reshape(-1, 1), count[:room])
        return _whole(where(within, targets, self.blank), count[:classes])

    def _known(self, targets, lengths, classes):
        """As _targets. Where a run knows the lengths, it looks at the labels too."""
        rows = []
        for row in targets:
            if isinstance(row, (int, float)):
                raise ValueError("targets is %r; it may be lists, or a tensor, of shape (N, S)" % (targets,))
            rows.append(list(row))
        if lengths is None:
            rows = [row[: row.index(self.blank)] if self.blank in row else row for row in rows]
        elif not isinstance(lengths, Tensor):
            lengths = _lengths("target_lengths", lengths, 0, [len(row) for row in rows])
            rows = [row[:k] for row, k in zip(rows, lengths)]
        if not isinstance(lengths, Tensor):
            for row in rows:
                if self.blank in labels(row, classes):
                    raise ValueError("targets has %d, which is blank, at index %d"
                                     % (self.blank, row.index(self.blank)))  # fmt: skip
        room = max([1] + [len(row) for row in rows])
        return Tensor([row + [self.blank] * (room - len(row)) for row in rows])

    def _states(self, targets):
        """[N, W]: blank, label, blank, label, ..., blank of each target. And what to add to the ways to come into each,
        [N, 3, W]: NEVER where the blank before may not be left out, else 0."""
        n, room = targets.dims
        width = 2 * room + 1
        state = filled((n, width), self.blank, targets, 1, [width, 2])
        if room == 1:
            return state, Tensor([NEVER] * 3 + [0.0] * 6, (3, 3))
        repeats = eq(targets[:, 1:], targets[:, : room - 1]) * NEVER
        skips = filled((n, width), NEVER, repeats, 3, [width, 2])
        return state, filled((n, 3, width), 0.0, skips, 0, [3 * width, 1])


def _running(n, steps, lengths):
    """[N, 1, T]: 1 where an input has not ended, else 0."""
    lengths = _given("input_lengths", lengths, n, 1)
    count = Tensor(list(range(steps + 1)))
    if isinstance(lengths, Tensor):
        lengths = _whole(lengths, count)
    else:
        lengths = Tensor(_lengths("input_lengths", lengths, 1, [steps] * n))
    return gt(lengths.reshape(-1, 1, 1), count[:steps])
