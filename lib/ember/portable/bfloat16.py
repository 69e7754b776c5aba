"""bfloat16 (Burgess et al., 2019), two in the place of one float32: an optimizer's state in half of the memory.

n elements that are packed, the first of two in the low half.
"""

import struct

from .bind import OFFSET, Cells
from .random import MASK, threefry


def _bits(cells, i):
    """Of an element, which may hold what is no float."""
    return struct.unpack_from("<I", cells.buffer if isinstance(cells, Cells) else cells, 4 * i)[0]


def _set_bits(cells, i, bits):
    struct.pack_into("<I", cells.buffer if isinstance(cells, Cells) else cells, 4 * i, bits)


def _rounded(bits, drawn):
    """A float32's bits, cut to 16 after a number below 2**16 was added: so the value is right on average. What is
    finite stays so, and NaN stays one."""
    if bits >> 23 & 255 == 255:
        return bits >> 16 | (64 if bits & 0x7FFFFF else 0)
    up = bits + drawn >> 16
    return up if up >> 7 & 255 != 255 else bits >> 16


def to_bfloat16(segments, first, last, n, stream, d, src, key, step):
    """d[i] = rounded(src[2 i], even) | rounded(src[2 i + 1], odd) << 16, rounded(x, r) = (x's bits + r) >> 16
    d [n], src [2 * n]; even, odd: the upper 16 bits of the words drawn for (key, stream, step, i)

    What is finite stays so, and NaN stays one.
    """
    to, source = segments[d >> 24], segments[src >> 24]
    key = segments[key >> 24][key & OFFSET] & MASK
    step = segments[step >> 24][step & OFFSET] & MASK
    d, src = d & OFFSET, src & OFFSET
    for i in range(first, last):
        even, odd = threefry(key, stream, step, i)
        low = _rounded(_bits(source, src + 2 * i), even >> 16)
        _set_bits(to, d + i, _rounded(_bits(source, src + 2 * i + 1), odd >> 16) << 16 | low)


def from_bfloat16(segments, first, last, n, d, src):
    """d[2 i], d[2 i + 1] = the two that src[i] holds, exactly
    d [2 * n], src [n]
    """
    to, source = segments[d >> 24], segments[src >> 24]
    d, src = d & OFFSET, src & OFFSET
    for i in range(first, last):
        bits = _bits(source, src + i)
        _set_bits(to, d + 2 * i, bits << 16 & MASK)
        _set_bits(to, d + 2 * i + 1, bits & 0xFFFF0000)
