"""What a long measurement was made of: a hash of the sources, without comments and spacing, in a line beside its
figures. test_figures.py compares it, so what has changed since is noticed without measuring."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VM = ("firmware/vm/*.[ch]", "firmware/vm/flags.mk")
STEP = (*VM, "host_tests/bench/*step.*")
PORTABLE = (*VM, "lib/ember/portable/*.py", "host_tests/bench/vms.py")
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
LINE = "<!-- measured of %s -->\n"


def words(path):
    text = path.read_text()
    return (C_COMMENT.sub(" ", text) if path.suffix in (".c", ".h") else text).split()


def line(patterns=VM, root=ROOT):
    """A comment, the same as long as no source of these changes."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in root.glob(pattern)):
        digest.update(" ".join([path.name, *words(path), ""]).encode())
    return LINE % digest.hexdigest()[:12]


def between(path, name):
    """What stands in a page between the two comments of that name."""
    begin, end = marks(name)
    return path.read_text().split(begin)[1].split(end)[0]


def write_between(path, name, text):
    begin, end = marks(name)
    head, rest = path.read_text().split(begin)
    path.write_text(head + begin + text + end + rest.split(end)[1])


def marks(name):
    return tuple("<!-- %s: %s -->\n" % (name, word) for word in ("begin", "end"))
