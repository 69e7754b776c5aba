"""More metrics: what is computed of counts by class, R2 and the area under the ROC curve. Found in `metrics`."""

from array import array

from ..base.check import not_negative, number
from . import Metric, floats, labelled, numbers, whole


def _choices(x, threshold):
    """[N, classes]: 1 at each row's first maximum; none in a row with NaN. One column: 1 above threshold."""
    classes = x.dims[1]
    if classes == 1:
        return x.gt(threshold)
    from ..tensors.tensor import Tensor

    top = x.ge(x.max(1, keepdim=True))
    first = top * Tensor(array("f", range(classes, 0, -1)))
    return first.eq(first.max(1, keepdim=True)) * top


def _products(recording, a, b):
    """The sum over rows of a[., m] * b[., n]."""
    from ..instructions import emit

    m, n = a.dims[1], b.dims[1]
    c = recording.new((m, n))
    emit.matmul(recording, into=0, batch=1, m=m, n=n, k=-1, c_batch=0, c_m=n, a_batch=0, a_m=1, a_k=m, b_batch=0,
                b_k=n, b_n=1, c=c, a=a, b=b)  # fmt: skip
    return c


class ConfusionMatrix(Metric):
    """compute() is [classes][classes]: how many rows of that label (first index) were taken for that class (second).
    What is taken for a class is the first maximum; a row with NaN is not counted. classes from 2."""

    def __init__(self, classes, batch_size=32, target_dtype=None):
        classes = whole("classes", classes, 2)
        Metric.__init__(self, classes, classes, classes * classes, batch_size, target_dtype)

    def record(self, recording, x, y):
        self._add(recording, 0, _products(recording, labelled(recording, y, self.width), _choices(x, 0)))

    def compute(self):
        n = self.width
        return [[int(self._sum(i * n + j)) for j in range(n)] for i in range(n)]


class FBeta(Metric):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall); beta=1 gives F1.

    classes   from 2, outputs [N, classes]; or 1, outputs [N]: above threshold is class 1, and that class is measured
    average   "macro" the mean over classes that occurred or were predicted, "micro" of all counts together, "none" a
              list for each class
    What has nothing to divide by is 0. A row with NaN is taken for no class.
    """

    def __init__(self, classes, beta=1.0, average="macro", batch_size=32, target_dtype=None, threshold=0.5):
        if average not in ("macro", "micro", "none"):
            raise ValueError("average is %r; it may be 'macro', 'micro' or 'none'" % (average,))
        not_negative("beta", beta)
        self.average, self.beta, self.threshold = average, beta, number("threshold", threshold)
        classes = whole("classes", classes, 1)
        Metric.__init__(self, classes, max(2, classes), 3 * classes, batch_size, target_dtype)

    def record(self, recording, x, y):
        n = self.width
        chosen = _choices(x, self.threshold)
        actual = floats(recording, y).reshape(-1, 1) if n == 1 else labelled(recording, y, n)
        self._add(recording, 0, (chosen * actual).sum(0))
        self._add(recording, n, chosen.sum(0))
        self._add(recording, 2 * n, actual.sum(0))

    def measure(self, right, chosen, actual):
        b = self.beta * self.beta
        return (1 + b) * right / (b * actual + chosen) if b * actual + chosen else 0.0

    def compute(self):
        self.seen()
        n = self.width
        rows = [(self._sum(i), self._sum(n + i), self._sum(2 * n + i)) for i in range(n)]
        if self.average == "micro":
            return self.measure(*[sum([row[k] for row in rows]) for k in range(3)])
        if self.average == "macro":
            rows = [row for row in rows if row[1] or row[2]]
        found = [self.measure(*row) for row in rows]
        if self.average == "none":
            return found
        return sum(found) / len(found) if found else 0.0


class Precision(FBeta):
    """Of what was taken for a class, how much is of it. Arguments as FBeta's."""

    def __init__(self, classes, average="macro", batch_size=32, target_dtype=None, threshold=0.5):
        FBeta.__init__(self, classes, 1.0, average, batch_size, target_dtype, threshold)

    def measure(self, right, chosen, actual):
        return right / chosen if chosen else 0.0


class Recall(FBeta):
    """Of what is of a class, how much was taken for it. Arguments as FBeta's."""

    def __init__(self, classes, average="macro", batch_size=32, target_dtype=None, threshold=0.5):
        FBeta.__init__(self, classes, 1.0, average, batch_size, target_dtype, threshold)

    def measure(self, right, chosen, actual):
        return right / actual if actual else 0.0


class R2Score(Metric):
    """1 - sum((output - target)**2) / sum((target - mean)**2) for each of width columns, and of these the mean. A
    column whose targets are all the same gives 1 where the outputs are exact, else 0.

    The spread about the mean is merged batch by batch (Chan, Golub and LeVeque, 1979), so a large mean does not
    drown it."""

    def __init__(self, width=1, batch_size=32, target_dtype="f"):
        width = whole("width", width, 1)
        # residual, spread, mean (width of each), rows
        Metric.__init__(self, width, 0, 3 * width + 1, batch_size, target_dtype)

    def record(self, recording, x, y):
        from ..instructions.isa import ADD

        w = self.width
        d = x - y
        self._add(recording, 0, (d * d).sum(0))
        mean, seen = recording.at(2 * w, (w,)), recording.at(3 * w, (1,))
        rows = recording.count(-1)
        own = y.sum(0) / rows
        d = y - own
        away, total = own - mean, seen + rows
        share = rows / total
        self._add(recording, w, (d * d).sum(0) + away * away * (seen * share))
        recording.copy(mean, away * share, ADD)
        recording.copy(seen, total)

    def compute(self):
        self.seen()
        total, w = 0.0, self.width
        for i in range(w):
            residual, spread = self._sum(i), self._sum(w + i)
            total += 1 - residual / spread if spread else float(residual == 0)
        return total / w


class AUROC(Metric):
    """The area under the ROC curve of one score for each row against labels 0 and 1: how often a row of label 1 has a
    higher score than one of label 0, equal ones counting half.

    Scores are counted in `bins` equal steps from low to high (what is outside goes into the first or last; NaN is not
    counted), and those in the same bin count as equal. So the area is off by at most error(): half of the sum over
    bins of (share of the 1s in it) * (share of the 0s in it), which is at most 1 / 2 and falls as 1 / bins where scores
    are spread. Memory: bins * (batch_size + 4) floats and a little more. compute() is NaN where a label is missing."""

    def __init__(self, bins=100, low=0.0, high=1.0, batch_size=32, target_dtype="B"):
        self.bins, self.low, self.high = whole("bins", bins, 2), low, high
        if not number("low", low, -1e30, 1e30) < number("high", high, -1e30, 1e30):
            raise ValueError("low is %r, high is %r; low must be below high" % (low, high))
        Metric.__init__(self, 1, 2, 2 * bins, batch_size, target_dtype)

    def record(self, recording, x, y):
        n = self.bins
        place = ((x - self.low) * (n / (self.high - self.low))).floor()
        place = place.clamp(0.0, n - 1.0) * x.eq(x) - x.ne(x)  # NaN: -1, no bin
        self._add(recording, 0, _products(recording, labelled(recording, y, 2), place.eq(numbers(n))))

    def _counts(self):
        zeros = [self._sum(i) for i in range(self.bins)]
        return zeros, [self._sum(self.bins + i) for i in range(self.bins)]

    def compute(self):
        self.seen()
        zeros, ones = self._counts()
        below = area = 0.0
        for i in range(self.bins):
            area += ones[i] * (below + zeros[i] / 2)
            below += zeros[i]
        pairs = sum(zeros) * sum(ones)
        return area / pairs if pairs else float("nan")

    def error(self):
        """How far compute() may be from the area without bins."""
        zeros, ones = self._counts()
        pairs = sum(zeros) * sum(ones)
        return sum([a * b for a, b in zip(zeros, ones)]) / 2 / pairs if pairs else float("nan")
