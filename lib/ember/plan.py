"""The planner: where each buffer lies. A pure function of sizes and lifetimes, the same on a PC and on a device.

Buffers are numbered; each has a size, a first and a last use (positions in the program, both included).
`shares` lists pairs (result, source) that may lie in the same place if the source's last use is the result's first.
"""

from array import array


def merge(sizes, first, last, shares):
    """In-place results: group[i] is the buffer whose place buffer i takes. Lifetimes of groups grow in place."""
    group = array("H", range(len(sizes)))
    for result, source in shares:
        root = group[source]
        if group[result] == result and sizes[result] == sizes[root] and last[root] == first[result]:
            group[result] = root
            last[root] = last[result]
    return group


def lower_bound(sizes, first, last, group):
    """The most that is live at once: no plan can need less."""
    most = 0
    for i in range(len(sizes)):  # the peak is reached where some buffer begins
        if group[i] == i:
            live = 0
            for j in range(len(sizes)):
                if group[j] == j and first[j] <= first[i] <= last[j]:
                    live += sizes[j]
            most = max(most, live)
    return most


def place(order, sizes, first, last, offsets):
    """Lay buffers out in this order, each in the lowest gap that is free for all of its life. Returns the peak."""
    peak = 0
    for k in range(len(order)):
        i = order[k]
        offset = 0
        moved = True
        while moved:  # a buffer in the way moves us past its end, and we look again
            moved = False
            for m in range(k):
                j = order[m]
                if first[j] <= last[i] and first[i] <= last[j]:
                    if offset < offsets[j] + sizes[j] and offsets[j] < offset + sizes[i]:
                        offset = offsets[j] + sizes[j]
                        moved = True
        offsets[i] = offset
        peak = max(peak, offset + sizes[i])
    return peak


def plan(sizes, first, last, shares=(), tries=2000):
    """Offsets, peak and lower bound, in elements.

    Largest first; where that misses the lower bound, up to `tries` swaps in the order are tried and kept when the
    peak does not rise. Lifetimes are changed: those of buffers that share a place are joined.
    """
    count = len(sizes)
    group = merge(sizes, first, last, shares)
    bound = lower_bound(sizes, first, last, group)
    order = [i for i in range(count) if group[i] == i]
    order.sort(key=lambda i: (-sizes[i], first[i]))
    offsets = array("i", range(count))
    peak = place(order, sizes, first, last, offsets)
    best = array("i", offsets)
    seed = 1
    while peak > bound and tries and len(order) > 1:
        tries -= 1
        seed = (seed * 1103 + 12345) & 0xFFFFF
        a = (seed >> 4) % len(order)
        seed = (seed * 1103 + 12345) & 0xFFFFF
        b = (seed >> 4) % len(order)
        order[a], order[b] = order[b], order[a]
        reached = place(order, sizes, first, last, offsets)
        if reached <= peak:
            if reached < peak:
                best = array("i", offsets)
            peak = reached
        else:
            order[a], order[b] = order[b], order[a]
    for i in range(count):
        best[i] = best[group[i]]
    return best, peak, bound
