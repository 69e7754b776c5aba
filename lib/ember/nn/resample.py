"""Larger images out of smaller ones.

N batch, L length, H height, W width, C channels.
"""

from array import array

from ..base.check import flag, whole
from ..tensors.tensor import Tensor
from . import Module

MODES = ("nearest", "linear", "bilinear")


def _ratio(scale):
    """A scale as a quotient of whole numbers, so that places are the same with any floats."""
    for below in range(1, 1000):
        above = round(scale * below)
        if abs(above - scale * below) <= above * 1e-6:
            break
    return above, below


def _nearest(n, out, above, below):
    return [min(i * below // above, n - 1) for i in range(out)]


def _weights(n, out, above, below, align_corners):
    """[out, n]: how much each of n adds to each of out, between the two that are nearest."""
    rows = array("f", [0.0] * (out * n))
    for i in range(out):
        # Where it lies among n, as a quotient of whole numbers: the same float32 with any floats.
        if align_corners:
            place, unit = i * (n - 1), max(1, out - 1)
        else:
            place, unit = max(0, (2 * i + 1) * below - above), 2 * above
        low = min(place // unit, n - 1)
        rest = place - low * unit
        high = min(low + 1, n - 1)
        rows[i * n + low] += (unit - rest) / unit
        rows[i * n + high] += rest / unit
    return Tensor(rows, (out, n))


def _two(name, value, kinds):
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or [n for n in both if isinstance(n, bool) or not isinstance(n, kinds) or not 0 < n < 1e6]:
        raise ValueError("%s is %r; it may be a %snumber above 0, or two" % (
            name, value, "" if float in kinds else "whole "))  # fmt: skip
    return both


class Upsample(Module):
    """[N, H, W, C] to [N, *size, C], or [N, H * scale, W * scale, C], by "nearest" or "bilinear"; [N, L, C] by
    "nearest" or "linear". size or scale_factor: a number, or one for height and one for width. align_corners: the
    corners of both images are the same points, rather than their edges (PyTorch's)."""

    shown = "size=None scale_factor=None mode="

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None):
        if (size is None) == (scale_factor is None):
            raise ValueError("size is %r, scale_factor is %r; one of them may be None" % (size, scale_factor))
        self.size = None if size is None else _two("size", size, (int,))
        self.scale_factor = None if scale_factor is None else _two("scale_factor", scale_factor, (int, float))
        if mode not in MODES:
            raise ValueError("mode is %r; it may be %s" % (mode, ", ".join([repr(m) for m in MODES])))
        if align_corners is not None and (flag("align_corners", align_corners) and mode == "nearest"):
            raise ValueError("align_corners is %r; for mode 'nearest' it may be False" % (align_corners,))
        self.mode, self.align_corners = mode, bool(align_corners)

    def forward(self, x):
        ranks = {"nearest": (3, 4), "linear": (3,), "bilinear": (4,)}[self.mode]
        if len(x.dims) not in ranks:
            self.refuse(x, " or ".join([("(N, L, C)", "(N, H, W, C)")[rank - 3] for rank in ranks]))
        for dim in range(1, len(x.dims) - 1):
            n = x.dims[dim]
            if self.size:
                out = above = self.size[dim - 1]
                below = n
            else:
                above, below = _ratio(self.scale_factor[dim - 1])
                out = n * above // below
                if out < 1:
                    self.refuse(x, "at least one element after scaling")
            if out == n:  # whatever it is scaled by: so PyTorch has it
                continue
            if self.mode == "nearest":
                x = x.index_select(dim, _nearest(n, out, above, below))
                continue
            weights = _weights(n, out, above, below, self.align_corners)
            if dim == 1 and len(x.dims) == 4:
                width, channels = x.dims[2:]
                x = (weights @ x.flatten(2)).unflatten(2, (width, channels))
            else:
                x = weights @ x
        return x


class PixelShuffle(Module):
    """[N, H, W, C * r * r] to [N, H * r, W * r, C]: channel c * r * r + i * r + j becomes row i and column j of a block
    (Shi et al., 2016)."""

    shown = "upscale_factor="

    def __init__(self, upscale_factor):
        self.upscale_factor = whole("upscale_factor", upscale_factor)

    def forward(self, x):
        r = self.upscale_factor
        if len(x.dims) != 4 or x.dims[3] % (r * r):
            self.refuse(x, "(N, H, W, C) with C a multiple of %d" % (r * r))
        n, h, w, c = x.dims
        n = -1 if n < 0 else n
        x = x.reshape(n, h, w, c // (r * r), r, r).permute(0, 1, 4, 2, 5, 3)
        return x.reshape(n, h * r, w * r, c // (r * r))
