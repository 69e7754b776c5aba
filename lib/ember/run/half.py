"""Float32 as bfloat16 (Burgess et al., 2019), rounded to the nearest, halves to even: a checkpoint of half the size."""

from array import array

_PIECE = 64  # elements at once


def halves(pieces):
    """Of pieces of float32, each as so many numbers of 16 bits. What is finite stays so, NaN stays one."""
    for piece in pieces:
        for first in range(0, len(piece), _PIECE):
            words = array("H", bytes(piece[first : first + _PIECE]))
            out = array("H", bytes(len(words)))
            for k in range(len(out)):
                out[k] = _rounded(words[2 * k], words[2 * k + 1])
            yield out


def _rounded(low, high):
    """The upper 16 bits of a float32, by its two halves."""
    if high & 0x7F80 == 0x7F80:  # infinite, or none
        return high | (0x40 if low or high & 0x7F else 0)
    if low > 0x8000 or low == 0x8000 and high & 1:
        return high if high & 0x7FFF == 0x7F7F else high + 1
    return high


def widen(checked, view):
    """Float32 of as many numbers of 16 bits."""
    for first in range(0, len(view), _PIECE):
        part = view[first : first + _PIECE]
        there, words = array("H", bytes(2 * len(part))), array("H", bytes(4 * len(part)))
        checked.readinto(there, 2 * len(there))
        for k in range(len(there)):
            words[2 * k + 1] = there[k]
        part[:] = array("f", bytes(words))
