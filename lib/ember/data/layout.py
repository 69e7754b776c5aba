"""Where the records of a split lie in a data file (docs/data.md): chunks, each of two counts, a table of checksums, and
a column for each input and target. head.py makes these."""

from binascii import crc32

SIZES = {"f": 4, "i": 4, "B": 1, "b": 1, "h": 2, "H": 2, "I": 4}
INTACT = 0x2144DF1C  # the CRC-32 of whatever its own CRC-32 follows; a small int, as a CRC-32 seldom is on boards
COUNTS = 16


class Layout:
    """start: of the first chunk in the file; chunk: records in each; key: what checksums begin from, of the file's
    head; of each column, bytes: of a record, offsets: in the chunk, strides: to the next record; length: of a chunk.
    All ints stay below 2**30."""

    def __init__(self, *given):
        self.start, self.chunk, self.key, self.bytes, self.offsets, self.strides, self.length = given

    def place(self, k, i):
        """Of part k of record i."""
        return self.start + i // self.chunk * self.length + self.offsets[k] + i % self.chunk * self.strides[k]

    def checksums(self, i):
        """Of those of record i, one a part."""
        return self.start + i // self.chunk * self.length + COUNTS + i % self.chunk * 4 * len(self.bytes)

    def seed(self, k, i):
        """What the checksum of part k of record i begins from, so that no record passes for another."""
        return self.key + i * len(self.bytes) + k


def is_whole(data, seed):
    """Whether bytes end with the CRC-32 of those before."""
    return crc32(data, seed) == INTACT
