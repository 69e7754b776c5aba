"""Losses of samples with several labels, and of distances of one's own."""

from ..ops.activation import logsigmoid
from ..ops.compare import ge, where
from ..ops.index import gather, one_hot
from ..ops.order import cumprod
from .loss import Loss, class_weights, elements, floats, labels
from .loss_pair import TripletMarginLoss


def _same(loss, x, dims):
    if x.dims != dims or not dims:
        raise ValueError("%s takes x and targets of one shape (N, C), not shapes %s and %s"
                         % (loss.__class__.__name__, x.shape, dims))  # fmt: skip


class MultiLabelMarginLoss(Loss):
    """The sum over the labels j of a sample, and over the classes i that are none of them, of max(0, 1 - x[j] + x[i]),
    divided by C: scores [N, C], and of each sample its labels, whole numbers from 0 to C - 1, then -1 up to C of them.

    Takes N * C * C numbers of scratch. In a Trainer targets are float32, or target_dtype="b", "h" or "i".
    """

    def forward(self, x, target):
        values, dims = elements(target)
        _same(self, x, dims)
        classes = dims[-1]
        if values is not None:
            labels(values, classes, -1)
        target = floats(target)
        valid = cumprod(ge(target, 0.0), -1)  # up to the first below 0
        index = where(valid, target, 0.0)
        marked = (one_hot(index, classes) * valid.unsqueeze(-1)).sum(-2)
        counts = valid.unsqueeze(-1) * marked.eq(0.0).unsqueeze(-2)
        over = (x.unsqueeze(-2) - gather(x, len(dims) - 1, index).unsqueeze(-1) + 1.0).relu()
        return self.reduce(where(counts, over, 0.0).sum((-2, -1)) / classes)


class MultiLabelSoftMarginLoss(Loss):
    """-(target * log(sigmoid(x)) + (1 - target) * log(sigmoid(-x))), the mean over the last dimension, C classes: x and
    targets of 0 and 1 [N, C]. weight: one number a class, times which its part goes in."""

    def __init__(self, weight=None, reduction="mean"):
        Loss.__init__(self, reduction)
        self.weight = class_weights(weight)

    def forward(self, x, target):
        target = floats(target)
        _same(self, x, target.dims)
        each = -(target * logsigmoid(x) + (1.0 - target) * logsigmoid(-x))
        if self.weight is not None:
            if self.weight.dims != x.dims[-1:]:
                raise ValueError("weight has shape %s; for %d classes it may be (%d,)"
                                 % (self.weight.shape, x.dims[-1], x.dims[-1]))  # fmt: skip
            each = each * self.weight
        return self.reduce(each.sum(-1) / x.dims[-1])


class TripletMarginWithDistanceLoss(TripletMarginLoss):
    """TripletMarginLoss by a distance of one's own: distance_function(a, b) gives a tensor of one number for each
    sample; None is the length of a - b, as there. Called with anchor, near, far."""

    def __init__(self, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        TripletMarginLoss.__init__(self, margin, swap=swap, reduction=reduction)
        if distance_function is not None and not callable(distance_function):
            raise ValueError("distance_function is %r; it may be a function of two tensors" % (distance_function,))
        self.distance_function = distance_function

    def distance(self, a, b):
        return self.distance_function(a, b) if self.distance_function else TripletMarginLoss.distance(self, a, b)
