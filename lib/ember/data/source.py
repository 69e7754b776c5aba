"""Opening a data file, or memory. Batches lets this module go when it has."""

from array import array
from io import BytesIO

from . import Part
from .head import read
from .layout import SIZES


def source_of(source):
    """(file, memory, name) of a path, a file or memory; memory is None where it is not to be reached."""
    name = source if isinstance(source, str) else "the file"
    if isinstance(source, str):
        from ..run.files import find

        source = find(source, "data file", _is_whole)
    if hasattr(source, "readinto"):
        try:
            return source, memoryview(source), name  # a file of ROMFS lies in memory
        except TypeError:
            return source, None, name
    from .memory import Memory

    memory = memoryview(source)
    if hasattr(memory, "cast"):
        memory = memory.cast("B")
    return (BytesIO(source) if isinstance(source, bytes) else Memory(memory)), memory, name


def _is_whole(file):
    from .place import whole

    return whole(file)


def opened(batches, source, batch_size, split, shuffle, on_damage):
    """All that Batches has."""
    if not isinstance(batch_size, int) or batch_size < 1:
        from ..base.check import whole  # which a program that travelled does without

        batch_size = whole("batch_size", batch_size)
    if split not in ("train", "test"):
        raise ValueError("split is %r; it may be 'train' or 'test'" % (split,))
    if on_damage not in ("raise", "skip"):
        raise ValueError("on_damage is %r; it may be 'raise' or 'skip'" % (on_damage,))
    batches.batch_size, batches.split, batches.on_damage = batch_size, split, on_damage
    batches.shuffle = split == "train" if shuffle is None else shuffle
    batches.source = source if isinstance(source, str) else None
    batches.file, memory, batches.name = source_of(source)
    try:
        _describe(batches, read(batches.file, batches.name), split == "test")
        _make_room(batches, memory)
    except BaseException:
        if batches.source:
            batches.file.close()
        raise


def _describe(batches, head, test):
    xs, ys = head.parts[: head.inputs], head.parts[head.inputs :]
    b, many_x, many_y = batches, head.several_x, head.several_y
    b.typecode, b.shape, b.scale, b.offset = [_of(xs, k, many_x) for k in range(4)]
    b.target_typecode, b.target_shape, b.classes, b.names = [_of(ys, k, many_y) for k in (0, 1, 4, 5)]
    b.several_x, b.several_y, b.inputs = many_x, many_y, head.inputs
    b.layout, b.grows, b.mark = head.layouts[test], head.grows and not test, head.key + (test << 29)
    b.crc, b.parts = head.crc, []
    for k in range(len(head.parts)):
        b.parts.append(_part(head.parts[k][0], b.layout.bytes[k]))
    b.samples = b.layout.chunk
    if b.grows:
        from .place import count

        count(b)
    elif not b.samples:
        raise ValueError("%s has no samples to %s" % (b.name, b.split))
    if b.crc:
        b.check()  # of all records at once


def _of(parts, k, several):
    """What is k-th of each part."""
    return tuple([part[k] for part in parts]) if several else parts[0][k]


def _part(typecode, n):
    part = Part()
    part.size = n // SIZES[typecode]
    part.whole = _buffer(typecode, (n + 4) // SIZES[typecode])
    part.typecode, part.buffer, part.slots, view = typecode, None, None, memoryview(part.whole)
    part.record, part.checksum = view[: part.size], view[part.size :]
    return part


def _make_room(batches, memory):
    rows = batches.rows = batches.batch_size if batches.grows else min(batches.batch_size, batches.samples)
    if hasattr(batches.file, "most"):
        batches.file.most = max(batches.layout.bytes)
    batches.memory = batches.full = None
    batches.last = 0, None
    if memory and not batches.shuffle and not batches.crc and not (batches.grows and batches.layout.chunk % rows):
        from .memory import InPlace, typed

        typecodes = [part.typecode for part in batches.parts]
        if all([typed(memory[:4], typecode) for typecode in typecodes]):
            batches.memory = InPlace(memory, typecodes)
            return
    for part in batches.parts:
        size, part.buffer = part.size, _buffer(part.typecode, rows * part.size)
        if size > 1 or part.typecode in "fiI":  # numbers that are objects
            part.slots = [memoryview(part.buffer)[i * size : (i + 1) * size] for i in range(rows)]
    batches.full = batches.pair([part.buffer for part in batches.parts])


def _buffer(typecode, n):
    if typecode == "B":
        return bytearray(n)
    # An array of a range takes its own bytes alone; the narrow types do not hold a range's values.
    return array(typecode, range(n) if typecode in "fiI" else bytes(n * SIZES[typecode]))
