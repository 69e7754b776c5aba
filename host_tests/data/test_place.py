"""The place within an epoch; records that are skipped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_files import first_version
from ember.data import Appender, Batches, create, write


def numbered(n):
    return [([i], i % 3) for i in range(n)]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("place") / "some.bin")
    write(path, numbered(23), numbered(7), (1,), 3)
    return path


def seen(batches):
    return [list(x) for x, _ in batches]


@given(batches=st.integers(0, 30), batch_size=st.integers(1, 9), shuffle=st.booleans(), seed=st.integers(0, 99))
def test_it_goes_on_where_it_was(path, batches, batch_size, shuffle, seed):
    """To the sample, at any batch of any epoch, again and again."""
    whole, stopped = (Batches(path, batch_size, shuffle=shuffle, seed=seed) for _ in range(2))
    expected = [batch for _ in range(12) for batch in seen(whole)]
    found = []
    while len(found) < batches:
        for x, _ in stopped:
            found.append(list(x))
            if len(found) >= batches:
                break
    state = stopped.state()
    assert len(state) == 6 and all(isinstance(n, int) for n in state)
    again = Batches(path, batch_size, shuffle=shuffle, seed=seed + 1)
    again.load(state)
    assert again.state() == state
    for _ in range(3):
        found += seen(again)
    assert found == expected[: len(found)] and len(found) >= batches + 2 * len(whole)
    for one in (whole, stopped, again):
        one.close()


def test_an_epoch_that_is_left_is_over(path):
    batches = Batches(path, 4, seed=1)
    next(iter(batches))
    assert batches.state()[:2] == (0, 4)
    assert sorted(sum(seen(batches), [])) == list(range(23)) and batches.state()[:2] == (2, 0)


def test_a_file_that_grew_ends_the_epoch_that_began(tmp_path):
    path = str(tmp_path / "growing.bin")
    file = create(path, (1,), 3, "B", chunk=4)
    file.extend(numbered(10))
    whole, batches = Batches(path, 3, seed=4), Batches(path, 3, seed=4)
    expected = seen(whole)
    first = list(next(iter(batches))[0])
    state = batches.state()
    file.extend(numbered(16)[10:])
    assert [first] + [list(x) for x, _ in iter(batches.__next__, None)] == expected  # that one goes on too
    again = Batches(path, 3)
    again.load(state)
    assert [first] + seen(again) == expected
    assert sorted(sum(seen(again), [])) == list(range(16)) and len(again) == 6
    file.close()


def test_a_place_of_another_file_is_refused(path, tmp_path):
    other = str(tmp_path / "other.bin")
    write(other, numbered(22), numbered(7), (1,), 3)
    batches = Batches(path, 4)
    for wrong in (Batches(other, 4), Batches(path, 4, split="test", shuffle=True)):
        with pytest.raises(ValueError, match="is of another file than .*some.bin, which has 23 samples to train"):
            batches.load(wrong.state())
    with pytest.raises(ValueError, match="is of batches with shuffle=False"):
        batches.load(Batches(path, 4, shuffle=False).state())
    for state in ((0, 24, 23), (0, -1, 23), (0, 3, 24)):
        with pytest.raises(ValueError, match="is of another file"):
            batches.load(state + batches.state()[3:])
    assert batches.state()[:3] == (0, 0, 0)


def test_a_growing_file_that_lost_records_is_refused(tmp_path):
    path = str(tmp_path / "growing.bin")
    with create(path, (1,), 3, "B", chunk=4) as file:
        file.extend(numbered(4))
        with open(path, "rb") as short:
            before = short.read()
        file.extend(numbered(9)[4:])
    batches = Batches(path, 4)
    next(iter(batches))
    again = Batches(before, 4)
    with pytest.raises(ValueError, match="which has 4 samples"):
        again.load(batches.state())


def test_the_place_in_a_file_of_version_1():
    data = first_version(numbered(9), numbered(2), (1,), 3)
    batches, again = Batches(data, 2, seed=3), Batches(data, 2, seed=3)
    first = list(next(iter(batches))[0])
    again.load(batches.state())
    assert [first] + seen(again) == seen(Batches(data, 2, seed=3))


def damaged(data, *records):
    """A file of numbered(23) with damage in some of them."""
    data = bytearray(data)
    layout = Batches(bytes(data), 4).layout
    for i in records:
        data[layout.place(0, i)] ^= 64
    return bytes(data)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("file", [True, False])
def test_what_is_damaged_is_skipped_and_counted(path, tmp_path, shuffle, file):
    with open(path, "rb") as f:
        data = damaged(f.read(), 0, 1, 7, 12, 22)
    if file:
        (tmp_path / "damaged.bin").write_bytes(data)
        data = str(tmp_path / "damaged.bin")
    batches = Batches(data, 4, shuffle=shuffle, on_damage="skip")
    left = [i for i in range(23) if i not in (0, 1, 7, 12, 22)]
    for _ in range(2):
        found = seen(batches)
        assert sorted(sum(found, [])) == left and batches.skipped == 5
        if file or shuffle:  # else they are pieces of memory
            assert [len(x) for x in found] == [4, 4, 4, 4, 2]
    batches = Batches(data, 4, shuffle=shuffle)
    for _ in range(3):  # whoever asks again is told again, and is nowhere else
        with pytest.raises(ValueError, match=r"record (0|1|7|12|22) of its train split is damaged: its checksum"):
            list(batches)
    with pytest.raises(ValueError, match="record 0 of its train split"):
        batches.check()
    assert not list(Batches(damaged(open(path, "rb").read(), *range(23)), 4, on_damage="skip", shuffle=shuffle))


def test_nothing_of_a_batch_with_damage_is_handed_out(path):
    with open(path, "rb") as f:
        batches = iter(Batches(damaged(f.read(), 10), 4, shuffle=False))
    assert [list(next(batches)[0]) for _ in range(2)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    state = batches.state()
    for _ in range(2):
        with pytest.raises(ValueError, match="record 10"):
            next(batches)
        assert batches.state() == state


def test_an_appender_is_no_reader_of_what_it_wrote_alone(tmp_path):
    """Skipping goes on in a file that grows."""
    path = str(tmp_path / "growing.bin")
    with create(path, (1,), 3, "B", chunk=4) as file:
        file.extend(numbered(6))
        place = file.layout.place(0, 5)
    with open(path, "r+b") as f:
        f.seek(place)
        f.write(b"\x80")
    batches = Batches(path, 4, shuffle=False, on_damage="skip")
    assert seen(batches) == [[0, 1, 2, 3], [4]]
    with Appender(path) as file:
        file.extend(numbered(9)[6:])
    assert seen(batches) == [[0, 1, 2, 3], [4, 6, 7, 8]] and batches.skipped == 1
