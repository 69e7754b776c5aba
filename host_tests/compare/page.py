"""docs/compare.md, as `make compare TORCH=1 DOCS=1` writes it. This file needs no PyTorch."""

import re
import textwrap
from pathlib import Path

from measure import KINDS, LEAST, OVER_NOISE, USELESS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compare.md"
COMMAND = "make compare TORCH=1"
HEAD = """\
# Beside PyTorch

Written by `make compare TORCH=1 DOCS=1`: do not edit. Ember on CPython, with the native VM in float32, is set beside
PyTorch %s in float64, in cases drawn at random from seed %d: `host_tests/compare/`. `%s` repeats them all in a few
minutes. `SEED=2` draws others; `CASE=` and the id of a case (its kind, seed and number) repeats one alone.

| kind | cases | numbers | worst relative error | in | allowed | differ |
|---|---:|---:|---:|---|---:|---:|
"""
TAIL = """
A relative error is a difference in parts of the greatest value that is expected in the same tensor, or of %s where that
is more. For special values it is in parts of the value itself. Zeros, infinities and NaN are to be where
PyTorch has them. What is allowed is the number in the table, or %d times what float32's noise (2^-23 in each operation
or input) does to float64's own result, where that is more. Where noise does more than %s, the case says nothing and is
drawn anew.
"""


def row(kind, tally):
    return "| %s: %s | %d | %d | %.1e | %s | %.0e | %d |" % (
        kind, tally.module.TITLE, tally.cases, tally.numbers, tally.worst, tally.where or "-", tally.module.TOLERANCE,
        len(tally.failed))  # fmt: skip


def written(tallies, seed, version):
    lines = [row(kind, tally) for kind, tally in tallies.items()]
    text = HEAD % (version, seed, COMMAND) + "\n".join(lines) + "\n" + TAIL % (LEAST, OVER_NOISE, USELESS)
    failed = [name for tally in tallies.values() for name in tally.failed]
    if failed:
        text += "\n%s\n" % textwrap.fill("Those that differ: %s." % ", ".join(failed), 120, break_on_hyphens=False)
    return text


def write(tallies, seed, version):
    PAGE.write_text(written(tallies, seed, version))


ROW = re.compile(r"\| (\w+): ([^|]+) \| (\d+) \| (\d+) \| (\d\.\de[+-]\d\d) \| ([\w-]+) \| (\de[+-]\d\d) \| (\d+) \|")


def read(text):
    """(seed, {kind: (cases, numbers, worst, where, allowed, differ)}, ids of those that differ), or ValueError."""
    head = re.search(r"PyTorch \d+\.\d+\.\d+ in float64, in cases drawn at random from seed (\d+):", text)
    rows = {m[1]: (int(m[3]), int(m[4]), float(m[5]), m[6], float(m[7]), int(m[8])) for m in ROW.finditer(text)}
    if not head or list(rows) != list(KINDS):
        raise ValueError("compare.md has rows of %s; it may have %s" % (list(rows), KINDS))
    failed = re.search(r"Those that differ:\s([^.]*)\.\n", text)
    return int(head[1]), rows, re.split(r",\s", failed[1]) if failed else []
