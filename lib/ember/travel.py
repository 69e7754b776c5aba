"""What a runner takes only now and then: the words for what is wrong with a batch; its averages."""

from . import program
from .image import segment, word


def accept(model, x, y):
    """(x, y, rows), as buffers of the types that the program reads."""
    binding = model._binding
    parts = binding.parts(x, y) if binding else [("x", program.X, x)] + ([] if y is None else [("y", program.Y, y)])
    found, counts = [], []
    for what, k, part in parts:
        flags, _, size = segment(model._code, k)
        part, dims = _typed(part, program.TYPES[flags & 7], what)
        n = len(part) // size
        if not 0 < n <= model.batch_size or n * size != len(part) or dims is not None and dims[:1] != (n,):
            raise ValueError("%s has %d elements%s; this program takes 1 to %d samples of %d, of type %r"
                             % (what, len(part), ", %d samples" % n if n and n * size == len(part) else "",
                                model.batch_size, size, program.TYPES[flags & 7]))  # fmt: skip
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
        from .values import has_length, read, typed
    except ImportError:
        if isinstance(part, (int, float, list, tuple)) or part is None or hasattr(part, "_dims"):
            raise TypeError("%s is a %s; where the rest of Ember is not there, it may be a buffer of type %r"
                            % (what, type(part).__name__, dtype))  # fmt: skip
        return part, None
    if not hasattr(part, "_dims") and not has_length(part):
        raise ValueError("%s is %r; it may be a buffer of type %r" % (what, part, dtype))
    values, dims = read(part)
    return typed(dtype, values, what), dims


def in_a_row(out, n, rows):
    """A buffer, of several dimensions too, as NumPy has, as one row that holds n elements."""
    if hasattr(out, "ndim"):
        from . import shaped

        out = shaped.in_a_row(out, (n // rows,))
        if len(out) >= n:
            return memoryview(out)
    raise ValueError("out has %d elements; %d rows of %d take %d" % (len(out), rows, n // rows, n))


def explain(model):
    """ValueError names the index at which the check of a batch stopped."""
    code, state, segments = model._code, model._state, model._segments
    pc, row = state[1], state[2]
    state[1] = state[2] = state[3] = 0
    head = program.HEAD + 3 * word(code, 3)
    if pc < word(code, head + program.ZERO - 1):  # the section that checks has one instruction: check_index
        high, address = word(code, pc + 2), word(code, pc + 3)
        found = segments[address >> 24][(address & 0xFFFFFF) + row]
        if not 0 <= found < high:
            what, where = ("index", "position") if address >> 24 == program.X else ("label", "index")
            raise ValueError("%s %r at %s %d; it may be a whole number from 0 to %d"
                             % (what, found, where, row, high - 1))  # fmt: skip
    raise ValueError("a label or an index of the batch is out of range")


def bounds(model):
    """[clip_value, clip_norm, ema], as a Trainer's .bounds, where the one that was exported had one of them."""
    floats, names = memoryview(model._segments[program.FLOATS]), model.names.split("\n")[0].split(" ")
    if names[-3:] != ["clip_value", "clip_norm", "ema"] or len(names) != len(floats):
        raise ValueError("bounds: the Trainer that was exported had no clip_value, clip_norm or ema")
    return floats[len(floats) - 3 :]


def averages(names, floats):
    """Whether there is an average of the weights, by what an image calls its float slots, and these."""
    return names.split("\n")[0][-4:] == " ema" and floats[len(floats) - 1] > 0


def averaged(model):
    """`with travel.averaged(model):` as a Trainer's averaged(), where the one that was exported had ema."""
    from .swapped import Swapped

    size, state = model._kept[0][2], model._kept[3]
    if not averages(model.names, model._segments[program.FLOATS]) or state[2] < size:
        raise ValueError("ema is None; averaged() takes a Trainer with one, as ema=0.999, or what it exported")
    arena, at = memoryview(model._arena), state[1] + state[2] - size  # it comes last
    return Swapped([(arena[:size], arena[at : at + size])])
