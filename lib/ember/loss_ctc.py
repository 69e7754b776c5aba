"""Connectionist temporal classification: a sequence of labels without knowing when each occurs."""

from .check import flag
from .loss import Loss, labels
from .ops_compare import clamp, gt, maximum, where
from .ops_index import gather
from .ops_shape import cat
from .tensor import Tensor

_NEVER = -1e30  # the logarithm of a chance of 0, but finite: differences of two are no NaN


def _known(name, value, n):
    """n whole numbers, as a list."""
    if isinstance(value, Tensor):
        value = value.tolist()
    if not isinstance(value, (list, tuple)) or len(value) != n:
        raise ValueError("%s is %r; it may be a list or a tensor of %d" % (name, value, n))
    return value


def _lengths(name, value, n, low, high):
    value = _known(name, value, n)
    for k in value:
        if not low <= k <= high or k != int(k):
            raise ValueError("%s has %r; each may be a whole number from %d to %d" % (name, k, low, high))
    return [int(k) for k in value]


def _add(logs):
    """log(exp(a) + exp(b) + ...)"""
    most = logs[0].detach()
    for x in logs[1:]:
        most = maximum(most, x.detach())
    total = (logs[0] - most).exp()
    for x in logs[1:]:
        total = total + (x - most).exp()
    return total.log() + most


def _later(a, k):
    """Each state's value k states further on."""
    n, width = a._dims
    return cat([Tensor([_NEVER] * (n * k), (n, k)), a[:, : width - k]], 1)


class CTCLoss(Loss):
    """-log of the chance of a sequence of labels, over all ways to read it off a longer one, in which labels repeat and
    blanks stand between (Graves et al., 2006).

    Called with log probabilities [N, T, C] (the batch first, where PyTorch has T), targets [N, S] (a tensor or lists;
    what is past a length does not matter), and N lengths of each. The mean is over N, of each loss divided by its
    target's length. zero_infinity: 0 where the input is too short for its target, instead of inf. The targets become
    part of what is recorded: in a Trainer it is of no use.
    """

    def __init__(self, blank=0, reduction="mean", zero_infinity=False):
        Loss.__init__(self, reduction)
        if isinstance(blank, bool) or not isinstance(blank, int) or blank < 0:
            raise ValueError("blank is %r; it may be a whole number from 0" % (blank,))
        self.blank, self.zero_infinity = blank, flag("zero_infinity", zero_infinity)

    def forward(self, x, targets, input_lengths, target_lengths):
        if len(x._dims) != 3 or x._dims[0] < 0 or not self.blank < x._dims[2]:
            raise ValueError("CTCLoss takes log probabilities (N, T, C), C above blank = %d, outside a Trainer, got "
                             "shape %s" % (self.blank, x.shape))  # fmt: skip
        n, steps, classes = x._dims
        input_lengths = _lengths("input_lengths", input_lengths, n, 1, steps)
        targets = _known("targets", targets, n)
        target_lengths = _lengths("target_lengths", target_lengths, n, 0, min([len(row) for row in targets]))
        state, skips, ends = self._states(targets, target_lengths, classes)
        width = state._dims[1]
        x = clamp(x, _NEVER)
        start = Tensor(([0.0] * min(width, 2) + [_NEVER] * (width - 2)) * n, (n, width))
        a = gather(x[:, 0, :], 1, state) + start  # log of the chance to be in each state by now
        for t in range(1, steps):
            ways = [a]
            if width > 1:
                ways += [_later(a, 1), _later(a, 2) + skips]
            then = _add(ways) + gather(x[:, t, :], 1, state)
            running = [1.0 if t < k else 0.0 for k in input_lengths]
            a = then if min(running) else where(Tensor(running, (n, 1)), then, a)
        last = a + ends
        most = last.detach().max(1, keepdim=True)
        loss = -((last - most).exp().sum(1).log() + most.reshape(n))
        loss = where(gt(-_NEVER / 10, loss), loss, 0.0 if self.zero_infinity else float("inf"))
        if self.reduction == "mean":
            loss = loss / Tensor([float(max(1, k)) for k in target_lengths])
        return self._reduce(loss)

    def _states(self, targets, lengths, classes):
        """blank, label, blank, label, ..., blank for each target; whether the blank before each may be left out, and
        which are the last two: 0, or _NEVER."""
        width = 2 * max(lengths) + 1
        state, skips, ends = [], [], []
        for row, length in zip(targets, lengths):
            row = labels(row[:length], classes)
            if self.blank in row:
                raise ValueError("targets has %d, which is blank, at index %d" % (self.blank, row.index(self.blank)))
            for s in range(width):
                k = s // 2
                label = s % 2 and k < length
                state.append(row[k] if label else self.blank)
                skips.append(0.0 if label and k and row[k] != row[k - 1] else _NEVER)
                ends.append(0.0 if 2 * length - 1 <= s <= 2 * length else _NEVER)
        dims = (len(lengths), width)
        return Tensor(state, dims), Tensor(skips, dims), Tensor(ends, dims)
