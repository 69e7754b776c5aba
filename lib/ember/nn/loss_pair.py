"""Losses that compare several inputs: rankings, angles, distances."""

from ..base.check import flag, not_negative, number, positive
from ..ops.compare import clamp, eq, minimum, where
from ..ops.statistics import norm
from .loss import Loss, floats


def _alike(loss, a, b, *more):
    for other in (b,) + more:
        if a.dims != other.dims:
            raise ValueError("%s of shapes %s and %s" % (loss.__class__.__name__, a.shape, other.shape))


class MarginRankingLoss(Loss):
    """max(0, -target * (a - b) + margin): a ranks above b where the target is 1, below where it is -1. All of one
    shape. Called with a, b, target."""

    def __init__(self, margin=0.0, reduction="mean"):
        Loss.__init__(self, reduction)
        self.margin = number("margin", margin)

    def forward(self, a, b, target):
        _alike(self, a, b)
        each = self._target(a, target) * (b - a)
        return self.reduce(clamp(each + self.margin if self.margin else each, 0.0))


class CosineEmbeddingLoss(Loss):
    """a, b [N, D], targets [N]: 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1, else 0.
    Called with a, b, target."""

    def __init__(self, margin=0.0, reduction="mean"):
        Loss.__init__(self, reduction)
        self.margin = number("margin", margin, -1, 1)

    def forward(self, a, b, target):
        _alike(self, a, b)
        size = ((a * a).sum(-1) + 1e-12) * ((b * b).sum(-1) + 1e-12)
        cosine = (a * b).sum(-1) / size.sqrt()
        target = self._target(cosine, target)
        apart = where(eq(target, -1.0), clamp(cosine - self.margin, 0.0), 0.0)
        return self.reduce(apart + where(eq(target, 1.0), 1.0 - cosine, 0.0))


class TripletMarginLoss(Loss):
    """max(0, |anchor - near| - |anchor - far| + margin), [N, D] each, in the p-norm (Balntas et al., 2016). swap takes
    |near - far| where that is less than |anchor - far|. Called with anchor, near, far."""

    def __init__(self, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"):
        Loss.__init__(self, reduction)
        self.margin, self.p = positive("margin", margin), positive("p", p)
        self.eps, self.swap = not_negative("eps", eps), flag("swap", swap)

    def distance(self, a, b):
        return norm(a - b + self.eps, self.p, -1)

    def forward(self, anchor, near, far):
        near, far = floats(near), floats(far)
        _alike(self, anchor, near, far)
        apart = self.distance(anchor, far)
        if self.swap:
            apart = minimum(apart, self.distance(near, far))
        return self.reduce(clamp(self.distance(anchor, near) - apart + self.margin, 0.0))
