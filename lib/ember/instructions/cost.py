"""What instructions cost, in eighths of a multiply-accumulate: by the weights of the instruction table."""

from . import derived

EACH = 10  # bytes of derived.COSTS for an opcode
_NUMBER, _NONE = 128, 255  # a factor that is no field is so much more than a number


def cost(opcode, fields, rows, row_alone=False):
    """Of an instruction with these fields, of a batch of so many rows; row_alone: of the least that runs at once."""
    at = EACH * opcode
    costs = derived.COSTS
    total = costs[at] or derived.FUNCTIONS[fields[0]]
    first = at + 2 + (costs[at + 1] if row_alone else 0)
    for i in range(first, at + EACH):
        if costs[i] == _NONE:
            break
        n = costs[i] - _NUMBER if costs[i] >= _NUMBER else fields[costs[i]]
        total *= n if n > 0 else -n * rows
    return total
