"""Layers of images: convolution and the largest of each window. Others are in nn_conv.py and nn_pool.py.

N batch, C channels, H height, W width, K kernel.
"""

from .check import flag
from .nn import Module, _bound, _positive
from .ops_image import CONV2D, MAX_POOL2D, pair
from .parameter import Parameter
from .tensor import apply


def padding_by_name(name, kernel, stride, dilation):
    """(padding of both sides, and where that leaves one zero to be added at the end, how to pad the input first)."""
    if name == "valid":
        return 0, None
    if name != "same" or stride != (1, 1):
        raise ValueError("padding is %r; it may be 'valid', with a stride of 1 'same', or whole numbers" % (name,))
    both = [d * (k - 1) for k, d in zip(kernel, dilation)]
    more = (0, 0, 0, both[1] % 2, 0, both[0] % 2)
    return (both[0] // 2, both[1] // 2), more if any(more) else None


class Conv2d(Module):
    """Cross-correlation of [N, H, W, in] with [K_h, K_w, in / groups, out], plus a bias: [N, H', W', out].
    padding: zeros on each side; or "valid" for none, "same" for as many as keep H and W, at a stride of 1."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        self.in_channels = _positive(in_channels, "in_channels")
        self.out_channels = _positive(out_channels, "out_channels")
        if in_channels % _positive(groups, "groups") or out_channels % groups:
            raise ValueError("groups is %d; it must divide %d and %d" % (groups, in_channels, out_channels))
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        stride, dilation = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
        self.more = None
        if isinstance(padding, str):
            padding, self.more = padding_by_name(padding, self.kernel_size, stride, dilation)
        self.arguments = (stride, pair(padding, "padding", 0), dilation, groups)
        k_h, k_w = self.kernel_size
        bound = _bound(k_h * k_w * (in_channels // groups))
        self.weight = Parameter((k_h, k_w, in_channels // groups, out_channels), -bound, bound)
        self.bias = Parameter((out_channels,), -bound, bound) if flag("bias", bias) else None

    def forward(self, x):
        if len(x._dims) != 4 or x._dims[3] != self.in_channels:
            self._refuse(x, "(N, H, W, %d)" % self.in_channels)
        if self.more:
            x = x.pad(self.more)
        return apply(CONV2D, (x, self.weight) if self.bias is None else (x, self.weight, self.bias), self.arguments)

    def __repr__(self):
        return "Conv2d(%d, %d, %s)" % (self.in_channels, self.out_channels, self.kernel_size)


class MaxPool2d(Module):
    """The largest of each window, [N, H, W, C] to [N, H', W', C]; outside the image counts as -inf."""

    def __init__(self, kernel_size, stride=None, padding=0):
        kernel = pair(kernel_size, "kernel_size", 1)
        padding = pair(padding, "padding", 0)
        if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
            raise ValueError("padding is %s; it may be at most half of kernel_size %s" % (padding, kernel))
        self.arguments = (kernel, kernel if stride is None else pair(stride, "stride", 1), padding)

    def forward(self, x):
        if len(x._dims) != 4:
            self._refuse(x, "(N, H, W, C)")
        return apply(MAX_POOL2D, (x,), self.arguments)

    def __repr__(self):
        return "MaxPool2d(%s)" % (self.arguments[0],)
