"""Making a program: what is recorded is recorded twice (see record.py)."""

import gc
from array import array

from . import _collect_after
from .record import Recording


def build(rows, body, memory=None):
    """(plan, program) of what body(recording) records; rows: of a full batch; memory: bytes allowed."""
    # So what recording keeps, modules among it, lies low in the heap, and the arena finds room in one piece.
    before = _collect_after(4096)
    try:
        recording = Recording(rows)
        body(recording)
        plan = recording.finish()
        if memory is not None and plan.total() > memory:
            raise MemoryError("training needs %d bytes, allowed are %d (batch_size=%d)" % (plan.total(), memory, rows))
        recording = None
        gc.collect()
        arena, code = array("f", range(plan.arena)), array("i", range(plan.words))
        recording = Recording(rows, plan, code)
        body(recording)
        return plan, recording.program(arena)
    finally:
        _collect_after(before)
