"""What each instruction is measured with on a board: lib/ember/instructions/probe.py, from the instruction table."""

import struct

from ember.instructions import isa, table
from ember.portable import verify

# Sizes as in a small net, for some hundred steps each; fields that are not here are 0, or the least they may be, and
# strides those of operands that are whole.
_WINDOW = "h=5 w=5 c=2 f=4 out_h=3 out_w=3 k_h=3 k_w=3"
_ROWS, _CELLS = "n=16 width=10", "n=2 steps=2 hidden=8"
_INDEXED = "outer=4 n=8 inner=8 high=4 i_outer=8 i_n=1"
SIZES = {
    "map": "n=256 a_step=1 b_step=1",
    "map_strided": "n0=2 n1=4 n2=4 n3=8",
    "sum": "n3=4 h=2 w=32",
    "matmul": "m=4 n=8 k=16",
    "softmax": _ROWS,
    "softmax_grad": _ROWS,
    "cross_entropy": _ROWS,
    "cross_entropy_grad": _ROWS,
    "count_correct": _ROWS,
    "dropout": _ROWS,
    "uniform": _ROWS,
    "gather": _INDEXED,
    "scatter_add": _INDEXED,
    "scan": "outer=4 n=64 inner=1",
    "argsort": "n=8 width=32",
    "normalize": "n=4 h=8 w=8",
    "normalize_grad": "n=4 h=8 w=8",
    "rfft": "n=2 half=32 levels=5",
    "rfft_transposed": "n=2 half=32 levels=5",
    "biquad": "outer=2 n=64 inner=1",
    "sgd": "n=128 momentum=1",
    "rmsprop": "n=128 momentum=1",
    **dict.fromkeys(("conv2d", "conv2d_grad_input", "conv2d_grad_weight", "max_pool2d", "max_pool2d_grad"), _WINDOW),
    **dict.fromkeys(("rnn", "rnn_grad", "gru", "gru_grad", "lstm", "lstm_grad"), _CELLS),
}
OTHERS = "n=128"

NUMBER, COUNTER, ZEROS = 1, 2, 3  # integer slots: a number, what is counted into, and indices


def strides(fields, values):
    """Each stride as of an operand that has nothing between its elements."""
    for field in fields:
        if field[0] == table.ADDRESS:
            step = 1
            for factors, stride in reversed(field[4]):
                if stride >= 0 and values[stride] is None:
                    values[stride] = step
                step *= verify.product_of(factors, values)
    return values


def addresses(fields, values):
    """Operands one after the other, or in the integer slots: as what is below zero. -> elements of the arena, slots."""
    arena, slots = 0, ZEROS
    for k, field in enumerate(fields):
        if field[0] == table.ADDRESS:
            found = verify.reach(0, verify.dimensions_of(field, values))
            elements = found[1] + 1 if found else 1
            if "f" in field[3] and field[1] != "index":
                values[k] = arena
                arena += elements
            else:
                place = ZEROS if field[1] in ("index", "label") else NUMBER if field[2] == table.READS else COUNTER
                values[k] = -1 - place
                slots = max(slots, place + elements)
    return arena, slots


def instruction(opcode):
    """[steps, fields …], elements of the arena, integer slots."""
    row, fields = table.TABLE[opcode], table.parse(opcode)
    names = [field[1] for field in fields]
    given = {name: int(n) for name, n in (pair.split("=") for pair in SIZES.get(row[table.NAME], OTHERS).split())}
    values = []
    for field in fields:
        least = None if field[0] == table.STRIDE else 1 if field[0] == table.SIZE else 0
        values.append(given.get(field[1], max(least, field[2]) if field[0] == table.IMMEDIATE else least))
    strides(fields, values)
    arena, slots = addresses(fields, values)
    steps = 1
    for column in (table.RESUME, table.COST):
        steps *= verify.product_of(table.product(row[column], names), values)
    return [steps, *values], arena, slots


def literal(values):
    return 'b"%s"' % "".join("\\x%02x" % value for value in values)


def literals(values, code):
    """Words of this type as a bytes literal, in lines."""
    packed = struct.pack("<%d%s" % (len(values), code), *values)
    return ["    " + literal(packed[i : i + 24]) for i in range(0, len(packed), 24)]


def probe():
    found = [instruction(opcode) for opcode in range(len(table.TABLE))]
    names = [row[table.NAME] for row in table.TABLE]
    words = [value for values, _, _ in found for value in values]
    arena, slots = max(n for _, n, _ in found), max(n for _, _, n in found)
    segments = [isa.FLOAT32 | isa.WRITABLE, arena, 0, isa.FLOAT32, 0, 0, isa.FLOAT32, 0, 0]
    head = [isa.MAGIC, 0, 1, isa.FIRST_BOUND, 1, *segments, isa.INT32 | isa.WRITABLE, slots, 0, 0]
    return "\n".join(
        [
            '"""What each instruction is measured with, to know what it costs on a board: see weights.py.',
            "Made by tools/probe.py from table.py: do not edit.",
            '"""',
            "",
            "ARENA, SLOTS, NUMBER = %d, %d, %d  # elements, integer slots, and the one that holds a number"
            % (arena, slots, NUMBER),
            "OPCODES = %d" % len(table.TABLE),
            "MAP, MATMUL, COUNT, ADD = %d, %d, %d, %d"
            % (*(names.index(name) for name in ("map", "matmul", "count")), table.function("add")),
            "",
            "# The head of a program of one instruction, words of four bytes; its length is to be filled in.",
            "HEAD = (",
            *literals(head, "i"),
            ")",
            "",
            "# By opcode, words of two bytes: how many steps, then the fields. Below zero: -1 - an integer slot.",
            "FIELDS = (",
            *literals(words, "h"),
            ")",
            "",
        ]
    )
