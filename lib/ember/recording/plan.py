"""The planner: where each buffer lies. A pure function of sizes and lifetimes, the same on a PC and on a device.

Buffers are numbered; each has a size, a first and a last use (positions in the program, both included).
`shares` lists pairs (result, source) that may lie in the same place if the source's last use is the result's first.
docs/plan.md says what it reaches, and how long it takes.
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


def ranked(alone, measure, first):
    """Buffers by falling measure, then by first use, then by number: no two sorts may differ in that."""
    order = []
    for i in alone:
        low, high, m, f = 0, len(order), measure[i], first[i]
        while low < high:
            middle = (low + high) >> 1
            j = order[middle]
            if measure[j] > m or measure[j] == m and first[j] <= f:
                low = middle + 1
            else:
                high = middle
        order.insert(low, i)
    return order


def lower_bound(sizes, first, last, group):
    """The most that is live at once: no plan can need less."""
    alone = [i for i in range(len(sizes)) if group[i] == i]
    begins, ends = ranked(alone, first, first), ranked(alone, last, first)
    most = live = 0
    while begins:
        i = begins.pop()
        while last[ends[-1]] < first[i]:
            live -= sizes[ends.pop()]
        live += sizes[i]
        most = max(most, live)
    return most


def place(order, sizes, first, last, offsets, most=1 << 29):
    """Lay buffers out in this order, each in the lowest gap that is free for all of its life. Returns the peak;
    above `most` it gives up."""
    peak, placed = 0, []  # by offset
    for i in order:
        begin, end, size, offset = first[i], last[i], sizes[i], 0
        for j in placed:
            if first[j] <= end and begin <= last[j]:
                gap = offsets[j]
                if gap - offset >= size:
                    break
                gap += sizes[j]
                if gap > offset:
                    offset = gap
        offsets[i] = offset
        if offset + size > peak:
            peak = offset + size
            if peak > most:
                break
        low, high = 0, len(placed)
        while low < high:
            middle = (low + high) >> 1
            if offsets[placed[middle]] < offset:
                low = middle + 1
            else:
                high = middle
        placed.insert(low, i)
    return peak


def plan(sizes, first, last, shares=(), tries=1000):
    """Offsets, peak and lower bound, in elements.

    Largest first; where that misses the lower bound other orders are tried, and then up to `tries` more are searched
    through (plan_search.py; not with tries=0). Lifetimes are changed: those of buffers that share a place are joined.
    """
    count = len(sizes)
    group = merge(sizes, first, last, shares)
    bound = lower_bound(sizes, first, last, group)
    order = ranked([i for i in range(count) if group[i] == i], sizes, first)
    offsets = array("i", range(count))
    peak = place(order, sizes, first, last, offsets)
    if peak > bound and tries:
        from .plan_search import search

        peak = search(order, sizes, first, last, offsets, peak, bound, tries)
    for i in range(count):
        offsets[i] = offsets[group[i]]
    return offsets, peak, bound
