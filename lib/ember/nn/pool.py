"""Pooling along one dimension, and averages. MaxPool2d is in image.py.

N batch, L length, H height, W width, C channels.
"""

from ..base.check import flag
from ..ops.image import pooled
from ..ops.pool import AVERAGE
from ..tensors.tensor import apply
from . import Module
from .conv import as_image, as_sequence, flat
from .image import MaxPool2d, window


class MaxPool1d(MaxPool2d):
    """The largest of each window, [N, L, C] to [N, L', C]; outside counts as -inf. ceil_mode as MaxPool2d's."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        stride = kernel_size if stride is None else stride
        MaxPool2d.__init__(self, flat(kernel_size, "kernel_size", 1), flat(stride, "stride", 1),
                           flat(padding, "padding", 0), dilation, return_indices, ceil_mode)  # fmt: skip

    def forward(self, x):
        return as_sequence(MaxPool2d.forward(self, as_image(self, x)))


class AvgPool2d(Module):
    """The mean of each window, [N, H, W, C] to [N, H', W', C]. Padding counts as zeros, or with count_include_pad=False
    not at all. ceil_mode as MaxPool2d's; what is beyond the padding never counts."""

    shown = "kernel_size= stride= padding= ceil_mode=False count_include_pad=True"

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        self.window = window(kernel_size, stride, padding, ceil_mode)
        self.kernel_size, self.stride, self.padding, self.ceil_mode = self.window
        self.count_include_pad = flag("count_include_pad", count_include_pad)

    def forward(self, x):
        if len(x.dims) != 4:
            self.refuse(x, "(N, H, W, C)")
        return apply(AVERAGE, (x,), (pooled(x, *self.window),) + self.window[:3] + (self.count_include_pad,))


class AvgPool1d(AvgPool2d):
    """The mean of each window, [N, L, C] to [N, L', C]. Padding and ceil_mode are as AvgPool2d's."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        stride = kernel_size if stride is None else stride
        AvgPool2d.__init__(self, flat(kernel_size, "kernel_size", 1), flat(stride, "stride", 1),
                           flat(padding, "padding", 0), ceil_mode, count_include_pad)  # fmt: skip

    def forward(self, x):
        return as_sequence(AvgPool2d.forward(self, as_image(self, x)))


class AdaptiveAvgPool2d(Module):
    """Means over as many parts, nearly equal, as the output has places: [N, H, W, C] to [N, *output_size, C]. Part i of
    n goes from the floor of i * H / n to the ceiling of (i + 1) * H / n. Where output_size has None the size stays."""

    shown = "output_size="

    def __init__(self, output_size):
        both = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
        wrong = [n for n in both if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1)]
        if len(both) != 2 or wrong:
            raise ValueError("output_size is %r; it may be an int from 1, None, or two of them" % (output_size,))
        self.output_size = tuple(both)

    def forward(self, x):
        if len(x.dims) != 4:
            self.refuse(x, "(N, H, W, C)")
        out = [x.dims[i + 1] if self.output_size[i] is None else self.output_size[i] for i in (0, 1)]
        return apply(AVERAGE, (x,), (out, None, None, None, None))


class AdaptiveAvgPool1d(AdaptiveAvgPool2d):
    """As AdaptiveAvgPool2d, [N, L, C] to [N, output_size, C]."""

    def __init__(self, output_size):
        AdaptiveAvgPool2d.__init__(self, (1, output_size))

    def forward(self, x):
        return as_sequence(AdaptiveAvgPool2d.forward(self, as_image(self, x)))
