"""Files that last: replaced as a whole, and found whole after a power cut.

A new file is written beside the old one, as path + ".new", synced, and renamed over it. VfsFat's rename is not one
step: a cut leaves neither name, or two on the same clusters. So on FAT it is copied over the old one, then removed, and
until then it is whole. A path may also be an object with replace(), replacing() and open(), such as slots.Slots.
"""

from binascii import crc32

_NOT_THERE = 2  # ENOENT
_RESIDUE = 0x2144DF1C  # the CRC-32 of any bytes and their own CRC-32


def whole(file):
    """Whether a file ends with the CRC-32 of all before, which is read."""
    crc, chunk = 0, memoryview(bytearray(64))
    while True:
        n = file.readinto(chunk)
        if not n:
            return crc == _RESIDUE
        crc = crc32(chunk[:n], crc)


def replace(path, write, what, whole=whole):
    """write(what, file) a new file, which takes the place of the one of this path. At any time there is a whole one; if
    it cannot be written, the old one stays, and what was written is removed. whole(file): is it? None: who knows."""
    if not isinstance(path, str):
        path.replace(write, what)
        return
    for _ in replacing(path, at_once, (write, what), whole):
        pass


def at_once(what, file):
    """replace()'s function as replacing() wants it."""
    write, what = what
    write(what, file)
    yield 0


def replacing(path, write, what, whole=whole):
    """The same, piece by piece: write(what, file) yields after each piece that it has written, and so does this."""
    if not isinstance(path, str):
        yield from path.replacing(write, what)
        return
    import os

    beside = path + ".new"
    try:
        if _is_whole(beside, whole):  # something stopped the last one before it was in its place
            for _ in _place(os, beside, path):
                yield 0
        try:
            yield from _fill(os, beside, write, what)
            if whole and _is_fat(os, beside) and not _is_whole(beside, whole):
                raise OSError(5, "it is not what was written")
        except BaseException:
            try:
                os.remove(beside)
            except OSError:
                pass
            raise
        for _ in _place(os, beside, path):
            yield 0
    except OSError as error:
        raise OSError("cannot write %r (%s)" % (path, error))  # noqa: B904


def find(path, kind, whole=whole):
    """Open for reading: the file of this path, or where it is gone or damaged, a whole one beside it. OSError names the
    kind of thing that is not there."""
    if not isinstance(path, str):
        return path.open()
    beside = path + ".new"
    if _is_whole(beside, whole) and not _is_whole(path, whole):
        return open(beside, "rb")
    try:
        return open(path, "rb")
    except OSError as error:
        raise OSError("no %s %r (%s)" % (kind, path, error))  # noqa: B904


def exists(path, whole=whole):
    """Whether there is one of this path, whole or not, or a whole one beside it."""
    if not isinstance(path, str):
        return path.exists()
    import os

    try:
        os.stat(path)
        return True
    except OSError as error:
        if error.errno != _NOT_THERE:
            raise
    return _is_whole(path + ".new", whole)


def _is_whole(path, whole):
    try:
        with open(path, "rb") as file:
            return whole is not None and whole(file)
    except (OSError, ValueError):
        return False


def _fill(os, path, write, what):
    file = open(path, "wb")
    try:
        yield from write(what, file)
        file.flush()  # which syncs, but on CPython
        if hasattr(os, "fsync"):
            os.fsync(file.fileno())
        elif hasattr(os, "sync"):
            os.sync()
    finally:
        _close(file)


def _close(file):
    """On VfsFat a file that could not be closed would be by garbage collection, and write where another one is then."""
    for k in range(3):
        try:
            return file.close()
        except OSError:
            if k == 2:
                raise


def _is_fat(os, path):
    """Where another case is the same name. Whatever else has this (but Windows) is safe with it too."""
    if hasattr(os, "replace"):
        return False
    try:
        return bool(os.stat(path[:-3] + "NEW"))
    except OSError:
        return False


def _place(os, beside, path):
    """What is whole beside comes to be what is there; yields in between."""
    if _is_fat(os, beside):
        with open(beside, "rb") as source:
            yield from _fill(os, path, _copy, source)
        os.remove(beside)
    elif hasattr(os, "replace"):
        os.replace(beside, path)
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
    else:
        os.rename(beside, path)


def _copy(source, file):
    chunk = memoryview(bytearray(256))
    while True:
        n = source.readinto(chunk)
        if not n:
            return
        file.write(chunk[:n])
        yield n
