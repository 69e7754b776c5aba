"""Normalization layers. The channels are the last dimension.

N batch, C channels, G groups.
"""

from ..base.check import flag, not_negative, number, only, whole
from ..instructions import isa
from ..ops.norm import NORMALIZE
from ..ops.rules import ADD_FN
from ..tensors.parameter import Buffer, Parameter
from ..tensors.tensor import apply, current_sink, no_grad, numel
from . import Module


def _checked(eps, affine_shape, affine, bias=True, name="affine"):
    """The weight and the bias, ones and zeros, where there are any."""
    not_negative("eps", eps)
    flag("bias", bias)
    if not flag(name, affine):
        return None, None
    return Parameter(affine_shape, 1.0, 1.0), Parameter(affine_shape) if bias else None


def _scaled(y, weight, bias):
    if weight is not None:
        y = y * weight
    return y if bias is None else y + bias


def _follow(sink, running, value, momentum):
    """running = running + momentum * (value - running)"""
    sink.copy(running, (value - running) * momentum, isa.ADD)


class _BatchNorm(Module):
    mixes_samples = True  # in training
    shown = "num_features eps= momentum= affine= track_running_stats="

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        self.num_features, self.eps = whole("num_features", num_features), eps
        self.weight, self.bias = _checked(eps, (num_features,), affine)
        self.momentum = momentum if momentum is None else number("momentum", momentum, 0, 1)
        self.running_mean = self.running_var = self.num_batches_tracked = None
        self.affine, self.track_running_stats = affine, flag("track_running_stats", track_running_stats)
        if track_running_stats:
            self.running_mean, self.running_var = Buffer((num_features,)), Buffer((num_features,), 1.0, 1.0)
            if momentum is None:
                self.num_batches_tracked = Buffer((1,))

    def forward(self, x):
        if len(x.dims) not in self.ranks or x.dims[-1] != self.num_features:
            self.refuse(x, "%s with %d channels last" % (self.takes, self.num_features))
        if self.training or self.running_mean is None:
            return _scaled(self._by_batch(x), self.weight, self.bias)
        factor = 1.0 / (self.running_var + self.eps).sqrt()
        if self.weight is not None:
            factor = self.weight * factor
        shift = -self.running_mean * factor
        return x * factor + (shift if self.bias is None else shift + self.bias)

    def _by_batch(self, x):
        n, found = numel(x.dims[:-1]), []
        layout = (1, self.num_features, n, 1, 0, 1, self.num_features, 0)
        y = apply(NORMALIZE, (x,), (layout, 1, self.eps, found))
        if self.training and self.running_mean is not None:
            with no_grad():
                sink = current_sink()
                count = sink.count(n)
                unbiased = found[1] * (count / (count - 1.0).maximum(1.0))
                momentum = self.momentum
                if momentum is None:
                    sink.map(ADD_FN, self.num_batches_tracked, self.num_batches_tracked, sink.scalar(1.0))
                    momentum = 1.0 / self.num_batches_tracked
                _follow(sink, self.running_mean, found[0], momentum)
                _follow(sink, self.running_var, unbiased, momentum)
                sink.flush()
        return y


class BatchNorm2d(_BatchNorm):
    """Each channel of [N, H, W, C] with mean 0 and variance 1 over the batch, times weight [C], plus bias [C] (Ioffe
    and Szegedy, 2015).

    In training the statistics are the batch's, and running_mean and running_var follow them by `momentum`, the variance
    unbiased; in evaluation these are used. A Trainer keeps them with the parameters and saves them. With momentum=None
    they are the means over all batches so far, which num_batches_tracked counts. Without track_running_stats there are
    none: in evaluation the batch's are used too.

    A batch that comes in parts (accumulate) is normalized part by part, so its gradient is not that of the whole batch,
    and the running statistics follow each part; in a Trainer they change with the update. The last, smaller batch of an
    epoch counts as much as any other. Of a single value per channel the variance is 0: the result is the bias.
    """

    ranks, takes = (4,), "(N, H, W, C)"


class BatchNorm1d(_BatchNorm):
    """As BatchNorm2d, of [N, C] or [N, L, C]."""

    ranks, takes = (2, 3), "(N, C) or (N, L, C)"


class _ByShape(Module):
    """Normalizes the last dimensions, which have normalized_shape."""

    decays = False  # for optim.decay_groups
    shown = "normalized_shape eps= elementwise_affine="

    def forward(self, x):
        n = len(self.normalized_shape)
        if len(x.dims) < n or x.dims[len(x.dims) - n :] != self.normalized_shape:
            self.refuse(x, "(..., %s)" % ", ".join([str(d) for d in self.normalized_shape]))
        width = numel(self.normalized_shape)
        layout = (numel(x.dims) // width, 1, 1, width, width, 0, 0, 1)
        y = apply(NORMALIZE, (x,), (layout, self.center, self.eps, []))
        return _scaled(y, self.weight, self.bias)

    def _shape(self, normalized_shape):
        shape = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
        for d in shape or (0,):
            whole("normalized_shape", d)
        self.normalized_shape = shape
        return shape


class LayerNorm(_ByShape):
    """Each sample's last dimensions with mean 0 and variance 1, times weight, plus bias, both of normalized_shape (Ba,
    Kiros and Hinton, 2016): [..., *normalized_shape], one number or several."""

    center = 1

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
        shape, self.eps = self._shape(normalized_shape), eps
        self.weight, self.bias = _checked(eps, shape, elementwise_affine, bias, "elementwise_affine")
        self.elementwise_affine = elementwise_affine


class RMSNorm(_ByShape):
    """x / sqrt(mean of x squared + eps), times weight (Zhang and Sennrich, 2019): [..., *normalized_shape]."""

    center = 0

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True):
        shape = self._shape(normalized_shape)
        self.eps = 2.0**-23 if eps is None else eps
        self.weight, self.bias = _checked(self.eps, shape, elementwise_affine, False, "elementwise_affine")
        self.elementwise_affine = elementwise_affine


class GroupNorm(Module):
    """The channels of each group of each sample with mean 0 and variance 1, times weight [C], plus bias [C] (Wu and He,
    2018): [N, ..., C]."""

    shown = "num_groups num_channels eps= affine="

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True):
        self.num_groups, self.num_channels = whole("num_groups", num_groups), num_channels
        if whole("num_channels", num_channels) % num_groups:
            raise ValueError("num_groups is %d; it may be a divisor of num_channels, %d" % (num_groups, num_channels))
        self.eps = eps
        self.affine = affine
        self.weight, self.bias = _checked(eps, (num_channels,), affine)

    def forward(self, x):
        channels, groups = self.num_channels, self.num_groups
        if len(x.dims) < 2 or x.dims[-1] != channels:
            self.refuse(x, "(N, ..., %d)" % channels)
        area = numel(x.dims[1:-1])
        width = channels // groups
        layout = (x.dims[0], groups, area, width, area * channels, width, channels, 1)
        y = apply(NORMALIZE, (x,), (layout, 1, self.eps, []))
        return _scaled(y, self.weight, self.bias)


class _InstanceNorm(GroupNorm):
    shown = "num_channels eps= affine="

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False):
        number("momentum", momentum, 0, 1)
        only("track_running_stats", track_running_stats, False)
        GroupNorm.__init__(self, whole("num_features", num_features), num_features, eps, affine)

    def forward(self, x):
        if len(x.dims) != self.rank:
            self.refuse(x, self.takes)
        return GroupNorm.forward(self, x)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample of [N, H, W, C] with mean 0 and variance 1 (Ulyanov et al., 2016), times weight [C]
    and plus bias [C] if affine. The statistics are always the sample's own."""

    rank, takes = 4, "(N, H, W, C)"


class InstanceNorm1d(_InstanceNorm):
    """As InstanceNorm2d, of [N, L, C]."""

    rank, takes = 3, "(N, L, C)"
