"""Packing data files (docs/data.md): what makes a head, a record's bytes and whole files of them."""

import struct
from array import array
from binascii import crc32

from ..base.check import number, whole
from .elements import encoded
from .head import FIXED, GROWS, HEAD, KEY, PART, SEVERAL_X, SEVERAL_Y, TEST, Head, layout, size_of
from .layout import SIZES


def write(path, train, test, shape, classes=0, typecode="B", scale=1.0, offset=0.0, target_typecode=None,
          target_shape=(), names=None, chunk=None):  # fmt: skip
    """Pack a data file. train, test: lists (or what makes them, once) of (x, y), numbers in a row or of their shape:
    lists, buffers, NumPy's arrays. A number that is none of its type, or a label beyond classes, raises ValueError, and
    no file was touched; then it is written beside the old one, and takes its place.

    shape, typecode, scale, offset    of x: scale and offset are numbers, or lists of one a channel, the last dimension;
                                      scale=None for indices. Several inputs: shape is a list of shapes, x a tuple, and
                                      the others may be tuples of one for each
    target_shape, target_typecode     of y: by default labels, "B", or "H" from 257 classes on, "f" for values.
                                      Several targets: target_typecode is a tuple, y too, and the others may be
    classes, names                    labels are 0 to classes - 1, where classes is not 0; names has one for each
    chunk                             the file may grow (create, Appender): so many records lie together, and batches
                                      whose size divides that are bound in place
    """
    head = described(shape, classes, typecode, scale, offset, target_typecode, target_shape, names)
    train, test = [part if isinstance(part, (list, tuple)) else list(part) for part in (train, test)]
    size = len(train) if chunk is None else whole("chunk", chunk)
    _replace(path, head, test, train, size, chunk is not None, 0)


def create(path, shape, classes=0, typecode="f", scale=1.0, offset=0.0, target_typecode=None, target_shape=(),
           names=None, chunk=64, test=()):  # fmt: skip
    """Make a file that grows, without a record to train on yet: its Appender. The arguments are those of write."""
    head = described(shape, classes, typecode, scale, offset, target_typecode, target_shape, names)
    try:
        from os import urandom

        mark = int.from_bytes(urandom(4), "little")
    except ImportError:
        mark = 0
    from .grow import Appender

    _replace(path, head, list(test), (), whole("chunk", chunk), True, mark)
    return Appender(path)


def _replace(path, head, test, train, chunk, grows, mark):
    data = head_bytes(head, chunk, len(test), grows, mark)
    places = layouts(head, data, chunk, len(test))
    sums = [checksums(head, *part) for part in zip((test, train), places)]
    from ..run.files import replace
    from .place import whole as is_whole

    replace(path, _write, (data, head, (test, train), places, sums), is_whole)


def _write(what, file):
    data, head, splits, places, found = what
    file.write(data)
    for samples, where, sums in zip(splits, places, found):
        for first in range(0, len(samples), where.chunk or 1):
            count = min(where.chunk, len(samples) - first)
            file.write(entry(where, first // where.chunk, count) * 2)
            n = len(where.bytes)
            file.write(sums[n * first : n * (first + count)])
            fill(file, 4 * n * (where.chunk - count))
            for k in range(n):
                for i in range(first, first + count):
                    file.write(part_bytes(head, k, samples[i], i))
                fill(file, where.bytes[k] * (where.chunk - count) + -where.bytes[k] * where.chunk % 4)


def fill(file, n):
    """Write n bytes of zeros."""
    zeros = bytes(min(n, 256))
    while n > 0:
        n -= file.write(zeros if n >= len(zeros) else zeros[:n])


def entry(layout, chunk, count):
    """One of the two counts of a chunk, with its checksum."""
    word = struct.pack("<I", count)
    return word + struct.pack("<I", crc32(word, layout.key + chunk))


def described(shape, classes, typecode, scale, offset, target_typecode, target_shape, names):
    """A Head of what records are, from write's arguments."""
    head = Head()
    head.several_x = len(shape) > 0 and isinstance(shape[0], (tuple, list))
    head.several_y = isinstance(target_typecode, (tuple, list))
    shapes = list(shape) if head.several_x else [shape]
    n, head.inputs = len(shapes), len(shapes)
    given = [each(value, n, head.several_x) for value in (typecode, scale, offset)]
    head.parts = [_input(given[0][k], shapes[k], given[1][k], given[2][k]) for k in range(n)]
    types = list(target_typecode) if head.several_y else [target_typecode]
    n = len(types)
    shapes = list(target_shape) if head.several_y and target_shape != () else [target_shape] * n
    classes, names = each(classes, n, head.several_y), each(names, n, head.several_y)
    if not n or len(shapes) != n:
        raise ValueError("target_shape has %d entries for %d targets" % (len(shapes), n))
    head.parts += [_target(types[k], shapes[k], classes[k], names[k]) for k in range(n)]
    return head


def head_bytes(head, chunk, tests, grows, mark):
    data = b"".join([_part_bytes(*part) for part in head.parts])
    flags = SEVERAL_X * head.several_x | SEVERAL_Y * head.several_y | GROWS * grows
    data = struct.pack(HEAD, b"EMBD", 2, flags, head.inputs, len(head.parts) - head.inputs, FIXED + len(data) + 4,
                       chunk, tests, mark) + data  # fmt: skip
    return data + struct.pack("<I", crc32(data))


def layouts(head, data, chunk, tests):
    """Of test and train, in the order of the file that begins with these bytes."""
    key, sizes = int.from_bytes(data[-4:], "little") & KEY, [(part[0], size_of(part[1])) for part in head.parts]
    if max(chunk, tests) * len(sizes) >= KEY:
        raise ValueError("%d records of %d parts; there may be %d in all" % (max(chunk, tests), len(sizes), KEY))
    test = layout(len(data), tests, sizes, key + TEST)
    return test, layout(len(data) + test.length, chunk, sizes, key)


def checksums(head, samples, where):
    """Of each part of each sample, all of which are so found to be right: an array of uint32."""
    n = len(head.parts)
    sums = array("I", range(n * len(samples)))
    for i in range(len(samples)):
        for k in range(n):
            sums[n * i + k] = crc32(part_bytes(head, k, samples[i], i), where.seed(k, i))
    return sums


def part_bytes(head, k, sample, i):
    """Of part k of a sample (x, y), which is the i-th."""
    is_target = k >= head.inputs
    value, several, n, part = sample[is_target], head.several_x, head.inputs, head.parts[k]
    if is_target:
        several, k, n = head.several_y, k - n, len(head.parts) - n
    if several:
        if len(value) != n:
            raise ValueError("sample %d has %d %s; it may have %d"
                             % (i, len(value), "targets" if is_target else "inputs", n))  # fmt: skip
        value = value[k]
    return encoded(part, value, i, is_target)


def each(value, n, several):
    """One for each of n."""
    values = list(value) if several and isinstance(value, (tuple, list)) else [value] * n
    if len(values) != n:
        raise ValueError("%s has %d entries for %d" % (value, len(values), n))
    return values


def _dims(typecode, shape):
    if typecode not in SIZES or 0 in shape:
        raise ValueError("samples of shape %s and typecode %r; sizes are at least 1, typecodes f i B b h H I"
                         % (tuple(shape), typecode))  # fmt: skip
    return tuple([whole("shape", n) for n in shape])


def _input(typecode, shape, scale, offset):
    dims = _dims(typecode, shape)
    if scale is not None:
        counts = [len(v) for v in (scale, offset) if isinstance(v, (list, tuple))]
        if counts:
            n = dims[-1] if dims else 0
            if counts != [n] * len(counts):
                raise ValueError("scale is %r, offset %r; each may be a number, or a list of %d, one a channel"
                                 % (scale, offset, n))  # fmt: skip
            scale, offset = [list(v) if isinstance(v, (list, tuple)) else [v] * n for v in (scale, offset)]
            scale, offset = [number("scale", v) for v in scale], [number("offset", v) for v in offset]
        else:
            scale, offset = number("scale", scale), number("offset", offset)
    return typecode, dims, scale, offset, 0, None


def _target(typecode, shape, classes, names):
    if names is not None:
        names = tuple(names)
        classes = classes or len(names)
        if len(names) != classes or any(["\n" in name for name in names]):
            raise ValueError("names are %s; there may be %d, of one line each" % (names, classes))
    classes = whole("classes", classes, 0)
    if typecode is None:
        typecode = "B" if classes <= 256 else "H"
    if classes and typecode == "f":
        raise ValueError("target_typecode is 'f'; labels of %d classes may be of i B b h H I" % classes)
    return typecode, _dims(typecode, shape), None, 0.0, classes, names


def _part_bytes(typecode, dims, scale, offset, classes, names):
    affine = () if scale is None else scale + offset if isinstance(scale, list) else [scale, offset]
    channels = 0 if scale is None else 2 if isinstance(scale, list) else 1
    data = struct.pack(PART, ord(typecode), len(dims), channels, names is not None, classes)
    data += struct.pack("<%dI" % len(dims), *dims) + struct.pack("<%df" % len(affine), *affine)
    if names is not None:
        text = "\n".join(names).encode()
        data += struct.pack("<I", len(text)) + text + bytes(-len(text) % 4)
    return data
