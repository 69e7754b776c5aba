"""Every fault at every point of saving and loading: power cuts, errors and misreads of a device, a full disk, SIGKILL.
What may be lost is nothing: exactly the old state or the new one is loaded, and the losses that follow are the uncut
run's. A sample of each runs in `make test`; `make faults` runs all, and its table is in docs/reliability.md."""

import itertools
import shutil

import pytest

import ember
import faults
import killing
from checkout import ROOT, run_micropython
from ember import nn, optim
from small_net import Memory, go, state, trainer

POWER = ROOT / "host_tests" / "support" / "power_cuts.py"
DEVICE = ROOT / "host_tests" / "support" / "device_faults.py"
# (kind, bytes of a block, blocks, other files): with 13 and 15 files a name's entries on FAT straddle two sectors.
LITTLEFS = [("littlefs", 512, 64, 0), ("littlefs", 1024, 40, 3), ("littlefs", 4096, 16, 0), ("littlefs", 4096, 64, 20)]
FAT = [("fat", 512, 200, 0), ("fat", 512, 200, 13), ("fat", 512, 2000, 15), ("fat", 4096, 140, 127)]
RAW = [("slots", 512, 16, 0), ("slots", 4096, 4, 0), ("flash", 4096, 8, 0), ("flash", 512, 17, 0)]
NAMES = {"littlefs": "littlefs", "fat": "FAT", "slots": "raw slots", "flash": "raw slots"}
MODES = ("clean", "torn", "reordered")


def said(script, *arguments, library=ROOT / "lib"):
    """(points, what was lost)"""
    text = run_micropython("unix-ember", script, *arguments, heap="64m", timeout=1500, library=library)
    lines = text[text.index("points ") :].splitlines()  # before it is what garbage collection says of files
    _, points, _, lost = lines[0].split()
    assert int(lost) == len(lines) - 1 or int(lost) > 20
    return int(points), lines[1:]


def named(case):
    return "-".join(map(str, case))


def marked(cases, sample):
    """One of each runs always, the rest under `make faults`."""
    return [pytest.param(*case, id=named(case), marks=() if case in sample else pytest.mark.long) for case in cases]


POWER_CUTS = [(*case, mode) for case in LITTLEFS + FAT + RAW for mode in MODES]


@pytest.mark.faults
@pytest.mark.parametrize("kind, block, blocks, files, mode", marked(
    POWER_CUTS, [LITTLEFS[0] + ("torn",), FAT[1] + ("clean",), RAW[0] + ("reordered",), RAW[2] + ("torn",)]
))  # fmt: skip
def test_a_power_cut_at_every_write(kind, block, blocks, files, mode):
    points, lost = said(POWER, kind, block, blocks, files, mode, 1 if mode == "clean" else 8, 0)
    faults.record("power cut while saving: %s, %s" % (NAMES[kind], mode), points, lost)


@pytest.mark.faults
@pytest.mark.parametrize("kind, block, blocks, files, mode", marked(
    [(*case, mode) for case in (LITTLEFS[0], FAT[0], FAT[1], RAW[0], RAW[2]) for mode in MODES],
    [RAW[0] + ("torn",)]
))  # fmt: skip
def test_a_power_cut_at_every_write_of_the_recovery(kind, block, blocks, files, mode):
    points, lost = said(POWER, kind, block, blocks, files, mode, 2, 1)
    faults.record("power cut, and another in the save that follows: %s" % NAMES[kind], points, lost)


FAULTS = {
    "write": "one write fails", "writes": "all writes fail from one on", "full": "no space from one write on",
    "filled": "the disk is full, but for 0, 1, 2 … blocks", "often": "3 % of writes fail",
    "read": "one read fails while loading", "reads": "all reads fail from one on while loading",
    "flip": "one bit of one read is wrong while loading", "bits": "one bit of the device is wrong",
}  # fmt: skip
SMALLEST = [LITTLEFS[0], FAT[0], RAW[0], RAW[2]]


@pytest.mark.faults
@pytest.mark.parametrize("kind, block, blocks, fault", marked(
    [(*case[:3], fault) for case, fault in itertools.product(SMALLEST, FAULTS)
     if fault != "filled" or case in SMALLEST[:2]],
    [LITTLEFS[0][:3] + ("filled",), FAT[0][:3] + ("writes",), *[RAW[0][:3] + (fault,) for fault in ("read", "flip")],
     RAW[2][:3] + ("write",)]
))  # fmt: skip
def test_the_device_fails(kind, block, blocks, fault):
    points, lost = said(DEVICE, kind, block, blocks, fault)
    faults.record("device, %s: %s" % (FAULTS[fault], NAMES[kind]), points, lost)


@pytest.mark.faults
@pytest.mark.parametrize("times", [15, pytest.param(485, marks=pytest.mark.long)])
@pytest.mark.parametrize("interpreter", killing.commands())
def test_killed_at_random_instants(tmp_path, interpreter, times):
    """On the computer's own file system: in which order its writes last, a kill does not show; power cuts do."""
    points, lost = killing.kills(interpreter, str(tmp_path / "a.ckpt"), times, seed=times)
    faults.record("SIGKILL while saving: %s" % interpreter, points, lost)


@pytest.mark.faults
@pytest.mark.parametrize("times", [8, pytest.param(992, marks=pytest.mark.long)])
def test_a_board_reset_at_random_instructions(tmp_path, times):
    points, lost = killing.resets("m4", tmp_path, times, seed=times)
    faults.record("reset of an emulated Cortex-M4F while saving", points, lost)


# Damaged files: each bit of one, and each length. All are read through what people call.


def damaged(data, step):
    """Each bit, or every so manieth, is wrong; the file ends at each byte, or is longer by one."""
    for bit in range(0, 8 * len(data), step):
        yield "bit %d" % bit, data[: bit // 8] + bytes((data[bit // 8] ^ 1 << bit % 8,)) + data[bit // 8 + 1 :]
    for n in range(0, len(data), step):
        yield "%d bytes" % n, data[:n]
    yield "a byte more", data + b"\0"


def checkpoint(folder):
    """(the file, what reads it and says whether it was refused and changed nothing)"""
    path, reader, other = str(folder / "a.ckpt"), trainer(2), Memory()
    writer = trainer(1)
    go(writer, 3)
    writer.save(path)
    go(reader, 1)
    reader.save(other)

    def refused():
        try:
            reader.load(path)
        except ValueError:
            return state(reader) == other.data
        reader.load(other)
        return False

    return path, refused


def program(folder):
    path = str(folder / "a.ember")
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 3))
    ember.compile(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05), (2,), 4, path)

    def refused():
        try:
            ember.runtime.load(path)
        except ValueError:
            return True
        return False

    return path, refused


def data(folder):
    """Refused when it is opened, or before the first wrong record is handed out."""
    path = str(folder / "a.data")
    rows = [([k, k * k % 200, 7], k % 3) for k in range(10)]
    ember.data.write(path, rows[:7], rows[7:], (3,), 3)

    def passes():
        return [[(bytes(x), bytes(y)) for x, y in ember.Batches(path, 2, split, False)] for split in ("train", "test")]

    right = passes()

    def refused():
        for k, split in enumerate(("train", "test")):
            seen = 0
            try:
                for x, y in ember.Batches(path, 2, split, False):
                    if (bytes(x), bytes(y)) != right[k][seen]:
                        return False
                    seen += 1
            except (ValueError, OSError):
                continue
            if seen != len(right[k]):
                return False
        return True

    return path, refused


@pytest.mark.faults
@pytest.mark.parametrize("step", [61, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", [checkpoint, program, data])
def test_a_damaged_file_is_refused(tmp_path, kind, step):
    path, refused = kind(tmp_path)
    with open(path, "rb") as file:
        whole = file.read()
    points, lost = 0, []
    for text, content in damaged(whole, step):
        with open(path, "wb") as file:
            file.write(content)
        points += 1
        if not refused():
            lost.append(text)
    faults.record("damage, each bit and each length: %s" % kind.__name__, points, lost)


# The suites are seen red: in a copy of the library, with a fault of ours.

BUGS = {
    "no CRC of a slot": ("slots", "return found == crc", "return True", (DEVICE, *RAW[0][:3], "bits", 401)),
    "no CRC of a file": ("files", "return crc == _RESIDUE", "return True", (POWER, *FAT[0], "clean", 1, 0)),
    "no sync": ("slots", "self._done(self.device.ioctl(_SYNC, 0))", "pass", (POWER, *RAW[0], "reordered", 4, 0)),
    "slots swapped": ("slots", "0 if newest else 1", "newest or 0", (POWER, *RAW[0], "clean", 1, 0)),
    "sequence number not looked at": ("slots", "(slot.number - number) & _WRAP <= _WRAP >> 1", "False",
                                      (POWER, *RAW[0], "clean", 1, 0)),
    "not found beside": ("files", "if _is_whole(beside, whole) and", "if False and", (POWER, *FAT[0], "clean", 1, 0)),
    "renamed on FAT": ("files", 'return bool(os.stat(path[:-3] + "NEW"))', "return False",
                       (POWER, *FAT[1], "clean", 1, 1)),
    "written over what is the only whole one": ("files", "if _is_whole(beside, whole):", "if False:",
                                                (POWER, *FAT[0], "clean", 1, 1)),
    "written in its place": ("files", 'beside = path + ".new"\n    try:', "beside = path\n    try:",
                             (POWER, *FAT[0], "clean", 1, 0)),
    "state changed before it was verified": (
        "restore", "memory(runner, wanted, not accumulated)", "[(a, runner.executor.view(a, n)) for a, n in wanted]",
        (DEVICE, *RAW[0][:3], "flip")),
    "what failed stays": ("files", "                os.remove(beside)", "                pass",
                          (DEVICE, *LITTLEFS[0][:3], "filled")),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_a_seeded_bug_is_found(tmp_path, bug):
    module, good, bad, (script, *arguments) = BUGS[bug]
    shutil.copytree(ROOT / "lib" / "ember", tmp_path / "ember", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "ember" / "run" / (module + ".py")
    text = path.read_text()
    assert good in text
    path.write_text(text.replace(good, bad))
    assert said(script, *arguments, library=tmp_path)[1]
