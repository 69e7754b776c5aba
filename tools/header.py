"""The instruction table for the native VM: firmware/vm/isa.h."""

import textwrap

from ember.instructions import isa, table

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
    return [field[1] for field in table.parse(opcode)]


def reduced(text, names):
    """A product as the row spells it; the number 1 alone is the empty product."""
    return [k for k in table.product(text, names) if k != -1]


def build():
    products = Products()
    limits = []
    rows = []
    for opcode in range(len(table.TABLE)):
        row = table.TABLE[opcode]
        fields = table.parse(opcode)
        names = names_of(opcode)
        scalars = [f for f in fields if f[0] != table.ADDRESS]
        operands = [f for f in fields if f[0] == table.ADDRESS]
        assert fields == scalars + operands, "addresses come last"
        record = [len(scalars)]
        sizes = 0
        for position, field in enumerate(scalars):
            if field[0] == table.SIZE:
                record.append(0)
                sizes |= 1 << position
            elif field[0] == table.STRIDE:
                record.append(1)
            else:
                if field[2:4] not in limits:
                    limits.append(field[2:4])
                record.append(2 + limits.index(field[2:4]))
        assert sizes < 256
        record.append(len(operands))
        for _, _, access, kinds, dimensions in operands:
            mask = sum(1 << isa.TYPES.index(t) for t in kinds)
            record.append(mask | (0 if access == table.READS else WRITTEN))
            record.append(len(dimensions))
            for factors, stride in dimensions:
                record.append(products.place([k for k in factors if k != -1]))
                record.append(CONTIGUOUS if stride < 0 else stride)
        pairs = row[table.COINCIDE].split()
        record.append(len(pairs))
        for pair in pairs:
            places = sorted(names.index(name) - len(scalars) for name in pair.split("="))
            record.append(places[0] << 4 | places[1])
        rows.append(
            {
                "name": row[table.NAME],
                "names": names,
                "words": 1 + len(fields),
                "sizes": sizes,
                "record": record,
                "rows": products.place(reduced(row[table.RESUME], names)),
                "cost": products.place(reduced(row[table.COST], names)),
                "weight": row[table.WEIGHT],
                "component": row[table.COMPONENT],
            }
        )
    return rows, products.bytes, limits


def had(component, text):
    """C that is there where the component is."""
    return text if component == table.COMPONENTS[0] else "IF_%s(%s)" % (component, text)


def components():
    """The build's choice, and what hangs on it alone."""
    out = [
        "// Components: a build has those that EMBER_COMPONENTS adds up, EMBER_WITH_core+EMBER_WITH_…, or all.",
    ]
    out += ["#define EMBER_WITH_%s %d" % (name, 1 << k) for k, name in enumerate(table.COMPONENTS)]
    out += ["#ifndef EMBER_COMPONENTS", "#define EMBER_COMPONENTS %d" % every(), "#endif"]
    out += ["#define EMBER_HAS(name) ((EMBER_COMPONENTS) & EMBER_WITH_##name)", ""]
    for name in table.COMPONENTS[1:]:
        out += ["#if EMBER_HAS(%s)" % name, "#define IF_%s(...) __VA_ARGS__" % name, "#else"]
        out += ["#define IF_%s(...)" % name, "#endif"]
    out += ["", "// KERNEL(opcode, name) for each instruction that is there.", "#define EMBER_KERNELS(KERNEL) \\"]
    for row in table.TABLE:
        kernel = "KERNEL(%s, %s)" % (row[table.NAME].upper(), row[table.NAME])
        out.append("    %s \\" % had(row[table.COMPONENT], kernel))
    return out + [""]


def every():
    return (1 << len(table.COMPONENTS)) - 1


def functions():
    """Sets of functions, a bit each."""
    suffix = "ull" if len(table.FUNCTIONS) > 32 else "u"

    def those(fits):
        return "0x%x%s" % (sum(1 << k for k, function in enumerate(table.FUNCTIONS) if fits(function)), suffix)

    there = [
        had(name, "%s %s" % ("|" if k else "", those(lambda f, name=name: f[3] == name)))
        for k, name in enumerate(table.COMPONENTS)
        if any(f[3] == name for f in table.FUNCTIONS)
    ]
    return [
        "// Functions, a bit each: of two operands; and those that this build lacks.",
        "#define EMBER_TWO %s" % those(lambda f: f[1] == 2),
        "#define EMBER_LACKED (%s & ~(%s))" % (those(lambda f: True), " ".join(there).strip()),
        "",
    ]


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
        "// Made by tools/generate.py from lib/ember/instructions/table.py: do not edit.",
        "",
        "#ifndef EMBER_ISA_H",
        "#define EMBER_ISA_H",
        "",
        "#include <stdint.h>",
        "",
        "#define EMBER_ISA %d" % table.checksum(),
        "",
        "enum {",
    ]
    constants = "MAGIC ARENA CONSTANTS FLOATS INTS FIRST_BOUND MOST_SEGMENTS MOST_SECTIONS FOLLOWING"
    for name in (constants + " FLOAT32 INT32 UINT8 INT8 INT16 UINT16 UINT32 WRITABLE LIMIT").split():
        out.append("    EMBER_%s = %d," % (name, getattr(isa, name)))
    out += [
        "    EMBER_OPCODES = %d," % len(rows),
        "    EMBER_LITERAL = %d," % LITERAL,
        "    EMBER_CONTIGUOUS = %d," % CONTIGUOUS,
        "    EMBER_WRITTEN = %d," % WRITTEN,
        "    EMBER_MOST_WORDS = %d," % max(row["words"] for row in rows),
        "    EMBER_MOST_OPERANDS = %d,"
        % max(sum(f[0] == table.ADDRESS for f in table.parse(k)) for k in range(len(rows))),
        "    EMBER_MOST_DIMENSIONS = %d,"
        % max(len(f[4]) for k in range(len(rows)) for f in table.parse(k) if f[0] == table.ADDRESS),
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
    out += ["    FN_%s = %d," % (f[0].upper(), k) for k, f in enumerate(table.FUNCTIONS)]
    out += ["};", ""] + functions() + components() + ["// Fields, counted from the word after the opcode."]
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
    records = [had(row["component"], ", ".join(map(str, row["record"])) + ",") for row in rows]
    out += [
        "// An opcode's fields: how many are no address, the kind of each (0 size, 1 stride, 2 + k immediate",
        "// within limits k), how many addresses, for each its types | EMBER_WRITTEN, its dimensions (count,",
        "// then product and stride's field), then how many pairs may coincide and the pairs.",
        "static const uint8_t ember_records[] = {",
        *["    " + line for record in records for line in textwrap.wrap(record, 106)],
        "};",
        "",
        "// Where an opcode's record starts.",
        "enum {",
    ]
    before = "0"
    for row in rows:
        out.append("    RECORD_%s = %s," % (row["name"].upper(), before))
        before = "RECORD_%s %s" % (row["name"].upper(), had(row["component"], "+ %d" % len(row["record"])))
    out += ["};", "static const uint16_t ember_record[] = {"]
    out += ["    " + line for line in textwrap.wrap(" ".join("RECORD_%s," % r["name"].upper() for r in rows), 106)]
    out += ["};", ""]
    words = [had(row["component"], str(row["words"])) for row in rows]
    words = [word if word.isdigit() else "0 " + word.replace("(", "(+ ") for word in words]
    out += array("uint8_t", "ember_words", words, "An instruction's words; 0 where it is not there.")
    out += array("uint8_t", "ember_sizes", [row["sizes"] for row in rows], "Which fields are sizes, bit k for field k.")
    out += array(
        "uint8_t",
        "ember_rows",
        [row["rows"] for row in rows],
        "The product of fields along which an instruction can stop and go on.",
    )
    out += array("uint8_t", "ember_cost", [row["cost"] for row in rows], "The product of fields that a row costs,")
    weights = [row["weight"] for row in rows] + [f[2] for f in table.FUNCTIONS]
    out += array(
        "uint16_t",
        "ember_weights",
        weights,
        "times this, the opcodes' weights and after them the functions': where the opcode's is 0.",
    )
    out += ["#endif", ""]
    return "\n".join(out)
