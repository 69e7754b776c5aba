"""Figures as they stand in the docs."""

import re

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def numbers(text):
    return [float(word.replace(",", "")) for word in NUMBER.findall(text)]


def are(found, stated, renew):
    assert len(found) == len(stated), renew
    for a, b in zip(found, stated):
        assert a == b if b < 1000 else abs(a - b) <= 0.02 * b, "found %s, stated %s: %s" % (found, stated, renew)


def rows(text, start="| "):
    """Cells of a page's table rows, without heads and rules."""
    lines = [line for line in text.splitlines() if line.startswith(start)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
