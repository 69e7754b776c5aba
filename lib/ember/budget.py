"""Fitting a program into a budget of bytes: smaller parts of a batch first, since they cost no work; where the smallest
is too large, activations are made again instead of kept (recompute.py)."""

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
    graph = Graph()
    recording = _counted(rows, body, kind, graph)
    plan = recording.finish()
    sizes, shares = recording.sizes, recording.shares
    recording = None
    rest = plan.total() - 4 * plan.activations
    room = (memory - rest) // 4
    for _ in range(_TRIES):
        search = Search(graph, sizes, shares, room)
        if search.dropped is None:
            raise MemoryError("training needs %d bytes at the least, allowed are %d (%d of batch_size=%d at once, "
                              "recomputing what can be)" % (rest + 4 * search.least, memory, rows, whole))  # fmt: skip
        groups = search.buffers()
        plan = _counted(rows, body, kind, Again(groups, sizes)).finish()
        if plan.total() <= memory:
            break
        room -= (plan.total() - memory + 3) // 4
    else:
        raise MemoryError("training needs %d bytes, allowed are %d" % (plan.total(), memory))
    plan.budget = "micro_batch=%d of %d, recompute=%d of %d, +%d %% work, %d of %d bytes" % (
        (rows, whole, len(search.dropped), len(search.choices), round(100 * search.work / graph.work))
        + (plan.total(), memory)
    )
    return rows, plan, Again(groups, sizes)


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
