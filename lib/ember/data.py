"""Data in a file, streamed in batches: never more than one batch in memory.

The file, little endian:

    0   b"EMBD", version 1, the elements' typecode (f, i, B, b, h, H or I), how many dimensions a sample has, 0
    8   uint32 samples to train on, uint32 samples to test on, uint32 classes (0: no labels are whole)
    20  float32 scale (a sample's values are the elements times this), uint32 CRC-32 of the records
    28  uint32 for each dimension
    …   records: the elements of a sample, then its label as one byte; train first, then test
"""

import struct
from array import array
from binascii import crc32

from . import vm

_HEAD = "<4sBBBxIIIfI"
_SIZES = {"f": 4, "i": 4, "B": 1, "b": 1, "h": 2, "H": 2, "I": 4}


class Batches:
    """Iterating hands out (x, y), the same two buffers again and again: `for x, y in batches`.

    source      a path, or a file opened for reading bytes
    split       "train" or "test"
    shuffle     by default the training split is; each pass is another epoch, in an order of its own that depends only
                on seed and .epoch, so a run that is resumed sets .epoch and goes on as if it had never stopped

    x holds batch_size samples in the file's type, y their labels as bytes; the last, smaller batch is a shorter view of
    both. Iterating allocates nothing. Attributes: samples, shape, classes, scale, typecode, epoch; len() is in batches.
    """

    def __init__(self, source, batch_size, split="train", shuffle=None, seed=0):
        if not isinstance(batch_size, int) or batch_size < 1:
            from .base.check import whole  # which a program that travelled does without

            batch_size = whole("batch_size", batch_size)
        if split not in ("train", "test"):
            raise ValueError("split is %r; it may be 'train' or 'test'" % (split,))
        self.name = source if isinstance(source, str) else "the file"
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.shuffle = split == "train" if shuffle is None else shuffle
        self.file = _open(source) if isinstance(source, str) else source
        try:
            self._lay_out(split)
        except Exception:
            if isinstance(source, str):
                self.file.close()
            raise

    def _lay_out(self, split):
        train, test = self._read_head()
        self.samples = train if split == "train" else test
        if not self.samples:
            raise ValueError("%s has no samples to %s" % (self.name, split))
        size = 1
        for n in self.shape:
            size *= n
        self.record = size * _SIZES[self.typecode] + 1
        self.start = self.head + (0 if split == "train" else train * self.record)
        found = self.file.seek(0, 2)
        if found != self.head + (train + test) * self.record:
            raise ValueError("%s has %d bytes where %d samples take %d: it is truncated, or not what its head says"
                             % (self.name, found, train + test, self.head + (train + test) * self.record))  # fmt: skip
        batch_size = min(self.batch_size, self.samples)
        x = _buffer(self.typecode, batch_size * size)
        y = bytearray(batch_size)
        self.slots = [memoryview(x)[i * size : (i + 1) * size] for i in range(batch_size)]
        self.labels, self.label = y, bytearray(1)
        tail = self.samples % batch_size
        self.full = (x, y)
        self.tail = (memoryview(x)[: tail * size], memoryview(y)[:tail]) if tail else self.full
        self.next = self.samples
        self.order = 0

    def _read_head(self):
        f = self.file
        f.seek(0)
        head = f.read(28)
        if len(head) < 28 or head[:4] != b"EMBD":
            raise ValueError("%s is not a file of Ember's data" % self.name)
        _, version, typecode, rank, train, test, self.classes, self.scale, self.crc = struct.unpack(_HEAD, head)
        if version != 1:
            raise ValueError("%s is of version %d; this Ember reads version 1" % (self.name, version))
        self.typecode = chr(typecode)
        dims = f.read(4 * rank)
        self.shape = struct.unpack("<%dI" % (len(dims) // 4), dims[: len(dims) // 4 * 4])
        if self.typecode not in _SIZES or len(self.shape) < rank or 0 in self.shape:
            raise ValueError("%s: its head is damaged or truncated" % self.name)
        self.head = 28 + 4 * rank
        return train, test

    def check(self):
        """Read all of the file and compare its checksum."""
        self.file.seek(self.head)
        crc = 0
        while True:
            chunk = self.file.read(512)
            if not chunk:
                break
            crc = crc32(chunk, crc)
        if crc != self.crc:
            raise ValueError("%s is damaged: its checksum does not fit" % self.name)

    def __len__(self):
        return (self.samples + len(self.labels) - 1) // len(self.labels)

    def __iter__(self):
        self.next = 0
        self.order = self.epoch
        self.epoch += 1
        return self

    def __next__(self):
        first = self.next
        if first >= self.samples:
            raise StopIteration
        count = min(len(self.labels), self.samples - first)
        for i in range(count):
            self._fetch(i, first + i)
        self.next = first + count
        return self.full if count == len(self.labels) else self.tail

    def _fetch(self, slot, index):
        if self.shuffle:
            index = vm.permute(index, self.samples, self.seed, self.order)
        f = self.file
        f.seek(self.start + index * self.record)
        if f.readinto(self.slots[slot]) != self.record - 1 or f.readinto(self.label) != 1:
            raise OSError("%s ends within sample %d" % (self.name, index))
        self.labels[slot] = self.label[0]

    def close(self):
        self.file.close()


def _buffer(typecode, n):
    if typecode == "B":
        return bytearray(n)
    # An array of a range takes its own bytes alone; the narrow types do not hold a range's values.
    return array(typecode, range(n) if typecode in "fiI" else bytes(n * _SIZES[typecode]))


def _open(path):
    try:
        return open(path, "rb")
    except OSError as error:
        raise OSError("no data file %r (%s)" % (path, error))  # noqa: B904


def write(path, train, test, shape, classes, typecode="B", scale=1.0):
    """Pack a data file. train, test: lists (or what makes them, once) of (elements, label), the elements in a row or of
    the sample's shape: lists, buffers, NumPy's arrays. A number that is none of typecode, or a label beyond classes,
    raises ValueError, and no file was touched; then it is written beside the old one, and takes its place."""
    from .base.check import number, whole

    if typecode not in _SIZES or 0 in shape:
        raise ValueError("samples of shape %s and typecode %r; sizes are at least 1, typecodes f i B b h H I"
                         % (tuple(shape), typecode))  # fmt: skip
    shape = tuple([whole("shape", n) for n in shape])
    classes, scale = whole("classes", classes, 0), number("scale", scale)
    parts = [part if isinstance(part, (list, tuple)) else list(part) for part in (train, test)]
    crc = 0
    for part in parts:
        for i in range(len(part)):
            crc = crc32(_record(part[i], i, shape, classes, typecode), crc)
    head = (b"EMBD", 1, ord(typecode), len(shape), len(parts[0]), len(parts[1]), classes, scale, crc)
    head = struct.pack(_HEAD, *head) + struct.pack("<%dI" % len(shape), *shape)
    from .run.files import replace

    replace(path, _write, (head, parts, shape, classes, typecode), None)


def _write(what, file):
    head, parts, shape, classes, typecode = what
    file.write(head)
    for part in parts:
        for i in range(len(part)):
            file.write(_record(part[i], i, shape, classes, typecode))


def _record(sample, i, shape, classes, typecode):
    """The bytes of a sample, the i-th of its part."""
    from .base.check import plain
    from .tensors.values import read, typed

    elements, label = sample
    values, dims = read(elements)
    size = 1
    for n in shape:
        size *= n
    if len(values) != size or dims is not None and len(dims) > 1 and tuple(dims) != shape:
        found = "%d elements" % len(values) if dims is None else "shape %s" % (dims,)
        raise ValueError("sample %d has %s; it may have %d elements, or shape %s" % (i, found, size, shape))
    label, high = plain(label), min(classes or 256, 256)
    if not isinstance(label, (int, float)) or not 0 <= label < high or label != int(label):
        raise ValueError("sample %d has label %r; it may be a whole number from 0 to %d" % (i, label, high - 1))
    return bytes(typed(typecode, values, "sample %d" % i)) + bytes((int(label),))
