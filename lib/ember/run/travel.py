"""What a runner takes only now and then: going on after an interruption, the words for what is wrong with a batch."""

from ..instructions import program
from ..machine.image import rows_in, segment


def idle(runner, loading=False):
    """After an interrupted run: an update is finished, anything else is as if it had not begun, and if it was
    training, what was accumulated is dropped. RuntimeError where a step in slices is unfinished, or an update was
    broken off within an instruction. loading: what that left is about to be replaced."""
    if runner.saving:
        raise RuntimeError("a save in slices is unfinished: poll() until it returns True, or slices.drop()")
    if runner.loading is True:
        raise RuntimeError("a load was cut off, and half of the state is another: load again")
    if runner.loading:
        from .restore import settle

        settle(runner)
    if runner.unfinished and not runner.fresh:
        raise RuntimeError("this Trainer is fused, and keeps no gradients: after accumulate comes update(), "
                           "or slices.drop()")  # fmt: skip
    if runner.unfinished:
        raise RuntimeError("a step in slices is unfinished: poll() until it returns True, or slices.drop()")
    if runner.swapped:
        runner.swapped.settle()
    found = runner.executor.recover(program.UPDATE, True)
    if found == -2 and not loading:
        raise RuntimeError("the last update was broken off within an instruction, and weights may be half old, half "
                           "new: load() a checkpoint, or go on with them by slices.drop()")  # fmt: skip
    starts = runner.image.starts
    fused = starts and starts[program.GRADIENTS] == starts[program.STATE]
    if program.ZERO <= found <= program.UPDATE or found == -1 and fused:
        runner.fresh = True
    if found != -2:
        found = runner.executor.recover(program.UPDATE)
        runner.executor.paused = False
        if found == program.UPDATE and runner.executor.done < 0:
            runner.fault()


def drop(runner):
    """See Slices.drop; and an update that was broken off is given up."""
    if runner.saving:
        runner.saving.close()
        runner.saving = None
    elif runner.unfinished:
        runner.fresh = True
    runner.unfinished = False
    if runner.executor.recover(program.UPDATE, True) == -2:
        runner.fresh = True
        runner.executor.recover(-1)
    idle(runner)


def accept(model, x, y):
    """(x, y, rows), as buffers of the types that the program reads."""
    binding = model.binding
    parts = binding.parts(x, y) if binding else [("x", program.X, x)] + ([] if y is None else [("y", program.Y, y)])
    found, counts = [], []
    for what, k, part in parts:
        flags, _, size = segment(model.image.code, k)
        part, dims = _typed(part, program.TYPES[flags & 7], what)
        n = rows_in(part, size, model.batch_size)
        if not n or dims is not None and dims[:1] != (n,):
            n = rows_in(part, size, len(part))
            raise ValueError("%s has %d elements%s; this program takes 1 to %d samples of %d, of type %r"
                             % (what, len(part), ", %d samples" % n if n else "", model.batch_size, size,
                                program.TYPES[flags & 7]))  # fmt: skip
        found.append(part)
        counts.append(n)
    if min(counts) < max(counts):
        if binding:
            raise ValueError("the parts of the batch have %s samples" % counts)
        raise ValueError("x has %d samples, y has %d" % tuple(counts))
    if not binding:
        return found[0], None if y is None else found[1], counts[0]
    n = len(binding.inputs)
    return (tuple(found[:n]) if binding.many_x else found[0],
            None if y is None else tuple(found[n:]) if binding.many_y else found[n], counts[0])  # fmt: skip


def _typed(part, dtype, what):
    """Numbers from outside as a buffer of this type, and their dimensions, if they say any. Where the front is not on
    the board, buffers alone will do."""
    try:
        from ..tensors.values import has_length, read, typed
    except (ImportError, MemoryError):  # not there, or no room for it
        if isinstance(part, (int, float, list, tuple)) or part is None or hasattr(part, "dims"):
            raise TypeError("%s is a %s; where the rest of Ember is not there, it may be a buffer of type %r"
                            % (what, type(part).__name__, dtype))  # fmt: skip
        return part, None
    if not hasattr(part, "dims") and not has_length(part):
        raise ValueError("%s is %r; it may be a buffer of type %r" % (what, part, dtype))
    values, dims = read(part)
    return typed(dtype, values, what), dims


def in_a_row(out, n, rows):
    """A buffer, of several dimensions too, as NumPy has, as one row that holds n elements."""
    if hasattr(out, "ndim"):
        from ..tensors import shaped

        out = shaped.in_a_row(out, (n // rows,))
        if len(out) >= n:
            return memoryview(out)
    raise ValueError("out has %d elements; %d rows of %d take %d" % (len(out), rows, n // rows, n))
