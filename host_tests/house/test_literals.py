"""Numbers in the device's Python: where floats are single, MicroPython reads some of them a unit off, and then a board
would not get the bits that a PC gets. mpy-cross works constants out beforehand, in double, and writes them down in
digits, which are read in the same way. So what is not read exactly is computed by a call."""

import ast
import random
import struct
import subprocess

import pytest

from checkout import BUILD, ROOT
from ember_tools import library

# What kernels compute in is Python's own floats, which differ anyway.
SINGLE = str(BUILD / "unix-single" / "micropython")


def _constant(node):
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    if isinstance(node, ast.UnaryOp):
        return _constant(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _expressions(node):
    """The widest expressions of numbers alone below a node."""
    if isinstance(node, ast.expr) and _constant(node):
        yield node
    else:
        for child in ast.iter_child_nodes(node):
            yield from _expressions(child)


def literals():
    """{how it is written: where} of every float in the library, and of every one that is worked out beforehand."""
    found = {}
    for path in sorted((ROOT / "lib" / "ember").rglob("*.py")):
        if path.parent.name == "portable":
            continue
        for node in _expressions(ast.parse(path.read_text())):
            text = ast.unparse(node)
            if isinstance(eval(text), float):
                found.setdefault(text, "%s:%d" % (path.name, node.lineno))
    return found


@pytest.mark.parametrize("form", ["source", "mpy"])
def test_single_floats_are_read_as_doubles_are(tmp_path, form):
    found = literals()
    assert len(found) > 10
    lines = ["import struct", "def say(x):", "    print(struct.unpack('<I', struct.pack('<f', x))[0])"]
    (tmp_path / "numbers.py").write_text("\n".join(lines + ["say(%s)" % text for text in found]))
    if form == "mpy":
        (tmp_path / "numbers.mpy").write_bytes(library.cross(tmp_path / "numbers.py", "numbers.py"))
        (tmp_path / "numbers.py").unlink()
    said = subprocess.run([SINGLE, "-c", "import numbers"], cwd=tmp_path, capture_output=True, text=True, check=True)
    wrong = []
    for text, bits in zip(found, said.stdout.split()):
        if struct.pack("<I", int(bits)) != struct.pack("<f", eval(text)):
            wrong.append("%s in %s" % (text, found[text]))
    assert wrong == []


def test_what_people_write_is_read_alike_on_a_board_and_here(tmp_path):
    """Numbers of up to six digits: so a model whose settings are such has the same bytes from a PC and from a board."""
    draw = random.Random(1)
    written = set()
    while len(written) < 4000:
        digits, behind = draw.randint(1, 10 ** draw.randint(1, 6)), draw.randint(1, 8)
        written.add("%de-%d" % (digits, behind) if draw.random() < 0.3 else "%.*f" % (behind, digits / 10**behind))
    written = sorted(written)
    for k in range(0, len(written), 1000):
        part = written[k : k + 1000]
        script = "import struct\nfor x in (%s):\n    print(struct.unpack('<I', struct.pack('<f', x))[0])" % ",".join(
            part
        )
        (tmp_path / "script.py").write_text(script)
        said = subprocess.run([SINGLE, tmp_path / "script.py"], capture_output=True, text=True, check=True).stdout
        expected = [struct.unpack("<I", struct.pack("<f", float(text)))[0] for text in part]
        assert list(map(int, said.split())) == expected
