"""What to say where the heap has no room for a program: what would fit."""

import gc


def too_large(plan):
    """The MemoryError of what the heap has no room for: it says what would fit."""
    gc.collect()
    free, total = getattr(gc, "mem_free", int)(), plan.total()
    room = free * 2 // 3  # not all is in one piece, and stepping takes some
    left, sample = room - (total - 4 * plan.activations), max(1, 4 * plan.activations // plan.rows)
    if left >= sample and plan.rows > 1:
        hint = "batch_size=%d would fit, or memory=%d, which takes a batch in parts" % (
            min(plan.rows - 1, left // sample), room)  # fmt: skip
    else:
        hint = "not even one sample would fit: see fused=True, state_dtype='bfloat16' in docs/budget.md, or write it " \
               "with ember.compile, and load it with ember.runtime after a reset (docs/file.md)"  # fmt: skip
    return MemoryError("it takes %d bytes, the arena's %d of them in one piece; of the heap %d are free: %s"
                       % (total, 4 * plan.arena, free, hint))  # fmt: skip
