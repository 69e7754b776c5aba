"""The verifier a third time, from docs/vm.md alone, in whole numbers without bounds."""

import itertools

from ember.instructions import isa, table
from programs import FIELDS

(HEADER, SECTION, OPCODE, TRUNCATED, SIZE, IMMEDIATE, STRIDE, SEGMENT, TYPE, READ_ONLY, RANGE, OVERLAP) = range(1, 13)
MOST = 1 << 30


class Refused(Exception):
    pass


def need(condition, kind, word):
    if not condition:
        raise Refused(kind << 24 | word)


def verify(program):
    try:
        header(program)
        segments = [tuple(program[5 + 3 * i : 8 + 3 * i]) for i in range(program[3])]
        begin = 5 + 3 * program[3]
        pc = begin + program[4]
        for end in program[begin : begin + program[4]]:
            while pc < end:
                pc = one(program, segments, pc, end)
    except Refused as refused:
        return refused.args[0]
    return 0


def header(p):
    need(len(p) >= 5, HEADER, 0)
    need(p[0] == isa.MAGIC, HEADER, 0)
    need(p[1] == len(p) <= isa.LIMIT, HEADER, 1)
    need(1 <= p[2] <= isa.LIMIT, HEADER, 2)
    need(isa.FIRST_BOUND <= p[3] <= isa.MOST_SEGMENTS, HEADER, 3)
    need(1 <= p[4] <= isa.MOST_SECTIONS, HEADER, 4)
    size = 5 + 3 * p[3] + p[4]
    need(size <= len(p), HEADER, 4)
    for i in range(p[3]):
        word = 5 + 3 * i
        flags, elements, per_row = p[word : word + 3]
        need(0 <= flags < 16 and flags & 7 <= 6, HEADER, word)
        if i in (isa.ARENA, isa.FLOATS):
            need(flags & 7 == isa.FLOAT32, HEADER, word)
        if i == isa.CONSTANTS:
            need(flags == isa.FLOAT32, HEADER, word)
        if i == isa.INTS:
            need(flags & 7 == isa.INT32, HEADER, word)
        need(0 <= elements <= isa.LIMIT and (i != isa.INTS or elements), HEADER, word + 1)
        need(0 <= per_row <= isa.LIMIT and elements + per_row * p[2] <= isa.LIMIT, HEADER, word + 2)
    before = size
    for i in range(p[4]):
        word = 5 + 3 * p[3] + i
        need(before <= p[word] <= len(p), SECTION, word)
        before = p[word]
    need(before == len(p), SECTION, word)


def product(factors, values):
    result = 1
    for factor in factors:
        result *= -factor if factor < 0 else values[factor]
    return result


def one(p, segments, pc, end):
    """Check the instruction at pc; -> the word after it."""
    need(0 <= p[pc] < len(table.TABLE), OPCODE, pc)
    row = table.TABLE[p[pc]]
    fields = FIELDS[row[table.NAME]]
    names = [field[1] for field in fields]
    need(pc + 1 + len(fields) <= end, TRUNCATED, pc)
    words = list(p[pc + 1 : pc + 1 + len(fields)])
    for i, (field, value) in enumerate(zip(fields, words)):
        if field[0] == table.SIZE:
            need(1 <= value <= isa.LIMIT or value < 0 and -value * p[2] <= isa.LIMIT, SIZE, pc + 1 + i)
        elif field[0] == table.IMMEDIATE:
            need(field[2] <= value <= field[3], IMMEDIATE, pc + 1 + i)
        elif field[0] == table.STRIDE:
            need(-isa.LIMIT < value < isa.LIMIT, STRIDE, pc + 1 + i)
    ends = [[-w * rows if f[0] == table.SIZE and w < 0 else w for f, w in zip(fields, words)] for rows in (1, p[2])]
    for part in (table.RESUME, table.COST):
        need(product(table.product(row[part], names), ends[1]) <= MOST, SIZE, pc)
    operands = [
        operand(segments, field, pc + 1 + i, words[i], ends, p[2])
        for i, field in enumerate(fields)
        if field[0] == table.ADDRESS
    ]
    for (_, a), (_, b) in itertools.combinations(enumerate(operands), 2):
        pairs(row[table.COINCIDE].split(), a, b)
    return pc + 1 + len(fields)


def operand(segments, field, word, place, ends, max_rows):
    """Check an operand; -> name, word, written, address, (size, stride) and reach at max_rows."""
    _, name, access, types, dimensions = field
    need(place >= 0 and place >> 24 < len(segments), SEGMENT, word)
    flags, elements, per_row = segments[place >> 24]
    need(isa.TYPES[flags & 7] in types, TYPE, word)
    need(access == table.READS or flags & isa.WRITABLE, READ_ONLY, word)
    for values, rows in zip(ends, (1, max_rows)):
        shape = [
            (min(product(factors, values), MOST), 1 if stride < 0 else values[stride]) for factors, stride in dimensions
        ]
        low = (place & 0xFFFFFF) + sum(min(0, (size - 1) * stride) for size, stride in shape)
        high = (place & 0xFFFFFF) + sum(max(0, (size - 1) * stride) for size, stride in shape)
        touches = all(size for size, _ in shape)
        need(not touches or low >= 0 and high < elements + per_row * rows, RANGE, word)
    need(access == table.READS or place >> 24 != isa.INTS or not touches or low, READ_ONLY, word)
    return name, word, access != table.READS, place, shape, touches, low, high


def pairs(coincide, a, b):
    if not (a[2] or b[2]) or a[3] >> 24 != b[3] >> 24 or not (a[5] and b[5]):
        return
    if (a[0] + "=" + b[0] in coincide or b[0] + "=" + a[0] in coincide) and a[3:5] == b[3:5]:
        return
    need(a[7] < b[6] or b[7] < a[6], OVERLAP, b[1])
