"""The reference of signals; see reference_memory.py. Transforms are the sums that they stand for."""

import numpy as np

from reference_memory import TINY, U, instruction


def points(f):
    return min(1 << f.levels, 1 << (f.half.bit_length() - 1))


def waves(f, m):
    """cos and sin of 2 pi jk / N, and each bin's factor."""
    n = 2 * points(f)
    angle = 2 * np.pi * (np.outer(np.arange(n), np.arange(n // 2 + 1)) % n) / n
    ends, inner = m.read(f.scale, 2)
    factor = np.full(n // 2 + 1, inner)
    factor[0] = factor[-1] = ends
    return n, np.cos(angle), np.sin(angle), factor


def roundings(f):
    return U * (6 * f.levels + 8)


@instruction
def rfft(m, f):
    n, cos, sin, factor = waves(f, m)
    x = m.read(f.x, f.n, 2 * f.half)[:, :n]
    y = np.stack([x @ cos * factor, -(x @ sin) * factor], 2).reshape(f.n, -1)
    error = np.repeat(np.abs(x).sum(1, keepdims=True) * np.abs(factor), 2, axis=1)
    segment, place = m.at(f.y, f.n, 2 * f.half + 2)
    m.meet((segment, place[:, : n + 2]), y, roundings(f) * error + TINY)


@instruction
def rfft_transposed(m, f):
    n, cos, sin, factor = waves(f, m)
    y = m.read(f.y, f.n, 2 * f.half + 2)[:, : n + 2].reshape(f.n, -1, 2) * factor[:, None]
    x = y[:, :, 0] @ cos.T - y[:, :, 1] @ sin.T
    segment, place = m.at(f.x, f.n, 2 * f.half)
    m.meet((segment, place[:, :n]), x, roundings(f) * np.abs(y).sum((1, 2))[:, None] + TINY)


@instruction
def biquad(m, f):
    """The difference equation, with the error that a state brings into what follows."""
    x = m.read(f.x, f.outer, f.n, f.inner)
    b0, b1, b2, a1, a2 = m.read(f.coefficients, 5)
    s = m.read(f.start, f.outer, 2, f.inner) if f.given else np.zeros((f.outer, 2, f.inner))
    (s1, s2), (e1, e2) = (s[:, 0], s[:, 1]), np.zeros((2, f.outer, f.inner))
    y, error = np.zeros_like(x), np.zeros_like(x)
    for t in range(f.n - 1, -1, -1) if f.transposed else range(f.n):
        v = x[:, t]
        if f.transposed:
            w = v - a1 * s1 - a2 * s2
            e = np.abs(a1) * e1 + np.abs(a2) * e2 + 3 * U * (np.abs(v) + np.abs(a1 * s1) + np.abs(a2 * s2))
            y[:, t] = b0 * w + b1 * s1 + b2 * s2
            error[:, t] = np.abs(b0) * e + np.abs(b1) * e1 + np.abs(b2) * e2
            error[:, t] += 3 * U * (np.abs(b0 * w) + np.abs(b1 * s1) + np.abs(b2 * s2))
            s1, s2, e1, e2 = w, s1, e, e1
        else:
            y[:, t] = w = b0 * v + s1
            error[:, t] = e = e1 + 2 * U * (np.abs(b0 * v) + np.abs(s1))
            e1 = np.abs(a1) * e + e2 + 3 * U * (np.abs(b1 * v) + np.abs(a1 * w) + np.abs(s2))
            e2 = np.abs(a2) * e + 2 * U * (np.abs(b2 * v) + np.abs(a2 * w))
            s1, s2 = b1 * v - a1 * w + s2, b2 * v - a2 * w
    m.meet(m.at(f.y, f.outer, f.n, f.inner), y, 1.01 * error + TINY * 99)
    if f.kept:
        m.meet(m.at(f.end, f.outer, 2, f.inner), np.stack([s1, s2], 1), 1.01 * np.stack([e1, e2], 1) + TINY * 99)
