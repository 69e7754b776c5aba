"""Data in a file, or in memory, streamed in batches: never more than one batch is copied. The file's format is in
docs/data.md; write, create and Appender, which make files, load when they are used."""

from array import array
from binascii import crc32

from .. import vm
from .layout import INTACT, SIZES

_HOMES = " data.pack: write create data.grow: Appender "


class _Slice:
    def __getitem__(self, what):
        return what


_ALL = _Slice()[:]  # made once: x[:] = … makes one each time


class _Part:
    """An input or a target of the batch: where a record of it is read to, checked, and kept."""

    def __init__(self, typecode, size):
        self.typecode, self.size = typecode, size
        self.whole = _buffer(typecode, size + 4 // SIZES[typecode])  # a record and its checksum
        self.record, self.checksum = memoryview(self.whole)[:size], memoryview(self.whole)[size:]
        self.buffer = self.slots = None

    def make_room(self, rows):
        self.buffer, size = _buffer(self.typecode, rows * self.size), self.size
        if size > 1 or self.typecode in "fiI":  # numbers that are objects
            self.slots = [memoryview(self.buffer)[i * size : (i + 1) * size] for i in range(rows)]

    def keep(self, row):
        if self.slots:
            self.slots[row][_ALL] = self.record
        else:
            self.buffer[row] = self.record[0]


class Batches:
    """Iterating hands out (x, y), the same buffers again and again: `for x, y in batches`.

    source      a path; a file opened for reading bytes; or memory: bytes, a memoryview of flash
    split       "train" or "test"
    shuffle     by default the training split is; each pass is another epoch, in an order of its own that depends only
                on seed and .epoch, so a run that is resumed sets .epoch and goes on as if it had never stopped
    on_damage   of a record whose checksum does not fit: "raise" a ValueError that has its number, and no batch that it
                would be in; or "skip" it, and count it in .skipped, the records that this epoch went without

    x holds batch_size samples in the file's type, y their targets; several inputs, or targets, are a tuple. The last,
    smaller batch is a shorter view. Iterating a file allocates nothing. What lies in memory, a file of ROMFS too, and
    is not shuffled, is handed out in place, as views of it, where it can be (docs/data.md).

    A file that grows is counted when an epoch begins. state() is the place within an epoch, and load(state) goes there.

    Attributes: samples, epoch, skipped; as a Trainer takes them: shape, typecode, scale, offset, target_shape,
    target_typecode, of several a tuple each; classes, 0 where targets are no labels; names, of the classes; len() is in
    batches.
    """

    def __init__(self, source, batch_size, split="train", shuffle=None, seed=0, on_damage="raise"):
        if not isinstance(batch_size, int) or batch_size < 1:
            from ..base.check import whole  # which a program that travelled does without

            batch_size = whole("batch_size", batch_size)
        if split not in ("train", "test"):
            raise ValueError("split is %r; it may be 'train' or 'test'" % (split,))
        if on_damage not in ("raise", "skip"):
            raise ValueError("on_damage is %r; it may be 'raise' or 'skip'" % (on_damage,))
        self.batch_size, self.seed, self.epoch, self.split, self.on_damage = batch_size, seed, 0, split, on_damage
        self.shuffle = split == "train" if shuffle is None else shuffle
        self.source = source if isinstance(source, str) else None
        from .head import opened

        self.file, memory, self.name = opened(source)
        try:
            self._open(memory)
        except Exception:
            if self.source:
                self.file.close()
            raise
        finally:
            _leave("head")

    def _open(self, memory):
        from .head import read

        head, test = read(self.file, self.name), self.split == "test"
        xs, ys = head.parts[: head.inputs], head.parts[head.inputs :]
        self.typecode, self.shape, self.scale, self.offset = [_of(xs, k, head.several_x) for k in range(4)]
        self.target_typecode, self.target_shape = _of(ys, 0, head.several_y), _of(ys, 1, head.several_y)
        self.classes, self.names = _of(ys, 4, head.several_y), _of(ys, 5, head.several_y)
        self.several_x, self.several_y, self.inputs = head.several_x, head.several_y, head.inputs
        self.layout, self.grows, self.mark = head.layouts[test], head.grows and not test, head.key + (test << 29)
        self.crc, self.start = head.crc, head.start
        self.samples = self._count() if self.grows else self.layout.chunk
        if not self.samples and not self.grows:
            raise ValueError("%s has no samples to %s" % (self.name, self.split))
        if self.crc is not None:
            self.check()  # which has one checksum for all its records
        self.rows = self.batch_size if self.grows else min(self.batch_size, self.samples)
        if hasattr(self.file, "most"):
            self.file.most = max(self.layout.bytes)
        self.parts = []
        for k in range(len(head.parts)):
            typecode = head.parts[k][0]
            self.parts.append(_Part(typecode, self.layout.bytes[k] // SIZES[typecode]))
        self.memory = memory if memory and self._lies_so(memory) else None
        self.full = None
        if not self.memory:
            for part in self.parts:
                part.make_room(self.rows)
            self.full = self._pair([part.buffer for part in self.parts])
        self.last = 0, None  # a smaller batch: rows, and views of so many
        self.next, self.order, self.skipped, self.loaded = self.samples, 0, 0, False

    def _lies_so(self, memory):
        """Whether a batch is one piece of memory, in each part."""
        if self.shuffle or self.crc is not None or self.grows and self.layout.chunk % self.rows:
            return False
        return all([_typed(memory[:4], part.typecode) for part in self.parts])

    def _count(self):
        from .count import records

        return records(self.layout, self.file, self.name)

    def _pair(self, found):
        """(x, y) of what there is of each part."""
        n = self.inputs
        return (tuple(found[:n]) if self.several_x else found[0]), (tuple(found[n:]) if self.several_y else found[n])

    def check(self):
        """Read all records of the split, and compare their checksums: ValueError names the first that is damaged."""
        if self.crc is not None:
            from .head import check

            check(self.file, self.crc, self.start, self.name)
            return
        for i in range(self.samples):
            if not self._read(i) and not self._read(i):
                self._refuse(i)

    def _refuse(self, i):
        raise ValueError("%s: record %d of its %s split is damaged: its checksum does not fit"
                         % (self.name, i, self.split))  # fmt: skip

    def state(self):
        """The place within the epoch, six ints: the epoch, the next sample of it, how many it has; seed, shuffle; and
        what tells the file from another."""
        at = self.epoch, 0, 0
        if 0 < self.next < self.samples:
            at = self.order, self.next, self.samples
        return at + (self.seed, int(self.shuffle), self.mark)

    def load(self, state):
        """Go to where state() was called: iterating then hands out the rest of that epoch, and after it the others. In
        a file that grew, the epoch ends with the records that it began with. ValueError where it is of another file."""
        epoch, first, samples, seed, shuffle, mark = state
        count = self._count() if self.grows else self.layout.chunk
        if mark != self.mark or not 0 <= first <= samples <= count:
            raise ValueError("the place %s is of another file than %s, which has %d samples to %s"
                             % (state, self.name, count, self.split))  # fmt: skip
        if bool(shuffle) != bool(self.shuffle):
            raise ValueError("the place %s is of batches with shuffle=%s" % (state, bool(shuffle)))
        self.epoch = self.order = epoch
        self.seed, self.next, self.samples, self.loaded = seed, first, samples if first else count, True

    def __len__(self):
        return (self.samples + self.rows - 1) // self.rows

    def __iter__(self):
        if not self.loaded:
            self.next = 0
            if self.grows:
                self._begin()
        self.loaded, self.skipped, self.order = False, 0, self.epoch
        self.epoch += 1
        return self

    def _begin(self):
        """The file may have grown since it was opened."""
        if self.source:
            self.file.close()
            self.file = open(self.source, "rb")
        self.samples = self._count()

    # As in run/runner.py, what runs at every batch is cut into calls whose frames stay small.

    def __next__(self):
        if self.memory:
            return self._in_place()
        rows = self._gather()
        if rows == self.rows:
            return self.full
        if not rows:
            raise StopIteration
        if rows != self.last[0]:
            self.last = rows, self._pair([memoryview(part.buffer)[: rows * part.size] for part in self.parts])
        return self.last[1]

    def _gather(self):
        """Read a batch into the buffers; its rows."""
        row, i = 0, self.next
        while row < self.rows and i < self.samples:
            if self._take(i):
                for part in self.parts:
                    part.keep(row)
                row += 1
            i += 1
        self.next = i
        return row

    def _in_place(self):
        """A batch as views of the memory that it lies in."""
        first = i = self.next
        while i < self._end(first):
            if self._take(i):
                i += 1
            elif i == first:
                first = i = i + 1
            else:
                break
        if i == first:
            raise StopIteration
        self.next = i
        return self._pair([self._view(k, first, i - first) for k in range(len(self.parts))])

    def _end(self, first):
        chunk = self.layout.chunk
        return min(first + self.rows, self.samples, (first // chunk + 1) * chunk)

    def _view(self, k, first, rows):
        at = self.layout.place(k, first)
        return _typed(self.memory[at : at + rows * self.layout.bytes[k]], self.parts[k].typecode)

    def _take(self, i):
        """Read the i-th record of the epoch; False where it is to be skipped. It is read twice before it is refused:
        what fails may be the reading."""
        if self.shuffle:
            i = vm.permute(i, self.samples, self.seed, self.order)
        if self._read(i) or self._read(i):
            return True
        if self.on_damage == "raise":
            self._refuse(i)
        self.skipped += 1
        return False

    def _read(self, i):
        """Whether a record is whole; then each part has what is its own."""
        layout, file, parts = self.layout, self.file, self.parts
        for k in range(len(parts)):
            file.seek(layout.place(k, i))
            if file.readinto(parts[k].record) != layout.bytes[k]:
                return False
        return layout.key is None or self._is_whole(i)

    def _is_whole(self, i):
        self.file.seek(self.layout.checksums(i))
        for part in self.parts:
            self.file.readinto(part.checksum)
        for k in range(len(self.parts)):
            if crc32(self.parts[k].whole, self.layout.seed(k, i)) != INTACT:
                return False
        return True

    def close(self):
        self.file.close()


def _of(parts, k, several):
    """What is k-th of each part."""
    return tuple([part[k] for part in parts]) if several else parts[0][k]


def _buffer(typecode, n):
    if typecode == "B":
        return bytearray(n)
    # An array of a range takes its own bytes alone; the narrow types do not hold a range's values.
    return array(typecode, range(n) if typecode in "fiI" else bytes(n * SIZES[typecode]))


def _typed(view, typecode):
    """Bytes as elements of a type, or None where they cannot be seen so."""
    if typecode == "B":
        return view
    return view.cast(typecode) if hasattr(view, "cast") else None


def _leave(name):
    """What was used once goes from the heap, but for the smallest boards."""
    try:
        from ..base.homes import forget
    except ImportError:
        return
    forget("ember.data", name)
    forget("ember", "data_" + name)  # as a board has it


def __getattr__(name):
    from ..base.homes import look_up

    found = look_up(name, _HOMES)
    if found is None:
        raise AttributeError("ember.data has no %r" % name)
    return found
