"""docs/reliability.md: its table has the faults that tests record, and no other, and nothing was lost."""

import re
import sys

import faults
from checkout import ROOT

sys.path.insert(0, str(ROOT / "host_tests" / "bench"))
import measured  # noqa: E402

HERE = ROOT / "host_tests"


def listed():
    """[(fault, points, losses)]"""
    lines = measured.between(ROOT / "docs" / "reliability.md", "faults").splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def recorded():
    """What tests record, as patterns: where a name is filled in, anything stands."""
    found = set()
    for path in HERE.rglob("test_*.py"):
        for text in re.findall(r"faults\.record\(\s*\"([^\"]+)\"", path.read_text()):
            found.add(re.escape(text).replace("%s", ".+"))
    return found


def test_the_table_is_of_what_tests_record():
    patterns, names = recorded(), [row[0] for row in listed()]
    stale = [name for name in names if not any(re.fullmatch(pattern, name) for pattern in patterns)]
    lacking = [pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in names)]
    assert not stale and not lacking, "make faults DOCS=1"


def test_nothing_was_lost():
    assert all(int(points.replace(",", "")) > 0 and losses == "0" for _, points, losses in listed())


def test_a_table_is_made_of_what_was_recorded():
    text = '["b", 1200, 1]\n["a", 3, 0]\n["b", 34, 1]\n'
    assert faults.table(faults.gathered(text)).splitlines()[2:] == ["| a | 3 | 0 |", "| b | 1,234 | 2 |"]
