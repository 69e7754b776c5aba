"""Batches that are bound where they lie."""

import mmap
from array import array

import pytest

import ember
import several
from data_files import handed_out
from ember import nn, optim
from ember.data import Appender, Batches, create, write
from ember_tools import rom

TRAIN = [([i, -i], [i / 2, 3 * i]) for i in range(10)]
AS = {"typecode": "h", "target_typecode": "f", "target_shape": (2,)}


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "some.bin")
    write(path, TRAIN, TRAIN[:2], (2,), **AS)
    return path


def address(view):
    return ember.vm.run.__globals__["_Views"]().take(view).buf


def test_a_batch_is_a_piece_of_memory(path):
    data = bytearray(open(path, "rb").read())
    batches = Batches(data, 4, shuffle=False)
    assert handed_out(bytes(data), shuffle=False)[1] == [(tuple(x), tuple(y)) for x, y in TRAIN]
    start, place = address(data), batches.layout.place
    for _ in range(2):
        first = 0
        for x, y in batches:
            rows = min(4, 10 - first)
            assert (x.format, len(x), y.format, len(y)) == ("h", 2 * rows, "f", 2 * rows)
            assert address(x) == start + place(0, first) and address(y) == start + place(1, first)
            assert address(y) % 4 == start % 4
            first += rows
        assert first == 10


@pytest.mark.parametrize("source", [bytes, bytearray, memoryview, lambda data: array("B", data)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_all_kinds_of_memory(path, source, shuffle):
    with open(path, "rb") as f:
        data = f.read()
    expected = handed_out(path, shuffle=shuffle, seed=2)
    assert handed_out(source(data), shuffle=shuffle, seed=2) == expected
    assert handed_out(source(data), split="test")[1] == [(tuple(x), tuple(y)) for x, y in TRAIN[:2]]


def test_a_file_that_is_mapped(path):
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        batches = Batches(memory, 4, shuffle=False)
        assert [list(x) for x, _ in batches] == [list(x) for x, _ in Batches(path, 4, shuffle=False)]
        assert batches.memory
        x = y = batches = None  # which keep it open  # noqa: F841


def test_a_file_in_chunks_is_in_place_where_batches_divide_them(tmp_path):
    path = str(tmp_path / "growing.bin")
    with create(path, (2,), chunk=6, **AS) as file:
        file.extend(TRAIN)
    with open(path, "rb") as f:
        data = f.read()
    for batch_size in range(1, 8):
        batches = Batches(data, batch_size, shuffle=False)
        assert (batches.memory is not None) == (6 % batch_size == 0)
        sizes = [len(y) // 2 for _, y in batches]
        assert sizes == [batch_size] * (10 // batch_size) + [10 % batch_size] * (10 % batch_size > 0)
        assert handed_out(data, batch_size, shuffle=False)[1] == [(tuple(x), tuple(y)) for x, y in TRAIN]


def test_what_is_damaged_in_memory_is_seen_when_it_is_read(path):
    data = bytearray(open(path, "rb").read())
    batches = Batches(data, 4, shuffle=False)
    assert len(list(batches)) == 3
    data[batches.layout.place(1, 5)] ^= 1
    with pytest.raises(ValueError, match="record 5"):
        list(batches)
    data[batches.layout.place(1, 5)] ^= 1
    assert len(list(batches)) == 3


def trained(batches, make):
    trainer = make()
    trainer.fit(batches, 3)
    return [p.tolist() for p in trainer.model.parameters()]


def test_several_inputs_and_targets_feed_a_trainer(tmp_path):
    """By a file, in place, and by hand: to the bit."""
    samples = []
    for k in range(3):
        a, b = several.inputs(k)
        c, d = several.targets(k)
        for i in range(several.BATCH):
            samples.append(((a[3 * i : 3 * i + 3], b[4 * i : 4 * i + 4]), (c[i], d[2 * i : 2 * i + 2])))
    path = str(tmp_path / "several.bin")
    write(path, samples, samples[:3], [(3,), (2, 2, 1)], (3, 0), ("f", "B"), (1.0, 0.25), target_typecode=("B", "f"),
          target_shape=[(), (2,)], names=("xyz", None))  # fmt: skip
    with open(path, "rb") as f:
        data = f.read()
    batches = Batches(path, several.BATCH, shuffle=False)
    assert batches.names == (("x", "y", "z"), None) and batches.classes == (3, 0)
    by_hand = trained([(several.inputs(k), several.targets(k)) for k in range(3)], several.build)
    assert trained(batches, several.build) == trained(Batches(data, several.BATCH, shuffle=False), several.build)
    assert trained(batches, several.build) == by_hand
    trainer = several.build()
    assert trainer.evaluate(Batches(data, 2, split="test")) == trainer.evaluate(Batches(path, 2, split="test"))


def test_what_a_file_says_is_what_a_trainer_takes(tmp_path):
    """Channels, regression, a schedule of one's own: from the file's own words."""
    path = str(tmp_path / "values.bin")
    samples = [([[i, 2 * i], [3, i]], [i / 8]) for i in range(9)]
    write(path, samples, samples, (2, 2), 0, "h", [0.5, 0.25], [1.0, -1.0], "f", (1,))

    def make():
        ember.manual_seed(3)
        model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
        b = Batches(path, 4)
        return ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.01), b.shape, 4,
                             input_dtype=b.typecode, input_scale=b.scale, input_offset=b.offset)  # fmt: skip

    scaled = [([i * 0.5 + 1, 2 * i * 0.25 - 1, 3 * 0.5 + 1, i * 0.25 - 1], y) for ((i, _), _), y in
              [((x[0], x[1]), y) for x, y in samples]]  # fmt: skip
    write(str(tmp_path / "floats.bin"), scaled, scaled, (2, 2), 0, "f", target_typecode="f", target_shape=(1,))
    with open(path, "rb") as f:
        data = f.read()
    expected = trained(Batches(path, 4, shuffle=False), make)
    assert trained(Batches(data, 4, shuffle=False), make) == expected

    def floats():
        ember.manual_seed(3)
        model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
        return ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.01), (2, 2), 4)

    assert trained(Batches(str(tmp_path / "floats.bin"), 4, shuffle=False), floats) == expected


def test_appending_beside_a_reader_in_memory(tmp_path):
    """Memory that grew since is counted at the next epoch."""
    path = str(tmp_path / "growing.bin")
    create(path, (2,), chunk=4, **AS).close()
    import cut_file

    device = cut_file.Device(open(path, "rb").read())
    file = Appender(device)
    file.extend(TRAIN[:4])
    batches = Batches(bytes(device.kept), 4, shuffle=False)
    assert [len(y) for _, y in batches] == [8]


SCRIPT = """
from ember.data import Batches, write
write(PATH, [([i, i + 1, i + 2], i) for i in range(10)], [], (3,), 10)
with open(PATH, "rb") as f:
    data = f.read()
for source in (data, bytearray(data), memoryview(data)):
    batches = Batches(source, 4, shuffle=False)
    for x, y in batches:
        assert type(x) is memoryview and type(y) is memoryview
        print(list(x), list(y))
    at = batches.layout.place(0, 0)
    x, y = next(iter(batches))
    if isinstance(source, bytearray):
        source[at] = 77
        print(x[0])
for typecode in "fiBbhHI":
    write(PATH, [([i, i + 1, i + 2], i) for i in range(10)], [], (3,), 0, typecode, target_typecode=typecode)
    with open(PATH, "rb") as f:
        data = f.read()
    for shuffle in (False, True):
        found = []
        for source in (PATH, data, bytearray(data), memoryview(data)):
            found.append([(list(x), list(y)) for x, y in Batches(source, 4, shuffle=shuffle)])
            assert found[-1] == found[0]
"""


def test_under_micropython(micropython, tmp_path):
    rows = [[i, i + 1, i + 2] for i in range(10)]
    batches = [(sum(rows[i : i + 4], []), list(range(10))[i : i + 4]) for i in range(0, 10, 4)]
    lines = ["%s %s" % batch for batch in batches]
    expected = "\n".join(lines + lines + ["77"] + lines) + "\n"
    assert micropython(SCRIPT.replace("PATH", repr(str(tmp_path / "a.bin")))) == expected


ROMFS = """
import vfs
from ember.data import Batches
with open(PATH, "rb") as f:
    memory = bytearray(f.read())
vfs.mount(vfs.VfsRom(memory), "/r")
batches = Batches("/r/some.bin", 4, shuffle=False)
with open("/r/some.bin", "rb") as f:
    whole = memoryview(f)
for x, y in batches:
    print(type(x) is memoryview, list(x), list(y))
at = batches.layout.place(0, 0)
for k in range(len(memory)):
    if memoryview(memory)[k : k + len(whole)] == whole:
        memory[k + batches.layout.place(0, 8)] ^= 1
        break
print(x[0])  # of the last batch, which is where it lies
try:
    list(batches)
except ValueError as error:
    print(error)
"""


def test_a_file_of_romfs_is_bound_where_it_lies(micropython, tmp_path):
    path = str(tmp_path / "some.bin")
    write(path, [([i, i + 1], i) for i in range(10)], [], (2,), 10)
    with open(path, "rb") as f:
        image = rom.image({}, {"some.bin": f.read()})
    (tmp_path / "image").write_bytes(image)
    assert micropython(ROMFS.replace("PATH", repr(str(tmp_path / "image")))) == (
        "True [0, 1, 1, 2, 2, 3, 3, 4] [0, 1, 2, 3]\n"
        "True [4, 5, 5, 6, 6, 7, 7, 8] [4, 5, 6, 7]\n"
        "True [8, 9, 9, 10] [8, 9]\n"
        "9\n"
        "/r/some.bin: record 8 of its train split is damaged: its checksum does not fit\n"
    )
