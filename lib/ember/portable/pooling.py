"""Max pooling. A window's maximum is the first that is greatest; what is not a number counts as greater.

n images of h x w pixels of c channels, out_h x out_w come out; a window is k_h x k_w; s is its stride, p the padding.
"""

from .bind import OFFSET
from .functions import INF


def _best(x, at, i_h, i_w, h, w, c, k_h, k_w):
    """Where the window at i_h, i_w has its maximum, or -1: the first of equals, the first NaN before all."""
    best, where = -INF, -1
    for row in range(max(0, i_h), min(h, i_h + k_h)):
        for column in range(max(0, i_w), min(w, i_w + k_w)):
            here = at + (row * w + column) * c
            value = x[here]
            if where < 0 or value > best or (value != value and best == best):
                best, where = value, here
    return where


def max_pool2d(segments, first, last, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, y, x):
    """y[i, o_h, o_w, j] = max over q, r of x[i, o_h * s_h - p_h + q, o_w * s_w - p_w + r, j]
    y [n, out_h, out_w, c], x [n, h, w, c], q in [k_h], r in [k_w]

    NaN counts as the maximum. A window wholly outside the image gives -inf.
    """
    to, source = segments[y >> 24], segments[x >> 24]
    for row in range(first, last):
        to_at = (y & OFFSET) + row * out_w * c
        at = (x & OFFSET) + row // out_h * h * w * c
        for i in range(out_w * c):
            where = _best(source, at + i % c, row % out_h * s_h - p_h, i // c * s_w - p_w, h, w, c, k_h, k_w)
            to[to_at + i] = source[where] if where >= 0 else -INF


def max_pool2d_grad(segments, first, last, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, dx, x, g):
    """dx[i, i_h, i_w, j] = dx[i, i_h, i_w, j] + g[i, o_h, o_w, j]
    x[i, i_h, i_w, j] is the maximum of the window of o_h, o_w
    dx [n, h, w, c], x [n, h, w, c], g [n, out_h, out_w, c]

    Found again in x: the first of equals, the first NaN. A window wholly outside the image gives nothing.
    """
    to, source, gradients = segments[dx >> 24], segments[x >> 24], segments[g >> 24]
    for row in range(first, last):
        at = (x & OFFSET) + row // out_h * h * w * c
        g_at = (g & OFFSET) + row * out_w * c
        apart = (dx & OFFSET) - (x & OFFSET)
        for i in range(out_w * c):
            where = _best(source, at + i % c, row % out_h * s_h - p_h, i // c * s_w - p_w, h, w, c, k_h, k_w)
            if where >= 0:
                to[where + apart] += gradients[g_at + i]
