"""Generates what is derived from the instruction table (lib/ember/isa.py): firmware/vm/isa.h.

python tools/generate.py            writes it
python tools/generate.py --check    exits with 1 where it is not current
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "lib", "ember"))

import isa  # noqa: E402  (the file alone: importing the package would run more than the table)

HEADER = os.path.join(ROOT, "firmware", "vm", "isa.h")

LITERAL = 128  # a factor from here up is the number above it, below it a field
CONTIGUOUS = 255  # in place of a stride's field
WRITTEN = 128  # in an operand's byte, beside a bit for each element type it may have


class Products:
    """Products of fields, each once: a count, then the factors."""

    def __init__(self):
        self.bytes = []
        self.places = {}

    def place(self, factors):
        key = tuple(LITERAL - k if k < 0 else k for k in factors)
        if key not in self.places:
            self.places[key] = len(self.bytes)
            self.bytes += [len(key)] + list(key)
        assert self.places[key] < 256
        return self.places[key]


def names_of(opcode):
    return [field[1] for field in isa.parse(opcode)]


def reduced(text, names):
    """A product as the row spells it; the number 1 alone is the empty product."""
    return [k for k in isa.product(text, names) if k != -1]


def build():
    products = Products()
    limits = []
    rows = []
    for opcode in range(len(isa.TABLE)):
        row = isa.TABLE[opcode]
        fields = isa.parse(opcode)
        names = names_of(opcode)
        scalars = [f for f in fields if f[0] != isa.ADDRESS]
        operands = [f for f in fields if f[0] == isa.ADDRESS]
        assert fields == scalars + operands, "addresses come last"
        record = [len(scalars)]
        sizes = 0
        for position, field in enumerate(scalars):
            if field[0] == isa.SIZE:
                record.append(0)
                sizes |= 1 << position
            elif field[0] == isa.STRIDE:
                record.append(1)
            else:
                if field[2:4] not in limits:
                    limits.append(field[2:4])
                record.append(2 + limits.index(field[2:4]))
        assert sizes < 256
        record.append(len(operands))
        for _, _, access, types, dimensions in operands:
            mask = sum(1 << isa.TYPES.index(t) for t in types)
            record.append(mask | (0 if access == isa.READS else WRITTEN))
            record.append(len(dimensions))
            for factors, stride in dimensions:
                record.append(products.place([k for k in factors if k != -1]))
                record.append(CONTIGUOUS if stride < 0 else stride)
        pairs = row[isa.COINCIDE].split()
        record.append(len(pairs))
        for pair in pairs:
            places = sorted(names.index(name) - len(scalars) for name in pair.split("="))
            record.append(places[0] << 4 | places[1])
        rows.append(
            {
                "name": row[isa.NAME],
                "names": names,
                "words": 1 + len(fields),
                "sizes": sizes,
                "record": record,
                "rows": products.place(reduced(row[isa.RESUME], names)),
                "cost": products.place(reduced(row[isa.COST], names)),
                "weight": row[isa.WEIGHT],
            }
        )
    return rows, products.bytes, limits


def array(kind, name, values, comment):
    lines = ["// " + comment, "static const %s %s[] = {" % (kind, name)]
    line = "   "
    for value in values:
        if len(line) + len(str(value)) + 2 > 110:
            lines.append(line)
            line = "   "
        line += " %s," % value
    return lines + [line, "};", ""]


def header():
    rows, products, limits = build()
    out = [
        "// Made by tools/generate.py from lib/ember/isa.py: do not edit.",
        "",
        "#ifndef EMBER_ISA_H",
        "#define EMBER_ISA_H",
        "",
        "#include <stdint.h>",
        "",
        "#define EMBER_ISA %d" % isa.checksum(),
        "",
        "enum {",
    ]
    for name in (
        "MAGIC",
        "ARENA",
        "CONSTANTS",
        "FLOATS",
        "INTS",
        "FIRST_BOUND",
        "MOST_SEGMENTS",
        "MOST_SECTIONS",
        "FOLLOWING",
        "FLOAT32",
        "INT32",
        "UINT8",
        "INT8",
        "INT16",
        "WRITABLE",
        "LIMIT",
    ):
        out.append("    EMBER_%s = %d," % (name, getattr(isa, name)))
    out += [
        "    EMBER_OPCODES = %d," % len(rows),
        "    EMBER_LITERAL = %d," % LITERAL,
        "    EMBER_CONTIGUOUS = %d," % CONTIGUOUS,
        "    EMBER_WRITTEN = %d," % WRITTEN,
        "    EMBER_MOST_WORDS = %d," % max(row["words"] for row in rows),
        "    EMBER_MOST_OPERANDS = %d," % max(sum(f[0] == isa.ADDRESS for f in isa.parse(k)) for k in range(len(rows))),
        "    EMBER_MOST_DIMENSIONS = %d,"
        % max(len(f[4]) for k in range(len(rows)) for f in isa.parse(k) if f[0] == isa.ADDRESS),
        "};",
        "",
    ]
    out += ["// How a result meets what the destination holds.", "enum {"]
    out += [
        "    INTO_%s = %d," % (name, getattr(isa, name)) for name in ("WRITE", "ADD", "MULTIPLY", "MAXIMUM", "MINIMUM")
    ]
    out += ["};", "", "// Opcodes.", "enum {"]
    out += ["    OP_%s = %d," % (row["name"].upper(), k) for k, row in enumerate(rows)]
    out += ["};", "", "// Functions of a map.", "enum {"]
    out += ["    FN_%s = %d," % (f[0].upper(), k) for k, f in enumerate(isa.FUNCTIONS)]
    out += ["};", "", "// Fields, counted from the word after the opcode."]
    for row in rows:
        out.append("enum {")
        line = "   "
        for k, name in enumerate(row["names"]):
            word = " %s_%s = %d," % (row["name"].upper(), name.upper(), k)
            if len(line) + len(word) > 110:
                out.append(line)
                line = "   "
            line += word
        out += [line, "};"]
    out += [""]
    out += array(
        "uint8_t",
        "ember_products",
        products,
        "Products of fields: a count, then that many factors (from EMBER_LITERAL up: a number).",
    )
    out += array(
        "int32_t",
        "ember_limits",
        [v for pair in limits for v in pair],
        "The least and the greatest an immediate may be.",
    )
    records, starts = [], []
    for row in rows:
        starts.append(len(records))
        records += row["record"]
    out += array(
        "uint8_t",
        "ember_records",
        records,
        "An opcode's fields: how many are no address, the kind of each (0 size, 1 stride, 2 + k immediate"
        "\n// within limits k), how many addresses, for each its types | EMBER_WRITTEN, its dimensions (count,"
        "\n// then product and stride's field), then how many pairs may coincide and the pairs.",
    )
    out += array("uint16_t", "ember_record", starts, "Where an opcode's record starts.")
    out += array("uint8_t", "ember_words", [row["words"] for row in rows], "An instruction's words.")
    out += array("uint8_t", "ember_sizes", [row["sizes"] for row in rows], "Which fields are sizes, bit k for field k.")
    out += array(
        "uint8_t",
        "ember_rows",
        [row["rows"] for row in rows],
        "The product of fields along which an instruction can stop and go on.",
    )
    out += array("uint8_t", "ember_cost", [row["cost"] for row in rows], "The product of fields that it costs,")
    out += array("uint8_t", "ember_weight", [row["weight"] for row in rows], "times this; 0: times its function's,")
    out += array("uint8_t", "ember_function_weight", [f[2] for f in isa.FUNCTIONS], "which is this.")
    out += ["#endif", ""]
    return "\n".join(out)


def main(arguments):
    text = header()
    if arguments not in ([], ["--check"]):
        print(__doc__.strip())
        return 2
    if arguments:
        try:
            with open(HEADER, encoding="utf-8") as file:
                current = file.read() == text
        except OSError:
            current = False
        if not current:
            print("firmware/vm/isa.h is not what lib/ember/isa.py says: run python tools/generate.py")
        return 0 if current else 1
    with open(HEADER, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
