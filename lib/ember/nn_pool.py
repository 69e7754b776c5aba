"""Pooling along one dimension, and averages. MaxPool2d is in nn_image.py.

N batch, L length, H height, W width, C channels.
"""

from .check import flag, only
from .nn import Module
from .nn_conv import as_image, as_sequence, flat
from .nn_image import MaxPool2d
from .ops_image import pair
from .ops_pool import AVERAGE, pooled
from .tensor import apply


class MaxPool1d(MaxPool2d):
    """The largest of each window, [N, L, C] to [N, L', C]; outside counts as -inf."""

    def __init__(self, kernel_size, stride=None, padding=0):
        stride = kernel_size if stride is None else stride
        MaxPool2d.__init__(self, flat(kernel_size, "kernel_size", 1), flat(stride, "stride", 1),
                           flat(padding, "padding", 0))  # fmt: skip

    def forward(self, x):
        return as_sequence(MaxPool2d.forward(self, as_image(self, x)))

    def __repr__(self):
        return "MaxPool1d(%d)" % self.arguments[0][1]


class AvgPool2d(Module):
    """The mean of each window, [N, H, W, C] to [N, H', W', C]. Padding counts as zeros, or with count_include_pad=False
    not at all."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        only("ceil_mode", ceil_mode, False)
        kernel = pair(kernel_size, "kernel_size", 1)
        padding = pair(padding, "padding", 0)
        if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
            raise ValueError("padding is %s; it may be at most half of kernel_size %s" % (padding, kernel))
        stride = kernel if stride is None else pair(stride, "stride", 1)
        self.arguments = (kernel, stride, padding, flag("count_include_pad", count_include_pad))

    def forward(self, x):
        if len(x._dims) != 4:
            self._refuse(x, "(N, H, W, C)")
        return apply(AVERAGE, (x,), (pooled(x, *self.arguments[:3]),) + self.arguments)

    def __repr__(self):
        return "AvgPool2d(%s)" % (self.arguments[0],)


class AvgPool1d(AvgPool2d):
    """The mean of each window, [N, L, C] to [N, L', C]. Padding counts as AvgPool2d's does."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        stride = kernel_size if stride is None else stride
        AvgPool2d.__init__(self, flat(kernel_size, "kernel_size", 1), flat(stride, "stride", 1),
                           flat(padding, "padding", 0), ceil_mode, count_include_pad)  # fmt: skip

    def forward(self, x):
        return as_sequence(AvgPool2d.forward(self, as_image(self, x)))

    def __repr__(self):
        return "AvgPool1d(%d)" % self.arguments[0][1]


class AdaptiveAvgPool2d(Module):
    """Means over as many parts, nearly equal, as the output has places: [N, H, W, C] to [N, *output_size, C]. Part i of
    n goes from the floor of i * H / n to the ceiling of (i + 1) * H / n. Where output_size has None the size stays."""

    def __init__(self, output_size):
        both = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
        wrong = [n for n in both if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1)]
        if len(both) != 2 or wrong:
            raise ValueError("output_size is %r; it may be an int from 1, None, or two of them" % (output_size,))
        self.output_size = tuple(both)

    def forward(self, x):
        if len(x._dims) != 4:
            self._refuse(x, "(N, H, W, C)")
        out = [x._dims[i + 1] if self.output_size[i] is None else self.output_size[i] for i in (0, 1)]
        return apply(AVERAGE, (x,), (out, None, None, None, None))

    def __repr__(self):
        return "AdaptiveAvgPool2d(%s)" % (self.output_size,)


class AdaptiveAvgPool1d(AdaptiveAvgPool2d):
    """As AdaptiveAvgPool2d, [N, L, C] to [N, output_size, C]."""

    def __init__(self, output_size):
        AdaptiveAvgPool2d.__init__(self, (1, output_size))

    def forward(self, x):
        return as_sequence(AdaptiveAvgPool2d.forward(self, as_image(self, x)))

    def __repr__(self):
        return "AdaptiveAvgPool1d(%s)" % (self.output_size[1],)
