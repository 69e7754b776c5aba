"""Larger images out of smaller ones.

N batch, L length, H height, W width, C channels.
"""

from array import array

from .nn import Module, _positive
from .tensor import Tensor

MODES = ("nearest", "linear", "bilinear")


def _out(n, scale):
    return max(1, int(n * scale))


def _nearest(n, out):
    return [i * n // out for i in range(out)]


def _weights(n, out, align_corners):
    """[out, n]: how much each of n adds to each of out, between the two that are nearest."""
    rows = array("f", [0.0] * (out * n))
    for i in range(out):
        # Where it lies among n, as a quotient of whole numbers: the same float32 with any floats.
        if align_corners:
            place, unit = i * (n - 1), max(1, out - 1)
        else:
            place, unit = max(0, (2 * i + 1) * n - out), 2 * out
        low = min(place // unit, n - 1)
        rest = place - low * unit
        high = min(low + 1, n - 1)
        rows[i * n + low] += (unit - rest) / unit
        rows[i * n + high] += rest / unit
    return Tensor(rows, (out, n))


class Upsample(Module):
    """[N, H, W, C] to [N, H * scale, W * scale, C] by "nearest" or "bilinear"; [N, L, C] to [N, L * scale, C] by
    "nearest" or "linear". align_corners: the corners of both images are the same points, rather than their edges
    (PyTorch's)."""

    def __init__(self, scale_factor=2, mode="nearest", align_corners=False):
        both = tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else (scale_factor, scale_factor)
        if len(both) != 2 or not all([isinstance(s, (int, float)) and s > 0 for s in both]):
            raise ValueError("scale_factor is %r; it may be a number above 0, or two" % (scale_factor,))
        if mode not in MODES:
            raise ValueError("mode is %r; it may be %s" % (mode, ", ".join([repr(m) for m in MODES])))
        if align_corners and mode == "nearest":
            raise ValueError("align_corners is %r; for mode 'nearest' it may be False" % (align_corners,))
        self.scale_factor, self.mode, self.align_corners = both, mode, align_corners

    def forward(self, x):
        ranks = {"nearest": (3, 4), "linear": (3,), "bilinear": (4,)}[self.mode]
        if len(x._dims) not in ranks:
            self._refuse(x, " or ".join([("(N, L, C)", "(N, H, W, C)")[rank - 3] for rank in ranks]))
        for dim in range(1, len(x._dims) - 1):
            n = x._dims[dim]
            out = _out(n, self.scale_factor[dim - 1])
            if self.mode == "nearest":
                x = x.index_select(dim, _nearest(n, out))
                continue
            weights = _weights(n, out, self.align_corners)
            if dim == 1 and len(x._dims) == 4:
                width, channels = x._dims[2:]
                x = (weights @ x.flatten(2)).unflatten(2, (width, channels))
            else:
                x = weights @ x
        return x

    def __repr__(self):
        return "Upsample(%s, %r)" % (self.scale_factor, self.mode)


class PixelShuffle(Module):
    """[N, H, W, C * r * r] to [N, H * r, W * r, C]: channel c * r * r + i * r + j becomes row i and column j of a block
    (Shi et al., 2016)."""

    def __init__(self, upscale_factor):
        self.upscale_factor = _positive(upscale_factor, "upscale_factor")

    def forward(self, x):
        r = self.upscale_factor
        if len(x._dims) != 4 or x._dims[3] % (r * r):
            self._refuse(x, "(N, H, W, C) with C a multiple of %d" % (r * r))
        n, h, w, c = x._dims
        n = -1 if n < 0 else n
        x = x.reshape(n, h, w, c // (r * r), r, r).permute(0, 1, 4, 2, 5, 3)
        return x.reshape(n, h * r, w * r, c // (r * r))

    def __repr__(self):
        return "PixelShuffle(%d)" % self.upscale_factor
