"""Metrics: measures that are summed up batch by batch.

    accuracy = Accuracy(classes=10)
    trainer.evaluate(batches, metrics=[accuracy])       # or accuracy.update(output, target) for each batch
    accuracy.compute(), accuracy.reset()

Each is a program of its own over a small arena, so update() allocates nothing where it is handed buffers of the types
it reads: outputs as float32, as Trainer.predict gives them, targets in target_dtype, by default as a Trainer reads
them. Lists, tensors and other types are converted. Sums are kept in two parts, what rounding takes from the one going
into the next sum (Knuth's two-sum), so counts stay exact far beyond the 2**24 at which a float32 would stick.

N rows, at most batch_size at once (more are cut); where the output is [N, T, C], its rows are N * T.
"""

import math
from array import array

from .. import vm
from ..base.check import number, whole
from ..base.homes import look_up
from ..instructions.program import CORRECT, INTS, SCORED, TYPES, X, Y
from ..machine.image import rows_in
from ..run.runner import Runner

# What records them is imported where it does: they go on when the front has left (see train/release.py).


class Metric:
    """What all have in common. `sums` floats are kept; `record` adds to them; targets are labels below `labels`, or,
    where that is 0, as many values as the output has."""

    def __init__(self, width, labels, sums, batch_size, target_dtype=None):
        self.width, self.labels, self.sums = width, labels, sums
        self.batch_size = whole("batch_size", batch_size, 1)
        if target_dtype is None:
            target_dtype = "f" if not labels else "B" if labels <= 256 else "h" if labels <= 32768 else "i"
        allowed = TYPES[1:] if labels else TYPES
        if not isinstance(target_dtype, str) or len(target_dtype) != 1 or target_dtype not in allowed:
            raise ValueError("target_dtype is %r; it may be one of %s" % (target_dtype, ", ".join(TYPES)))
        self.target_dtype = target_dtype
        self.target_size = 1 if labels else width
        from ..recording.build import build

        _, image, arena = build(batch_size, self._record)
        self.runner = Runner(image, vm.execute(image, arena))
        self.executor = self.runner.executor
        self.runner.stretch = -1  # a batch counts as a whole, or not at all
        self.executor.explain = None
        self.reset()

    def _record(self, recording):
        from ..instructions import emit
        from ..tensors.tensor import no_grad, use

        recording.keep("sums", 2 * self.sums)
        with use(recording), no_grad():
            x = recording.input(X, "f", (-1, self.width))
            y = recording.input(Y, self.target_dtype, (-1,) if self.labels else (-1, self.width))
            if self.labels:
                emit.check_index(recording, n=-1, high=self.labels, index=y)
            elif self.target_dtype != "f":
                y = floats(recording, y)
            self.record(recording, x, y)
            emit.count(recording, keep=1, add=1, n=-1, counter=slot(SCORED))
            recording.section("update")

    def _add(self, recording, first, values):
        """Add values to the sums from the first on."""
        dims = (values.numel(),)
        recording.add_exactly(recording.at(first, dims), recording.at(self.sums + first, dims), values.alias(dims))

    def _sum(self, i):
        s = self.executor.read(i)
        total = s + self.executor.read(self.sums + i)
        return total if total == total else s  # of what is infinite no rest is known

    def seen(self):
        rows = self.executor.read(slot(SCORED))
        if not rows:
            raise ValueError("compute: nothing was counted since the last reset()")
        if rows == 0x7FFFFFFF:  # where a counter stays
            raise RuntimeError("compute: %d rows or more were counted; reset() before there are as many" % rows)
        return rows

    def reset(self):
        for i in range(2 * self.sums):
            self.executor.write(i, 0.0)
        self.executor.write(slot(SCORED), 0)
        self.executor.write(slot(CORRECT), 0)

    def update(self, output, target):
        """Count a batch. What does not fit raises ValueError, and nothing has changed."""
        self.runner.idle()  # what was broken off is not gone on with
        if not self.runner.bind(output, target) or not self.runner.attempt(0):
            self._convert(output, target)

    def _convert(self, output, target):
        """The slow way: make of a batch what the program reads, in parts where it is large."""
        from ..tensors.values import read, typed

        output, target = read(output)[0], read(target)[0]
        rows, size, most = rows_in(output, self.width, len(output)), self.target_size, self.batch_size
        if not rows or rows != rows_in(target, size, len(target)):
            raise ValueError("%s takes outputs [N, %d] and %d targets for each, not %d and %d elements"
                             % (type(self).__name__, self.width, size, len(output), len(target)))  # fmt: skip
        if self.labels:
            from ..nn.loss import labels

            target = labels(target, self.labels)
        output, target = typed("f", output, "output"), typed(self.target_dtype, target, "target")
        for first in range(0, rows, most):
            last = min(rows, first + most)
            self.runner.bind(output[first * self.width : last * self.width], target[first * size : last * size])
            self.runner.run(0)


def slot(k):
    """The address of an integer slot."""
    return (INTS << 24) + k


def floats(recording, y):
    from ..instructions import emit

    t = recording.new(y.dims)
    emit.convert(recording, n=y.dims[0] * (y.dims[1] if len(y.dims) > 1 else 1), channels=1, d=t, src=y,
                 affine=recording.constants((1.0, 0.0)))  # fmt: skip
    return t


def numbers(n):
    """0 to n - 1"""
    from ..tensors.tensor import Tensor

    return Tensor(array("f", range(n)))


def labelled(recording, y, classes):
    """[N, classes]: 1 at each row's label."""
    return floats(recording, y).reshape(-1, 1).eq(numbers(classes))


class Mean(Metric):
    """The mean of a loss over rows, or over its weights where it has any: loss(output, target) is a mean (or with
    .reduction "sum" a sum, over rows here) of a batch, as a Trainer takes it. width: elements of an output's row, which
    are the classes where the targets are labels."""

    def __init__(self, loss, width, batch_size=32, target_dtype=None):
        if not callable(loss):
            raise ValueError("loss is %r; it may be a loss, or a function of output and target" % (loss,))
        self.loss = loss
        width = whole("width", width, 1)
        Metric.__init__(self, width, width if getattr(loss, "classes", False) else 0, 2, batch_size, target_dtype)

    def record(self, recording, x, y):
        value = self.loss(x, y)
        if value.numel() != 1:
            raise ValueError("the loss has shape %s; Mean takes one number: 'mean' or 'sum'" % (value.shape,))
        total = recording.count(-1)
        if value.weighted:
            value, total = value.weighted[0], value.weighted[1].sum()
        elif getattr(self.loss, "reduction", "mean") == "mean":
            value = value * total
        self._add(recording, 0, value)
        self._add(recording, 1, total)

    def compute(self):
        self.seen()
        return self._sum(0) / (self._sum(1) or 1.0)


class Accuracy(Metric):
    """How many rows of [N, classes] have their first maximum at their label; with classes=1, how many outputs are above
    threshold exactly where the label is 1. A row with NaN is wrong."""

    def __init__(self, classes, batch_size=32, target_dtype=None, threshold=0.5):
        self.threshold = number("threshold", threshold)
        classes = whole("classes", classes, 1)
        Metric.__init__(self, classes, max(2, classes), 1, batch_size, target_dtype)

    def record(self, recording, x, y):
        if self.width == 1:
            right = x.gt(self.threshold).eq(floats(recording, y).reshape(-1, 1)) * x.eq(x)
            self._add(recording, 0, right.sum())
        else:
            from ..instructions import emit

            emit.count_correct(recording, n=-1, width=self.width, counter=slot(CORRECT), x=x, label=y)

    def compute(self):
        return (self._sum(0) + self.executor.read(slot(CORRECT))) / self.seen()


class TopKAccuracy(Metric):
    """How many rows of [N, classes] have their label among the k largest; of equal ones the first counts as larger."""

    def __init__(self, classes, k=5, batch_size=32, target_dtype=None):
        classes = whole("classes", classes, 2)
        self.k = whole("k", k, 1)
        if k > classes:
            raise ValueError("k is %r; it may be at most classes, %d" % (k, classes))
        Metric.__init__(self, classes, classes, 1, batch_size, target_dtype)

    def record(self, recording, x, y):
        from ..ops.compare import where

        label = floats(recording, y).reshape(-1, 1)
        own = where(label.eq(numbers(self.width)), x, 0.0).sum(1, keepdim=True)
        ahead = (x.gt(own) + x.eq(own) * numbers(self.width).lt(label)).sum(1, keepdim=True)
        self._add(recording, 0, (ahead.lt(self.k) * own.eq(own)).sum())

    def compute(self):
        return self._sum(0) / self.seen()


class _Error(Metric):
    def __init__(self, width=1, batch_size=32, target_dtype="f"):
        Metric.__init__(self, whole("width", width, 1), 0, 1, batch_size, target_dtype)


class MAE(_Error):
    """The mean of |output - target| over all elements; both [N, width]."""

    def record(self, recording, x, y):
        self._add(recording, 0, (x - y).abs().sum())

    def compute(self):
        return self._sum(0) / (self.seen() * self.width)


class RMSE(_Error):
    """The root of the mean of (output - target) squared over all elements; both [N, width]."""

    def record(self, recording, x, y):
        d = x - y
        self._add(recording, 0, (d * d).sum())

    def compute(self):
        mean = self._sum(0) / (self.seen() * self.width)
        return math.sqrt(mean) if mean < float("inf") else mean


# Those that count classes, and the rest.
_HOMES = " metrics.more: ConfusionMatrix Precision Recall FBeta R2Score AUROC "


def __getattr__(name):
    found = look_up(name, _HOMES)
    if found is None:
        raise AttributeError("ember.metrics has no %r" % name)
    return found
