"""What to say where the heap has no room for a program, or to write one: each way that would fit, with its bytes."""

import gc

# Of Ember's heap, what records and goes where a program only runs; and what goes where all is read in place. Rounded
# down from docs/size.md, as it has them of a 32-bit board; a test compares.
RECORDS, IN_PLACE = 50000, 35000


def _free():
    gc.collect()
    return getattr(gc, "mem_free", int)()


def too_large(plan):
    """The MemoryError of what the heap has no room for."""
    free, total = _free(), plan.total()
    room = free * 2 // 3  # not all is in one piece, and stepping takes some
    still, sample = total - 4 * plan.activations, max(1, 4 * plan.activations // plan.rows)
    if room - still >= sample and plan.rows > 1:
        rows = min(plan.rows - 1, (room - still) // sample)
        ways = ["batch_size=%d takes %d" % (rows, still + rows * sample), "memory=%d takes a batch in parts" % room]
    else:
        ways = ["fused=True and state_dtype='bfloat16' take less (docs/budget.md)"]
    for more, way in ((RECORDS, "ember.compile writes it to a file, and after a reset ember.runtime finds %d free"),
                      (IN_PLACE, "with Ember in the firmware or in ROMFS %d are free")):  # fmt: skip
        if total < (free + more) * 7 // 8:
            ways.append(way % (free + more))
    return MemoryError("it takes %d bytes, the arena's %d of them in one piece; of the heap %d are free. What may fit: "
                       "%s" % (total, 4 * plan.arena, free, "; ".join(ways)))  # fmt: skip


def no_room_to_record(plan):
    """That of a program that is only written, which a board may still run."""
    return MemoryError("its program takes %d bytes in one piece; of the heap %d are free. On a PC, python -m "
                       "ember_tools compile writes the same file" % (4 * plan.words, _free()))  # fmt: skip


def no_room_to_write(trainer):
    """That of an export."""
    hint = "on a PC, python -m ember_tools compile writes a file"
    if trainer.front:
        hint = "trainer.release(globals()) gives back some %d, and then it exports as before" % RECORDS
    return MemoryError("export finds no room: of the heap %d bytes are free; %s" % (_free(), hint))
