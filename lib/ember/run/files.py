"""Files that last: replaced as a whole, and found whole after a power cut.

A new file is written beside the old one, as path + ".new", synced, and renamed over it. A path may also be an object
with replace(write, what, whole) and open(), such as slots.Slots.
"""

from binascii import crc32

_RESIDUE = 0x2144DF1C  # the CRC-32 of any bytes and their own CRC-32


def whole(file):
    """Whether a file ends with the CRC-32 of all before. (Which reads it: it is at its end then.)"""
    crc, chunk = 0, memoryview(bytearray(64))
    while True:
        n = file.readinto(chunk)
        if not n:
            return crc == _RESIDUE
        crc = crc32(chunk[:n], crc)


def replace(path, write, what, whole=whole):
    """write(what, file) a new file, which takes the place of the one of this path. There is a whole one at any time;
    where it cannot be written, the old one stays, and what was written of it is removed. whole(file): is it?"""
    if not isinstance(path, str):
        return path.replace(write, what)
    import os

    beside = path + ".new"
    try:
        file = open(beside, "wb")
        try:
            with file:
                write(what, file)
                file.flush()
                _sync(os, file)
        except BaseException:
            os.remove(beside)
            raise
        # VfsFat and littlefs rename over a file, as POSIX does; Windows by replace() alone.
        (os.replace if hasattr(os, "replace") else os.rename)(beside, path)
    except OSError as error:
        raise OSError("cannot write %r (%s)" % (path, error))  # noqa: B904


def _sync(os, file):
    """MicroPython's flush() has synced already, and its file has no fileno()."""
    if hasattr(os, "fsync"):
        os.fsync(file.fileno())


def find(path, kind, whole=whole):
    """Open the file of a path for reading: the one there, or where it is gone, a whole one beside it. OSError names the
    kind of thing that is not there."""
    if not isinstance(path, str):
        return path.open()
    try:
        return open(path, "rb")
    except OSError as error:
        try:
            file = open(path + ".new", "rb")
            if whole(file):
                file.seek(0)
                return file
            file.close()
        except OSError:
            pass
        raise OSError("no %s %r (%s)" % (kind, path, error))  # noqa: B904
