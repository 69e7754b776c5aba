"""What Trainers and recorded functions share: making an image, by recording twice (see recording.py), and taking
parameters over."""

import gc
from array import array

from ..base.catalogue import LISTS
from ..base.homes import collect_after, forget
from ..tensors.eager import Eager  # here, since what draws parameters is to lie low in the heap too
from ..tensors.tensor import Tensor
from .recording import Recording


def build(rows, body, memory=None, kind=Recording, cut=False, runs=True):
    """(plan, image, arena) of what body(recording) records, which returns True where that is to be begun anew; rows: of
    a full batch; memory: bytes allowed; cut: whether a batch may come in parts; runs: whether an arena is made."""
    # So what recording keeps, modules among it, lies low in the heap, and the arena finds room in one piece.
    before = collect_after(4096)
    try:
        rows, plan, watch = _counted(rows, body, memory, kind, cut)
        _wipe(9)
        for name in LISTS.split()[1:]:  # they have led to what was recorded, and load again for another name
            forget(name)
        gc.collect()
        try:
            code = array("i", range(plan.words))  # first: it finds a gap that the arena would leave too small
            arena = array("f", range(plan.arena)) if runs else None  # now: what is recorded next fragments the heap
        except MemoryError:
            code = None
            from .shortage import no_room_to_record, too_large

            raise too_large(plan) if runs else no_room_to_record(plan)
        recording = kind(rows, plan, code)
        recording.watch = watch
        body(recording)
        return plan, recording.image(), arena
    finally:
        collect_after(before)


def _counted(rows, body, memory, kind, cut):
    """(rows, plan, watch) of a first recording, or of what fits in memory. Nothing of it is on the stack afterwards."""
    recording = kind(rows)
    while body(recording):
        recording = kind(rows)
    plan = recording.finish()
    if memory is not None and plan.total() > memory:
        from .budget import fit

        recording = None
        return fit(rows, body, memory, kind, cut)
    return rows, plan, None


def _wipe(n):
    """Overwrite the stack below: MicroPython takes whatever looks like an address there for one, and keeps what lies
    at it."""
    return n and _wipe(n - 1)


def retired(*_):
    raise RuntimeError("the parameters have moved into the arena of a newer Trainer: use that, and record again")


def clear(arena, first, last):
    """Zeros from first to last."""
    if first < last:
        eager = Eager()
        eager.fill(Tensor(arena[first:last]), 0.0)
        eager.flush()


def settle(p, arena, offset, owner):
    """A parameter, with the values it has, becomes a view of its owner's arena; one without is drawn there. Who had it
    before runs no more."""
    view = arena[offset : offset + p.numel()]
    values, start = p.storage, p.offset
    p.storage, p.offset = view, 0
    if values is None:
        p.draw()
    else:
        for i in range(len(view)):
            view[i] = values[start + i]
    if p.owner is not None:
        p.owner.executor.stop(retired)
    p.owner, p.owner_at = owner, offset


def as_made(owner, trained, still):
    """RuntimeError where a parameter was frozen since its owner was made, or is no longer."""
    for p in trained:
        if not p.requires_grad:
            _switched(p, owner)
    for p in still:
        if p.requires_grad:
            _switched(p, owner)


def _switched(p, owner):
    from .changed import switched

    switched(p, owner)
