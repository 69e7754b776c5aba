"""A block device that fails, for MicroPython and CPython. It logs what changes it, so that what a power cut leaves can
be made for each of its writes; and it can fail, or flip a bit, when it is read or written the n-th time. It has both of
MicroPython's block protocols."""

import random

CLEAN, TORN, REORDERED = "clean", "torn", "reordered"
SYNC = None
EIO, ENOSPC = -5, -28


class Disk:
    """image: its bytes, which are changed. flash: programming clears bits, and only erasing sets them."""

    def __init__(self, image, size, flash):
        self.image, self.size, self.flash = image, size, flash
        self.log = None
        self.reads = self.writes = 0
        self.failing_reads = self.failing_writes = ()  # numbers, or a function that says whether it fails
        self.code = EIO
        self.flipped = -1, 0  # the read in which a bit is wrong, and which

    def readblocks(self, block, buffer, offset=0):
        n, self.reads = self.reads, self.reads + 1
        if _among(n, self.failing_reads):
            return self.code
        at = block * self.size + offset
        buffer[:] = memoryview(self.image)[at : at + len(buffer)]
        if n == self.flipped[0]:
            bit = self.flipped[1] % (8 * len(buffer))
            buffer[bit // 8] ^= 1 << bit % 8
        return 0

    def writeblocks(self, block, buffer, offset=None):
        at = block * self.size
        if offset is None and self.flash:
            for k in range(at, at + len(buffer), self.size):
                failed = self._change(k, None, self.size)
                if failed:
                    return failed
        return self._change(at + (offset or 0), buffer, len(buffer))

    def ioctl(self, command, argument):
        if command == 3 and self.log is not None:
            self.log.append(SYNC)
        elif command == 4:
            return len(self.image) // self.size
        elif command == 5:
            return self.size
        elif command == 6 and self.flash:
            return self._change(argument * self.size, None, self.size)
        return 0

    def _change(self, at, data, n):
        k, self.writes = self.writes, self.writes + 1
        if _among(k, self.failing_writes):
            return self.code
        if self.log is not None:
            self.log.append((at, data and bytes(data), n))
        apply(self.image, self.flash, at, data, n)
        return 0


def _among(n, numbers):
    return numbers(n) if callable(numbers) else n in numbers


def span(first, until=None):
    """Those from first on, or until one."""
    return lambda n: n >= first and (until is None or n < until)


def apply(image, flash, at, data, n):
    """A write of n bytes, or where data is None, that they are erased."""
    if data is None:
        image[at : at + n] = b"\xff" * n
    elif flash:
        for k in range(n):
            image[at + k] &= data[k]
    else:
        image[at : at + n] = data


def cuts(log):
    """At how many points a log may be cut: before each write, and after the last."""
    return len([op for op in log if op is not SYNC]) + 1


def left(image, flash, log, n, mode, seed):
    """What is on a device when its power is cut at write n of a log: image is from before the log. CLEAN: the writes
    before. TORN: the first bytes of this one too. REORDERED: what is synced, and some of the rest."""
    random.seed(seed * 1000003 + n)
    image, done, waiting = bytearray(image), 0, []
    for op in log:
        if op is SYNC:
            waiting = []
            continue
        if done == n:
            if mode == TORN:
                at, data, size = op
                size = random.randrange(size + 1)
                apply(image, flash, at, data and data[:size], size)
            elif mode == REORDERED:
                waiting.append((op, b""))
            break
        if mode == REORDERED:
            waiting.append((op, bytes(memoryview(image)[op[0] : op[0] + op[2]])))
        apply(image, flash, *op)
        done += 1
    if mode == REORDERED:
        for k in range(len(waiting) - 1, -1, -1):
            (at, _, _), before = waiting[k]
            image[at : at + len(before)] = before
        for op, _ in waiting:
            if random.getrandbits(1):
                apply(image, flash, *op)
    return image
