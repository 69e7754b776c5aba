"""Checkpoints: what is loaded goes on as if it had never stopped; what is damaged is refused and changes nothing."""

import os
import struct
import subprocess
import sys
from array import array
from binascii import crc32

import pytest

import ember
from checkout import run_micropython
from ember import nn, optim, schedule, vm
from ember.run import restore
from op_cases import vms

BATCH = 4


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def build(seed=1, hidden=3, optimizer=optim.Adam, freeze=False, **settings):
    ember.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Dropout(0.25), nn.Linear(hidden, 3))
    if freeze:
        model.layers[0].bias.requires_grad = False
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=0.05, **settings), (2,), BATCH)


def batch(k):
    return array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(2 * BATCH)]), array(
        "B", [(i + k) % 3 for i in range(BATCH)]
    )


def go(trainer, start, stop):
    for k in range(start, stop):
        trainer.step(*batch(k))
    return everything(trainer)


def everything(trainer):
    """What lasts: all that was kept, but for the gradients, and the counters."""
    blocks = [
        trainer.executor.segments[0][o : o + n].tolist()
        for kind, o, n in trainer.plan.kept
        if kind not in ("gradients", "statistics")
    ]
    return blocks, trainer.steps, trainer.epoch, trainer.executor.segments[3][1]


@pytest.mark.parametrize("settings", [
    {}, {"optimizer": optim.SGD}, {"optimizer": optim.SGD, "momentum": 0.9}, {"optimizer": optim.AdamW},
    {"freeze": True},
])  # fmt: skip
def test_going_on_as_if_it_had_never_stopped(machine, tmp_path, settings):
    path = str(tmp_path / "a.ckpt")
    one = build(**settings)
    one.epoch = 3
    go(one, 0, 5)
    one.save(path)
    expected = go(one, 5, 9)
    assert expected == go(build(**settings), 0, 9)[:1] + expected[1:]
    other = build(seed=8, **settings)  # other starting values, another key for dropout
    go(other, 0, 2)
    other.accumulate(*batch(1))  # half a step, which loading forgets
    other.load(path)
    assert go(other, 5, 9) == expected
    assert sorted(os.listdir(tmp_path)) == ["a.ckpt"]


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
from test_checkpoint import *
vm.select({machine!r})
t = build(seed=2)
t.load({path!r})
print(repr((t.evaluate([batch(k) for k in range(3)]), go(t, 5, 7))))
"""


def test_a_new_process_scores_the_same_and_goes_on(machine, tmp_path):
    path = str(tmp_path / "a.ckpt")
    t = build()
    go(t, 0, 5)
    t.save(path)
    expected = repr((t.evaluate([batch(k) for k in range(3)]), go(t, 5, 7)))
    script = SCRIPT.format(paths=[os.path.dirname(__file__), *sys.path], machine=machine, path=path)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == expected, done.stderr


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "a.ckpt"
    vm.select()
    t = build()
    go(t, 0, 3)
    t.save(str(path))
    return path.read_bytes()


def refused(trainer, path, data, says):
    with open(path, "wb") as f:
        f.write(data)
    before, arena = everything(trainer), trainer.executor.segments[0].tolist()
    with pytest.raises(ValueError, match=says) as error:
        trainer.load(path)
    assert path in str(error.value)
    assert everything(trainer) == before and trainer.executor.segments[0].tolist() == arena


def test_truncated_at_every_length(saved, tmp_path):
    t, path = build(seed=5), str(tmp_path / "b.ckpt")
    for n in range(len(saved)):
        refused(t, path, saved[:n], "truncated|damaged|not an Ember checkpoint")
    refused(t, path, saved + b"\0", "damaged")
    refused(t, path, saved + saved, "damaged")


def test_every_byte_matters(saved, tmp_path):
    t, path = build(seed=5), str(tmp_path / "b.ckpt")
    for i in range(len(saved)):
        data = bytearray(saved)
        data[i] ^= 1 << i % 8
        refused(t, path, bytes(data), "damaged|not an Ember checkpoint|version|holds")
    twin = build(seed=5)
    assert go(t, 0, 2) == go(twin, 0, 2)


@pytest.mark.parametrize("settings,says", [
    ({"hidden": 4}, r"of another model: .* has 0.weight, of shape \(2, 4\), has shape \(2, 3\)"),
    ({"optimizer": optim.SGD}, "is of the optimizer Adam; this one is SGD"),
    ({"amsgrad": True}, "the optimizer, in its operation 1, adam, has another setting"),
    ({"freeze": True}, r"has 3.weight, of shape \(3, 3\), has shape \(3,\)"),
])  # fmt: skip
def test_another_model_or_optimizer(saved, tmp_path, settings, says):
    refused(build(**settings), str(tmp_path / "b.ckpt"), saved, says)


def test_the_same_count_in_other_shapes(saved, tmp_path):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 4, bias=False))  # 21, as saved
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (3,), BATCH)
    refused(t, str(tmp_path / "b.ckpt"), saved, "has shape")


# What was read is what was checked.


class Faulty:
    """A file of which one reading, the k-th, comes out with a bit flipped, short, or as an error; or all after it."""

    def __init__(self, file, k, kind, lasts):
        self.file, self.left, self.kind, self.lasts = file, k, kind, lasts

    def _broken(self):
        self.left -= 1
        return self.left == 0 or self.lasts and self.left < 0

    def read(self, n=-1):
        data = self.file.read(n)
        if self._broken() and data:
            if self.kind == "error":
                raise OSError(5, "EIO")
            return data[:-1] if self.kind == "short" else data[:-1] + bytes((data[-1] ^ 4,))
        return data

    def readinto(self, view):
        n = self.file.readinto(view)
        if self._broken() and n:
            if self.kind == "error":
                raise OSError(5, "EIO")
            if self.kind == "short":
                return n - 1
            bytewise = memoryview(view).cast("B")
            bytewise[n - 1] ^= 4
        return n

    def seek(self, *to):
        return self.file.seek(*to)

    def close(self):
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def through(monkeypatch, k, kind, lasts=False):
    """Checkpoints are read so from now on. Returns a list that gets the file."""
    made, find = [], restore.files.find

    def faulty(path, what, *more):
        made.append(Faulty(find(path, what, *more), k, kind, lasts))
        return made[-1]

    monkeypatch.setattr(restore.files, "find", faulty)
    return made


@pytest.mark.parametrize("kind", ["flip", "short", "error"])
def test_each_reading_is_what_was_checked(saved, tmp_path, monkeypatch, kind):
    """Wherever it goes wrong once, the trainer is as it was, or as the file has it."""
    path = str(tmp_path / "a.ckpt")
    (tmp_path / "a.ckpt").write_bytes(saved)
    right = build(seed=5)
    right.load(path)
    right, k, refusals = everything(right), 0, 0
    t = build(seed=5)
    go(t, 0, 1)
    old = everything(t)
    while True:
        k += 1
        with monkeypatch.context() as patch:
            made = through(patch, k, kind)
            try:
                t.load(path)
            except (ValueError, OSError):
                refusals += 1
                assert everything(t) == old
                continue
        assert everything(t) == right
        if made[0].left > 0:
            break
        t = build(seed=5)
        go(t, 0, 1)
    assert refusals > 40
    again = build(seed=5)
    go(again, 0, 1)
    with monkeypatch.context() as patch:
        through(patch, k // 2, kind)
        with pytest.raises((ValueError, OSError)):
            again.load(path)
    twin = build(seed=5)
    assert go(again, 1, 3) == go(twin, 0, 3)


def crowded(*_):
    raise MemoryError


@pytest.mark.parametrize("kind", ["flip", "short", "error"])
def test_without_memory_for_both_states(saved, tmp_path, monkeypatch, kind):
    """It is read straight into its place, again where it came out wrong; until it came out right, nothing runs."""
    path, k, tries = str(tmp_path / "a.ckpt"), 0, 0
    (tmp_path / "a.ckpt").write_bytes(saved)
    right = build(seed=5)
    right.load(path)
    right = everything(right)
    while True:
        k += 1
        t = build(seed=5)
        old = everything(t)
        with monkeypatch.context() as patch:
            patch.setattr(restore, "memory", crowded)
            made = through(patch, k, kind)
            try:
                t.load(path)
                assert everything(t) == right
                if made[0].left > 0:
                    break
            except (ValueError, OSError):
                assert everything(t) == old
        if k % 8:
            continue
        with monkeypatch.context() as patch:
            patch.setattr(restore, "memory", crowded)
            through(patch, k, kind, lasts=True)
            with pytest.raises((ValueError, OSError)):
                t.load(path)
        if t.loading:
            tries += 1
            for do, given in ((t.step, batch(0)), (t.save, (path,)), (t.predict, (batch(0)[0],))):
                with pytest.raises(RuntimeError, match="half of the state is another: load again"):
                    do(*given)
        t.load(path)
        assert everything(t) == right
    assert tries > 2


def test_forged_lengths(saved, tmp_path):
    """Every word of the file as it would never be, with a checksum that fits: refused, or harmless."""
    path, refusals = str(tmp_path / "b.ckpt"), 0
    t = build(seed=5)
    old = everything(t)
    for at in range(4, len(saved) - 4, 4):
        for word in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(saved)):
            data = bytearray(saved[:-4])
            struct.pack_into("<I", data, at, word)
            (tmp_path / "b.ckpt").write_bytes(data + struct.pack("<I", crc32(data)))
            try:
                t.load(path)
            except (ValueError, MemoryError):
                refusals += 1
                assert everything(t) == old
                continue
            t = build(seed=5)
    assert refusals > len(saved) // 4


def test_a_schedule_that_refuses(tmp_path):
    """Of another kind, or of fewer steps than it has taken: then nothing has changed."""
    path = str(tmp_path / "a.ckpt")
    one = build()
    one.schedule = schedule.OneCycleLR(one.optimizer, 0.1, total_steps=100)
    for k in range(50):
        one.step(*batch(k))
        one.schedule.step()
    one.save(path)
    for make, says in (
        (lambda o: schedule.OneCycleLR(o, 0.1, total_steps=20), "total_steps=20"),
        (lambda o: schedule.StepLR(o, 2), "the state of the schedule OneCycleLR; this one is StepLR"),
    ):
        other = build(seed=3)
        other.schedule = make(other.optimizer)
        before, lr, at = everything(other), other.lr, other.schedule.state()
        with pytest.raises(ValueError, match=says):
            other.load(path)
        assert (everything(other), other.lr, other.schedule.state()) == (before, lr, at)
        assert other.step(*batch(1)) is None


# In slices.


def test_in_slices_it_is_the_same_file(tmp_path):
    path, whole = str(tmp_path / "a.ckpt"), str(tmp_path / "b.ckpt")
    t = build(hidden=40)
    go(t, 0, 2)
    t.save(whole)
    first, calls = t.save(path, budget_us=1), 1
    assert not first and not os.path.exists(path)
    while not t.poll(1):
        calls += 1
        with pytest.raises(RuntimeError, match="a save in slices is unfinished: poll"):
            t.step(*batch(2))
    assert calls > 10 and open(path, "rb").read() == open(whole, "rb").read()
    go(t, 2, 3)
    assert not t.save(path, budget_us=1)
    t.slices.drop()
    assert sorted(os.listdir(tmp_path)) == ["a.ckpt", "b.ckpt"]
    assert open(path, "rb").read() == open(whole, "rb").read()
    assert go(t, 3, 4) == go(build(hidden=40), 0, 4)


def test_save_says_how_many_bytes(tmp_path):
    path, t = str(tmp_path / "a.ckpt"), build()
    for half in (False, True):
        assert t.save(path, half=half) == os.path.getsize(path)


def test_missing_files_are_named(tmp_path):
    t = build()
    before = everything(t)
    missing = str(tmp_path / "none.ckpt")
    with pytest.raises(OSError, match="none.ckpt"):
        t.load(missing)
    with pytest.raises(OSError, match="nowhere"):
        t.save(str(tmp_path / "nowhere" / "a.ckpt"))
    assert everything(t) == before


def test_saving_again_replaces_and_survives_a_failure(tmp_path, monkeypatch):
    path = str(tmp_path / "a.ckpt")
    t = build()
    t.save(path)
    first = open(path, "rb").read()
    go(t, 0, 1)

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("ember.run.checkpoint.crc32", full)
    with pytest.raises(OSError):
        t.save(path)
    monkeypatch.undo()
    assert open(path, "rb").read() == first
    t.save(path)
    assert open(path, "rb").read() != first
    fresh = build(seed=4)
    fresh.load(path)
    assert everything(fresh) == everything(t)


def test_the_model_sees_what_was_loaded(tmp_path):
    """Eager use reads the same memory."""
    path, t = str(tmp_path / "a.ckpt"), build()
    go(t, 0, 4)
    t.save(path)
    other = build(seed=9)
    other.load(path)
    x = ember.Tensor([[0.5, -1.0]])
    assert other.model.eval()(x).tolist() == t.model.eval()(x).tolist() == t.predict([[0.5, -1.0]]).tolist()


BESIDES = """
import gc
import ember
from ember import nn, optim
class Sink:
    def write(self, piece):
        gc.collect()
        self.most = max(self.most, gc.mem_alloc() - self.before)
    def replacing(self, write, what):
        for n in write(what, self):
            yield n
def besides(hidden):
    model = nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 3))
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (8,), 4)
    t.step([[0.5] * 8] * 4, [0, 1, 2, 0])
    sink = Sink()
    for _ in range(2):  # modules load at the first
        gc.collect()
        sink.before, sink.most = gc.mem_alloc(), 0
        t.save(sink)
    return sink.most
print(besides(4), besides(400))
"""


def test_saving_streams():
    """What it takes of the heap besides does not grow with the model; words have 64 bits here."""
    small, large = map(int, run_micropython("unix-single", BESIDES).split())
    assert large - small < 1000 and large < 3200  # of 19,212 bytes of weights; addresses on the stack keep some more
