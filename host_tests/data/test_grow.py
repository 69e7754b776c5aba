"""Data files that grow: power that is cut at every write, readers that have them open."""

from pathlib import Path

import pytest

import cut_file
from checkout import ROOT
from data_files import handed_out
from ember.data import Appender, Batches, create, grow, write

SAMPLES = [([i, 255 - i, 7 * i], [i / 4, -i]) for i in range(11)]
MADE = {"typecode": "B", "target_typecode": "f", "target_shape": (2,), "chunk": 4}


@pytest.fixture
def empty(tmp_path):
    path = str(tmp_path / "growing.bin")
    create(path, (3,), test=SAMPLES[:2], **MADE).close()
    return path


def found(data):
    return [(list(x), list(y)) for x, y in handed_out(data, shuffle=False)[1]]


def test_it_grows_and_is_read_meanwhile(empty):
    batches = Batches(empty, 3, shuffle=False)
    test = handed_out(empty, split="test")[1]
    assert len(batches) == 0 and list(batches) == []
    with Appender(empty) as file:
        for i in range(len(SAMPLES)):
            file.append(*SAMPLES[i])
            assert len(file) == i + 1
            assert [len(y) // 2 for _, y in batches] == [3] * ((i + 1) // 3) + [(i + 1) % 3] * ((i + 1) % 3 > 0)
            assert batches.samples == i + 1 and found(empty) == SAMPLES[: i + 1]
    assert handed_out(empty, split="test")[1] == test
    batches.close()


def test_several_at_once_are_the_same_as_one_by_one(empty, tmp_path):
    data = Path(empty).read_bytes()
    for sizes in ((11,), (1, 10), (3, 5, 3), (4, 4, 3)):
        path = tmp_path / "other.bin"
        path.write_bytes(data)
        with Appender(str(path)) as file:
            for n in sizes:
                file.extend(SAMPLES[len(file) : len(file) + n])
        assert found(str(path)) == SAMPLES


def test_what_is_written_whole_grows_on(tmp_path):
    path = str(tmp_path / "some.bin")
    write(path, SAMPLES[:6], SAMPLES[:2], (3,), **MADE)
    with Appender(path) as file:
        file.extend(SAMPLES[6:])
    assert found(path) == SAMPLES
    write(path, SAMPLES[:6], SAMPLES[:2], (3,), **dict(MADE, chunk=None))
    with pytest.raises(ValueError, match="does not grow"):
        Appender(path)
    with pytest.raises(OSError, match="no data file"):
        Appender(path + ".none")


def test_two_files_that_grow_do_not_pass_for_each_other(empty, tmp_path):
    other = str(tmp_path / "other.bin")
    create(other, (3,), test=SAMPLES[:2], **MADE).close()
    assert Batches(empty, 1).mark != Batches(other, 1).mark


def test_what_is_wrong_changes_nothing(empty):
    with Appender(empty) as file:
        file.append(*SAMPLES[0])
        before = Path(empty).read_bytes()
        for x, y in (([1, 2], [1, 2]), ([1, 2, 256], [1, 2]), ([1, 2, 3], [1]), ([1, 2, "a"], [1, 2])):
            with pytest.raises(ValueError, match="sample 1"):
                file.append(x, y)
            with pytest.raises(ValueError, match="sample 2"):
                file.extend([SAMPLES[1], (x, y)])
        assert Path(empty).read_bytes() == before and len(file) == 1
        file.append(*SAMPLES[1])
    assert found(empty) == SAMPLES[:2]


def steps(file):
    """Append all, alone and together; after each, how many are safe."""
    for n in (1, 1, 1, 3, 1, 4):
        file.extend(SAMPLES[len(file) : len(file) + n])
        yield len(file), n


def cut(data, check, dies=0):
    """check(what may be found, how many are safe, how many were being written) at every write and flush; how often."""
    checked = 0
    while True:
        device, safe, writing = cut_file.Device(data, dies), 0, 1
        try:
            for safe, _ in steps(Appender(device)):
                writing = (1, 1, 3, 1, 4, 0)[(1, 2, 3, 6, 7, 11).index(safe)]
            return checked
        except cut_file.Cut:
            for data_then in device.after():
                check(data_then, safe, writing)
                checked += 1
        dies += 1


def lost(data, bad):
    """Whether anything but records that were not safe is lost, or anything is wrong."""

    def check(after, safe, writing):
        try:
            there = found(after)
            wrong = there != SAMPLES[: len(there)] or not safe <= len(there) <= safe + writing
            if not wrong:
                again = Appender(cut_file.Device(after))
                again.extend(SAMPLES[len(again) :])
                wrong = found(bytes(again.file.kept)) != SAMPLES
        except ValueError:
            wrong = True
        bad[wrong] += 1

    return cut(data, check)


def test_power_is_cut_at_every_write(empty):
    bad = [0, 0]
    assert lost(Path(empty).read_bytes(), bad) > 2000
    assert bad[True] == 0


def test_that_a_count_before_its_record_would_be_seen(empty, monkeypatch):
    write_all, say = grow.Appender._write, grow.Appender._say

    def hasty(self, made, at, count):
        first, chunk = self.samples, self.samples // self.layout.chunk
        if first % self.layout.chunk == 0:
            self._begin(chunk)
        say(self, chunk, first + count - chunk * self.layout.chunk)
        monkeypatch.setattr(grow.Appender, "_say", lambda *_: None)
        monkeypatch.setattr(grow.Appender, "_begin", lambda *_: None)
        try:
            write_all(self, made, at, count)
        finally:
            monkeypatch.setattr(grow.Appender, "_say", say)
            monkeypatch.setattr(grow.Appender, "_begin", begin)

    begin = grow.Appender._begin
    monkeypatch.setattr(grow.Appender, "_write", hasty)
    bad = [0, 0]
    lost(Path(empty).read_bytes(), bad)
    assert bad[True] > 100


def test_that_one_count_instead_of_two_would_be_seen(empty, monkeypatch):
    """A count that is torn is then all there is."""
    monkeypatch.setattr(grow, "latest", lambda *_: (0, 1))
    bad = [0, 0]
    lost(Path(empty).read_bytes(), bad)
    assert bad[True] > 0


def test_records_whose_count_is_lost_are_counted(empty):
    with Appender(empty) as file:
        file.extend(SAMPLES[:7])
        layout = file.layout
    data = bytearray(Path(empty).read_bytes())
    at = layout.start + layout.length
    data[at : at + 16] = b"\xff" * 16
    assert found(bytes(data)) == SAMPLES[:7]
    data[layout.place(0, 5)] ^= 1
    batches = Batches(bytes(data), 2, shuffle=False)
    assert batches.samples == 7
    with pytest.raises(ValueError, match="record 5"):
        list(batches)


def test_the_order_of_what_is_written(empty):
    """Record and checksums, then a flush, the count, a flush."""
    device = cut_file.Device(Path(empty).read_bytes())
    file, order = Appender(device), []
    file.append(*SAMPLES[0])
    write, flush = device.write, device.flush
    device.write = lambda data: order.append(device.at) or write(data)
    device.flush = lambda: order.append("flush") or flush()
    file.append(*SAMPLES[1])
    layout, at = file.layout, file.layout.checksums(1)
    assert order == [layout.place(0, 1), layout.place(1, 1), at, at + 4, "flush", layout.start, "flush"]


SCRIPT = """
import sys
sys.path.append("host_tests/support")
import cut_file
from ember.data import Appender, Batches, create
create(PATH, (3,), typecode="B", target_typecode="f", target_shape=(2,), chunk=2).close()
with open(PATH, "rb") as f:
    data = f.read()
SAMPLES = [([i, 255 - i, 7 * i], [i / 4, -i]) for i in range(3)]
def found(data):
    return [(list(x), list(y)) for x, y in Batches(data, 1, shuffle=False)]
dies = checked = 0
while True:
    device, safe = cut_file.Device(data, dies), 0
    try:
        file = Appender(device)
        for x, y in SAMPLES:
            file.append(x, y)
            safe = len(file)
        break
    except cut_file.Cut:
        for after in device.after():
            there = found(after)
            assert there == SAMPLES[: len(there)] and safe <= len(there) <= safe + 1, (dies, safe, there)
            checked += 1
    dies += 1
assert found(bytes(device.kept)) == SAMPLES
print(checked > 100)
"""


def test_power_is_cut_on_micropython(micropython, tmp_path):
    assert micropython(SCRIPT.replace("PATH", repr(str(tmp_path / "g.bin"))), heap="8m", timeout=600) == "True\n"


# A file system that a board has, over a RAM device that stops after so many writes.
SYSTEMS = """
import vfs
from ember.data import Appender, Batches, create

class Disk:
    def __init__(self, data):
        self.data, self.left = bytearray(data), 1 << 30
    def readblocks(self, n, buf, off=0):
        at = n * 512 + off
        buf[:] = memoryview(self.data)[at : at + len(buf)]
    def writeblocks(self, n, buf, off=None):
        self.left -= 1
        if self.left < 0:
            return -5
        at = n * 512 + (off or 0)
        self.data[at : at + len(buf)] = buf
    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // 512
        if op == 5:
            return 512
        if op == 6:
            if self.left <= 0:
                return -5
            self.left -= 1
            return 0

SAMPLES = [([i, 255 - i, 7 * i], [i / 4, -i]) for i in range(10)]

def found():
    return [(list(x), list(y)) for x, y in Batches("/d/g.bin", 1, shuffle=False)]

def run(kind):
    disk = Disk(bytes(64 * 512))
    kind.mkfs(disk)
    vfs.mount(kind(disk), "/d")
    create("/d/g.bin", (3,), typecode="B", target_typecode="f", target_shape=(2,), chunk=4).close()
    vfs.umount("/d")
    start, dies = bytes(disk.data), 0
    while True:
        disk = Disk(start)
        vfs.mount(kind(disk), "/d")
        disk.left, safe = dies, 0
        try:
            file = Appender("/d/g.bin")
            for x, y in SAMPLES:
                file.append(x, y)
                safe = len(file)
        except OSError:
            pass
        try:
            vfs.umount("/d")
        except OSError:
            pass
        done = disk.left > 0
        disk = Disk(disk.data)
        vfs.mount(kind(disk), "/d")
        there = found()
        assert there == SAMPLES[: len(there)] and safe <= len(there) <= safe + 1, (dies, safe, len(there))
        with Appender("/d/g.bin") as file:
            file.extend(SAMPLES[len(file) :])
        assert found() == SAMPLES
        vfs.umount("/d")
        if done:
            return dies
        dies += 1

print(run(vfs.KIND) > 20)
"""


@pytest.mark.parametrize("kind", ["VfsLfs2", "VfsFat"])
def test_power_is_cut_on_a_file_system(kind, micropython):
    said = micropython(SYSTEMS.replace("KIND", kind), heap="8m", timeout=600)
    assert said.endswith("True\n")  # littlefs tells of the files that it could not close


def test_beside_runtime_alone(micropython, tmp_path):
    """Where only programs run there is no tensor: numbers are taken as they are, and what does not fit is refused."""
    import parts

    library = tmp_path / "lib"
    for module in parts.modules(["runtime"]):
        target = library / "ember" / parts.file(module)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((ROOT / "lib" / "ember" / parts.file(module)).read_text())
    script = """
from array import array
from ember.data import Appender, Batches, create
with create(PATH, (2,), 3, "h", chunk=2) as file:
    file.append([1, -2], 2)
    file.append(array("h", [3, 4]), 1)
    for x, y in (([1], 0), ([1, 70000], 0), ([1, 1.5], 0), ([1, 2], 3), ([1, 2], 0.5), ("ab", 0)):
        try:
            file.append(x, y)
            print("taken", x, y)
        except (ValueError, TypeError):
            pass
    file.extend([((5, 6), 0)])
print([(list(x), list(y)) for x, y in Batches(PATH, 4, shuffle=False)])
"""
    script = script.replace("PATH", repr(str(tmp_path / "a.bin")))
    assert micropython(script, library=library) == "[([1, -2, 3, 4, 5, 6], [2, 1, 0])]\n"
