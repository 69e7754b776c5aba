"""What a verdict means, in a sentence: for people, so it is loaded only when a program was refused."""

from ..instructions import isa, table
from . import verify
from .bind import view

TYPE_NAMES = ("float32", "int32", "uint8", "int8", "int16", "uint16", "uint32")
SEGMENT_NAMES = ("arena", "constants", "floats", "ints")


def type_name(flags):
    kind = flags & 7
    return TYPE_NAMES[kind] if kind < len(TYPE_NAMES) else "unknown (%d)" % kind


def _segment(program, k):
    return "segment %d (%s)" % (k, SEGMENT_NAMES[k]) if k < len(SEGMENT_NAMES) else "segment %d" % k


def _header(program, word):
    count = len(program)
    if word == 0 and count < 5:
        return "the program has %d words; the header alone has at least 5" % count
    value = program[word]
    if word == 0:
        return "word 0 is %d; a program begins with %d" % (value, isa.MAGIC)
    if word == 1:
        if count > isa.LIMIT:
            return "the program has %d words; it may have up to %d" % (count, isa.LIMIT)
        return "word 1 says %d words; the program has %d" % (value, count)
    if word == 2:
        return "the most rows, word 2, is %d; it may be 1 to %d" % (value, isa.LIMIT)
    if word == 3:
        limits = (value, isa.FIRST_BOUND, isa.MOST_SEGMENTS)
        return "the number of segments, word 3, is %d; it may be %d to %d" % limits
    if word == 4:
        if 1 <= value <= isa.MOST_SECTIONS:
            needed = 5 + 3 * program[3] + value
            return "%d segments and %d sections need a header of %d words; the program has %d" % (
                program[3], value, needed, count)  # fmt: skip
        return "the number of sections, word 4, is %d; it may be 1 to %d" % (value, isa.MOST_SECTIONS)
    k, part = (word - 5) // 3, (word - 5) % 3
    name = _segment(program, k)
    if part == 0:
        if value & ~(7 | isa.WRITABLE) or value & 7 >= len(TYPE_NAMES):
            allowed = "a type, 0 to %d, and %d if it is writable" % (len(TYPE_NAMES) - 1, isa.WRITABLE)
        elif k == isa.CONSTANTS:
            allowed = "%d: float32 and not writable" % isa.FLOAT32
        else:
            wanted = isa.INT32 if k == isa.INTS else isa.FLOAT32
            allowed = "%d or %d: %s" % (wanted, wanted | isa.WRITABLE, type_name(wanted))
        return "%s has type word %d at word %d; it may be %s" % (name, value, word, allowed)
    if part == 1:
        least = 1 if k == isa.INTS else 0
        return "%s has %d elements at word %d; it may have %d to %d" % (name, value, word, least, isa.LIMIT)
    return "%s has %d elements a row at word %d; it may have 0 or more, at %d rows up to %d elements in all" % (
        name, value, word, program[2], isa.LIMIT)  # fmt: skip


def _section(program, word):
    ends = 5 + 3 * program[3]
    k = word - ends
    least = program[word - 1] if k else ends + program[4]
    if k == program[4] - 1:
        return "section %d, the last, ends at word %d, it says at word %d; it must end with the program, at word %d" % (
            k, program[word], word, len(program))  # fmt: skip
    return "section %d ends at word %d, it says at word %d; it may end from word %d to %d" % (
        k, program[word], word, least, len(program))  # fmt: skip


def _find(program, word):
    """The instruction that a word belongs to: its number, first word, and its section's end."""
    number = 0
    for pc, end in verify.sections_of(program):
        while pc < end:
            opcode = program[pc]
            following = pc + 1 + len(table.parse(opcode)) if 0 <= opcode < len(table.TABLE) else end
            if pc <= word < following:
                return number, pc, end
            number, pc = number + 1, following
    return number, word, len(program)


def _size(program, name, value):
    return "size %s is %d; it may be 1 to %d, or below zero, times rows, down to -%d (of at most %d rows)" % (
        name, value, isa.LIMIT, isa.LIMIT // program[2], program[2])  # fmt: skip


def _types(allowed):
    names = [TYPE_NAMES[isa.TYPES.index(t)] for t in allowed]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _range(program, field, address, values, rows):
    """What an operand touches and what there is at this many rows, or None where it fits."""
    k = address >> 24
    holds = program[6 + 3 * k] + program[7 + 3 * k] * rows
    found = verify.reach(address, verify.dimensions_of(field, values))
    if not found or (found[0] >= 0 and found[1] < holds):
        return None
    at = " at %d row%s" % (rows, "" if rows == 1 else "s") if program[2] > 1 else ""
    wrong = found[0] if found[0] < 0 else found[1]
    return "operand %s reaches element %d of %s, which holds %d%s" % (
        field[1], wrong, _segment(program, k), holds, at)  # fmt: skip


def _overlap(program, pc, fields, j):
    values = verify.resolve(program, pc, fields, program[2])
    b = verify.reach(values[j], verify.dimensions_of(fields[j], values))
    for i in range(j):
        if fields[i][0] != table.ADDRESS or values[i] >> 24 != values[j] >> 24:
            continue
        if fields[i][2] == table.READS and fields[j][2] == table.READS:
            continue
        a = verify.reach(values[i], verify.dimensions_of(fields[i], values))
        if not a or a[0] > b[1] or b[0] > a[1]:
            continue
        named = verify.may_coincide(program[pc], fields, i, j)
        if named and values[i] == values[j]:
            if verify.dimensions_of(fields[i], values) == verify.dimensions_of(fields[j], values):
                continue
        return "operands %s (elements %d to %d) and %s (%d to %d) of %s overlap; they must be %sdisjoint" % (
            fields[i][1], a[0], a[1], fields[j][1], b[0], b[1], _segment(program, values[j] >> 24),
            "identical or " if named else "")  # fmt: skip
    return "operand %s overlaps another" % fields[j][1]


def _operand(program, kind, pc, fields, k):
    field, address = fields[k], program[pc + 1 + k]
    segment = address >> 24
    if kind == verify.SEGMENT:
        if address < 0:
            return "operand %s has address %d; an address is not below zero" % (field[1], address)
        return "operand %s lies in segment %d; the program has 0 to %d" % (field[1], segment, program[3] - 1)
    if kind == verify.TYPE:
        return "operand %s lies in %s of type %s; it may be %s" % (
            field[1], _segment(program, segment), type_name(program[5 + 3 * segment]), _types(field[3]))  # fmt: skip
    if kind == verify.READ_ONLY and program[5 + 3 * segment] & isa.WRITABLE:
        return "operand %s is written and reaches rows, the first of %s, which no program may change" % (
            field[1], _segment(program, segment))  # fmt: skip
    if kind == verify.READ_ONLY:
        return "operand %s is written and lies in %s, which is read only" % (field[1], _segment(program, segment))
    if kind == verify.OVERLAP:
        return _overlap(program, pc, fields, k)
    for rows in (1, program[2]):
        text = _range(program, field, address, verify.resolve(program, pc, fields, rows), rows)
        if text:
            return text
    return "operand %s is out of range" % field[1]


def explain(program, verdict):
    """A sentence that names the instruction, the field, its value and what is allowed."""
    program = view(program, "i")
    kind, word = verdict >> 24, verdict & 0xFFFFFF
    if verdict == 0:
        return "the program is accepted"
    if kind == verify.HEADER:
        return _header(program, word)
    if kind == verify.SECTION:
        return _section(program, word)
    number, pc, end = _find(program, word)
    opcode = program[pc]
    if kind == verify.OPCODE:
        return "instruction %d at word %d: opcode %d is not in the table, which has 0 to %d" % (
            number, pc, opcode, len(table.TABLE) - 1)  # fmt: skip
    fields = table.parse(opcode)
    what = "instruction %d (%s) at word %d: " % (number, table.TABLE[opcode][table.NAME], pc)
    if kind == verify.ABSENT:
        row = table.TABLE[opcode] if word == pc else table.FUNCTIONS[program[word]]
        return what + "%s is of the component %s, which the VM was built without" % (row[table.NAME], row[-1])
    if kind == verify.TRUNCATED:
        return what + "it has %d words, and its section ends after %d" % (1 + len(fields), end - pc)
    if kind == verify.SIZE and word == pc:
        column, of = table.RESUME, "its rows"
        if verify.counted(program, pc, fields, column) <= verify.MOST:
            column, of = table.COST, "what a row costs"
        total = verify.counted(program, pc, fields, column)
        return what + "%s, %s, is %d; it may be up to %d" % (table.TABLE[opcode][column], of, total, verify.MOST)
    k = word - pc - 1
    field, value = fields[k], program[word]
    if kind == verify.SIZE:
        return what + _size(program, field[1], value)
    if kind == verify.IMMEDIATE:
        return what + "%s is %d; it may be %d to %d" % (field[1], value, field[2], field[3])
    if kind == verify.STRIDE:
        return what + "stride %s is %d; it may be -%d to %d" % (field[1], value, isa.LIMIT - 1, isa.LIMIT - 1)
    return what + _operand(program, kind, pc, fields, k)
