"""Blocks that last: memory to a file and back, in pieces, with a checksum. Checkpoints and programs that travel are
written and read by these."""

from array import array
from binascii import crc32

from .pieces import PIECE


class Checked:
    """A file of which `left` bytes may be read, and the checksum of those that were. ValueError, with the file's name,
    where they are not there."""

    def __init__(self, file, left, name, crc=0):
        self.file, self.left, self.name, self.crc = file, left, name, crc

    def damaged(self):
        raise ValueError("%s is damaged, or changed while it was read" % self.name)

    def read(self, n):
        found = self.file.read(n) if n <= self.left else b""
        if len(found) != n:
            self.damaged()
        self.left -= n
        self.crc = crc32(found, self.crc)
        return found

    def readinto(self, view, n):
        """n bytes, as many as the view has."""
        if n > self.left or self.file.readinto(view) != n:
            self.damaged()
        self.left -= n
        self.crc = crc32(view, self.crc)

    def text(self, n):
        found = self.read(n)
        try:
            return str(found, "utf-8")
        except ValueError:
            self.damaged()

    def skip(self, n):
        chunk = memoryview(bytearray(min(n, 4 * PIECE)))
        while n > 0:
            size = min(n, len(chunk))
            self.readinto(chunk[:size], size)
            n -= size


def fill(checked, view, half=False):
    """Float32 from a Checked file; half: where they are saved in half precision."""
    if half:
        from .half import widen

        widen(checked, view)
    elif len(view):
        checked.readinto(view, 4 * len(view))


def into_place(executor, checked, first, n, half=False):
    """n elements of what an executor keeps, from an address on, from a Checked file."""
    if executor.in_place:
        fill(checked, executor.view(first, n), half)
        return
    chunk = memoryview(array("f", range(PIECE)))
    for at in range(first, first + n, PIECE):
        piece = chunk[: min(PIECE, first + n - at)]
        fill(checked, piece, half)
        executor.store(at, piece)


def put(file, parts, crc=0):
    """Write them; the checksum of all, which goes on from crc."""
    for part in parts:
        file.write(part)
        crc = crc32(part, crc)
    return crc


def checksum(file, n, crc=0):
    """Of the next n bytes, which goes on from crc; None where the file ends before."""
    chunk = memoryview(bytearray(4 * PIECE))
    while n > 0:
        piece = chunk[: min(n, 4 * PIECE)]
        if file.readinto(piece) < len(piece):
            return None
        crc = crc32(piece, crc)
        n -= len(piece)
    return crc
