"""Values of Python out of the bytes that values.py makes of them."""

from array import array
from struct import unpack

from .values import ALONE

_DEEP = 8  # tuples within tuples


def read(file, deep=0):
    """The next value of a Checked file (see blocks.py); ValueError where there is none."""
    kind = bytes(file.read(1))
    for alone in ALONE:
        if ALONE[alone] == kind:
            return alone
    if kind in (b"i", b"d"):
        return unpack("<q" if kind == b"i" else "<d", file.read(8))[0]
    (n,) = unpack("<I", file.read(4))
    if kind not in (b"s", b"b", b"t", b"m", b"f") or n > file.left or deep == _DEEP:
        file.damaged()
    if kind in (b"s", b"b"):
        return file.text(n) if kind == b"s" else file.read(n)
    if kind == b"f":
        found = array("f", range(n if 4 * n <= file.left else 0))
        file.readinto(found, 4 * n)
        return found
    found = []
    for _ in range(n):
        found.append(read(file, deep + 1))
    if kind == b"t":
        return tuple(found)
    return {found[k]: found[k + 1] for k in range(0, n - 1, 2)}
