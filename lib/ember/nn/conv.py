"""Convolution along one dimension, and transposed convolution. Conv2d is in image.py.

N batch, L length, H height, W width, C channels.
"""

from ..base.check import flag, only, plain, whole
from ..ops.image import pair
from ..tensors.parameter import Parameter, inverse_root
from ..tensors.tensor import apply
from . import Module
from .image import Conv2d


def one(value, name, least):
    """A number of a layer along one dimension, as the pair of height 1."""
    if isinstance(value, (tuple, list)):
        value = value[0] if len(value) == 1 else value
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 32767:
        raise ValueError("%s is %r; it may be an int from %d to 32767" % (name, value, least))
    return value


def as_image(layer, x, channels=None):
    """[N, L, C] as [N, 1, L, C]."""
    if len(x.dims) != 3 or (channels and x.dims[2] != channels):
        layer.refuse(x, "(N, L, %s)" % (channels or "C"))
    return x.reshape(-1 if x.dims[0] < 0 else x.dims[0], 1, x.dims[1], x.dims[2])


def as_sequence(y):
    return y.reshape(-1 if y.dims[0] < 0 else y.dims[0], y.dims[2], y.dims[3])


def flat(value, name, least):
    return (0 if least == 0 else 1, one(value, name, least))


class Conv1d(Conv2d):
    """Cross-correlation of [N, L, in] with [1, K, in / groups, out], plus a bias: [N, L', out]. padding and
    padding_mode as Conv2d's."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros"):  # fmt: skip
        padding = padding if isinstance(padding, str) else flat(padding, "padding", 0)
        Conv2d.__init__(self, in_channels, out_channels, flat(kernel_size, "kernel_size", 1), flat(stride, "stride", 1),
                        padding, flat(dilation, "dilation", 1), groups, bias, padding_mode)  # fmt: skip

    def forward(self, x):
        return as_sequence(Conv2d.forward(self, as_image(self, x, self.in_channels)))


def transposed(x, weight, bias, arguments):
    """A transposed convolution. arguments: stride, padding, output_padding, dilation, groups."""
    from ..ops.pool import CONV_TRANSPOSE2D

    return apply(CONV_TRANSPOSE2D, (x, weight) if bias is None else (x, weight, bias), arguments)


class ConvTranspose2d(Module):
    """The gradient of a convolution as a layer, which makes images larger: [N, H, W, in] to [N, H', W', out], H' being
    (H - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1. The weight is that of the convolution it
    turns round: [K_h, K_w, out / groups, in]. It and the bias start uniform within 1 / sqrt(K * K * out / groups)."""

    shown = (
        "in_channels out_channels kernel_size= stride= padding=(0,0) output_padding=(0,0) dilation=(1,1) groups=1 "
        "bias=True"
    )

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
                 bias=True, dilation=1, padding_mode="zeros"):  # fmt: skip
        only("padding_mode", padding_mode, "zeros")
        self.in_channels = whole("in_channels", in_channels)
        self.out_channels = whole("out_channels", out_channels)
        if in_channels % whole("groups", groups) or out_channels % groups:
            raise ValueError("groups is %d; it must divide %d and %d" % (groups, in_channels, out_channels))
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride, self.dilation = stride, dilation = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
        self.padding, self.groups = pair(padding, "padding", 0), groups
        self.output_padding = extra = pair(output_padding, "output_padding", 0)
        for i in (0, 1):
            if extra[i] >= max(stride[i], dilation[i]):
                raise ValueError("output_padding is %r; it may be below stride or dilation, %s and %s"
                                 % (output_padding, stride, dilation))  # fmt: skip
        self.arguments = (stride, self.padding, extra, dilation, groups)
        k_h, k_w = self.kernel_size
        bound = inverse_root(k_h * k_w * (out_channels // groups))
        self.weight = Parameter((k_h, k_w, out_channels // groups, in_channels), -bound, bound)
        self.bias = Parameter((out_channels,), -bound, bound) if flag("bias", bias) else None

    def forward(self, x):
        if len(x.dims) != 4 or x.dims[3] != self.in_channels:
            self.refuse(x, "(N, H, W, %d)" % self.in_channels)
        return transposed(x, self.weight, self.bias, self.arguments)


class ConvTranspose1d(ConvTranspose2d):
    """As ConvTranspose2d, of [N, L, in] with a weight of [1, K, out / groups, in]: [N, L', out]."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
                 bias=True, dilation=1, padding_mode="zeros"):  # fmt: skip
        ConvTranspose2d.__init__(self, in_channels, out_channels, flat(kernel_size, "kernel_size", 1),
                                 flat(stride, "stride", 1), flat(padding, "padding", 0),
                                 flat(output_padding, "output_padding", 0), groups, bias,
                                 flat(dilation, "dilation", 1), padding_mode)  # fmt: skip

    def forward(self, x):
        return as_sequence(ConvTranspose2d.forward(self, as_image(self, x, self.in_channels)))
