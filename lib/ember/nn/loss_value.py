"""Losses of values, element by element: x and target have the same shape."""

from ..base.check import flag, not_negative, number, positive
from ..ops import loss
from ..ops.activation import logsigmoid, softplus
from ..ops.compare import clamp, gt, ne, where
from ..ops.math import abs
from ..tensors.tensor import apply, current_sink
from .loss import Loss, floats


class L1Loss(Loss):
    """|x - target|"""

    def forward(self, x, target):
        return self.reduce(abs(x - self._target(x, target)))


class HuberLoss(Loss):
    """(x - target) squared / 2 up to a distance of delta, straight from there on (Huber, 1964)."""

    def __init__(self, reduction="mean", delta=1.0):
        Loss.__init__(self, reduction)
        self.delta = positive("delta", delta)

    def forward(self, x, target):
        return self.reduce(apply(loss.HUBER, (x - self._target(x, target),), (self.delta,)))


class SmoothL1Loss(Loss):
    """HuberLoss divided by its delta, here beta: far away it is L1Loss less beta / 2. With beta 0 it is L1Loss."""

    def __init__(self, reduction="mean", beta=1.0):
        Loss.__init__(self, reduction)
        self.beta = not_negative("beta", beta)

    def forward(self, x, target):
        d = x - self._target(x, target)
        if not self.beta:
            return self.reduce(abs(d))
        each = apply(loss.HUBER, (d,), (self.beta,))
        return self.reduce(each if self.beta == 1 else each / self.beta)


def _weights(name, weight):
    """Weights that broadcast to the loss; None stays."""
    try:
        return None if weight is None else floats(weight).detach()
    except (ValueError, TypeError):
        raise ValueError("%s is %r; it may be a number, lists of them or a tensor" % (name, weight))  # noqa: B904


class BCELoss(Loss):
    """-(target * log(x) + (1 - target) * log(1 - x)) of chances x, no logarithm below -100; times weight, if there is
    one, which broadcasts. Outside 0 to 1 it is NaN (PyTorch raises)."""

    def __init__(self, weight=None, reduction="mean"):
        Loss.__init__(self, reduction)
        self.weight = _weights("weight", weight)

    def forward(self, x, target):
        each = apply(loss.BCE, (x, self._target(x, target)))
        return self.reduce(each if self.weight is None else each * self.weight)


class BCEWithLogitsLoss(Loss):
    """BCELoss of sigmoid(x), for x of any size. pos_weight multiplies what counts for 1, one a class."""

    def __init__(self, weight=None, reduction="mean", pos_weight=None):
        Loss.__init__(self, reduction)
        self.weight, self.pos_weight = _weights("weight", weight), _weights("pos_weight", pos_weight)

    def forward(self, x, target):
        target = self._target(x, target)
        yes = target if self.pos_weight is None else target * self.pos_weight
        each = (1.0 - target) * softplus(x) - yes * logsigmoid(x)  # of x alone, so that no slope cancels
        return self.reduce(each if self.weight is None else each * self.weight)


class KLDivLoss(Loss):
    """target * (log(target) - x): x holds log probabilities, so does the target if log_target.

    reduction="batchmean" (what the divergence is) divides the sum by the size of the batch, "mean" by all elements.
    """

    def __init__(self, reduction="mean", log_target=False):
        Loss.__init__(self, "mean" if reduction == "batchmean" else reduction)
        self.over_batch, self.log_target = reduction == "batchmean", flag("log_target", log_target)

    def forward(self, x, target):
        target = self._target(x, target)
        if self.log_target:
            each = target.exp() * (target - x)
        else:  # 0 * log(0) is 0
            each = target * (where(target, target, 1.0).log() - x)
        if self.over_batch:
            if not x.dims:
                raise ValueError("reduction is 'batchmean'; it takes x of at least one dimension")
            return each.sum() / current_sink().count(x.dims[0])
        return self.reduce(each)


class PoissonNLLLoss(Loss):
    """exp(x) - target * x, or without log_input x - target * log(x + eps). full adds Stirling's approximation of
    log(target!) where target is above 1."""

    def __init__(self, log_input=True, full=False, eps=1e-8, reduction="mean"):
        Loss.__init__(self, reduction)
        self.log_input, self.full = flag("log_input", log_input), flag("full", full)
        self.eps = positive("eps", eps)

    def forward(self, x, target):
        target = self._target(x, target)
        each = x.exp() - target * x if self.log_input else x - target * (x + self.eps).log()
        if self.full:
            large = gt(target, 1.0)
            t = where(large, target, 1.0)
            each = each + where(large, t * t.log() - t + (t * 6.283185307179586).log() * 0.5, 0.0)
        return self.reduce(each)


class GaussianNLLLoss(Loss):
    """(log(var) + (x - target) ** 2 / var) / 2, var no less than eps; full adds log(2 pi) / 2. Called with x, target
    and var, a tensor that broadcasts to x; where eps is in its place, the gradient is var's all the same."""

    def __init__(self, full=False, eps=1e-6, reduction="mean"):
        Loss.__init__(self, reduction)
        self.full, self.eps = flag("full", full), positive("eps", eps)

    def forward(self, x, target, var):
        d = x - self._target(x, target)
        var = apply(loss.AT_LEAST, (floats(var),), (self.eps,))
        each = (var.log() + d * d / var) * 0.5
        return self.reduce(each + 7708615 / 8388608 if self.full else each)


class SoftMarginLoss(Loss):
    """log(1 + exp(-target * x)), targets 1 and -1."""

    def forward(self, x, target):
        return self.reduce(softplus(-(self._target(x, target) * x)))


class HingeEmbeddingLoss(Loss):
    """Distances x: x where the target is 1, max(0, margin - x) where it is -1; of another target both."""

    def __init__(self, margin=1.0, reduction="mean"):
        Loss.__init__(self, reduction)
        self.margin = number("margin", margin)

    def forward(self, x, target):
        target = self._target(x, target)
        apart = where(ne(target, 1.0), clamp(self.margin - x, 0.0), 0.0)
        return self.reduce(apart + where(ne(target, -1.0), x, 0.0))
