"""What to say where a program stopped at an index that is out of range."""

from ..instructions import isa, table
from .bind import view
from .verify import resolve


def explain(program, segments, state):
    """ValueError names the index, where it stands and what it may be. The state is made ready for another run."""
    pc, row = state[1], state[2]
    state[1] = state[2] = state[3] = 0
    fields = table.parse(program[pc])
    values = resolve(program, pc, fields, segments[isa.INTS][0])
    names = [field[1] for field in fields]
    if program[pc] == isa.CHECK_FINITE:
        raise ValueError("an element is not finite: %d of %d" % (row, values[names.index("n")]))
    what = "label" if "label" in names else "index"
    high = values[names.index("high" if "high" in names else "width")]
    address = values[names.index(what)]
    data = view(segments[address >> 24], isa.TYPES[program[5 + 3 * (address >> 24)] & 7])
    at, count, step = row, 1, 1
    if "i_n" in names:  # a row of indices: the first that is wrong
        n, count, i_outer, i_n, step = [values[names.index(f)] for f in ("n", "inner", "i_outer", "i_n", "i_inner")]
        at = row // n * i_outer + row % n * i_n
    for _ in range(count):
        k = data[(address & 0xFFFFFF) + at]
        if not 0 <= k < high or k != int(k):
            break
        at += step
    else:
        raise ValueError("the %s was out of range, and has changed since: another thread writes to the batch" % what)
    if program[pc] == isa.CHECK_INDEX and address >> 24 > isa.FIRST_BOUND:  # a Trainer's targets
        what = "label"
    raise ValueError("%s %r at %s %d; it may be a whole number from 0 to %d"
                     % (what, k, "position" if what == "index" else "index", at, high - 1))  # fmt: skip
