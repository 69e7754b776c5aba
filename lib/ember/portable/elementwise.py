"""Element-wise: map, map_strided, convert.

n elements, or n0 x n1 x n2 x n3 of them; d is written, a and b are read; fn is a function of a map.
"""

from .bind import OFFSET
from .functions import FUNCTIONS, INTO, single


def _row(apply, meet, count, d, d_at, d_step, a, a_at, a_step, b, b_at, b_step):
    """One run of elements: each is read, computed, met with what is there, written."""
    if meet is None:
        for _ in range(count):
            d[d_at] = apply(a[a_at], b[b_at])
            d_at += d_step
            a_at += a_step
            b_at += b_step
    else:
        for _ in range(count):
            d[d_at] = meet(d[d_at], single(apply(a[a_at], b[b_at])))
            d_at += d_step
            a_at += a_step
            b_at += b_step


def map(segments, first, last, fn, into, n, a_step, b_step, d, a, b):
    """d[i] = into(d[i], fn(a[i * a_step], b[i * b_step]))
    d [n], a [n] or [1], b [n] or [1]

    The elements in order. A step of 0 repeats one element.
    """
    _row(FUNCTIONS[fn], INTO[into], last - first, segments[d >> 24], (d & OFFSET) + first, 1,
         segments[a >> 24], (a & OFFSET) + first * a_step, a_step,
         segments[b >> 24], (b & OFFSET) + first * b_step, b_step)  # fmt: skip


def map_strided(segments, first, last, fn, into, n0, n1, n2, n3, d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3,
                d, a, b):  # fmt: skip
    """d[i · d] = into(d[i · d], fn(a[i · a], b[i · b])), i · d = i0 * d0 + i1 * d1 + i2 * d2 + i3 * d3
    i in [n0, n1, n2, n3]

    The last dimension is the fastest. Where a stride of d is 0, this reduces.
    """
    to, left, right = segments[d >> 24], segments[a >> 24], segments[b >> 24]
    d, a, b = d & OFFSET, a & OFFSET, b & OFFSET
    for row in range(first, last):
        i2, i1 = row % n2, row // n2
        i0, i1 = i1 // n1, i1 % n1
        _row(FUNCTIONS[fn], INTO[into], n3, to, d + i0 * d0 + i1 * d1 + i2 * d2, d3,
             left, a + i0 * a0 + i1 * a1 + i2 * a2, a3, right, b + i0 * b0 + i1 * b1 + i2 * b2, b3)  # fmt: skip


def convert(segments, first, last, n, channels, d, src, affine):
    """d[i, c] = src[i, c] * affine[c] + affine[channels + c]
    d [n, channels], src [n, channels], affine [2, channels]
    """
    to, source, parameters = segments[d >> 24], segments[src >> 24], segments[affine >> 24]
    d, src, affine = d & OFFSET, src & OFFSET, affine & OFFSET
    for c in range(channels):
        scale, shift = parameters[affine + c], parameters[affine + channels + c]
        for i in range(first * channels + c, last * channels, channels):
            to[d + i] = source[src + i] * scale + shift
