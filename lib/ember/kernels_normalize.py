"""Normalization: numbers of mean 0 and variance 1."""

from .kernels_map import OFFSET, div, sqrt


def _factor(var, eps):
    return div(1.0, sqrt(var + eps))


def normalize(segments, first, last, center, n, m, h, w, s_n, s_m, s_h, s_w, y, mean, var, x, eps):
    """With N = h * w: mean[i, j] = sum(x) / N if `center`, else 0; var[i, j] = sum((x - mean) * (x - mean)) / N
    y = (x - mean) * (1 / sqrt(var + eps))

    The sums go over h and w, w fastest; element (i, j, p, q) of x and y is i * s_n + j * s_m + p * s_h + q * s_w.
    """
    to, source, means, variances = segments[y >> 24], segments[x >> 24], segments[mean >> 24], segments[var >> 24]
    count, least = float(h * w), segments[eps >> 24][eps & OFFSET]
    for row in range(first, last):
        place = row // m * s_n + row % m * s_m
        center_of = 0.0
        if center:
            for p in range(h):
                at = (x & OFFSET) + place + p * s_h
                for _ in range(w):
                    center_of += source[at]
                    at += s_w
            center_of = div(center_of, count)
        total = 0.0
        for p in range(h):
            at = (x & OFFSET) + place + p * s_h
            for _ in range(w):
                d = source[at] - center_of
                total += d * d
                at += s_w
        means[(mean & OFFSET) + row] = center_of
        variances[(var & OFFSET) + row] = total = div(total, count)
        factor = _factor(total, least)
        for p in range(h):
            at = place + p * s_h
            for _ in range(w):
                to[(y & OFFSET) + at] = (source[(x & OFFSET) + at] - center_of) * factor
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
        a = b = 0.0
        for p in range(h):
            at = place + p * s_h
            for _ in range(w):
                gradient = gradients[g + at]
                a += gradient
                b += gradient * results[y + at]
                at += s_w
        a, b = div(a, count) if center else 0.0, div(b, count)
        factor = _factor(variances[(var & OFFSET) + row], least)
        for p in range(h):
            at = place + p * s_h
            for _ in range(w):
                value = ((gradients[g + at] - a) - results[y + at] * b) * factor
                to[dx + at] = to[dx + at] + value if into else value
                at += s_w
