"""Deploying to an emulated board, as tests do it, and what it has then."""

import os
import subprocess
import sys

from checkout import ROOT
from ember_tools import facts, line


def command(board_port, *options, timeout=180):
    line = [sys.executable, "-m", "ember_tools", "deploy", "--port", board_port, *options]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=timeout,
                          env=dict(os.environ, COLUMNS="200"))  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def files(board):
    """{path: size} of all that lies on the board."""
    script = "import os\ndef walk(path):\n for name, kind, *_ in os.ilistdir(path):\n  p = path + '/' + name\n"
    script += "  if kind & 0x4000: walk(p)\n  else: print(p, os.stat(p)[6])\nwalk('')"
    return {path: int(size) for path, size in (text.split() for text in board.run(script).splitlines())}


class line_to:
    def __init__(self, board):
        self.line = line.open_line(board.port)

    def __enter__(self):
        line.restart(self.line)
        return self.line

    def __exit__(self, *_):
        line.leave(self.line)


def ballast(board, free):
    """Leaves `free` bytes of heap, as deploy measures it."""
    with line_to(board) as to:
        there = facts.parse(line.run(to, line.script("ask"))).free
    board.run("open('boot.py', 'w').write('ballast = bytearray(%d)')" % (there - free))


# What is imported, and with which native VM, where the library is a small one.
STATE = """
import sys
try:
    import ember
    import ember_vm
    print(getattr(ember, "version", "half"), ember.other(), ember_vm.version)
except ImportError:
    print("none" if "ember" not in sys.modules else "half")
"""
NONE, OLD, NEW = "none", "1 1 1", "2 2 2"
