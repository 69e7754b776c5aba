"""The line search of L-BFGS for the strong Wolfe conditions (Nocedal and Wright, 2006, algorithms 3.5 and 3.6), by
cubic interpolation, as PyTorch has it. Each operation is rounded to float32: see optim_lbfgs.single."""

import math

from .lbfgs import single

_FALLS, _FLATTENS = single(1 / 10000), single(9 / 10)  # c1 and c2


def _cubic(a, b, bounds=None):
    """Where the cubic through two points (t, loss, slope) is lowest, within bounds, or between them."""
    if a[0] > b[0]:
        a, b = b, a
    low, high = bounds or (a[0], b[0])
    if a[0] != b[0]:
        steep = single(single(3 * single(a[1] - b[1])) / single(a[0] - b[0]))
        d1 = single(single(a[2] + b[2]) - steep)
        square = single(single(d1 * d1) - single(a[2] * b[2]))
        if square >= 0:
            d2 = single(math.sqrt(square))
            below = single(single(b[2] - a[2]) + 2 * d2)
            if below != 0:
                share = single(single(single(b[2] + d2) - d1) / below)
                return min(max(single(b[0] - single(single(b[0] - a[0]) * share)), low), high)
    return single(single(low + high) / 2)


def _too_high(new, loss, slope):
    return new[1] > single(loss + single(single(_FALLS * new[0]) * slope))


def _flattens(new, slope):
    return abs(new[2]) <= single(-_FLATTENS * slope)


def search(optimizer, closure, t, loss, slope, most):
    """From x along d, t first, and then so many tries at the most: (loss, t, evaluations), and the parameters and their
    gradient are those there. A point is (t, loss, slope). The gradient is kept of the best alone.
    """
    optimizer.note(optimizer.g)
    size = optimizer.largest(optimizer.d)
    start = before = (0.0, loss, slope)
    tries = 0
    new = (t,) + optimizer.try_at(closure, t)
    evaluations, done, bracket = 1, False, None
    while tries < most:
        if _too_high(new, loss, slope) or tries > 1 and new[1] >= before[1]:
            bracket = [before, new]
            break
        if _flattens(new, slope):
            bracket, done = [new], True
            break
        if new[2] >= 0:
            bracket = [before, new]
            break
        t = new[0]
        t = _cubic(before, new, (single(t + single(single(t - before[0]) / 100)), single(t * 10)))
        before = new
        optimizer.note(optimizer.g)
        new = (t,) + optimizer.try_at(closure, t)
        evaluations += 1
        tries += 1
    if bracket is None:
        bracket = [start, new]
        optimizer.note(optimizer.before)
    stuck = False
    low, high = (0, 1) if bracket[0][1] <= bracket[-1][1] else (1, 0)
    if bracket[low] is new:
        optimizer.note(optimizer.g)
    while not done and tries < most:
        left, right = min(bracket[0][0], bracket[1][0]), max(bracket[0][0], bracket[1][0])
        if single(single(right - left) * size) < optimizer.tolerance_change:
            break
        t = _cubic(bracket[0], bracket[1])
        margin = single(single(right - left) / 10)
        if min(single(right - t), single(t - left)) < margin:  # near an end, twice: away from it
            if stuck or t >= right or t <= left:
                t = single(right - margin if single(right - t) < single(t - left) else left + margin)
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new = (t,) + optimizer.try_at(closure, t)
        evaluations += 1
        tries += 1
        if _too_high(new, loss, slope) or new[1] >= bracket[low][1]:
            bracket[high] = new
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
            if bracket[low] is new:
                optimizer.note(optimizer.g)
        else:
            if _flattens(new, slope):
                done = True
            elif single(new[2] * single(bracket[high][0] - bracket[low][0])) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
            optimizer.note(optimizer.g)
    best = bracket[low]
    if best is not new:
        optimizer.back_to(best[0])
    return best[1], best[0], evaluations
