"""Data in a file, or in memory, streamed in batches: never more than one batch is copied. The file's format is in
docs/data.md; write, create and Appender, which make files, load when they are used."""

import gc

from .. import vm
from .layout import is_whole

_HOMES = " data.pack: write create data.grow: Appender "


class _Slice:
    def __getitem__(self, what):
        return what


_ALL = _Slice()[:]  # made once: x[:] = … makes one each time


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
        from .source import opened

        try:
            opened(self, source, batch_size, split, shuffle, on_damage)
        finally:
            _leave("source")
            _leave("head")
        self.seed, self.epoch, self.order, self.skipped, self.loaded = seed, 0, 0, 0, False
        self.next = self.before = -1  # the sample that is next, and what was before the last batch; -1 between epochs

    def check(self):
        """Read all records of the split, and compare their checksums: ValueError names the first that is damaged."""
        from .place import check

        check(self)

    def state(self):
        """The place within the epoch, six ints: the epoch, the next sample of it, how many it has; seed, shuffle; and
        what tells the file from another."""
        at = self.epoch, 0, 0
        if self.next >= 0:
            at = self.order, self.next, self.samples if self.next else 0
        return at + (self.seed, int(self.shuffle), self.mark)

    def load(self, state):
        """Go to where state() was called: iterating then hands out the rest of that epoch, and after it the others. In
        a file that grew, the epoch ends with the records that it began with. ValueError where it is of another file."""
        from .place import load

        load(self, state)

    def back(self):
        """The last batch is still to come: nothing was made of it."""
        self.next = self.before

    def __len__(self):
        return (self.samples + self.rows - 1) // self.rows

    def __iter__(self):
        if not self.loaded:
            if self.grows:
                from .place import count

                count(self)
            self.next = 0
        self.loaded, self.skipped, self.order = False, 0, self.epoch
        self.epoch += 1
        return self

    # As in run/runner.py, what runs at every batch is cut into calls whose frames stay small.

    def __next__(self):
        if self.memory:
            return self.memory(self)
        rows = self._gather()
        if rows == self.rows:
            return self.full
        if not rows:
            self.next = -1
            raise StopIteration
        if rows != self.last[0]:
            self.last = rows, self._cut(rows)
        return self.last[1]

    def _cut(self, rows):
        return self.pair([memoryview(part.buffer)[: rows * part.size] for part in self.parts])

    def _gather(self):
        """Read a batch into the buffers; its rows."""
        row = 0
        self.before = i = self.next
        while row < self.rows and i < self.samples:
            if self.take(i):
                self._keep(row)
                row += 1
            i += 1
        self.next = i
        return row

    def _keep(self, row):
        for part in self.parts:
            part.keep(row)

    def take(self, i):
        """Read the i-th record of the epoch; False where it is to be skipped. It is read twice before it is refused:
        what fails may be the reading."""
        if self.shuffle:
            i = vm.permute(i, self.samples, self.seed, self.order)
        if self.read(i) or self.read(i):
            return True
        if self.on_damage == "raise":
            from .place import refuse

            refuse(self, i)
        self.skipped += 1
        return False

    def read(self, i):
        """Whether a record is whole; then each part has what is its own."""
        for k in range(len(self.parts)):
            if not self._fill(k, i):
                return False
        return self.layout.key is None or self._is_whole(i)

    def _fill(self, k, i):
        self.file.seek(self.layout.place(k, i))
        return self.file.readinto(self.parts[k].record) == self.layout.bytes[k]

    def _is_whole(self, i):
        self.file.seek(self.layout.checksums(i))
        for part in self.parts:
            self.file.readinto(part.checksum)
        for k in range(len(self.parts)):
            if not self._fits(k, i):
                return False
        return True

    def _fits(self, k, i):
        return is_whole(self.parts[k].whole, self.layout.seed(k, i))

    def pair(self, found):
        """(x, y) of what there is of each part."""
        n = self.inputs
        return (tuple(found[:n]) if self.several_x else found[0]), (tuple(found[n:]) if self.several_y else found[n])

    def close(self):
        self.file.close()


class Part:
    """An input or a target of the batch. A record of it is read to .record, its checksum to .checksum, which lies
    behind; then it is kept in a row of .buffer."""

    def keep(self, row):
        if self.slots:
            self.slots[row][_ALL] = self.record
        else:
            self.buffer[row] = self.record[0]


def _leave(name):
    """What was used once goes from the heap, but for the smallest boards. CPython keeps it."""
    if not hasattr(gc, "mem_free"):
        return
    try:
        from ..base.homes import forget
    except ImportError:
        return
    forget("data." + name)


def __getattr__(name):
    from ..base.homes import look_up

    found = look_up(name, _HOMES)
    if found is None:
        raise AttributeError("ember.data has no %r" % name)
    return found
