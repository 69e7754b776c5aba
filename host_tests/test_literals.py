"""Numbers in the device's Python: where floats are single, MicroPython reads some of them a unit off, and then a board
would not get the bits that a PC gets. What is so is written as a quotient of whole numbers, or computed."""

import ast
import struct
import subprocess

from conftest import BUILD, ROOT

SCRIPT = """
import struct, sys
for line in sys.stdin:
    print(struct.unpack("<I", struct.pack("<f", float(eval(line))))[0])
"""
# What kernels compute in is Python's own floats, which differ anyway.
PORTABLE = "kernels"


def literals():
    """{how it is written: where} of every float in the library."""
    found = {}
    for path in sorted((ROOT / "lib" / "ember").glob("*.py")):
        if path.stem.startswith(PORTABLE):
            continue
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                found.setdefault(ast.get_source_segment(text, node), "%s:%d" % (path.name, node.lineno))
    return found


def test_single_floats_are_read_as_doubles_are(tmp_path):
    found = literals()
    assert len(found) > 10
    (tmp_path / "read.py").write_text(SCRIPT)
    said = subprocess.run([str(BUILD / "unix-single" / "micropython"), str(tmp_path / "read.py")],
                          input="\n".join(found) + "\n", capture_output=True, text=True, check=True).stdout  # fmt: skip
    wrong = []
    for text, bits in zip(found, said.split()):
        if struct.pack("<I", int(bits)) != struct.pack("<f", ast.literal_eval(text)):
            wrong.append("%s in %s" % (text, found[text]))
    assert wrong == []
