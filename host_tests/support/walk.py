"""What running a program comes to, by the table: each instruction's cost, and where it pauses."""

import random
from array import array

from cases import CASES
from ember.instructions import isa, table
from programs import FIELDS, Memory, assemble

MOST = 1 << 30


def everything(seed=1, sections=3):
    """A program of every opcode, in sections; those with an effect also twice."""
    r, m = random.Random(seed), Memory(2, 3)
    body = []
    for name in list(CASES) + ["map", "map_strided"]:
        words = CASES[name](m, r)
        body += [words] * (2 if table.TABLE[words[0]][table.EFFECT] else 1)
    r.shuffle(body)
    parts = [body[i::sections] for i in range(sections)]
    return m, assemble(parts, m.segments(), m.max_rows)


def starts(program):
    """The word each section starts at, and where the last one ends."""
    end = 5 + 3 * program[3]
    return [end + program[4]] + list(program[end : end + program[4]])


def product(text, fields):
    result = 1
    for part in text.split("*"):
        result *= int(part) if part.isdigit() else fields[part]
    return result


WEIGHTS = [row[table.WEIGHT] for row in table.TABLE] + [function[2] for function in table.FUNCTIONS]


def walk(program, section, rows, weights=WEIGHTS):
    """(pc, rows, cost of a row) of the instructions that a run of `section` does."""
    edges = starts(program)
    pc, end = edges[section % isa.FOLLOWING], edges[section % isa.FOLLOWING + section // isa.FOLLOWING + 1]
    result = []
    while pc < end:
        row = table.TABLE[program[pc]]
        fields = {}
        for i, field in enumerate(FIELDS[row[table.NAME]]):
            word = program[pc + 1 + i]
            fields[field[1]] = -word * rows if field[0] == table.SIZE and word < 0 else word
        weight = weights[program[pc]] + (0 if row[table.WEIGHT] else weights[len(table.TABLE) + fields["fn"]])
        count = product(row[table.RESUME], fields)
        result.append((pc, count, min(MOST, product(row[table.COST], fields) * weight) or 1))
        pc += 1 + len(FIELDS[row[table.NAME]])
    return result


def seal(program, section, pc, row, rows):
    return (program[1] * 31 + section * 7919 + pc * 40503 + row * 9973 + rows * 613 + 12345) & 0x3FFFFFFF


def paused(program, section, pc, row, rows):
    return array("i", [section, pc, row, seal(program, section, pc, row, rows)])
