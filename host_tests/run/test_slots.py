"""Two slots on a raw device. Power cuts at every write: test_faults.py."""

from array import array

import pytest

from dying import Disk, span
from ember.run.slots import Slots

KINDS = {"blocks": (512, 8, False), "flash": (4096, 4, True), "odd": (256, 9, False)}


def put(what, file):
    """In pieces, some of floats."""
    for piece in what:
        file.write(piece)


def content(k, n):
    return bytes((i * 7 + k) % 251 for i in range(n))


@pytest.fixture(params=KINDS)
def disk(request):
    size, blocks, flash = KINDS[request.param]
    return Disk(bytearray(size * blocks), size, flash)


def room(disk):
    return (len(disk.image) // disk.size // 2 - 1) * disk.size


def taken(slots):
    with slots.open() as file:
        return file.read()


def test_what_is_written_is_read(disk):
    slots = Slots(disk)
    with pytest.raises(OSError, match="there is nothing whole in two slots of %d bytes" % room(disk)):
        slots.open()
    for k, n in enumerate((1, 0, room(disk), room(disk) - 1, 255, 256, 257, 100)):
        data = content(k, n)
        slots.replace(put, [data[:5], array("B", data[5:])])
        assert taken(Slots(disk)) == data


def test_read_as_a_file_is(disk):
    floats = array("f", [0.5 * k for k in range(60)])
    Slots(disk).replace(put, [b"head", memoryview(floats), floats[:0]])
    with Slots(disk).open() as file:
        assert file.read(4) == b"head"
        found = array("f", bytes(240))
        assert file.readinto(memoryview(found)[:30]) == 120 and file.readinto(memoryview(found)[30:]) == 120
        assert found == floats and file.read(3) == b"" and file.readinto(bytearray(4)) == 0
        assert file.seek(4) == 4 and file.read() == floats.tobytes()
        assert file.seek(-4, 2) == 240 and file.seek(2, 1) == 242 and file.read(9) == floats.tobytes()[-2:]


def test_too_much(disk):
    slots = Slots(disk)
    slots.replace(put, [b"old"])
    with pytest.raises(OSError, match="it takes %d bytes, a slot has %d" % (room(disk) + 7, room(disk))):
        slots.replace(put, [bytes(room(disk)), b"and more"[:7]])
    assert taken(slots) == b"old"


def test_numbers_wrap():
    disk = Disk(bytearray(8 * 512), 512, False)
    slots, last = Slots(disk), (1 << 30) - 1

    def numbered(number):
        """Write as the number that comes after the one given."""
        from ember.run.slots import Slot

        slot = Slot(slots)
        slot.begin(0)
        slot.write(b"%d" % number)
        slot.end(number)

    numbered(last - 1)
    for k in range(4):
        slots.replace(put, [b"after %d" % k])
        assert taken(slots) == b"after %d" % k


def test_every_bit_of_the_newest(disk):
    slots = Slots(disk)
    for k in range(2):
        slots.replace(put, [content(k, 40)])
    image = bytes(disk.image)
    half = len(image) // 2 if disk.size != 256 else 4 * 256
    for start in (0, disk.size):  # the second save's: slot 0
        for bit in range(8 * (20 if not start else 40)):
            disk.image[:] = image
            disk.image[start + bit // 8] ^= 1 << bit % 8
            assert taken(slots) == content(0, 40)
            if bit % 8 == 0:  # and the next save does not touch the one that is whole
                before = bytes(disk.image[half : 2 * half])
                slots.replace(put, [b"next"])
                assert taken(slots) == b"next" and bytes(disk.image[half : 2 * half]) == before


@pytest.mark.parametrize("answer", [-5, 1, False, OSError(5)])
def test_a_device_that_says_no(answer):
    class Failing(Disk):
        wrong = False

        def writeblocks(self, block, buffer):
            if self.wrong and isinstance(answer, OSError):
                raise answer
            return answer if self.wrong else super().writeblocks(block, buffer)

    disk = Failing(bytearray(8 * 512), 512, False)
    slots = Slots(disk)
    slots.replace(put, [b"old"])
    disk.wrong = True
    with pytest.raises(OSError, match="cannot write to two slots"):
        slots.replace(put, [b"new"])
    disk.wrong = False
    assert taken(slots) == b"old"


def test_what_cannot_be_read_is_not_written_over():
    disk = Disk(bytearray(8 * 512), 512, False)
    slots = Slots(disk)
    slots.replace(put, [b"old"])
    image = bytes(disk.image)
    disk.failing_reads = span(0)
    with pytest.raises(OSError):
        slots.open()
    with pytest.raises(OSError):
        slots.replace(put, [b"new"])
    assert disk.image == image


def test_too_small():
    with pytest.raises(ValueError, match="the device has 3 blocks; two slots take four"):
        Slots(Disk(bytearray(3 * 512), 512, False))
