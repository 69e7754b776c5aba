"""The library's rooms as a board has them: all modules in one folder, since a package takes heap. nn/conv.py is
nn_conv.py there, and a room that says nothing is not there at all."""

import ast
import runpy
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent.parent / "lib" / "ember"
PARTS = runpy.run_path(str(SOURCES.parent / "parts.py"))


def name(module):
    """What "nn.conv" is called there."""
    return module.replace(".", "_")


def text(module):
    """Its text, line by line as it was; imports from the package are `from .nn_conv import …`."""
    source = (SOURCES / PARTS["file"](module)).read_text()
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    content = source.encode()
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level]
    for node in sorted(found, key=lambda node: -node.lineno):
        first, last = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        lines = _lines(module, node) + "\n" * (node.end_lineno - node.lineno)
        content = content[:first] + lines.encode() + content[last:]
    return content.decode()


def _lines(module, node):
    """One import as those that say the same."""
    homes = {}
    for alias, (home, said) in zip(node.names, PARTS["meant"](module, node)):
        if said is None:  # a module
            home, said = "", name(home)
        known = alias.asname or alias.name
        homes.setdefault(home, []).append(said if said == known else "%s as %s" % (said, known))
    return "; ".join("from .%s import %s" % (name(home), ", ".join(said)) for home, said in homes.items())


def texts():
    """{name: text} of all modules that say something."""
    found = {name(module): text(module) for module in PARTS["every"]()}
    return {module: said for module, said in found.items() if says_something(said)}


def says_something(text):
    """Whether a module has more than a docstring."""
    return any(not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)) for n in ast.parse(text).body)
