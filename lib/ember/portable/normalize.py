"""Normalization: numbers of mean 0 and variance 1. A row is what has one mean and one variance.

n x m rows of h x w elements, N = h * w; element (i, j, p, q) lies at i * s_n + j * s_m + p * s_h + q * s_w.
"""

from .bind import OFFSET
from .functions import copy, div, maximum, mul, sqrt, sub
from .sum import summed


def _factor(var, eps):
    return div(1.0, sqrt(var + eps))


def normalize(segments, first, last, center, n, m, h, w, s_n, s_m, s_h, s_w, y, mean, var, x, eps):
    """mean = (sum over p, q of x) / N if `center`, else 0, N = h * w
    d = x - mean, rest = (sum over p, q of d) / N if `center`, else 0
    var = (sum over p, q of d * d) / N - rest * rest, at least 0
    y = (d - rest) * (1 / sqrt(var + eps))
    y [n, m, h, w], mean [n, m], var [n, m], x [n, m, h, w], eps [1]

    rest is what the mean was rounded by. The sums go over h and w, w fastest, and are kept in two floats, as in `sum`;
    element (i, j, p, q) of x and y is i * s_n + j * s_m + p * s_h + q * s_w.
    """
    to, source, means, variances = segments[y >> 24], segments[x >> 24], segments[mean >> 24], segments[var >> 24]
    count, least = float(h * w), segments[eps >> 24][eps & OFFSET]
    for row in range(first, last):
        place = row // m * s_n + row % m * s_m
        terms = (h, w, source, (x & OFFSET) + place, s_h, s_w)
        center_of = rest = 0.0
        if center:
            center_of = div(summed(copy, 0, *(terms + terms[2:])), count)
        middle = ((center_of,), 0, 0, 0)
        total = div(summed(sub, 1, *(terms + middle)), count)
        if center:  # what the mean was rounded by
            rest = div(summed(sub, 0, *(terms + middle)), count)
            total = maximum(total - rest * rest, 0.0)
        means[(mean & OFFSET) + row] = center_of
        variances[(var & OFFSET) + row] = total
        factor = _factor(total, least)
        for p in range(h):
            at = place + p * s_h
            for _ in range(w):
                to[(y & OFFSET) + at] = ((source[(x & OFFSET) + at] - center_of) - rest) * factor
                at += s_w


def normalize_grad(segments, first, last, center, n, m, h, w, s_n, s_m, s_h, s_w, into, dx, y, g, var, eps):
    """a = (sum over p, q of g) / N if `center`, else 0; b = (sum over p, q of g * y) / N
    dx = into(dx, ((g - a) - y * b) * (1 / sqrt(var + eps)))
    dx [n, m, h, w], y [n, m, h, w], g [n, m, h, w], var [n, m], eps [1]

    N and the sums as in normalize.
    """
    to, results, gradients, variances = segments[dx >> 24], segments[y >> 24], segments[g >> 24], segments[var >> 24]
    count, least = float(h * w), segments[eps >> 24][eps & OFFSET]
    dx, y, g = dx & OFFSET, y & OFFSET, g & OFFSET
    for row in range(first, last):
        place = row // m * s_n + row % m * s_m
        terms, results_of = (h, w, gradients, g + place, s_h, s_w), (results, y + place, s_h, s_w)
        a, b = summed(copy, 0, *(terms + terms[2:])), summed(mul, 0, *(terms + results_of))
        a, b = div(a, count) if center else 0.0, div(b, count)
        factor = _factor(variances[(var & OFFSET) + row], least)
        for p in range(h):
            at = place + p * s_h
            for _ in range(w):
                value = ((gradients[g + at] - a) - results[y + at] * b) * factor
                to[dx + at] = to[dx + at] + value if into else value
                at += s_w
