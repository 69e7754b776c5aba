"""What an instruction costs on this board: a weight for each opcode and each function, in eighths of a
multiply-accumulate, as the instruction table has them for none in particular. Measured by running each alone."""

from array import array
from struct import unpack_from

from ..instructions import derived, probe, program
from ..instructions.components import WORDS
from ..instructions.cost import EACH, cost
from ..machine.executor import Executor
from ..machine.image import word
from . import slices

_ENOUGH_US, _MEANS = 250, 4  # of a run, again and again, to know how long it takes
_LONG_US, _MORE = 1000, 8


def _instructions(code):
    """(opcode, its first word) of each in a program."""
    at, end = program.HEAD + 3 * word(code, 3) + word(code, 4), word(code, 1)
    while at < end:
        opcode = word(code, at)
        yield opcode, at
        at += WORDS[opcode]


def table():
    """The weights of the instruction table: of opcodes, 0 where functions have theirs, then of functions."""
    costs = derived.COSTS
    return array("H", [costs[k] for k in range(0, len(costs), EACH)] + list(derived.FUNCTIONS))


def longest(code, rows, weights):
    """The costliest row of a program, by these weights."""
    most, standard = 0, table()
    for opcode, at in _instructions(code):
        fields = unpack_from("<%di" % (WORDS[opcode] - 1), code, 4 * at + 4)
        weight, function = weights[opcode], probe.OPCODES + fields[0]
        if not standard[opcode]:
            weight += weights[function]
        units = cost(opcode, fields, rows, True)
        most = max(most, units // (standard[opcode] or standard[function]) * weight)
    return most


def units(code, first, last, rows, weights):
    """What the instructions from one word to another cost, by these weights, or None as the table has them."""
    total = 0
    for opcode, at in _instructions(code):
        if first <= at < last:
            fields = unpack_from("<%di" % (probe.WORDS[opcode] - 1), code, 4 * at + 4)
            total += _weighed(opcode, fields, rows, False, weights)
    return total


def _weighed(opcode, fields, rows, row_alone, weights):
    standard, function = table(), probe.OPCODES + fields[0]
    weights = weights or standard
    weight = weights[opcode] + (0 if standard[opcode] else weights[function])
    return cost(opcode, fields, rows, row_alone) // (standard[opcode] or standard[function]) * weight


class _Probe:
    """Instructions run each for itself, in memory of their own."""

    def __init__(self, run):
        self.run = run
        arena, ints, nothing = array("f", [0] * probe.ARENA), array("i", [0] * probe.SLOTS), array("f", [0])
        ints[program.ROWS], ints[probe.NUMBER] = 1, 3
        self.segments = [arena, nothing, nothing, ints]

    def step(self, opcode, function=0):
        """Microseconds of a step of an instruction's innermost loop. Where a run is short, what is around it is left
        out, by the difference to a run of more of them."""
        steps = unpack_from("<h", probe.FIELDS, _place(opcode))[0]
        alone = self.time(opcode, function, 1)
        if alone < _LONG_US:
            return (self.time(opcode, function, 1 + _MORE) - alone) / _MORE / steps
        return alone / steps

    def time(self, opcode, function, copies):
        """Microseconds of a run of so many, the least of a few means."""
        code, arena = _code(opcode, function, copies), self.segments[program.ARENA]
        for i in range(len(arena)):
            arena[i] = 0.23  # again: some come to infinity, if only they are run often enough
        self.took(code, 1)  # whatever is done but once
        least, times, left = 1e9, 1, _MEANS
        while left:
            took = self.took(code, times)
            if took < _ENOUGH_US:
                times *= 2
            else:
                least, left = min(least, took / times), left - 1
        return least

    def took(self, code, times):
        executor = Executor(code, self.segments, self.run)
        start = slices.ticks_us()
        for _ in range(times):
            executor.run(0, -1)
        return slices.ticks_diff(slices.ticks_us(), start)


def _place(opcode):
    return 2 * sum(WORDS[:opcode])


def _code(opcode, function, copies):
    """A program of one instruction, so many times."""
    fields = unpack_from("<%dh" % (WORDS[opcode] - 1), probe.FIELDS, _place(opcode) + 2)
    code = array("i", probe.HEAD)
    for _ in range(copies):
        code.append(opcode)
        code.append(function or fields[0])
        for value in fields[1:]:
            code.append(value if value >= 0 else (program.INTS << 24) - 1 - value)
    code[1] = code[program.HEAD + 3 * program.FIRST_BOUND] = len(code)
    return code


def measure(code, run):
    """Weights of what a program has, with this run of a VM; of the rest, the table's."""
    weights, probed = table(), _Probe(run)
    opcodes, functions = set(), {probe.ADD}
    for opcode, at in _instructions(code):
        opcodes.add(opcode)
        if not weights[opcode]:
            functions.add(word(code, at + 1))
    eighth = max(probed.step(probe.MATMUL), 1e-6) / weights[probe.MATMUL]
    for function in functions:
        weights[probe.OPCODES + function] = _whole(probed.step(probe.MAP, function) / eighth)
    for opcode in opcodes - {probe.MAP, probe.COUNT}:
        if weights[opcode]:
            weights[opcode] = _whole(probed.step(opcode) / eighth)
        else:  # what comes to its function
            alone = weights[probe.OPCODES + probe.ADD]
            weights[opcode] = _whole(probed.step(opcode, probe.ADD) / eighth - alone)
    return weights


def _whole(weight):
    return max(1, min(0xFFFF, round(weight)))
