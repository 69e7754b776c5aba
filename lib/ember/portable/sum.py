"""Sums that are kept in two floats: what each addition rounds away is added to the next term (Kahan, 1965).

n0 x n1 x n2 x n3 sums of h x w terms; y is written, a and b are read; fn is a function of a map.
"""

from .bind import OFFSET
from .functions import FUNCTIONS, single


def _sum(apply, square, h, w, a, a_at, a_h, a_w, b, b_at, b_h, b_w, keeps):
    total = rest = 0.0
    for p in range(h):
        i, j = a_at + p * a_h, b_at + p * b_h
        for _ in range(w):
            x = apply(a[i], b[j])
            x = single(x * x if square else x) + rest
            t = single(total + x)
            if keeps:
                rest = x - (t - total)
            total = t
            i += a_w
            j += b_w
    return single(total + rest)


def summed(*terms):
    """The sum over h and w, w fastest, of fn(a, b) or its square. Where that is not finite, the plain sum."""
    total = _sum(*(terms + (True,)))
    return total if total - total == 0.0 else _sum(*(terms + (False,)))


def sum(segments, first, last, fn, square, n0, n1, n2, n3, h, w, y0, y1, y2, y3, a0, a1, a2, a3, a_h, a_w,
        b0, b1, b2, b3, b_h, b_w, y, a, b):  # fmt: skip
    """y[i · y] = sum over p, q of t, or if `square` of t * t
    t = fn(a[i · a + p * a_h + q * a_w], b[i · b + p * b_h + q * b_w])
    i · y = i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3, i in [n0, n1, n2, n3], p in [h], q in [w]

    q is the fastest. The sum is kept in two floats.
    """
    to, left, right = segments[y >> 24], segments[a >> 24], segments[b >> 24]
    y, a, b = y & OFFSET, a & OFFSET, b & OFFSET
    for row in range(first, last):
        i3, i2 = row % n3, row // n3
        i2, i1 = i2 % n2, i2 // n2
        i1, i0 = i1 % n1, i1 // n1
        to[y + i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3] = summed(
            FUNCTIONS[fn], square, h, w, left, a + i0 * a0 + i1 * a1 + i2 * a2 + i3 * a3, a_h, a_w,
            right, b + i0 * b0 + i1 * b1 + i2 * b2 + i3 * b3, b_h, b_w)  # fmt: skip
