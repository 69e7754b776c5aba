"""Two slots on a raw partition or block device, for boards without a file system. A slot's first block holds its head:

    0   b"EMBR"
    4   sequence number, which wraps at 2**30; bytes of content; CRC-32 of the content: uint32
    16  CRC-32 of these 16 bytes

Little endian. The content follows from the next block on. What is written goes to the slot that does not hold the
newest whole one: content, sync, head, sync. So whatever a cut leaves, a whole one is there.
"""

import struct
from binascii import crc32

from .files import at_once

_COUNT, _SIZE, _SYNC = 4, 5, 3  # what ioctl() is asked, as MicroPython has it
_WRAP = (1 << 30) - 1  # a small int


class Slots:
    """Takes the place of a path: trainer.save(slots), trainer.load(slots).

    device    a block device as MicroPython has it: esp32.Partition, rp2.Flash, machine.SDCard, or anything that has
              readblocks(n, buffer), writeblocks(n, buffer), which erases what it must, and ioctl(command, argument)

    A slot is half of its blocks, and takes a block less than that. A buffer of one block is on the heap meanwhile. No
    file system may lie there. ValueError where there are fewer than four blocks.
    """

    def __init__(self, device):
        self.device = device
        self.size = device.ioctl(_SIZE, 0) or 512
        self.blocks = (device.ioctl(_COUNT, 0) or 0) // 2
        if self.blocks < 2:
            raise ValueError("the device has %d blocks; two slots take four" % (device.ioctl(_COUNT, 0) or 0))

    def __repr__(self):
        return "two slots of %d bytes" % (self.size * (self.blocks - 1))

    def open(self):
        """The newest whole content, as a file for reading. OSError where there is none."""
        slot = Slot(self)
        found = self._newest(slot)
        if found is None:
            raise OSError("there is nothing whole in %r" % self)
        slot.open(found)
        return slot

    def exists(self):
        """Whether there is any content."""
        return self._newest(Slot(self)) is not None

    def replace(self, write, what):
        """write(what, file) what is the newest then. OSError where it does not fit, or the device fails: the one before
        is there as it was."""
        for _ in self.replacing(at_once, (write, what)):
            pass

    def replacing(self, write, what):
        """The same, piece by piece: write(what, file) yields after each piece that it has written, and so does this."""
        slot = Slot(self)
        newest, number = self._newest(slot), 0
        if newest is not None:
            number = (slot.number + 1) & _WRAP
        try:
            slot.begin(0 if newest else 1)
            yield from write(what, slot)
            slot.end(number)
        except OSError as error:
            raise OSError("cannot write to %r (%s)" % (self, error))  # noqa: B904

    def _newest(self, slot):
        """Which slot holds it: 0, 1 or None; the slot has its number then. Where neither is whole and one could not be
        read, OSError: it may be whole."""
        found = failed = None
        number = 0
        for k in range(2):
            try:
                if slot.whole(k) and (found is None or (slot.number - number) & _WRAP <= _WRAP >> 1):
                    found, number = k, slot.number
            except OSError as error:
                failed = error
        if found is None and failed:
            raise failed
        slot.number = number
        return found


class Slot:
    """One of them, as a file that is read or written from its beginning to its end."""

    def __init__(self, slots):
        self.device, self.size, self.blocks = slots.device, slots.size, slots.blocks
        self.block = memoryview(bytearray(self.size))
        self.number = self.length = 0

    def _done(self, result):
        """Devices raise, or return what is neither None, True nor 0."""
        if result is not None and result is not True and (result is False or result != 0):
            raise OSError(5, "the device says %r" % (result,))

    def _get(self, k):
        """Block k of the slot, 0 being its head, into the buffer."""
        if self.held != k:
            self.held = -1
            self._done(self.device.readblocks(self.first + k, self.block))
            self.held = k

    def _put(self, k):
        self._done(self.device.writeblocks(self.first + k, self.block))

    def _at(self, which):
        self.first, self.held, self.at = which * self.blocks, -1, 0

    def _head(self):
        self._get(0)
        return struct.unpack("<4s4I", self.block[:20])

    # To be read.

    def open(self, which):
        self._at(which)
        self.length = self._head()[2]

    def whole(self, which):
        """Whether all that it holds is what was written."""
        self.open(which)
        magic, number, length, crc, seal = self._head()
        if magic != b"EMBR" or seal != crc32(self.block[:16]) or length > (self.blocks - 1) * self.size:
            return False
        self.number, k, found = number & _WRAP, 1, 0
        while length > 0:
            self._get(k)
            found = crc32(self.block[: min(length, self.size)], found)
            length -= self.size
            k += 1
        return found == crc

    def readinto(self, buffer):
        """How many bytes it got: all that fit, unless the content ends."""
        to = plain(buffer)
        done, n = 0, min(len(to), self.length - self.at)
        while done < n:
            self._get(1 + self.at // self.size)
            start = self.at % self.size
            take = min(n - done, self.size - start)
            to[done : done + take] = self.block[start : start + take]
            self.at += take
            done += take
        return done

    def read(self, n=-1):
        left = self.length - self.at
        buffer = bytearray(left if n < 0 else min(n, left))
        self.readinto(buffer)
        return bytes(buffer)

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        """As files have it; the position, which lies within the content."""
        self.at = max(0, min(self.length, offset + (0, self.at, self.length)[whence]))
        return self.at

    # To be written.

    def begin(self, which):
        self._at(which)
        self.crc = 0

    def write(self, buffer):
        data = plain(buffer)
        self.crc = crc32(data, self.crc)
        done = 0
        while done < len(data):
            start = self.at % self.size
            take = min(len(data) - done, self.size - start)
            if self.at < (self.blocks - 1) * self.size:
                self.block[start : start + take] = data[done : done + take]
                if start + take == self.size:
                    self._put(1 + self.at // self.size)
            self.at += take
            done += take
        return done

    def end(self, number):
        """What is left, and the head, each in its turn."""
        most = (self.blocks - 1) * self.size
        if self.at > most:
            raise OSError(28, "it takes %d bytes, a slot has %d" % (self.at, most))
        if self.at % self.size:
            self._put(1 + self.at // self.size)
        self._done(self.device.ioctl(_SYNC, 0))
        head = struct.pack("<4s3I", b"EMBR", number, self.at, self.crc)
        self.block[:20] = head + struct.pack("<I", crc32(head))
        self._put(0)
        self._done(self.device.ioctl(_SYNC, 0))

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()


def plain(buffer):
    """A buffer's bytes where they lie: in MicroPython a view of floats takes no bytes."""
    view = memoryview(buffer)
    if hasattr(view, "cast"):
        return view.cast("B")
    item = len(bytes(view[:1]))
    if item < 2:
        return view
    from uctypes import addressof, bytearray_at

    return memoryview(bytearray_at(addressof(buffer), item * len(view)))
