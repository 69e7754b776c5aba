"""How many whole records a growing file holds. What appends writes a record, its checksums, then the count: so each
state that power can cut off is one of these."""

from .layout import COUNTS, is_whole


def records(layout, file, name):
    """Their number. ValueError where the file was cut off within records that it counts."""
    there = file.seek(0, 2) - layout.start
    chunks = max(there, 0) // layout.length
    if there - chunks * layout.length >= COUNTS and latest(layout, file, chunks)[0] > 0:
        raise ValueError("%s is truncated: it ends within chunk %d of its records" % (name, chunks))
    if not chunks:
        return 0
    count = latest(layout, file, chunks - 1)[0]
    return (chunks - 1) * layout.chunk + (counted(layout, file, chunks - 1) if count < 0 else count)


def latest(layout, file, chunk):
    """(records that a chunk says it holds, which of its two counts says so), (-1, 1) where both are damaged."""
    found, which, entry = -1, 1, bytearray(8)
    for k in range(2):
        file.seek(layout.start + chunk * layout.length + 8 * k)
        if file.readinto(entry) == 8 and is_whole(entry, layout.key + chunk):
            n = int.from_bytes(entry[:4], "little")
            if found < n <= layout.chunk:
                found, which = n, k
    return found, which


def counted(layout, file, chunk):
    """The records of a chunk up to the last whole one: each says by its checksums that it is."""
    for i in range((chunk + 1) * layout.chunk - 1, chunk * layout.chunk - 1, -1):
        for k in range(len(layout.bytes)):
            data = bytearray(layout.bytes[k] + 4)
            view = memoryview(data)
            file.seek(layout.place(k, i))
            file.readinto(view[: layout.bytes[k]])
            file.seek(layout.checksums(i) + 4 * k)
            file.readinto(view[layout.bytes[k] :])
            if not is_whole(data, layout.seed(k, i)):
                break
        else:
            return i + 1 - chunk * layout.chunk
    return 0
