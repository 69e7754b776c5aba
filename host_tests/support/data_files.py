"""Data files made apart from the library, byte by byte as docs/data.md has them, and what is read of one."""

import io
import struct
import zlib
from itertools import zip_longest

from ember.data import Batches


def first_version(train, test, shape, classes, typecode="B", scale=1.0):
    """A file of version 1. train, test: [(elements, label)]"""
    records = b"".join(struct.pack("<%d%s" % (len(x), typecode), *x) + bytes([y]) for x, y in train + test)
    head = struct.pack("<4sBBBxIIIf", b"EMBD", 1, ord(typecode), len(shape), len(train), len(test), classes, scale)
    return head + struct.pack("<I", zlib.crc32(records)) + struct.pack("<%dI" % len(shape), *shape) + records


def column(typecode, dims, scales=None, offsets=None, classes=0, names=None):
    """An input or a target, as a head has it. scales, offsets: a number, a list of one a channel; None: none"""
    kind = 0 if scales is None else 2 if isinstance(scales, list) else 1
    scales, offsets = [v if isinstance(v, list) else [v] for v in (scales, offsets)]
    data = struct.pack("<BBBBI", ord(typecode), len(dims), kind, names is not None, classes)
    data += struct.pack("<%dI" % len(dims), *dims)
    if kind:
        data += struct.pack("<%df" % (2 * len(scales)), *scales, *offsets)
    if names is not None:
        text = "\n".join(names).encode()
        data += struct.pack("<I", len(text)) + text + b"\0" * (-len(text) % 4)
    return data


def second_version(inputs, targets, train, test, flags=0, chunk=None, mark=0):
    """A file of version 2. inputs, targets: columns; train, test: [[the bytes of each part of a record]]"""
    head = struct.pack("<4sBBBB", b"EMBD", 2, flags, len(inputs), len(targets))
    parts = b"".join(inputs + targets)
    size = chunk or len(train)
    head += struct.pack("<IIII", 24 + len(parts) + 4, size, len(test), mark) + parts
    crc = zlib.crc32(head)
    data = head + struct.pack("<I", crc)
    for records, each, key in ((test, len(test), (crc & 0x0FFFFFFF) + (1 << 29)), (train, size, crc & 0x0FFFFFFF)):
        for first in range(0, len(records), each or 1):
            data += one_chunk(records[first : first + each], first, each, key)
    return data


def one_chunk(records, first, each, key):
    n = len(records[0])
    count = struct.pack("<I", len(records))
    data = (count + struct.pack("<I", zlib.crc32(count, key + first // each))) * 2
    for i in range(each):
        for k in range(n):
            there = i < len(records)
            data += struct.pack("<I", zlib.crc32(records[i][k], key + (first + i) * n + k) if there else 0)
    for k in range(n):
        part = b"".join(record[k] for record in records).ljust(each * len(records[0][k]), b"\0")
        data += part + b"\0" * (-len(part) % 4)
    return data


ATTRIBUTES = "shape typecode scale offset target_shape target_typecode classes names"


def numbers(part):
    return tuple(numbers(one) for one in part) if isinstance(part, tuple) else list(part)


def handed_out(source, batch_size=3, **options):
    """(what a file says of itself, every record as numbers, in the order of the batches)"""
    batches = Batches(io.BytesIO(source) if isinstance(source, bytes) else source, batch_size, **options)
    found = []
    for x, y in batches:
        found += rows(batches, x, y)
    return {name: getattr(batches, name) for name in ATTRIBUTES.split()}, found


def rows(batches, x, y):
    xs, ys = x if batches.several_x else (x,), y if batches.several_y else (y,)
    parts = [numbers(part) for part in (*xs, *ys)]
    sizes = [part.size for part in batches.parts]
    cut = [[part[i : i + n] for i in range(0, len(part), n)] for part, n in zip(parts, sizes)]
    return [tuple(map(tuple, row)) for row in zip_longest(*cut, fillvalue=())]
