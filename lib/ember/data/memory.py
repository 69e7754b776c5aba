"""Data that lies in memory: in RAM, in flash, in ROMFS."""

from io import BytesIO


class Memory:
    """Memory that is read as a file is."""

    def __init__(self, memory):
        self.memory, self.at, self.most = memory, 0, 64

    def seek(self, at, whence=0):
        self.at = at + (len(self.memory) if whence else 0)
        return self.at

    def readinto(self, buffer):
        # An element of a buffer may be of several bytes, and MicroPython does not tell: what is read is a piece that
        # holds enough.
        n = BytesIO(self.memory[self.at : self.at + max(self.most, 4 * len(buffer))]).readinto(buffer)
        self.at += n
        return n

    def close(self):
        pass


class InPlace:
    """The next batch, as views of the memory that it lies in."""

    def __init__(self, memory, typecodes):
        self.memory, self.typecodes = memory, typecodes

    def __call__(self, batches):
        first, i, rows = batches.next, batches.next, 0
        batches.before = first
        while i < self._end(batches, first):
            whole = batches.take(i)
            i += 1
            if whole:
                rows += 1
            elif rows:
                break
            else:
                first = i
        batches.next = i if rows else -1
        if not rows:
            raise StopIteration
        return batches.pair([self._view(batches.layout, k, first, rows) for k in range(len(self.typecodes))])

    def _end(self, batches, first):
        chunk = batches.layout.chunk
        return min(first + batches.rows, batches.samples, (first // chunk + 1) * chunk)

    def _view(self, layout, k, first, rows):
        at = layout.place(k, first)
        return typed(self.memory[at : at + rows * layout.bytes[k]], self.typecodes[k])


def typed(view, typecode):
    """Bytes as elements of a type, or None where they cannot be seen so."""
    if typecode == "B":
        return view
    return view.cast(typecode) if hasattr(view, "cast") else None
