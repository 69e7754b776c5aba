"""Data files and the reader that streams them."""

import gc
import io
import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout import ROOT
from data_files import first_version, handed_out
from ember.data import Appender, Batches, create, write

DIGITS = ROOT / "lib" / "examples" / "digits.bin"


def samples(count, size, classes, seed=1):
    draw = random.Random(seed)
    return [([draw.randrange(256) for _ in range(size)], draw.randrange(classes)) for _ in range(count)]


def packed(tmp_path, train, test, shape=(3, 2), classes=7, **more):
    path = str(tmp_path / "some.bin")
    write(path, train, test, shape, classes, **more)
    return path


def seen(batches):
    return [(bytes(x)[i * 6 : i * 6 + 6], y[i]) for x, y in batches for i in range(len(y))]


@given(count=st.integers(1, 40), batch_size=st.integers(1, 45), shuffle=st.booleans())
def test_an_epoch_hands_out_every_sample_once(tmp_path_factory, count, batch_size, shuffle):
    train = samples(count, 6, 7)
    path = packed(tmp_path_factory.mktemp("data"), train, samples(2, 6, 7, 9))
    batches = Batches(path, batch_size, shuffle=shuffle, seed=3)
    expected = [(bytes(x), y) for x, y in train]
    sizes = [len(y) for _, y in batches]
    assert len(sizes) == len(batches) and sum(sizes) == count
    assert all(size == min(batch_size, count) for size in sizes[:-1])
    handed = seen(batches)
    assert sorted(handed) == sorted(expected)
    if not shuffle:
        assert handed == expected
    batches.close()


def test_each_epoch_has_an_order_of_its_own_and_a_seed_repeats_them(tmp_path):
    path = packed(tmp_path, samples(30, 6, 7), samples(2, 6, 7))
    batches, again = Batches(path, 8, seed=5), Batches(path, 8, seed=5)
    first, second = seen(batches), seen(batches)
    assert first != second
    assert [seen(again), seen(again)] == [first, second]
    resumed = Batches(path, 8, seed=5)
    resumed.epoch = 1
    assert seen(resumed) == second
    assert seen(Batches(path, 8, seed=6)) != first


def test_buffers_are_the_same_again_and_again(tmp_path):
    path = packed(tmp_path, samples(20, 6, 7), samples(2, 6, 7))
    batches = Batches(path, 8)
    first, second = [[id(x) for x, _ in batches] for _ in range(2)]
    assert first == second and first[0] == first[1]


@pytest.mark.parametrize("typecode", "fiBbhHI")
def test_elements_come_in_the_types_of_the_file(tmp_path, typecode):
    train = [([1, 2, 100], 0), ([3, 4, 5], 1)]
    path = packed(tmp_path, train, train, shape=(3,), classes=2, typecode=typecode, scale=0.5)
    batches = Batches(path, 2, split="test")
    x, y = next(iter(batches))
    assert list(x) == [1, 2, 100, 3, 4, 5] and list(y) == [0, 1]
    assert (batches.typecode, batches.scale, batches.shape, batches.classes) == (typecode, 0.5, (3,), 2)
    assert x == (bytearray(x) if typecode == "B" else array(typecode, x))


@pytest.mark.parametrize("typecode", "fiBbhHI")
def test_a_batch_may_have_more_elements_than_its_type_has_values(tmp_path, typecode):
    train = [([1] * 4000, 0)] * 10
    path = packed(tmp_path, train, train, shape=(4000,), classes=2, typecode=typecode)
    assert [sum(x) for x, _ in Batches(path, 10)] == [40000]


@pytest.mark.parametrize("wrong", [{"typecode": "d"}, {"typecode": ""}, {"shape": (3, 0)}])
def test_what_the_reader_cannot_read_is_not_written(tmp_path, wrong):
    path = tmp_path / "some.bin"
    with pytest.raises(ValueError, match="typecodes f i B b h H I"):
        write(str(path), [([], 0)], [([], 0)], **{"shape": (0,), "classes": 2, **wrong})
    assert not path.exists()


def test_a_file_that_is_refused_is_closed(tmp_path, recwarn):
    (tmp_path / "other.bin").write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match="not a file of Ember's data"):
        Batches(str(tmp_path / "other.bin"), 4)
    gc.collect()
    assert not [w for w in recwarn if issubclass(w.category, ResourceWarning)]


def test_an_open_file_will_do():
    batches = Batches(io.BytesIO(DIGITS.read_bytes()), 32)
    assert batches.samples == 1438
    batches.check()


def test_the_digits_are_the_real_ones_and_the_split_is_stratified():
    train, test = Batches(str(DIGITS), 50), Batches(str(DIGITS), 50, split="test")
    train.check()
    counts = [[0] * 10, [0] * 10]
    ink = 0
    for part, batches in zip(counts, (train, test)):
        assert (batches.shape, batches.classes, batches.scale) == ((8, 8, 1), 10, 1 / 16)
        assert batches.shuffle == (batches is train)
        for x, y in batches:
            ink += sum(x)
            for label in y:
                part[label] += 1
    # The UCI set as scikit-learn describes it: 1797 samples, so many of each digit; the sum of all its pixels.
    assert [a + b for a, b in zip(*counts)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert ink == 561718
    for a, b in zip(*counts):
        assert abs(b / (a + b) - 0.2) < 0.003


FIRST = first_version(samples(9, 6, 7), samples(2, 6, 7), (3, 2), 7)


def created(path):
    create(path, (1,), 2, "B").close()
    return path


def refused(path, error, *words, **arguments):
    with pytest.raises(error) as caught:
        Batches(path, **dict({"batch_size": 4}, **arguments))
    for word in words:
        assert word in str(caught.value)


def test_what_is_wrong_is_named(tmp_path):
    good = DIGITS.read_bytes()
    path = tmp_path / "wrong.bin"

    def with_bytes(data):
        path.write_bytes(data)
        return str(path)

    refused(str(tmp_path / "none.bin"), OSError, "none.bin")
    refused(with_bytes(b""), ValueError, "wrong.bin", "not a file")
    refused(with_bytes(b"GIF8" + good[4:]), ValueError, "wrong.bin", "not a file")
    refused(with_bytes(good[:4] + b"\x07" + good[5:]), ValueError, "version 7")
    refused(with_bytes(good[:5] + b"z" + good[6:]), ValueError, "wrong.bin", "head")
    refused(with_bytes(good + b"x"), ValueError, "wrong.bin", "%d bytes" % (len(good) + 1))
    for samples, split in ((([], [([1], 0)]), "train"), (([([1], 0)], []), "test")):
        empty = first_version(*samples, (1,), 2)
        refused(with_bytes(empty), ValueError, "no samples to " + split, split=split)
        write(str(path), *samples, (1,), 2)
        refused(str(path), ValueError, "no samples to " + split, split=split)
    refused(str(DIGITS), ValueError, "batch_size", "0", batch_size=0)
    refused(str(DIGITS), ValueError, "split", "'all'", split="all")
    refused(str(DIGITS), ValueError, "on_damage", "'ignore'", on_damage="ignore")
    refused(with_bytes(FIRST[:100] + bytes([FIRST[100] ^ 1]) + FIRST[101:]), ValueError, "wrong.bin", "checksum")
    with Appender(created(str(path))) as file:
        file.extend([([i], 0) for i in range(5)])
        place = file.layout.place(0, 3)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    with pytest.raises(ValueError, match="the file: record 3 of its train split is damaged"):
        Batches(bytes(data), 4).check()


def test_a_file_of_version_1(tmp_path):
    """Read as it was, and whole."""
    about, found = handed_out(FIRST, shuffle=False)
    assert found == [(tuple(x), (y,)) for x, y in samples(9, 6, 7)]
    assert (about["shape"], about["classes"], about["typecode"], about["names"]) == ((3, 2), 7, "B", None)
    assert handed_out(FIRST, split="test")[1] == [(tuple(x), (y,)) for x, y in samples(2, 6, 7)]
    path = packed(tmp_path, samples(9, 6, 7), samples(2, 6, 7))
    for seed in range(3):  # in the same order
        assert handed_out(FIRST, seed=seed) == handed_out(path, seed=seed)
    for length in range(len(FIRST)):
        with pytest.raises(ValueError):
            Batches(io.BytesIO(FIRST[:length]), 4)


def test_a_sample_that_does_not_fit_is_refused(tmp_path):
    for sample in (([1, 2], 0), ([1] * 6, 7), ([1] * 6, -1)):
        with pytest.raises(ValueError):
            packed(tmp_path, [sample], [sample])


ALLOCATION = """
import gc, micropython
from ember.data import Batches, write
write(PATH, [((list(range(i, i + 6)), (i, i)), (i % 3, (i / 2,))) for i in range(37)], [], [(3, 2), (2,)], (3, 0),
      ("h", "B"), target_typecode=("B", "f"), target_shape=[(), (1,)])
for path in (PATH, "lib/examples/digits.bin", FIRST):
    batches = Batches(path, 8)
    def epoch():
        iterator = iter(batches)
        for i in range(len(batches)):
            x, y = next(iterator)
    epoch()
    gc.collect()
    before = micropython.mem_total()
    before = micropython.mem_total()
    epoch()
    print(micropython.mem_total() - before)
    micropython.heap_lock()
    epoch()
    micropython.heap_unlock()
"""


def test_iterating_allocates_nothing(micropython, tmp_path):
    (tmp_path / "first.bin").write_bytes(FIRST)
    script = ALLOCATION.replace("PATH", repr(str(tmp_path / "some.bin")))
    assert micropython(script.replace("FIRST", repr(str(tmp_path / "first.bin")))) == "0\n0\n0\n"


def test_the_same_order_under_micropython(micropython):
    script = """
from ember.data import Batches
batches = Batches("lib/examples/digits.bin", 100, seed=4)
print([sum(y) for x, y in batches], [sum(x) for x, y in batches])
"""
    batches = Batches(str(DIGITS), 100, seed=4)
    expected = "%s %s\n" % ([sum(y) for _, y in batches], [sum(x) for x, _ in batches])
    assert micropython(script) == expected
    assert micropython(script, native=False) == expected
