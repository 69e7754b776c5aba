"""The native VM's files of kernels are named as their portable twins: each opcode's kernel stands in files of one name,
above it one formula, and both files begin with one legend of its letters."""

import ast
import re

import pytest

from checkout import ROOT
from ember.instructions import table
from ember.portable import run
from ember_tools.catalogue import parts

NATIVE, PORTABLE = ROOT / "firmware" / "vm", ROOT / "lib" / "ember" / "portable"
OPCODES = [row[table.NAME] for row in table.TABLE]
KERNEL = re.compile(r"^static int32_t run_(\w+)\(const ember_vm \*vm, const int32_t \*fields,", re.MULTILINE)
HOMES = parts(run.HOMES)
FILES = sorted(home.rpartition(".")[2] for home, _ in HOMES)


def comment(lines):
    """The lines of a comment in C as one."""
    return " ".join(" ".join(line[2:] for line in lines).split())


def native():
    """[(opcode, file, what stands right above its kernel)]"""
    found = []
    for path in sorted(NATIVE.glob("*.[ch]")):
        text = path.read_text()
        for match in KERNEL.finditer(text):
            above = text[: match.start()].splitlines()
            first = next(i for i in range(len(above), -1, -1) if not i or not above[i - 1].startswith("//"))
            found.append((match[1], path.name, comment(above[first:])))
    return found


def portable(file):
    """(its legend, {function: its formula}): a module's last paragraph, and each docstring's first."""
    tree = ast.parse((PORTABLE / (file + ".py")).read_text())
    docstrings = {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)}
    formulas = {name: " ".join(text.partition("\n\n")[0].split()) for name, text in docstrings.items()}
    return " ".join(ast.get_docstring(tree).rpartition("\n\n")[2].split()), formulas


def test_each_opcode_stands_in_files_of_one_name():
    expected = sorted((name, home.rpartition(".")[2] + ".c") for home, names in HOMES for name in names)
    assert [name for name, _ in expected] == sorted(OPCODES)
    assert sorted((name, file) for name, file, _ in native()) == expected


@pytest.mark.parametrize("file", FILES)
def test_twins_say_the_same_formulas(file):
    legend, formulas = portable(file)
    lines = (NATIVE / (file + ".c")).read_text().splitlines()
    head = comment(lines[: next(i for i, line in enumerate(lines) if not line.startswith("//"))])
    assert head.endswith(legend), "%s.c does not begin with %r" % (file, legend)
    for name, place, above in native():
        if place == file + ".c":
            assert formulas[name] and above.startswith(formulas[name]), "%s: %r" % (name, formulas[name])
