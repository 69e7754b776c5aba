"""Fitting a program into a budget of bytes: smaller parts of a batch first, since they cost no work; where the smallest
is too large, activations are made again instead of kept (recompute.py)."""

from array import array

from .plan import lower_bound, merge
from .recompute import Again, Graph, Search

_TRIES = 4  # the planner may need more than the most that is live at once


def fit(rows, body, memory, kind, cut):
    """(rows, plan, watch): how many samples come at once, and what drops and makes again; watch may be None.
    MemoryError where nothing does."""
    whole = rows
    if cut:
        rows, plan = _part(rows, body, memory, kind)
        if plan is not None:
            plan.budget = "micro_batch=%d of %d, %d of %d bytes" % (rows, whole, plan.total(), memory)
            return rows, plan, None
    if not kind.again:
        plan = _counted(rows, body, kind).finish()
        raise MemoryError("training needs %d bytes, allowed are %d (fused: the whole batch, %d, and nothing made again)"
                          % (plan.total(), memory, rows))  # fmt: skip
    graph = Graph()
    recording = _counted(rows, body, kind, graph)
    sizes, shares, floor = recording.sizes, recording.shares, _elsewhere(graph, recording)
    plan = recording.finish()
    recording = None
    rest = plan.total() - 4 * plan.activations
    room = (memory - rest) // 4
    for tries in range(_TRIES + 1):
        search = Search(graph, sizes, shares, room if tries < _TRIES else -1, floor)
        groups = search.buffers()
        plan = _counted(rows, body, kind, Again(groups, sizes)).finish()
        if plan.total() <= memory:
            break
        if not search.fits:
            raise MemoryError("training needs %d bytes at the least, allowed are %d (%d of batch_size=%d at once, "
                              "recomputing what can be)" % (plan.total(), memory, rows, whole))  # fmt: skip
        room -= (plan.total() - memory + 3) // 4
    plan.budget = "micro_batch=%d of %d, recompute=%d of %d, +%d %% work, %d of %d bytes" % (
        (rows, whole, len(search.dropped), len(search.choices), round(100 * search.work / graph.work))
        + (plan.total(), memory)
    )
    return rows, plan, Again(groups, sizes)


def _elsewhere(graph, recording):
    """The most elements that are live at once where nothing can be dropped: in an update, a prediction."""
    sizes, first, last = [array("i", part) for part in (recording.sizes, recording.first, recording.last)]
    for used in (graph.reads, graph.writes):
        for buffers in used:
            for b in buffers:
                if b >= 0:
                    sizes[b] = 0
    return lower_bound(sizes, first, last, merge(sizes, first, last, recording.shares))


def _counted(rows, body, kind, watch=None):
    recording = kind(rows)
    recording.watch = watch
    body(recording)
    return recording


def _part(rows, body, memory, kind):
    """(rows, plan) of the largest equal parts that fit, or (1, None)."""
    fits, fails, plan = 0, rows, None
    while fails - fits > 1:
        middle = (fits + fails) // 2
        found = _counted(middle, body, kind).finish()
        if found.total() <= memory:
            fits, plan = middle, found
        else:
            fails = middle
    if plan is None:
        return 1, None
    parts = -(-rows // fits)
    even = -(-rows // parts)
    return even, plan if even == fits else _counted(even, body, kind).finish()
