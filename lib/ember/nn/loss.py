"""Losses that most people use, and what all losses have in common. The others are in loss_*.py; all are found in nn.

Each is called with what the model made and with what it should have made, and gives one number, or with
reduction="none" one for each element or sample.
"""

from ..base.check import number
from ..instructions import emit
from ..ops.reduce import CROSS_ENTROPY
from ..tensors.tensor import Tensor, apply, current_sink, numel
from . import Module


class Loss(Module):
    classes = False  # targets are labels, not values
    sequences = False  # targets are labels, as many as there may be, of which no accuracy is counted

    def __init__(self, reduction="mean"):
        if reduction not in ("none", "sum", "mean"):
            raise ValueError("reduction is %r; it may be 'none', 'sum' or 'mean'" % (reduction,))
        self.reduction = reduction

    def reduce(self, loss):
        if self.reduction == "none":
            return loss
        return loss.sum() if self.reduction == "sum" else loss.mean()

    def _target(self, x, target):
        """The target as a float32 tensor of the shape of x."""
        target = floats(target)
        if x.dims != target.dims:
            raise ValueError("%s of shape %s and target %s" % (self.__class__.__name__, x.shape, target.shape))
        return target


def floats(x):
    """A number, lists or a tensor of any dtype, as a float32 tensor."""
    if not isinstance(x, Tensor):
        return Tensor(x)
    if x.dtype == "f":
        return x
    sink = current_sink()
    y = sink.new(x.dims)
    emit.convert(sink, n=numel(x.dims), channels=1, d=y, src=x, affine=sink.constants((1.0, 0.0)))
    sink.flush()
    return y


def elements(target):
    """The elements of a tensor or of lists, and their dimensions; None for elements that only a run knows."""
    if isinstance(target, Tensor):
        values = target.storage
        if values is not None:
            values = values[target.offset : target.offset + numel(target.dims)]
        return values, target.dims
    from ..tensors.values import read

    try:
        values, dims = read(target)
    except TypeError:
        raise ValueError("target is %r; it may be a tensor, a list or a buffer" % (target,))  # noqa: B904
    return values, (len(values),) if dims is None else dims


def labels(values, classes, ignored=None):
    """Values as labels: whole numbers from 0 to classes - 1 (or ignored), or an error that names the first that is
    not."""
    for i in range(len(values)):
        v = values[i]
        if not (0 <= v < classes and int(v) == v) and (ignored is None or v != ignored):
            raise ValueError("label %r at index %d; it may be a whole number from 0 to %d" % (v, i, classes - 1))
    return [int(v) for v in values]


def class_weights(weight):
    """A weight for each class, as a tensor of one dimension; None stays."""
    if weight is None:
        return None
    if isinstance(weight, (list, tuple)) and weight:
        weight = Tensor(weight)
    if not isinstance(weight, Tensor) or weight.dtype != "f" or len(weight.dims) != 1:
        raise ValueError("weight is %r; it may be a list of numbers, one for each class" % (weight,))
    return weight.detach()


class CrossEntropyLoss(Loss):
    """-log softmax(x)[label]: logits [..., C], whole labels [...] from 0 to C - 1 (lists, or an integer Tensor).
    A target of the shape of the logits, in float32, holds probabilities instead.

    weight           one number a class. A mean is then over the weights: their sum divides, as in PyTorch
    ignore_index     a label that does not count, in the mean neither; None for none. A Trainer checks labels before a
                     step: there it is one of 0 to C - 1 (below 0 none is met), and its accuracy counts it
    label_smoothing  0 to 1: how much of the target is spread over all classes (Szegedy et al., 2016)

    In a Trainer parts of a batch weigh what their labels do, as in the whole; where weights divide, and all are 0, the
    batch is no step. That takes this loss itself, or a function that returns what it returned: what is calculated on
    with is a mean over rows. A Trainer with target_dtype="f" takes probabilities.
    """

    classes = True

    def __init__(self, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        Loss.__init__(self, reduction)
        number("label_smoothing", label_smoothing, 0, 1)
        if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, int)):
            raise ValueError("ignore_index is %r; it may be a whole number or None" % (ignore_index,))
        self.weight, self.ignore_index = class_weights(weight), ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, x, target):
        values, dims = elements(target)
        if not isinstance(target, Tensor) and dims == x.dims:
            target = Tensor(values, dims)
        is_soft = isinstance(target, Tensor) and target.dtype == "f" and dims == x.dims
        if is_soft or self.weight is not None or self.label_smoothing or self._ignores(values):
            from .loss_label import hard, soft

            return (soft if is_soft else hard)(self, x.log_softmax(-1), target)
        if not isinstance(target, Tensor):
            target = Tensor(labels(values, x.shape[-1]), dims, dtype="i")
        elif values is not None and target.dtype != "f" and x.dims:
            labels(values, x.shape[-1])
        return self.reduce(apply(CROSS_ENTROPY, (x, target)))

    def _ignores(self, values):
        """Whether there may be labels that do not count."""
        k = self.ignore_index
        return k is not None and (k >= 0 or values is not None and any([v == k for v in values]))


class MSELoss(Loss):
    """(x - target) squared, the mean over all elements; both of the same shape."""

    def forward(self, x, target):
        d = x - self._target(x, target)
        return self.reduce(d * d)
