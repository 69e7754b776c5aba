"""Normalization: numbers of mean 0 and variance 1."""

from .elementwise import OFFSET, copy, div, maximum, mul, sqrt, sub
from .sum import summed


def _factor(var, eps):
    return div(1.0, sqrt(var + eps))


def normalize(segments, first, last, center, n, m, h, w, s_n, s_m, s_h, s_w, y, mean, var, x, eps):
    """With N = h * w and d = x - mean: mean[i, j] = sum(x) / N, rest = sum(d) / N if `center`, else both 0
    var[i, j] = sum(d * d) / N - rest * rest, at least 0
    y = (d - rest) * (1 / sqrt(var + eps))

    The sums go over h and w, w fastest, and are kept in two floats, as in `sum`; element (i, j, p, q) of x and y is
    i * s_n + j * s_m + p * s_h + q * s_w.
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
    """With N = h * w: a = sum(g) / N if `center`, else 0; b = sum(g * y) / N
    dx = into(dx, ((g - a) - y * b) * (1 / sqrt(var + eps)))

    The sums go as in normalize.
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
