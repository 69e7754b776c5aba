"""Generates the reference of the instructions from their table (lib/ember/instructions/table.py) and the docstrings of
their portable kernels: docs/instructions.md.

    python tools/reference.py            writes it
    python tools/reference.py --check    exits with 1 where it is not current
"""

import inspect
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "lib"))

from ember.instructions import isa, table  # noqa: E402
from ember.portable import functions as of_a_map  # noqa: E402
from ember.portable import run  # noqa: E402
from ember.portable.explain import TYPE_NAMES  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "instructions.md")

INTRODUCTION = """\
# The instructions

Made by tools/reference.py from `lib/ember/instructions/table.py` and the docstrings in `lib/ember/portable`: do not
edit. [vm.md](vm.md) says how a program is laid out, run and verified, and defines the arithmetic.

An instruction is its opcode's word, then one word a field in the order shown. A size may be 1 to {limit}, or below
zero: that many times rows. A stride lies between -{limit} and {limit}, both left out. An address is
`segment << 24 | offset`, the offset in elements.

`into` says how a result meets what the destination holds: {into}.
The destination is read only where it is not 0.

An operand reaches over its dimensions, each a size with its stride in elements; where no stride is shown the elements
lie side by side. Operands of which one is written must be disjoint; a pair that may coincide may also be the same
elements in the same order.

An instruction can stop between two of its rows and go on later. Its cost is in eighths of a multiply-accumulate.
"""

INTO = ("write", "add", "multiply", "maximum", "minimum")
ACCESS = {"<": "read", ">": "written", "^": "read and written", "+": "written"}


def span(low, high):
    return "%d" % low if low == high else "%d to %d" % (low, high)


def product_text(factors, names):
    return " · ".join(str(-k) if k < 0 else names[k] for k in factors)


def reach_text(dimensions, names):
    parts = []
    for factors, stride in dimensions:
        text = product_text(factors, names)
        if stride >= 0:
            text += " by %s" % names[stride]
        parts.append(text)
    return ", ".join(parts)


def types_text(types):
    if types == isa.TYPES:
        return "any type"
    names = [TYPE_NAMES[isa.TYPES.index(typecode)] for typecode in types]
    return " or ".join(names) if len(names) < 3 else "any integer type"


def docstring(function):
    """A kernel's formula, its lines indented as code, and what follows an empty line."""
    formula, _, rest = inspect.cleandoc(function.__doc__).partition("\n\n")
    return "\n".join("    " + line for line in formula.split("\n")), rest


def field_row(field, names):
    kind, name = field[0], field[1]
    if kind == table.SIZE:
        return (name, "size", "1 or more, or times rows")
    if kind == table.STRIDE:
        return (name, "stride", "elements")
    if kind == table.IMMEDIATE:
        return (name, "immediate", span(field[2], field[3]))
    access = ACCESS[field[2]]
    if field[2] == table.ACCUMULATES:
        access += ", and read where into is not 0"
    return (name, "address", "%s, %s, over %s" % (access, types_text(field[3]), reach_text(field[4], names)))


def shared(rows):
    """Rows of fields that follow each other and say the same, as one row."""
    merged = []
    for names, kind, text in rows:
        if merged and kind != "address" and merged[-1][1:] == [kind, text]:
            merged[-1][0] += ", `%s`" % names
        else:
            merged.append(["`%s`" % names, kind, text])
    return merged


def section(opcode):
    name, _, coincide, resume, cost, weight, effect, component = table.TABLE[opcode]
    fields = table.parse(opcode)
    names = [field[1] for field in fields]
    kernel = run._know(opcode)[0]
    assert kernel, "lib/ember/portable/run.py: HOMES has no %s" % name
    formula, rest = docstring(kernel)
    lines = ["## %s" % name, "", "Opcode %d, %d words, component %s." % (opcode, 1 + len(fields), component), ""]
    lines += [formula, ""]
    lines += [rest, ""] if rest else []
    lines += ["| field | kind | what it may be |", "|---|---|---|"]
    lines += ["| %s | %s | %s |" % tuple(row) for row in shared([field_row(field, names) for field in fields])]
    pairs = ["`%s` and `%s`" % tuple(pair.split("=")) for pair in coincide.split()]
    times = "its function's weight" if weight == 0 else str(weight)
    lines += [
        "",
        "- may coincide: %s" % (", ".join(pairs) or "none"),
        "- rows: %s" % product_text(table.product(resume, names), names),
        "- cost of a row: %s × %s" % (product_text(table.product(cost, names), names), times),
    ]
    if effect:
        lines.append("- running it twice is not running it once")
    return lines + [""]


def functions():
    lines = ["## Functions of a map", "", "For `map` and `map_strided`, by number; those of one operand leave b alone."]
    lines += ["", "| fn | name | operands | result | weight | component |", "|---|---|---|---|---|---|"]
    for number, (name, count, weight, component) in enumerate(table.FUNCTIONS):
        function = of_a_map.FUNCTIONS[number]
        assert function.__name__ == name, "functions.FUNCTIONS is not in the table's order at %s" % name
        operands, result = "a" if count == 1 else "a, b", inspect.cleandoc(function.__doc__)
        lines.append("| %d | %s | %s | %s | %d | %s |" % (number, name, operands, result, weight, component))
    return lines + [""]


def page():
    into = ", ".join("%d %s" % pair for pair in enumerate(INTO))
    lines = INTRODUCTION.format(limit=isa.LIMIT, into=into).split("\n")
    for opcode in range(len(table.TABLE)):
        lines += section(opcode)
    return "\n".join(lines + functions())


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__.strip())
        return 2
    text = page()
    if arguments:
        try:
            with open(PAGE, encoding="utf-8") as file:
                current = file.read() == text
        except OSError:
            current = False
        if not current:
            print("docs/instructions.md is not what the table and the kernels say: run python tools/reference.py")
        return 0 if current else 1
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
