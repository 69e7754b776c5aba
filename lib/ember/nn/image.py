"""Layers of images: convolution and the largest of each window. Others are in conv.py and pool.py.

N batch, C channels, H height, W width, K kernel.
"""

from ..base.check import flag, only, whole
from ..ops.image import CONV2D, MAX_POOL2D, pair
from ..tensors.parameter import Parameter, inverse_root
from ..tensors.tensor import apply
from . import Module

PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def padded(kernel, stride, padding, dilation, mode):
    """(padding of both sides with zeros, how to pad the input first or None): from numbers, or "valid" or "same"."""
    if mode not in PADDING_MODES:
        raise ValueError("padding_mode is %r; it may be %s" % (mode, ", ".join(sorted(PADDING_MODES))))
    odd = (0, 0)
    if isinstance(padding, str) and padding == "valid":
        padding = 0
    elif isinstance(padding, str):
        if padding != "same" or stride != (1, 1):
            raise ValueError("padding is %r; it may be 'valid', with a stride of 1 'same', or whole numbers"
                             % (padding,))  # fmt: skip
        both = [d * (k - 1) for k, d in zip(kernel, dilation)]
        padding, odd = (both[0] // 2, both[1] // 2), (both[0] % 2, both[1] % 2)
    padding = h, w = pair(padding, "padding", 0)
    if mode != "zeros":
        more, padding = (0, 0, w, w + odd[1], h, h + odd[0]), (0, 0)
    else:
        more = (0, 0, 0, odd[1], 0, odd[0])
    return padding, more if any(more) else None


def convolve(x, weight, bias, arguments, more=None, mode="zeros"):
    """A convolution that pads first, where there is `more` to pad. arguments: stride, padding, dilation, groups."""
    if more:
        x = x.pad(more, PADDING_MODES[mode])
    return apply(CONV2D, (x, weight) if bias is None else (x, weight, bias), arguments)


class Conv2d(Module):
    """Cross-correlation of [N, H, W, in] with [K_h, K_w, in / groups, out], plus a bias: [N, H', W', out].
    padding: on each side; or "valid" for none, "same" for as many as keep H and W, at a stride of 1. padding_mode: what
    stands there, "zeros", or what pad's modes "reflect", "replicate" and "circular" put there."""

    shown = (
        "in_channels out_channels kernel_size= stride= padding=(0,0) dilation=(1,1) groups=1 bias=True "
        "padding_mode='zeros'"
    )

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros"):  # fmt: skip
        self.in_channels = whole("in_channels", in_channels)
        self.out_channels = whole("out_channels", out_channels)
        if in_channels % whole("groups", groups) or out_channels % groups:
            raise ValueError("groups is %d; it must divide %d and %d" % (groups, in_channels, out_channels))
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride, self.dilation = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
        self.padding = padding if isinstance(padding, str) else pair(padding, "padding", 0)
        padding, self.more = padded(self.kernel_size, self.stride, padding, self.dilation, padding_mode)
        self.groups, self.padding_mode = groups, padding_mode
        self.arguments = (self.stride, padding, self.dilation, groups)
        k_h, k_w = self.kernel_size
        bound = inverse_root(k_h * k_w * (in_channels // groups))
        self.weight = Parameter((k_h, k_w, in_channels // groups, out_channels), -bound, bound)
        self.bias = Parameter((out_channels,), -bound, bound) if flag("bias", bias) else None

    def forward(self, x):
        if len(x.dims) != 4 or x.dims[3] != self.in_channels:
            self.refuse(x, "(N, H, W, %d)" % self.in_channels)
        return convolve(x, self.weight, self.bias, self.arguments, self.more, self.padding_mode)


def window(kernel_size, stride, padding, ceil_mode):
    """(kernel, stride, padding, ceil_mode) of a pooling, or ValueError."""
    kernel, padding = pair(kernel_size, "kernel_size", 1), pair(padding, "padding", 0)
    if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
        raise ValueError("padding is %s; it may be at most half of kernel_size %s" % (padding, kernel))
    return kernel, kernel if stride is None else pair(stride, "stride", 1), padding, flag("ceil_mode", ceil_mode)


class MaxPool2d(Module):
    """The largest of each window, [N, H, W, C] to [N, H', W', C]; outside the image counts as -inf. ceil_mode: windows
    that begin within the image or the padding before it count, though they end outside."""

    shown = "kernel_size= stride= padding= ceil_mode="

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        only("dilation", dilation, 1)
        only("return_indices", return_indices, False)
        self.arguments = window(kernel_size, stride, padding, ceil_mode)
        self.kernel_size, self.stride, self.padding, self.ceil_mode = self.arguments

    def forward(self, x):
        if len(x.dims) != 4:
            self.refuse(x, "(N, H, W, C)")
        return apply(MAX_POOL2D, (x,), self.arguments)
