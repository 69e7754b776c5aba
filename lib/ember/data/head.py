"""The heads of data files (docs/data.md), of versions 1 and 2. Batches lets this module go when it has read one."""

import struct

from .layout import COUNTS, SIZES, Layout, is_whole

SEVERAL_X, SEVERAL_Y, GROWS = 1, 2, 4  # flags
HEAD, PART = "<4sBBBBIIII", "<BBBBI"
FIXED = 24
KEY = 0x0FFFFFFF  # of the head's CRC-32
TEST = 1 << 29  # is added for the test split
_REFUSED = ValueError, IndexError, getattr(struct, "error", ValueError)  # the last by CPython


class Head:
    """What a head says.

    parts    (typecode, dims, scale, offset, classes, names) of each input, then of each target. scale and offset are
             numbers, or lists of one a channel; scale is None where elements are taken as they are
    inputs   how many of the parts are
    layouts  of train and test
    """

    crc = None  # of all records, and where they begin, in version 1


def taken(file, n):
    """The next n bytes, or those that there are."""
    data = bytearray(n)
    found = file.readinto(data) if n else 0
    return data if found == n else data[:found]


def read(file, name):
    """The Head of a file, or ValueError."""
    size = file.seek(0, 2)
    file.seek(0)
    start = taken(file, FIXED)
    if len(start) < FIXED or start[:4] != b"EMBD":
        raise ValueError("%s is not a file of Ember's data" % name)
    if start[4] not in (1, 2):
        raise ValueError("%s is of version %d; this Ember reads versions 1 and 2" % (name, start[4]))
    try:
        head = _second(file, start, size) if start[4] == 2 else _first(file, start)
    except _REFUSED:
        head = None
    if head is None:
        raise ValueError("%s: its head is damaged or truncated" % name)
    if not head.grows and size != head.end:
        raise ValueError("%s has %d bytes where its samples take %d: it is truncated, or not what its head says"
                         % (name, size, head.end))  # fmt: skip
    return head


def layout(start, chunk, parts, key):
    """The Layout of a split; parts: (typecode, elements of a record) of each column."""
    at, offsets = COUNTS + 4 * len(parts) * chunk, []
    sizes = [SIZES[typecode] * size for typecode, size in parts]
    for n in sizes:
        offsets.append(at)
        at += (n * chunk + 3) // 4 * 4
    return Layout(start, chunk, key, sizes, offsets, sizes, at if chunk else 0)


def size_of(dims):
    size = 1
    for n in dims:
        size *= n
    return size


def _second(file, start, size):
    _, _, flags, inputs, targets, length, chunk, tests, _ = struct.unpack(HEAD, start)
    if not FIXED + 4 <= length <= size or flags > SEVERAL_X + SEVERAL_Y + GROWS:
        return None
    file.seek(0)
    data = taken(file, length)
    if len(data) < length or not is_whole(data, 0):
        return None
    head, at = Head(), FIXED
    head.inputs, head.grows, head.parts = inputs, flags & GROWS > 0, []
    head.several_x, head.several_y = flags & SEVERAL_X > 0, flags & SEVERAL_Y > 0
    for _ in range(inputs + targets):
        part, at = _part(data, at)
        head.parts.append(part)
    if not inputs or not targets or head.grows and not chunk:
        return None
    head.key = int.from_bytes(data[-4:], "little") & KEY
    sizes = [(part[0], size_of(part[1])) for part in head.parts]
    test = layout(length, tests, sizes, head.key + TEST)
    train = layout(length + test.length, chunk, sizes, head.key)
    head.layouts, head.end = (train, test), train.start + train.length
    return head if max(chunk, tests) * len(sizes) < KEY and train.start <= size else None


def _part(data, at):
    """(what a part is, where the next begins)"""
    typecode, rank, channels, named, classes = struct.unpack_from(PART, data, at)
    typecode, at = chr(typecode), at + 8
    dims = struct.unpack_from("<%dI" % rank, data, at)
    at += 4 * rank
    scale, offset = None, 0.0
    if channels:
        n = 1 if channels == 1 else dims[-1]
        scale, offset = (list(struct.unpack_from("<%df" % n, data, at + 4 * n * k)) for k in range(2))
        at += 8 * n
        if channels == 1:
            scale, offset = scale[0], offset[0]
    names = None
    if named:
        n = int.from_bytes(data[at : at + 4], "little")
        names = tuple(bytes(data[at + 4 : at + 4 + n]).decode().split("\n"))
        at += 4 + (n + 3) // 4 * 4
    if typecode not in SIZES or 0 in dims or at > len(data) - 4:
        raise ValueError
    return (typecode, dims, scale, offset, classes, names), at


def _first(file, start):
    """Version 1: labels of a byte, each behind its sample, in records without checksums of their own."""
    _, _, typecode, rank, train, test, classes, scale = struct.unpack("<4sBBBxIIIf", start)
    crc, dims = taken(file, 4), taken(file, 4 * rank)
    typecode = chr(typecode)
    if len(crc) < 4 or len(dims) < 4 * rank or typecode not in SIZES:
        return None
    dims = struct.unpack("<%dI" % rank, dims)
    if 0 in dims:
        return None
    head = Head()
    head.inputs, head.several_x, head.several_y, head.grows = 1, False, False, False
    head.parts = [(typecode, dims, scale, 0.0, 0, None), ("B", (), None, 0.0, classes, None)]
    crc, at = int.from_bytes(crc, "little"), 28 + 4 * rank
    head.crc, head.key = (crc, at), crc & KEY
    x = SIZES[typecode] * size_of(dims)
    split = [x, 1], [0, x], [x + 1, x + 1], 0
    head.layouts = Layout(at, train, None, *split), Layout(at + train * (x + 1), test, None, *split)
    head.end = at + (train + test) * (x + 1)
    return head
