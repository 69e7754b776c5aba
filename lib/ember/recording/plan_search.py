"""The search for a better plan, where laying out the largest first misses the lower bound: loaded only then.

`order` lists buffers, `offsets` holds a plan with this peak; both are made better in place. See plan.py.
"""

from array import array

from .plan import place, ranked

_FEW, _SEVERAL = 9, 14  # buffers that are searched to the end, and those for which it is tried


def search(order, sizes, first, last, offsets, peak, bound, tries):
    """The peak that is reached. First by other orders: the longest living, the largest by size times life, and the
    first used, which is first fit."""
    count = len(order)
    alone, reached = sorted(order), array("i", offsets)
    for k in range(3):
        if peak > bound:
            measure = [-i for i in first]
            if k < 2:
                measure = [(last[i] - first[i] + 1) * (sizes[i] if k else 1) for i in range(len(sizes))]
            other = ranked(alone, measure, first)
            now = place(other, sizes, first, last, reached, peak)
            if now < peak:
                order, peak = other, now
                for i in order:
                    offsets[i] = reached[i]
    finished = peak <= bound
    if not finished and count <= _SEVERAL:
        nodes = 1 << 29 if count <= _FEW else 2 * tries
        peak, finished = exact(order, sizes, first, last, offsets, peak, bound, nodes)
    if not finished:
        peak = shuffle(order, sizes, first, last, offsets, peak, bound, min(tries, 1000000 // (count * count)))
    return peak


def shuffle(order, sizes, first, last, offsets, peak, bound, tries):
    """Small changes of the order, kept where the peak does not rise: two buffers swapped, or one that lives while
    one at the peak does moved elsewhere."""
    count, seed, reached = len(order), 1, array("i", offsets)
    here = place(order, sizes, first, last, reached)  # the peak of the order, which may be above
    while peak > bound and tries:
        tries -= 1
        seed = (seed * 1103 + 12345) & 0x3FFFF
        a = (seed >> 4) % count
        seed = (seed * 1103 + 12345) & 0x3FFFF
        b = (seed >> 4) % count
        changed = list(order)
        if tries & 1:
            changed[a], changed[b] = changed[b], changed[a]
        else:
            a = _beside_peak(order, sizes, first, last, offsets, peak, a)
            changed.insert(b, changed.pop(a))
        now = place(changed, sizes, first, last, reached, here)
        if now <= here:
            order, here = changed, now
            if now <= peak:
                peak = now
                for i in order:
                    offsets[i] = reached[i]
    return peak


def _beside_peak(order, sizes, first, last, offsets, peak, k):
    """From k on in the order, the first buffer that lives while one that reaches the peak does."""
    top = 0
    while offsets[order[top]] + sizes[order[top]] < peak:
        top += 1
    top = order[top]
    while first[order[k]] > last[top] or first[top] > last[order[k]]:
        k = (k + 1) % len(order)
    return k


def exact(order, sizes, first, last, offsets, peak, bound, nodes):
    """Every plan that may be better, from the lowest offset up: each buffer lies on one below or on the ground.
    Returns (peak, whether all were seen).

    Seen are those alone in which no buffer could fall into a hole below it, and that may still end below the peak
    (after MiniMalloc: Moffitt, 2023).
    """
    count = len(order)
    low, at = array("i", range(count)), array("i", range(count))  # where it would lie now; where it lies, or -1
    chosen, tried = array("H", range(count + 1)), array("H", range(count + 1))
    for k in range(count):
        at[k] = -1
    depth = tried[0] = 0
    while peak > bound and nodes:
        nodes -= 1
        floor = at[chosen[depth - 1]] if depth else 0
        ceiling = _floors(order, sizes, first, last, at, low, floor, peak)
        k = tried[depth]
        while k < count and (at[k] >= 0 or not floor <= low[k] < ceiling
                             or depth and low[k] == floor and k < chosen[depth - 1]):  # fmt: skip
            k += 1
        if k < count:
            tried[depth], chosen[depth], at[k] = k + 1, k, low[k]
            depth += 1
            tried[depth] = 0
        else:
            if depth == count and ceiling:
                peak = 0
                for k in range(count):
                    offsets[order[k]] = at[k]
                    peak = max(peak, at[k] + sizes[order[k]])
            depth -= 1
            if depth < 0:
                return peak, True
            at[chosen[depth]] = -1
    return peak, peak <= bound


def _floors(order, sizes, first, last, at, low, floor, peak):
    """Where each buffer that is left would lie on those placed. Returns what the next must lie below, for another
    to find no hole there; 0 where those left do not fit below the peak."""
    ceiling, count = peak, len(order)
    for k in range(count):
        if at[k] < 0:
            i, low[k] = order[k], 0
            begin, end = first[i], last[i]
            for m in range(count):
                j = order[m]
                if at[m] >= 0 and at[m] + sizes[j] > low[k] and first[j] <= end and begin <= last[j]:
                    low[k] = at[m] + sizes[j]
            if low[k] + sizes[i] >= peak:
                return 0
            ceiling = min(ceiling, low[k] + sizes[i])
    for k in range(count):
        if at[k] < 0:
            position, least, live = first[order[k]], peak, 0
            for m in range(count):
                if at[m] < 0 and first[order[m]] <= position <= last[order[m]]:
                    live += sizes[order[m]]
                    least = min(least, low[m])
            if max(least, floor) + live >= peak:
                return 0
    return ceiling
