"""Data files that grow, on the board too (docs/data.md)."""

import os
from binascii import crc32

from .count import latest, records
from .head import read
from .layout import COUNTS
from .pack import entry, fill, part_bytes


class Appender:
    """Appends to a data file that was made to grow: `file.append(x, y)`. A record is written, then its checksums, then
    the count, when what went before has reached the file: a power cut leaves all records but the last.

    path    or a file that is open for reading and writing

    len() is the samples to train on that the file has. close() it, or use it in a `with`.
    """

    def __init__(self, path):
        name = path if isinstance(path, str) else "the file"
        try:
            self.file = open(path, "r+b") if isinstance(path, str) else path
        except OSError as error:
            raise OSError("no data file %r (%s)" % (path, error))  # noqa: B904
        try:
            self.head = read(self.file, name)
            if not self.head.grows:
                raise ValueError("%s does not grow; create, or write with chunk=64, makes one that does" % name)
            self.layout = self.head.layouts[0]
            self.samples = records(self.layout, self.file, name)
        except BaseException:
            if isinstance(path, str):
                self.file.close()
            raise

    def append(self, x, y):
        """One more sample: numbers of the file's shape and types. ValueError where they are not, and nothing has
        changed."""
        self.extend(((x, y),))

    def extend(self, samples):
        """Several samples (x, y). To be written together they take memory together, and no more flushes than one."""
        made, n = [], len(self.layout.bytes)
        for x, y in samples:
            i = self.samples + len(made)
            made.append([part_bytes(self.head, k, (x, y), i) for k in range(n)])
        at = 0
        while at < len(made):
            count = min(len(made) - at, self.layout.chunk - self.samples % self.layout.chunk)
            self._write(made, at, count)
            at += count

    def _write(self, made, at, count):
        """So many of them, which go into one chunk."""
        layout, file, first = self.layout, self.file, self.samples
        if first % layout.chunk == 0:
            self._begin(first // layout.chunk)
        for k in range(len(layout.bytes)):
            file.seek(layout.place(k, first))
            for i in range(count):
                file.write(made[at + i][k])
        file.seek(layout.checksums(first))
        for i in range(count):
            for k in range(len(layout.bytes)):
                file.write(crc32(made[at + i][k], layout.seed(k, first + i)).to_bytes(4, "little"))
        flush(file)
        chunk = first // layout.chunk
        self._say(chunk, first + count - chunk * layout.chunk)
        self.samples += count

    def _say(self, chunk, count):
        """The count, in the place of the older of the two."""
        at = self.layout.start + chunk * self.layout.length + 8 * (1 - latest(self.layout, self.file, chunk)[1])
        self.file.seek(at)
        self.file.write(entry(self.layout, chunk, count))
        flush(self.file)

    def _begin(self, chunk):
        """Room for more."""
        self.file.seek(self.layout.start + chunk * self.layout.length)
        self.file.write(entry(self.layout, chunk, 0) * 2)
        fill(self.file, self.layout.length - COUNTS)
        flush(self.file)

    def __len__(self):
        return self.samples

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def close(self):
        self.file.close()


def flush(file):
    """What was written reaches the device. MicroPython's flush() sees to that; its files have no fileno()."""
    file.flush()
    if hasattr(os, "fsync") and hasattr(file, "fileno"):
        os.fsync(file.fileno())
