"""The words for what differs between a program and the checkpoint that it is to load: see identity.py."""

from ..instructions.components import OPCODES


def differs(here, there, forward, path):
    """ValueError names the first operation that is another. here, there: as identity() gives them; forward: how many of
    these go forward, the others update."""
    k, n = 0, min(len(here), len(there)) // 2
    while k < n and here[2 * k : 2 * k + 2] == there[2 * k : 2 * k + 2]:
        k += 1
    ours, theirs = [name(pairs[2 * k]) if k < len(pairs) // 2 else "none" for pairs in (here, there)]
    what = "operation %d of the forward pass" % (k + 1) if k < forward else "the optimizer, in its operation %d" % (
        k + 1 - forward)  # fmt: skip
    if ours == theirs:
        raise ValueError("%r is of another model: %s, %s, has another setting or size there" % (path, what, ours))
    raise ValueError("%r is of another model: %s is %s there, and here %s" % (path, what, theirs, ours))


def name(number):
    """Of an instruction, or its function."""
    opcode, function = number & 0xFF, number >> 8
    try:
        from ..instructions.table import FUNCTIONS, TABLE
    except (ImportError, MemoryError):
        return "instruction %d" % opcode + (" with function %d" % function if function else "")
    found = TABLE[opcode][0] if opcode < len(TABLE) else "instruction %d" % opcode
    if opcode < len(TABLE) and OPCODES[opcode] & 128:
        found += " " + (FUNCTIONS[function][0] if function < len(FUNCTIONS) else "function %d" % function)
    return found
