"""Signals: the Fourier transform of real rows and its transpose, and filters of the second order.

n rows of N = 2 * half numbers, half = 2**levels; a filter goes along n of outer x n x inner elements.
"""

from .bind import OFFSET


def _stages(half, levels):
    """How many stages there are: 2**levels points, but no more than half."""
    while 1 << levels > half:
        levels -= 1
    return levels


def _turned(k, levels):
    """The bits of k the other way round."""
    turned = 0
    for _ in range(levels):
        turned = turned << 1 | k & 1
        k >>= 1
    return turned


def _cosine(wave, at, k, points):
    """cos(2 pi k / N), of a table of sines over half a turn."""
    return wave[at + k + points // 2] if k < points // 2 else -wave[at + k - points // 2]


def _butterflies(z, at, wave, wave_at, levels, transposed):
    """The complex transform of what lies in turned order: stage by stage, twiddle by twiddle, group by group."""
    points, size = 1 << levels, 1
    while size < points:
        for k in range(size):
            step = k * (points // size)
            c, s = (_cosine(wave, wave_at, step, points), wave[wave_at + step]) if k else (1.0, 0.0)
            s = -s if transposed else s
            for i in range(at + 2 * k, at + 2 * points, 4 * size):
                j = i + 2 * size
                re, im = z[j], z[j + 1]
                if k:
                    re, im = c * re + s * im, c * im - s * re
                z[j], z[j + 1] = z[i] - re, z[i + 1] - im
                z[i], z[i + 1] = z[i] + re, z[i + 1] + im
        size += size


def _split(to, at, source, source_at, wave, wave_at, levels, transposed, inner):
    """Between the transform of N real numbers and that of N / 2 pairs of them, but for k = 0."""
    points, half = 1 << levels, 0.5 * inner
    for k in range(1, points // 2 + 1):
        p, q = source_at + 2 * k, source_at + 2 * (points - k)
        e_re, e_im = source[p] + source[q], source[p + 1] - source[q + 1]
        o_re, o_im = source[p] - source[q], source[p + 1] + source[q + 1]
        c, s = _cosine(wave, wave_at, k, points), wave[wave_at + k]
        c = -c if transposed else c
        t_re, t_im = c * o_im - s * o_re, -(c * o_re + s * o_im)
        p, q = (_turned(k, levels), _turned(points - k, levels)) if transposed else (k, points - k)
        p, q = at + 2 * p, at + 2 * q
        to[q], to[q + 1] = (e_re - t_re) * half, -((e_im - t_im) * half)
        to[p], to[p + 1] = (e_re + t_re) * half, (e_im + t_im) * half


def rfft(segments, first, last, n, half, levels, y, x, wave, scale):
    """y[i, k] = f(k) * (sum over j of x[i, j] * e^(-2 pi i jk / N)), k = 0 .. N / 2
    f(0) = f(N / 2) = scale[0], else f(k) = scale[1]
    y [n, half + 1, 2], x [n, 2 * half], wave [half] = sin(2 pi j / N), scale [2]

    N = 2 * 2**levels, at most 2 * half. docs/vm.md states the order.
    """
    to, source, waves, factors = segments[y >> 24], segments[x >> 24], segments[wave >> 24], segments[scale >> 24]
    wave, levels = wave & OFFSET, _stages(half, levels)
    points, ends, inner = 1 << levels, factors[scale & OFFSET], factors[(scale & OFFSET) + 1]
    for row in range(first, last):
        at, x_at = (y & OFFSET) + row * (2 * half + 2), (x & OFFSET) + row * 2 * half
        for k in range(points):
            place = at + 2 * _turned(k, levels)
            to[place], to[place + 1] = source[x_at + 2 * k], source[x_at + 2 * k + 1]
        _butterflies(to, at, waves, wave, levels, False)
        _split(to, at, to, at, waves, wave, levels, False, inner)
        re, im, end = to[at], to[at + 1], at + 2 * points
        to[at], to[at + 1] = (re + im) * ends, 0.0
        to[end], to[end + 1] = (re - im) * ends, 0.0


def rfft_transposed(segments, first, last, n, half, levels, x, y, wave, scale):
    """x[i, j] = sum over k of f(k) * (y[i, k, 0] * cos(2 pi jk / N) - y[i, k, 1] * sin(2 pi jk / N)), k = 0 .. N / 2
    x [n, 2 * half], y [n, half + 1, 2], wave [half] = sin(2 pi j / N), scale [2]

    As rfft, whose gradient it gives. With scale = [1 / N, 2 / N] it is the inverse.
    """
    to, source, waves, factors = segments[x >> 24], segments[y >> 24], segments[wave >> 24], segments[scale >> 24]
    wave, levels = wave & OFFSET, _stages(half, levels)
    points, ends, inner = 1 << levels, factors[scale & OFFSET], factors[(scale & OFFSET) + 1]
    for row in range(first, last):
        at, y_at = (x & OFFSET) + row * 2 * half, (y & OFFSET) + row * (2 * half + 2)
        a, b = source[y_at] * ends, source[y_at + 2 * points] * ends
        to[at], to[at + 1] = a + b, a - b
        _split(to, at, source, y_at, waves, wave, levels, True, inner)
        _butterflies(to, at, waves, wave, levels, True)


def biquad(segments, first, last, transposed, given, kept, outer, n, inner, y, x, coefficients, start, end):
    """y = b0 * x + s1; s1 = (b1 * x - a1 * y) + s2; s2 = b2 * x - a2 * y
    transposed: w = (x - a1 * s1) - a2 * s2; y = (b0 * w + b1 * s1) + b2 * s2; s2 = s1; s1 = w
    y, x [outer, n, inner]; coefficients [5] = b0, b1, b2, a1, a2; start, end [outer, 2, inner] = s1, s2

    For each o and j, along n. s1 and s2 begin as start[o, 0, j] and start[o, 1, j] if `given`, else as 0, and go to end
    if `kept`. If `transposed` from i = n - 1 down to 0: the gradient of x.
    """
    to, source, factors = segments[y >> 24], segments[x >> 24], segments[coefficients >> 24]
    at = coefficients & OFFSET
    b0, b1, b2, a1, a2 = factors[at], factors[at + 1], factors[at + 2], factors[at + 3], factors[at + 4]
    before, after = segments[start >> 24], segments[end >> 24]
    step = -inner if transposed else inner
    for row in range(first, last):
        for j in range(inner):
            state = row * 2 * inner + j
            s1 = before[(start & OFFSET) + state] if given else 0.0
            s2 = before[(start & OFFSET) + state + inner] if given else 0.0
            at = row * n * inner + j + ((n - 1) * inner if transposed else 0)
            for _ in range(n):
                value = source[(x & OFFSET) + at]
                if transposed:
                    w = (value - a1 * s1) - a2 * s2
                    to[(y & OFFSET) + at] = (b0 * w + b1 * s1) + b2 * s2
                    s1, s2 = w, s1
                else:
                    w = b0 * value + s1
                    to[(y & OFFSET) + at] = w
                    s1, s2 = (b1 * value - a1 * w) + s2, b2 * value - a2 * w
                at += step
            if kept:
                after[(end & OFFSET) + state], after[(end & OFFSET) + state + inner] = s1, s2
