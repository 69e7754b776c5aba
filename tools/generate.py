"""Generates what is derived from the instruction table (lib/ember/instructions/table.py): firmware/vm/isa.h for the
native VM; emit.py, by which the library says instructions; and for boards, which then need not load the table,
derived.py, components.py and probe.py beside it.

python tools/generate.py            writes them
python tools/generate.py --check    exits with 1 where they are not current
"""

import os
import sys
import textwrap
import types

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ember = sys.modules["ember"] = types.ModuleType("ember")
ember.__path__ = [os.path.join(ROOT, "lib", "ember")]  # its files, but not itself: it needs what is made here

import header  # noqa: E402
import probe  # noqa: E402
from ember.instructions import table  # noqa: E402
from header import CONTIGUOUS, LITERAL, every, names_of, reduced  # noqa: E402
from probe import literal  # noqa: E402

ROOM = os.path.join(ROOT, "lib", "ember", "instructions")
DERIVED, COMPONENTS, PROBE, EMIT = [os.path.join(ROOM, name + ".py")
                                    for name in ("derived", "components", "probe", "emit")]  # fmt: skip
HEADER = os.path.join(ROOT, "firmware", "vm", "isa.h")

NONE = 255  # in place of a factor of a cost
FACTORS = 8  # of a cost, at most
FUNCTION = 128  # in an opcode's byte, beside its component's number


def derived():
    out = [
        '"""What recording and the choice of a VM need of the instruction table: a board need not load that.',
        "Made by tools/generate.py from table.py: do not edit.",
        '"""',
        "",
        "CHECKSUM = %d  # of the table: a native VM built from another one is not used" % table.checksum(),
        "EVERY = %d  # of the components, a bit each" % every(),
        "",
        "# By opcode, the pairs of operands that may lie in the same place: result, source, how many dimensions, and",
        "# for each dimension the fields of their strides (%d: contiguous)." % CONTIGUOUS,
        "COINCIDE = (",
    ]
    for opcode in range(len(table.TABLE)):
        out.append("    %s,  # %s" % (literal(pairs_of(opcode)), table.TABLE[opcode][table.NAME]))
    out += [
        ")",
        "",
        "# By opcode, %d bytes: the weight (0: that of its function, the first field), how many of the" % (FACTORS + 2),
        "# factors make its rows, and the fields that are factors of its cost (from %d: so much more than" % LITERAL,
        "# a number; %d: none)." % NONE,
        "COSTS = (",
    ]  # fmt: skip
    for opcode in range(len(table.TABLE)):
        out.append("    %s  # %s" % (literal(cost_of(opcode)), table.TABLE[opcode][table.NAME]))
    weights = literal([function[2] for function in table.FUNCTIONS])
    half = 4 * (len(table.FUNCTIONS) // 2)
    out += [")", "", "FUNCTIONS = (", '    %s"' % weights[: 2 + half], '    b"%s' % weights[2 + half :], ")", ""]
    return "\n".join(out)


ASIDE = ("check_finite", "check_index", "count", "stop")  # they compute nothing that is trained


def names_and_numbers():
    """components.py: what is asked only where something is missing, exported or saved."""
    fields = [table.parse(opcode) for opcode in range(len(table.TABLE))]
    settings = [sum(field[0] != table.ADDRESS for field in each) for each in fields]
    assert all(field[0] == table.ADDRESS for each, n in zip(fields, settings) for field in each[n:])
    names = [row[table.NAME] for row in table.TABLE]
    numbers = [table.COMPONENTS.index(row[-1]) for row in table.TABLE + table.FUNCTIONS]
    first = [table.parse(opcode)[0][1] == "fn" for opcode in range(len(table.TABLE))]
    opcodes = [number | FUNCTION * has for number, has in zip(numbers, first)]
    return "\n".join(
        [
            '"""Which component each instruction and function is of, what tables there were, and how an instruction',
            "is laid out: see needs.py, and run/identity.py.",
            "Made by tools/generate.py from table.py: do not edit.",
            '"""',
            "",
            'NAMES = "%s"' % " ".join(table.COMPONENTS),
            "FUNCTION, SGD, TO_BFLOAT16 = %d, %d, %d" % (FUNCTION, names.index("sgd"), names.index("to_bfloat16")),
            "",
            "# By opcode, FUNCTION more where its first field is one; and by function.",
            "OPCODES = (",
            *probe.literals(opcodes, "B"),
            ")",
            "FUNCTIONS = (",
            *probe.literals(numbers[len(table.TABLE) :], "B"),
            ")",
            "",
            "# By opcode, an instruction's words; its fields that are no addresses, which come first; and the opcodes",
            "# of those that compute nothing which is trained.",
            "WORDS = (",
            *probe.literals([1 + len(each) for each in fields], "B"),
            ")",
            "SETTINGS = (",
            *probe.literals(settings, "B"),
            ")",
            "ASIDE = %s" % probe.literal(names.index(name) for name in ASIDE),
            "",
            "# The tables, oldest first: how many opcodes, how many functions, checksum.",
            "EDITIONS = (",
            *["    (%d, %d, %d)," % (*edition, table.checksum(*edition)) for edition in table.EDITIONS],
            ")",
            "",
        ]
    )


def emit():
    out = [
        '"""An instruction by its name, and its operands by theirs, in this order: one that is wrong or missing is a',
        "TypeError. For a board each call is written in place (tools/ember_tools/inline.py), and this is not there.",
        "Made by tools/generate.py from table.py: do not edit.",
        '"""',
    ]
    for opcode in range(len(table.TABLE)):
        names = ", ".join(names_of(opcode))
        out += ["", "", *wrapped("def %s(sink, %s):" % (table.TABLE[opcode][table.NAME], names))]
        out += wrapped("    sink.emit(%d, %s)" % (opcode, names))
    return "\n".join([*out, ""])


def wrapped(line):
    """A line of code as several, those after the first below what its parenthesis holds."""
    return textwrap.wrap(line, 120, subsequent_indent=" " * (line.index("(") + 1), drop_whitespace=True)


def cost_of(opcode):
    row, names = table.TABLE[opcode], names_of(opcode)
    rows, cost = reduced(row[table.RESUME], names), reduced(row[table.COST], names)
    factors = [LITERAL - k if k < 0 else k for k in rows + cost]
    assert len(factors) <= FACTORS and max([0, *factors]) < NONE
    return [row[table.WEIGHT], len(rows)] + factors + [NONE] * (FACTORS - len(factors))


def pairs_of(opcode):
    fields, found = table.parse(opcode), []
    names = [field[1] for field in fields]
    for pair in table.TABLE[opcode][table.COINCIDE].split():
        result, source = [names.index(name) for name in pair.split("=")]
        ours, theirs = fields[result][4], fields[source][4]
        if [factors for factors, _ in ours] == [factors for factors, _ in theirs]:
            strides = [CONTIGUOUS if k < 0 else k for dimensions in zip(ours, theirs) for _, k in dimensions]
            found += [result, source, len(ours), *strides]
    return found


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__.strip())
        return 2
    stale = 0
    for path, text in (
        (HEADER, header.header()),
        (DERIVED, derived()),
        (COMPONENTS, names_and_numbers()),
        (PROBE, probe.probe()),
        (EMIT, emit()),
    ):
        try:
            with open(path, encoding="utf-8") as file:
                current = file.read() == text
        except OSError:
            current = False
        if arguments and not current:
            print(
                "%s is not what lib/ember/instructions/table.py says: run make generate" % os.path.relpath(path, ROOT)
            )
            stale = 1
        elif not arguments and not current:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
