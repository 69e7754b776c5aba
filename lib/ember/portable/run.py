"""The portable VM: docs/vm.md in plain Python, for any MicroPython and for CPython. The other files here hold the
readable definition of every instruction: one function an opcode,

    kernel(segments, first, last, *fields) -> None, or the row that holds an index outside its range, or -1: `stop`,
                                              or -2 less the row that holds a number that is not finite

which does rows first .. last - 1 of the dimension that it can stop at; fields are named as in the table, sizes are
numbers, addresses are ints. It computes in Python's floats and gives what IEEE gives where Python would raise.
"""

from ..base.homes import look_up
from ..instructions import table
from ..instructions.derived import CHECKSUM, EVERY
from ..instructions.isa import FIRST_BOUND, FOLLOWING, MAGIC, MOST_SEGMENTS
from .bind import bind, is_writable, view

isa, components = CHECKSUM, EVERY  # as the native module has them
FINISHED, PAUSED, FAULT, NOT_FINITE = 1, 0, -1, -2

MOST = 1 << 30  # costs stop growing here
ENDED, INSIDE = -1, -2  # in a state: in place of an instruction, in place of a seal
WEIGHTS = [row[table.WEIGHT] for row in table.TABLE] + [function[2] for function in table.FUNCTIONS]

# Where each opcode's definition is: what is rarely used is imported only when it is.
HOMES = (
    " portable.elementwise: map map_strided convert "
    "portable.random: dropout uniform "
    "portable.loss: softmax softmax_grad cross_entropy cross_entropy_grad check_index count_correct "
    "portable.update: count stop check_finite sgd adam "
    "portable.product: matmul "
    "portable.convolution: conv2d conv2d_grad_input conv2d_grad_weight "
    "portable.pooling: max_pool2d max_pool2d_grad "
    "portable.sum: sum "
    "portable.index: gather scatter_add scan argsort "
    "portable.normalize: normalize normalize_grad "
    "portable.optimizers: rmsprop adagrad adadelta lion adan "
    "portable.bfloat16: to_bfloat16 from_bfloat16 "
    "portable.recurrent: rnn rnn_grad gru gru_grad lstm lstm_grad "
    "portable.signal: rfft rfft_transposed biquad "
)

_known = [None] * len(table.TABLE)


def _know(opcode):
    """What running an opcode takes: kernel, words, positions of sizes, factors of rows and of a row's cost."""
    if _known[opcode] is None:
        fields = table.parse(opcode)
        names = [field[1] for field in fields]
        row = table.TABLE[opcode]
        sizes = [i for i in range(len(fields)) if fields[i][0] == table.SIZE]
        _known[opcode] = (
            look_up(row[table.NAME], HOMES), 1 + len(fields), sizes, table.product(row[table.RESUME], names),
            table.product(row[table.COST], names),
        )  # fmt: skip
    return _known[opcode]


def _product(factors, fields):
    total = 1
    for k in factors:
        total *= -k if k < 0 else fields[k]
    return total


def _fields(program, pc, rows):
    """An instruction's fields, its sizes resolved."""
    known = _know(program[pc])
    fields = list(program[pc + 1 : pc + known[1]])
    for k in known[2]:
        if fields[k] < 0:
            fields[k] *= -rows
    return known, fields


def _seal(program, section, pc, row, rows):
    return (program[1] * 31 + section * 7919 + pc * 40503 + row * 9973 + rows * 613 + 12345) & 0x3FFFFFFF


def _is_state(program, state, begin, end, rows):
    """Whether this starts a run from begin to end, or is what the VM left when it stopped between them."""
    section, pc, row = state[0], state[1], state[2]
    if pc == 0 or pc == ENDED:
        return row == 0 and state[3] == 0
    if state[3] != _seal(program, section, pc, row, rows):
        return False
    at = begin
    while at < end and at != pc:
        at += _know(program[at])[1]
    if at >= end:
        return False
    known, fields = _fields(program, at, rows)
    return 0 <= row < _product(known[3], fields)


def _weight(weights, opcode, fields):
    """Where the table has 0, that of the function, the first field, comes in too."""
    return weights[opcode] + (0 if WEIGHTS[opcode] else weights[len(table.TABLE) + fields[0]])


def run(program, segments, state, budget, weights=None):
    """Run sections from where `state` is: 1 finished, 0 paused as the budget was spent, -1 fault, -2 not finite."""
    program = view(program, "i")
    if (
        program is None or len(program) < 5 or program[0] != MAGIC or program[1] != len(program)
        or not FIRST_BOUND <= program[3] <= MOST_SEGMENTS
    ):  # fmt: skip
        raise ValueError("not a program")
    bound, rows = bind(program, segments)
    words = view(state, "i")
    if words is None or len(words) != 4 or not is_writable(state):
        raise ValueError("state must be array('i') of four")
    section = words[0]
    first, final = section % FOLLOWING, section % FOLLOWING + section // FOLLOWING
    if section < 0 or final >= program[4]:
        raise ValueError("state asks for sections %d to %d; the program has %d" % (first, final, program[4]))
    ends = 5 + 3 * program[3]
    begin = program[ends + first - 1] if first else ends + program[4]
    end = program[ends + final]
    if words[3] == INSIDE:
        raise RuntimeError("busy: a run has this state, or was broken off within an instruction")
    if not _is_state(program, words, begin, end, rows):
        raise ValueError("not a state that the VM wrote")

    weights = WEIGHTS if weights is None else view(weights, "H")
    if weights is None or len(weights) != len(WEIGHTS):
        raise ValueError("weights must be array('H'), one an opcode and a function: %d" % len(WEIGHTS))

    pc, row = end if words[1] == ENDED else words[1] or begin, words[2]
    words[3] = INSIDE
    limited = budget >= 0
    result = FINISHED
    while pc < end:
        if result == PAUSED and limited and budget <= 0:
            break
        words[1] = pc  # where it is broken off, if it is
        known, fields = _fields(program, pc, rows)
        last = total = _product(known[3], fields)
        cost = 0
        if limited:
            cost = max(1, min(MOST, _product(known[4], fields) * _weight(weights, program[pc], fields)))
            last = min(total, row + max(1, budget // cost))
        fault = known[0](bound, row, last, *fields)
        if fault is not None:
            row, result = fault, FAULT
            if fault == -1:
                pc = end
            elif fault < 0:
                row, result = NOT_FINITE - fault, NOT_FINITE
            break
        budget -= (last - row) * cost
        row, result = last, PAUSED
        if row == total:
            pc, row = pc + known[1], 0
    if pc >= end:
        words[1] = words[2] = words[3] = 0
        return FINISHED
    words[1], words[2] = pc, row
    words[3] = _seal(program, words[0], pc, row, rows)
    return result


def verify(program):
    """0 where a program is accepted, else kind << 24 | word."""
    from .verify import verify

    return verify(program)


def permute(i, n, key, epoch):
    """Where epoch's shuffle of 0 .. n - 1 puts i."""
    from .random import permute

    return permute(i, n, key, epoch)
