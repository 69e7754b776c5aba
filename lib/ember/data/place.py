"""What Batches takes seldom: the place within an epoch, files that grew, records that are damaged."""

from binascii import crc32


def load(batches, state):
    """Batches.load."""
    epoch, first, samples, seed, shuffle, mark = state
    there = count(batches) if batches.grows else batches.layout.chunk
    if mark != batches.mark or not 0 <= first <= samples <= there:
        raise ValueError("the place %s is of another file than %s, which has %d samples to %s"
                         % (state, batches.name, there, batches.split))  # fmt: skip
    if bool(shuffle) != bool(batches.shuffle):
        raise ValueError("the place %s is of batches with shuffle=%s" % (state, bool(shuffle)))
    batches.epoch = batches.order = epoch
    batches.seed, batches.next, batches.samples, batches.loaded = seed, first, samples if first else there, True


def count(batches):
    """The samples of a file that may have grown since it was opened."""
    from .count import records

    if batches.source:
        batches.file.close()
        batches.file = open(batches.source, "rb")
    batches.samples = records(batches.layout, batches.file, batches.name)
    return batches.samples


def check(batches):
    """Batches.check."""
    if batches.crc:
        _check_all(batches)
        return
    for i in range(batches.samples):
        if not batches.read(i) and not batches.read(i):
            refuse(batches, i)


def _check_all(batches):
    """Compare the one checksum that a file of version 1 has, and where what it is of begins."""
    crc, start = batches.crc
    batches.file.seek(start)
    found, chunk = 0, bytearray(256)
    n = batches.file.readinto(chunk)
    while n:
        found = crc32(memoryview(chunk)[:n], found)
        n = batches.file.readinto(chunk)
    if found != crc:
        raise ValueError("%s is damaged: its checksum does not fit" % batches.name)


def refuse(batches, i):
    raise ValueError("%s: record %d of its %s split is damaged: its checksum does not fit"
                     % (batches.name, i, batches.split))  # fmt: skip


def whole(file):
    """Whether every record that a file has is as it was written; ValueError where it is no data file."""
    from . import Batches
    from .head import read

    head = read(file, "it")
    for test in range(2):
        if head.layouts[test].chunk:
            Batches(file, 1, "test" if test else "train", False).check()
    return True
