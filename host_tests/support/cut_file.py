"""A file on a device that loses power. What was written since the last flush may be there, or not, or in part. It runs
under MicroPython too."""


class Cut(Exception):
    pass


class Device:
    """The device, and a file on it. After so many writes and flushes it dies."""

    def __init__(self, data, dies=1 << 30):
        self.kept, self.seen, self.waiting, self.at, self.left = bytearray(data), bytearray(data), [], 0, dies

    def seek(self, at, whence=0):
        self.at = at + (len(self.seen) if whence else 0)
        return self.at

    def readinto(self, buffer):
        found = self.seen[self.at : self.at + len(buffer)]
        buffer[: len(found)] = found
        self.at += len(found)
        return len(found)

    def work(self):
        self.left -= 1
        if self.left < 0:
            raise Cut

    def write(self, data):
        self.waiting.append((self.at, bytes(data)))
        self.work()
        self.seen = put(self.seen, self.at, data)
        self.at += len(data)
        return len(data)

    def flush(self):
        self.work()
        self.kept, self.waiting = bytearray(self.seen), []

    def close(self):
        pass

    def after(self):
        """What may be found when there is power again: each write that waited is there, or half, or not, the last of
        all begun at most. All ways of up to 5 of them; of more, each alone, all but each, none and all."""
        n = len(self.waiting)
        ways = range(3**n) if n <= 5 else [digit * 3**k for k in range(n) for digit in (1, 2)]
        if n > 5:
            every = (3**n - 1) // 2
            ways = ways + [0, every, 2 * every] + [2 * every - 2 * 3**k for k in range(n)]
        for way in ways:
            data = bytearray(self.kept)
            for at, piece in self.waiting:
                data = put(data, at, piece[: len(piece) * (way % 3) // 2])
                way //= 3
            yield bytes(data)


def put(data, at, piece):
    if piece and at > len(data):
        data = data + bytes([0xA5] * (at - len(data)))
    return data[:at] + bytes(piece) + data[at + len(piece) :]
