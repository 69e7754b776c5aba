"""A program as text: its segments, then section by section an instruction a line."""

from ..instructions import isa, table
from . import verify
from .explain import SEGMENT_NAMES, explain, type_name

_INTO = ("write", "add", "multiply", "maximum", "minimum")


def _times_rows(count):
    return "%d×rows" % count if count != 1 else "rows"


def address_text(address):
    """An address as segment+offset."""
    segment = address >> 24
    name = SEGMENT_NAMES[segment] if segment < len(SEGMENT_NAMES) else "seg%d" % segment
    return "%s+%d" % (name, address & isa.LIMIT - 1)


def _length(elements, per_row):
    parts = ([str(elements)] if elements or not per_row else []) + ([_times_rows(per_row)] if per_row else [])
    return " + ".join(parts)


def _value(field, word):
    if field[0] == table.SIZE and word < 0:
        return _times_rows(-word)
    return str(word)


def _strides(field, values):
    """An operand's strides where they are not those of contiguous elements, without dimensions of size 1."""
    dimensions = verify.dimensions_of(field, values)
    strides, contiguous, inner = [], True, 1
    for k in range(len(dimensions) - 2, -1, -2):
        if dimensions[k] != 1:
            strides.insert(0, str(dimensions[k + 1]))
            contiguous = contiguous and dimensions[k + 1] == inner
            inner *= dimensions[k]
    return "" if contiguous else "[%s]" % ",".join(strides)


def _merged(shown):
    """Fields that come as x_h and x_w as one: x=h×w. Padding of none, and dilation and groups of 1, are left out."""
    words, k = [], 0
    while k < len(shown):
        name, text = shown[k]
        if name.endswith("_h") and k + 1 < len(shown) and shown[k + 1][0] == name[:-1] + "w":
            name, text = name[:-2], text + "×" + shown[k + 1][1]
            k += 1
        k += 1
        if (name, text) not in (("p", "0×0"), ("d", "1×1"), ("groups", "1")):
            words.append(name + "=" + text)
    return words


def instruction_text(program, pc):
    """One instruction of a verified program, without its word."""
    opcode = program[pc]
    fields = table.parse(opcode)
    values = verify.resolve(program, pc, fields, program[2])
    strides = [stride for field in fields if field[0] == table.ADDRESS for _, stride in field[4]]
    one_operand = opcode in (isa.MAP, isa.MAP_STRIDED) and table.FUNCTIONS[values[0]][1] == 1
    first, shown, sizes, places = [table.TABLE[opcode][table.NAME]], [], [], []
    for k in range(len(fields)):
        kind, name = fields[k][0], fields[k][1]
        if kind == table.ADDRESS:
            if name == "b" and one_operand:
                continue
            if verify.reach(values[k], verify.dimensions_of(fields[k], values)):
                places.append(name + "=" + address_text(values[k]) + _strides(fields[k], values))
        elif name == "fn":
            first.append(table.FUNCTIONS[values[k]][0])
        elif name == "into":
            if values[k]:
                first.append("into " + _INTO[values[k]])
        elif kind == table.SIZE and len(name) == 2 and name[1].isdigit():
            if values[k] != 1 or program[pc + 1 + k] < 0:
                sizes.append(_value(fields[k], program[pc + 1 + k]))
        elif k not in strides and (name != "batch" or program[pc + 1 + k] != 1):
            shown.append((name, _value(fields[k], program[pc + 1 + k])))
    if sizes:
        shown.append(("n", "[" + ", ".join(sizes) + "]"))
    return "%s  %s  %s" % (" ".join(first), " ".join(_merged(shown)), " ".join(places))


def disassemble(program, section_names=None):
    """A listing of a program. One that is not accepted is listed as far as it goes, with what is wrong."""
    verdict = verify.verify(program)
    if verdict >> 24 in (verify.HEADER, verify.SECTION):
        return "refused: " + explain(program, verdict)
    lines = ["%d words, 1 to %d rows" % (program[1], program[2]), "", "segments"]
    for k in range(program[3]):
        flags, elements, per_row = program[5 + 3 * k], program[6 + 3 * k], program[7 + 3 * k]
        name = SEGMENT_NAMES[k] if k < len(SEGMENT_NAMES) else "seg%d" % k
        access = "writable" if flags & isa.WRITABLE else "read only"
        lines.append("  %-10s %-8s %-10s %s" % (name, type_name(flags), access, _length(elements, per_row)))
    stop = verdict & 0xFFFFFF if verdict else len(program)
    number = 0
    for pc, end in verify.sections_of(program):
        title = section_names[number] if section_names and number < len(section_names) else ""
        lines += ["", "section %d %s" % (number, title) if title else "section %d" % number]
        number += 1
        while pc < end:
            following = pc + 1 + len(table.parse(program[pc])) if 0 <= program[pc] < len(table.TABLE) else end
            if pc <= stop < following:
                lines.append("%6d  refused: %s" % (pc, explain(program, verdict)))
                return "\n".join(lines)
            lines.append("%6d  %s" % (pc, instruction_text(program, pc)))
            pc = following
    return "\n".join(lines)
