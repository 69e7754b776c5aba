"""What instructions cost, in eighths of a multiply-accumulate: by the weights of the instruction table, or measured."""

from . import derived

_EACH = 10  # bytes of derived.COSTS for an opcode
_NUMBER, _NONE = 128, 255  # a factor that is no field is so much more than a number


def weights():
    """The instruction table's: of each opcode, 0 where it takes its function's, then of each function."""
    return [derived.COSTS[k] for k in range(0, len(derived.COSTS), _EACH)] + list(derived.FUNCTIONS)


def cost(opcode, fields, rows, row_alone=False, measured=None):
    """Of an instruction with these fields, of a batch of so many rows; row_alone: of the least that runs at once;
    measured: by weights of weights.py."""
    at = _EACH * opcode
    costs = derived.COSTS
    total = costs[at] or derived.FUNCTIONS[fields[0]]
    if measured:
        total = measured[opcode] + (0 if costs[at] else measured[len(costs) // _EACH + fields[0]])
    first = at + 2 + (costs[at + 1] if row_alone else 0)
    for i in range(first, at + _EACH):
        if costs[i] == _NONE:
            break
        n = costs[i] - _NUMBER if costs[i] >= _NUMBER else fields[costs[i]]
        total *= n if n > 0 else -n * rows
    return total
