"""The heads of data files, and whole files: every bit, every length."""

import io
import struct
import zlib

import pytest

from data_files import column, first_version, handed_out, rows, second_version
from ember.data import Batches

X = [column("h", (3, 2), [0.5, 2.0], [1.0, -1.0]), column("B", (5,), 0.25, 0.0)]
Y = [column("B", (), classes=3, names=("a", "bé", "c")), column("f", (2,))]
SEVERAL, GROWS = 3, 4


def record(i):
    return [struct.pack("<6h", *range(i, i + 6)), bytes(range(i, i + 5)), bytes([i % 3]), struct.pack("<2f", i, -i)]


def said(i):
    return tuple(range(i, i + 6)), tuple(range(i, i + 5)), (i % 3,), (float(i), float(-i))


def made(train=5, test=2, flags=SEVERAL, **more):
    return second_version(X, Y, [record(i) for i in range(train)], [record(50 + i) for i in range(test)], flags, **more)


def test_a_file_that_was_made_apart_is_read():
    about, found = handed_out(made(), shuffle=False)
    assert found == [said(i) for i in range(5)]
    assert about == {
        "shape": ((3, 2), (5,)),
        "typecode": ("h", "B"),
        "scale": ([0.5, 2.0], 0.25),
        "offset": ([1.0, -1.0], 0.0),
        "target_shape": ((), (2,)),
        "target_typecode": ("B", "f"),
        "classes": (3, 0),
        "names": (("a", "bé", "c"), None),
    }
    assert handed_out(made(), split="test")[1] == [said(50), said(51)]
    assert handed_out(made(10, flags=SEVERAL + GROWS, chunk=4), shuffle=False)[1] == [said(i) for i in range(10)]


def flipped(data):
    for place in range(8 * len(data)):
        yield data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]


def trained_on(data, wrong, **options):
    """Bits are flipped one by one: (how often what is handed out is wrong(found), how often it is refused)"""
    bad = refused = 0
    for file in flipped(data):
        try:
            bad += wrong(handed_out(file, shuffle=False, **options))
        except ValueError:
            refused += 1
    return bad, refused


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_bit(split):
    data = made()
    expected = handed_out(data, shuffle=False, split=split)
    bad, refused = trained_on(data, lambda found: found != expected, split=split)
    here = len(record(0)) * 4 + sum(map(len, record(0)))
    assert bad == 0 and refused >= 8 * (len(made(1, 0)) - here - 16 - 6 + (5 if split == "train" else 2) * here)


def test_every_bit_of_a_file_that_grows():
    """A count that is damaged is one less, or is found by the records themselves."""
    data = made(6, flags=SEVERAL + GROWS, chunk=4)
    about, records = handed_out(data, shuffle=False)
    bad, refused = trained_on(data, lambda found: found != (about, records[: len(found[1])]) or len(found[1]) < 5)
    assert bad == 0 and refused > 1000


@pytest.mark.parametrize("on_damage", ["raise", "skip"])
def test_every_bit_where_damage_is_skipped(on_damage):
    data = made()
    about, records = handed_out(data, shuffle=False)
    bad, _ = trained_on(data, lambda found: found[0] != about or [r for r in found[1] if r not in records]
                        or len(found[1]) < 4, on_damage=on_damage)  # fmt: skip
    assert bad == 0


def test_that_every_bit_would_be_seen(monkeypatch):
    """A reader that does not look at checksums trains on damage."""
    data = made()
    expected = handed_out(data, shuffle=False)
    monkeypatch.setattr("ember.data.is_whole", lambda data, seed: True)
    assert trained_on(data, lambda found: found != expected)[0] > 500
    monkeypatch.undo()
    monkeypatch.setattr("ember.data.head.is_whole", lambda data, seed: True)
    assert trained_on(data, lambda found: found != expected)[0] > 50


def test_every_length():
    data = made()
    for n in range(len(data)):
        for split in ("train", "test"):
            with pytest.raises(ValueError):
                handed_out(data[:n], split=split)
    with pytest.raises(ValueError, match="truncated"):
        handed_out(data + b"\0")


def test_every_length_of_a_file_that_grows():
    data = made(10, flags=SEVERAL + GROWS, chunk=4)
    about, records = handed_out(data, shuffle=False)
    short = made(4, flags=SEVERAL + GROWS, chunk=4)
    chunk = len(made(8, flags=SEVERAL + GROWS, chunk=4)) - len(short)
    for n in range(len(data)):
        try:
            found = handed_out(data[:n], shuffle=False)
        except ValueError:
            continue
        whole = max(n - len(short) + chunk, 0) // chunk * 4
        assert found == (about, records[:whole]) and n % chunk - len(short) % chunk < 16


def test_a_record_in_the_place_of_another_is_seen():
    """Bytes and checksums alike."""
    records = [record(i) for i in range(5)]
    data = made()
    head = len(data) - len(made(5, 0)) + len(second_version(X, Y, [], [], SEVERAL))
    sums = head + 16
    swapped = data[:sums] + data[sums + 16 : sums + 32] + data[sums : sums + 16] + data[sums + 32 :]
    at = sums + 5 * 16
    for part in range(4):
        n = len(records[0][part])
        swapped = swapped[:at] + swapped[at + n : at + 2 * n] + swapped[at : at + n] + swapped[at + 2 * n :]
        at += (5 * n + 3) // 4 * 4
    assert sorted(swapped) == sorted(data)
    with pytest.raises(ValueError, match="record 0 of its train split is damaged"):
        handed_out(swapped, shuffle=False)


def with_head(data, at, value):
    """A head that says something else, and a checksum that fits."""
    length = struct.unpack_from("<I", data, 8)[0]
    head = bytearray(data[: length - 4])
    head[at : at + len(value)] = value
    return bytes(head) + struct.pack("<I", zlib.crc32(head)) + data[length:]


@pytest.mark.parametrize("value", [b"\0", b"\1", b"\x7f", b"\xff", b"\xff\xff\xff\xff"])
def test_a_head_that_lies_is_refused_or_its_records_are(value):
    """Nothing but ValueError, wherever in the head."""
    data = made()
    length = struct.unpack_from("<I", data, 8)[0]
    for at in range(4, length - 4 - len(value)):
        lying = with_head(data, at, value)
        if lying != data:
            with pytest.raises(ValueError):
                handed_out(lying, shuffle=False)


def test_every_bit_of_the_records_of_version_1():
    data = first_version([(range(i, i + 6), i) for i in range(4)], [(range(6), 1)], (3, 2), 5)
    about, records = handed_out(data, shuffle=False)
    assert records == [(tuple(range(i, i + 6)), (i,)) for i in range(4)]
    for place in range(8 * 24, 8 * len(data)):
        file = data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]
        with pytest.raises(ValueError):
            handed_out(file)


def test_a_read_that_fails_once_is_read_again():
    class Flaky(io.BytesIO):
        reads = 0

        def readinto(self, buffer):
            n = super().readinto(buffer)
            self.reads += 1
            if self.reads % 29 == 0:
                memoryview(buffer).cast("B")[0] ^= 1
            return n

    file = Flaky(made())
    batches = Batches(file, 2, shuffle=False)
    expected = handed_out(made(), shuffle=False)[1]
    for _ in range(5):
        assert [row for x, y in batches for row in rows(batches, x, y)] == expected
    assert file.reads > 200
