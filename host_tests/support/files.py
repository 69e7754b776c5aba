"""Files of programs: their words, changed and sealed; and what training keeps."""

import struct
import zlib

from ember.run import reader


def everything(t):
    """All that was kept but gradients, and the counters."""
    kept = [t.executor.segments[0][o : o + n].tobytes() for o, n in map(t.image.block, (0, 1, 3))]
    return kept, list(t.executor.segments[3][1:]), t.loss


def sealed(words):
    """A file with a checksum that fits."""
    words[reader.LENGTH] = len(words)
    data = struct.pack("<%di" % len(words), *words)
    words[reader.CRC] = struct.unpack("<i", struct.pack("<I", zlib.crc32(data[4 * reader.BATCH :])))[0]
    return struct.pack("<%di" % len(words), *words)


def words_of(data):
    return list(struct.unpack("<%di" % (len(data) // 4), data))


def mutated(words, dice):
    words = list(words)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(reader.BATCH, len(words))
        new = [0, 1, -1, 1 << 24, dice.randrange(-(1 << 31), 1 << 31), words[at] ^ 1 << dice.randrange(31)]
        words[at] = dice.choice([*new, words[at] + dice.randrange(-2, 3), words[dice.randrange(len(words))]])
        words[at] = (words[at] + (1 << 31)) % (1 << 32) - (1 << 31)
    return sealed(words)
