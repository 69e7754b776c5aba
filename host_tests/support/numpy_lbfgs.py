"""L-BFGS in NumPy, float64: by the inverse Hessian that it stands for, and a line search for the strong Wolfe
conditions (Nocedal and Wright, 2006, algorithms 3.5 and 3.6, interpolating as they say in 3.59)."""

import numpy as np


def inverse_hessian(pairs, n):
    """From the oldest pair (change of gradient, move) to the newest."""
    if not pairs:
        return np.eye(n)
    y, s = pairs[-1]
    h = np.eye(n) * (y @ s) / (y @ y)
    for y, s in pairs:
        v = np.eye(n) - np.outer(y, s) / (y @ s)
        h = v.T @ h @ v + np.outer(s, s) / (y @ s)
    return h


def lowest(p, q, low, high):
    """Where the cubic through two points (t, loss, slope) is lowest, between low and high."""
    (t, f, g), (u, h, k) = sorted((p, q))
    d1 = g + k - 3 * (f - h) / (t - u) if t != u else 0.0
    if t == u or d1 * d1 < g * k:
        return (low + high) / 2
    d2 = np.sqrt(d1 * d1 - g * k)
    return float(np.clip(u - (u - t) * (k + d2 - d1) / (k - g + 2 * d2), low, high))


def strong_wolfe(at, first, loss, slope, most):
    """t, where at(t) is (loss, slope): of the first place, and then of as many as `most` at the most."""
    start = before = (0.0, loss, slope)
    new = (first, *at(first))

    def high(point):
        return point[1] > loss + 1e-4 * point[0] * slope

    def flat(point):
        return abs(point[2]) <= -0.9 * slope

    tries = 0
    while tries < most:
        if high(new) or tries > 1 and new[1] >= before[1] or not flat(new) and new[2] >= 0:
            ends = [before, new]
            break
        if flat(new):
            return new[0]
        t = new[0]
        t = lowest(before, new, t + 0.01 * (t - before[0]), t * 10)
        before, new, tries = new, (t, *at(t)), tries + 1
    else:
        ends = [start, new]
    ends.sort(key=lambda point: point[1])  # the best first
    near_an_end = False
    for _ in range(most - tries):
        left, right = sorted(point[0] for point in ends)
        t, margin = lowest(*ends, left, right), (right - left) / 10
        if min(right - t, t - left) >= margin:
            near_an_end = False
        elif near_an_end or t in (left, right):
            t = right - margin if right - t < t - left else left + margin
            near_an_end = False
        else:
            near_an_end = True
        new = (t, *at(t))
        if high(new) or new[1] >= ends[0][1]:
            ends[1] = new
            ends.sort(key=lambda point: point[1])
            continue
        if flat(new):
            return new[0]
        if new[2] * (ends[1][0] - ends[0][0]) >= 0:
            ends[1] = ends[0]
        ends[0] = new
    return ends[0][0]


def lbfgs(loss, slope, x, moves, history, lr, search=False, max_eval=300):
    """x after so many moves, or when the loss was looked at so often."""
    pairs, g, seen = [], slope(x), 1
    for i in range(moves):
        d = -inverse_hessian(pairs[-history:], len(x)) @ g
        t = min(1, 1 / np.abs(g).sum()) * lr if i == 0 else lr
        if search:
            looks = []

            def at(t):
                looks.append(t)  # noqa: B023
                return loss(x + t * d), slope(x + t * d) @ d  # noqa: B023

            t = strong_wolfe(at, t, loss(x), g @ d, max_eval - seen)
            seen += len(looks)
        x, before = x + t * d, g
        g = slope(x)
        if (g - before) @ (t * d) > 1e-10:
            pairs.append((g - before, t * d))
        if seen >= max_eval:
            break
    return x
