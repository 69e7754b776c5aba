"""Blocks that last: memory to a file and back, in pieces, with a checksum. Checkpoints and programs that travel are
written and read by these."""

from array import array
from binascii import crc32

_PIECE = 16  # elements, of 4 bytes: a micro:bit has room for no more


def pieces(executor, first, n):
    """n elements of what an executor keeps, from an address on: at once where they lie in this heap."""
    if executor.in_place:
        yield executor.view(first, n)
        return
    for at in range(first, first + n, _PIECE):
        yield executor.view(at, min(_PIECE, first + n - at))


def fill(executor, first, n, file):
    """The same elements, from a file."""
    if executor.in_place:
        file.readinto(executor.view(first, n))
        return
    chunk = memoryview(array("f", range(_PIECE)))
    for at in range(first, first + n, _PIECE):
        piece = chunk[: min(_PIECE, first + n - at)]
        file.readinto(piece)
        executor.store(at, piece)


def put(file, parts, crc=0):
    """Write them; the checksum of all, which goes on from crc."""
    for part in parts:
        file.write(part)
        crc = crc32(part, crc)
    return crc


def checksum(file, n, crc=0):
    """Of the next n bytes, which goes on from crc; None where the file ends before."""
    chunk = memoryview(bytearray(4 * _PIECE))
    while n > 0:
        piece = chunk[: min(n, 4 * _PIECE)]
        if file.readinto(piece) < len(piece):
            return None
        crc = crc32(piece, crc)
        n -= len(piece)
    return crc
