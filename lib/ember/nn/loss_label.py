"""Losses with labels for targets: cross entropy with all that it may have, negative log likelihood, margins."""

from ..base.check import number
from ..ops.compare import gt, ne, where
from ..ops.index import GATHER, one_hot
from ..tensors.tensor import Tensor, apply, current_sink, numel
from .loss import CrossEntropyLoss, Loss, class_weights, elements, floats, labels


def _index(loss, x, target, ignored):
    """Labels as an index, and 1 or 0 for whether they count, or None where all do."""
    classes = x.dims[-1] if x.dims else 0
    values, dims = elements(target)
    if dims != x.dims[:-1] or classes < 1 or (isinstance(target, Tensor) and target.dtype == "f"):
        name = loss.__class__.__name__
        raise ValueError("%s takes (N, C) and integer labels (N), not shapes %s and %s" % (name, x.shape, dims))
    if values is None:
        if ignored is not None and ignored >= classes:
            raise ValueError("ignore_index is %d; while recording it may be from 0 to %d" % (ignored, classes - 1))
        return target, None if ignored is None or ignored < 0 else ne(floats(target), ignored)
    values = labels(values, classes, ignored)  # known now, and constants where this is recorded
    if ignored is None or not any([v == ignored for v in values]):
        return Tensor(values, dims), None
    return (Tensor([0 if v == ignored else v for v in values], dims),
            Tensor([0 if v == ignored else 1 for v in values], dims))  # fmt: skip


def _picked(x, index):
    """x[..., C] at its labels [...]."""
    return apply(GATHER, (x, index), (index.dims, (numel(index.dims), 1, 1, x.dims[-1], 1, 1, 1), None))


def _shares(loss, x, index):
    """The weight of each label, or None."""
    weight, dims = loss.weight, index.dims
    if weight is None:
        return None
    if weight.dims != x.dims[-1:]:
        raise ValueError("weight has shape %s; for %d classes it may be (%d,)"
                         % (weight.shape, x.dims[-1], x.dims[-1]))  # fmt: skip
    return apply(GATHER, (weight, index), (dims, (1, numel(dims), 1, x.dims[-1], 0, 1, 0), None))


def _weighted(total, weights):
    """A mean over weights, of which a Trainer takes what it is made of: so parts of a batch are the batch."""
    mean = total / weights.sum()
    if current_sink().records:
        mean.weighted = total, weights
    return mean


def hard(loss, x, target):
    """x is log probabilities [..., C], the target labels."""
    index, counts = _index(loss, x, target, loss.ignore_index)
    share = _shares(loss, x, index)
    each = -_picked(x, index)
    if share is not None:
        each = each * share
    smoothing = loss.label_smoothing
    if smoothing:
        smooth = -(x if loss.weight is None else x * loss.weight).sum(-1)
        each = each * (1.0 - current_sink().scalar(smoothing)) + smooth * smoothing / x.dims[-1]
    if counts is not None:
        each = where(counts, each, 0.0)
        share = counts if share is None else share * counts
    if loss.reduction == "mean" and share is not None:
        return _weighted(each.sum(), share)
    return loss.reduce(each)


def soft(loss, x, target):
    """x is log probabilities [..., C], the target probabilities of the same shape."""
    smoothing = loss.label_smoothing
    if smoothing:
        target = target * (1.0 - current_sink().scalar(smoothing)) + current_sink().scalar(smoothing) / x.dims[-1]
    if loss.weight is not None:
        target = target * loss.weight
    return loss.reduce(-(x * target).sum(-1))


class NLLLoss(CrossEntropyLoss):
    """-x[label]: log probabilities [..., C], whole labels [...] from 0 to C - 1. The rest is CrossEntropyLoss's."""

    def __init__(self, weight=None, ignore_index=-100, reduction="mean"):
        CrossEntropyLoss.__init__(self, weight, ignore_index, reduction)

    def forward(self, x, target):
        return hard(self, x, target)


class MultiMarginLoss(Loss):
    """The sum over the wrong classes i of max(0, margin - x[label] + x[i]) ** p, divided by C, and times weight[label]
    if there is one: scores [N, C], whole labels [N] from 0 to C - 1."""

    classes = True

    def __init__(self, p=1, margin=1.0, weight=None, reduction="mean"):
        Loss.__init__(self, reduction)
        if isinstance(p, bool) or p not in (1, 2):
            raise ValueError("p is %r; it may be 1 or 2" % (p,))
        self.p, self.margin, self.weight = p, number("margin", margin), class_weights(weight)

    def forward(self, x, target):
        index, _ = _index(self, x, target, None)
        classes = x.dims[-1]
        own = _picked(x, index)
        over = x - own.reshape(own.shape + (1,)) + self.margin
        over = where(gt(over, 0.0) * (1.0 - one_hot(index, classes)), over, 0.0)
        each = (over if self.p == 1 else over * over).sum(-1) / classes
        share = _shares(self, x, index)
        return self.reduce(each if share is None else each * share)
