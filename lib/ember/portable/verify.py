"""The verifier: every bound of a program checked once, so that running it needs no checks. docs/vm.md has the order.

A verdict is 0, or kind << 24 | word: what is wrong first, and the word it was found at.
"""

from ..instructions import isa, table
from ..instructions.derived import EVERY
from .bind import view

(HEADER, SECTION, OPCODE, TRUNCATED, SIZE, IMMEDIATE, STRIDE, SEGMENT, TYPE, READ_ONLY, RANGE, OVERLAP,
 ABSENT) = range(1, 14)  # fmt: skip

MOST = 1 << 30  # rows of an instruction, and what a row costs: no row holds a run up for ever


def _verify_header(program):
    """The word that is wrong, or -1."""
    count = len(program)
    if count < 5 or program[0] != isa.MAGIC:
        return 0
    if program[1] != count or count > isa.LIMIT:
        return 1
    max_rows, segments, sections = program[2], program[3], program[4]
    if not 1 <= max_rows <= isa.LIMIT:
        return 2
    if not isa.FIRST_BOUND <= segments <= isa.MOST_SEGMENTS:
        return 3
    if not 1 <= sections <= isa.MOST_SECTIONS or count < 5 + 3 * segments + sections:
        return 4
    for k in range(segments):
        word = 5 + 3 * k
        flags, elements, per_row = program[word], program[word + 1], program[word + 2]
        kind = flags & 7
        if flags & ~(7 | isa.WRITABLE) or kind >= len(isa.TYPES):
            return word
        if k < isa.FIRST_BOUND and kind != (isa.INT32 if k == isa.INTS else isa.FLOAT32):
            return word
        if k == isa.CONSTANTS and flags & isa.WRITABLE:
            return word
        if not (1 if k == isa.INTS else 0) <= elements <= isa.LIMIT:
            return word + 1
        if not 0 <= per_row <= isa.LIMIT or elements + per_row * max_rows > isa.LIMIT:
            return word + 2
    return -1


def sections_of(program):
    """Each section's first word and the word after its last."""
    begin = 5 + 3 * program[3] + program[4]
    found = []
    for k in range(program[4]):
        end = program[5 + 3 * program[3] + k]
        found.append((begin, end))
        begin = end
    return found


def _verify_sections(program):
    least = 5 + 3 * program[3] + program[4]
    for k in range(program[4]):
        word = 5 + 3 * program[3] + k
        end = program[word]
        if not least <= end <= len(program) or (k == program[4] - 1 and end != len(program)):
            return word
        least = end
    return -1


def resolve(program, pc, fields, rows):
    """The instruction's words after the opcode, with sizes below zero as that many times rows."""
    values = list(program[pc + 1 : pc + 1 + len(fields)])
    for k in range(len(fields)):
        if fields[k][0] == table.SIZE and values[k] < 0:
            values[k] *= -rows
    return values


def product_of(factors, values):
    total = 1
    for k in factors:
        total *= -k if k < 0 else values[k]
    return total


def counted(program, pc, fields, column):
    """At max_rows: how many rows an instruction has (table.RESUME), or steps a row (table.COST)."""
    factors = table.product(table.TABLE[program[pc]][column], [field[1] for field in fields])
    return product_of(factors, resolve(program, pc, fields, program[2]))


def dimensions_of(field, values):
    """An operand's dimensions as a flat list: size, stride, size, stride, …"""
    flat = []
    for factors, stride in field[4]:
        flat.append(product_of(factors, values))
        flat.append(values[stride] if stride >= 0 else 1)
    return flat


def reach(address, dimensions):
    """The lowest and highest offset an operand touches, or None: it touches nothing."""
    lowest = highest = address & 0xFFFFFF
    touches = True
    for k in range(0, len(dimensions), 2):
        touches = touches and dimensions[k] > 0
        span = (dimensions[k] - 1) * dimensions[k + 1]
        if span < 0:
            lowest += span
        else:
            highest += span
    return (lowest, highest) if touches else None


def may_coincide(opcode, fields, i, j):
    """Whether the table names fields i and j as a pair that may lie in the same place."""
    a, b = fields[i][1], fields[j][1]
    for pair in table.TABLE[opcode][table.COINCIDE].split():
        if pair in (a + "=" + b, b + "=" + a):
            return True
    return False


def _verify_operand(program, word, field, values, rows):
    """What is wrong with an operand at this many rows, and how far it reaches."""
    address = program[word]
    if address < 0 or address >> 24 >= program[3]:
        return SEGMENT, None
    segment = 5 + 3 * (address >> 24)
    if isa.TYPES[program[segment] & 7] not in field[3]:
        return TYPE, None
    if field[2] != table.READS and not program[segment] & isa.WRITABLE:
        return READ_ONLY, None
    found = reach(address, dimensions_of(field, values))
    if found and (found[0] < 0 or found[1] >= program[segment + 1] + program[segment + 2] * rows):
        return RANGE, found
    return 0, found


def _verify_operands(program, pc, fields):
    opcode, max_rows = program[pc], program[2]
    values = resolve(program, pc, fields, 1)
    most = resolve(program, pc, fields, max_rows)
    touched = []
    for k in range(len(fields)):
        found = None
        if fields[k][0] == table.ADDRESS:
            kind = _verify_operand(program, pc + 1 + k, fields[k], values, 1)[0]
            if not kind:
                kind, found = _verify_operand(program, pc + 1 + k, fields[k], most, max_rows)
            if not kind and found and fields[k][2] != table.READS and most[k] >> 24 == isa.INTS and not found[0]:
                kind = READ_ONLY  # the first integer slot is rows
            if kind:
                return kind << 24 | pc + 1 + k
        touched.append(found)
    for i in range(len(fields)):
        for j in range(i + 1, len(fields)):
            if not touched[i] or not touched[j] or most[i] >> 24 != most[j] >> 24:
                continue
            if fields[i][2] == table.READS and fields[j][2] == table.READS:
                continue
            if most[i] == most[j] and may_coincide(opcode, fields, i, j):
                if dimensions_of(fields[i], most) == dimensions_of(fields[j], most):
                    continue
            if touched[i][0] <= touched[j][1] and touched[j][0] <= touched[i][1]:
                return OVERLAP << 24 | pc + 1 + j
    return 0


def _is_there(row, components):
    return components >> table.COMPONENTS.index(row[-1]) & 1


def _verify_instruction(program, pc, end, parsed, components):
    opcode = program[pc]
    if not 0 <= opcode < len(table.TABLE):
        return OPCODE << 24 | pc
    if not _is_there(table.TABLE[opcode], components):
        return ABSENT << 24 | pc
    if parsed[opcode] is None:
        parsed[opcode] = table.parse(opcode)
    fields = parsed[opcode]
    if pc + 1 + len(fields) > end:
        return TRUNCATED << 24 | pc
    for k in range(len(fields)):
        value, field, word = program[pc + 1 + k], fields[k], pc + 1 + k
        if field[0] == table.SIZE:
            if value == 0 or value > isa.LIMIT or -value * program[2] > isa.LIMIT:
                return SIZE << 24 | word
        elif field[0] == table.STRIDE:
            if not -isa.LIMIT < value < isa.LIMIT:
                return STRIDE << 24 | word
        elif field[0] == table.IMMEDIATE and not field[2] <= value <= field[3]:
            return IMMEDIATE << 24 | word
        elif field[1] == "fn" and not _is_there(table.FUNCTIONS[value], components):
            return ABSENT << 24 | word
    if counted(program, pc, fields, table.RESUME) > MOST or counted(program, pc, fields, table.COST) > MOST:
        return SIZE << 24 | pc
    return _verify_operands(program, pc, fields)


def verify(program, components=EVERY):
    """0 where a program is accepted by a VM of these components, a bit each, else kind << 24 | word."""
    program = view(program, "i")
    if program is None:
        raise ValueError("a program is array('i')")
    word = _verify_header(program)
    if word >= 0:
        return HEADER << 24 | word
    word = _verify_sections(program)
    if word >= 0:
        return SECTION << 24 | word
    parsed = [None] * len(table.TABLE)  # each opcode that occurs once, and only for this program
    for pc, end in sections_of(program):
        while pc < end:
            verdict = _verify_instruction(program, pc, end, parsed, components)
            if verdict:
                return verdict
            pc += 1 + len(parsed[program[pc]])
    return 0


def operands(program, pc):
    """What an instruction of a verified program touches: its opcode, and (field's position, address, access) of
    each operand that touches something. Access is < read, > written, ^ both: accumulating is settled."""
    opcode = program[pc]
    fields = table.parse(opcode)
    names = [field[1] for field in fields]
    values = resolve(program, pc, fields, program[2])
    found = []
    for k in range(len(fields)):
        if fields[k][0] == table.ADDRESS and reach(values[k], dimensions_of(fields[k], values)):
            access = fields[k][2]
            if access == table.ACCUMULATES:
                access = table.UPDATES if values[names.index("into")] else table.WRITES
            found.append((k, values[k], access))
    return opcode, found


def explain(program, verdict):
    """A sentence that says what a verdict means."""
    from .explain import explain

    return explain(program, verdict)


def check(program):
    """Raise ValueError that says what is wrong with a program, if anything is."""
    verdict = verify(program)
    if verdict:
        raise ValueError(explain(program, verdict))
