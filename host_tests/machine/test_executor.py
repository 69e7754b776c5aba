"""A runner asks its executor for no more than its face: one that shows nothing else trains to the same bits."""

import itertools
from array import array

import pytest

import ember
import travelling
from ember import nn, optim, runtime, vm
from ember.instructions import isa
from ember.machine import executor
from ember.machine.image import segment, word
from ember.run import fit, slices
from ember.train import export
from files import everything
from several import build as several

FACE = "bind bind_part bound run recover fault stop read write view store stopped done paused in_place".split()


class Closed:
    """Keeps its arena to itself, as another world does: named slots, blocks that are kept, results, as copies."""

    in_place = False

    def __init__(self, image):
        arena = array("f", bytes(4 * segment(image.code, isa.ARENA)[1]))
        self._inner, self._image = executor.Executor(image.code, image.segments(arena), vm.run), image

    def __getattr__(self, name):
        if name not in FACE:
            raise AttributeError("the executor does not show its %r" % name)
        return getattr(self._inner, name)

    def _within(self, address, n):
        image = self._image
        blocks = [(0, image.block(0)[1] + image.block(1)[1]), *(image.block(k) for k in (2, 3, 4))]
        blocks += [(at, image.batch_size * size) for at, size in ((a, abs(numel(d))) for a, d in image.results)]
        assert address >> 24 == isa.ARENA and any(at <= address and address + n <= at + size for at, size in blocks)

    def read(self, slot):
        if slot >> 24 not in (isa.FLOATS, isa.INTS):
            self._within(slot, 1)
        return self._inner.read(slot)

    def write(self, slot, value):
        if slot >> 24 not in (isa.FLOATS, isa.INTS):
            self._within(slot, 1)
        self._inner.write(slot, value)

    def view(self, address, n):
        self._within(address, n)
        return memoryview(array("f", self._inner.view(address, n)))

    def store(self, address, values):
        self._within(address, len(values))
        self._inner.store(address, array("f", values))


def numel(dims):
    total = 1
    for d in dims:
        total *= d
    return total


def averaged():
    ember.manual_seed(5)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), 4, ema=0.5, clip_norm=1.0)


def fused():
    ember.manual_seed(5)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (6,), 4, fused=True)


MAKE = {name: (lambda name=name: travelling.make(name)) for name in travelling.MODELS}
MAKE.update(averaged=averaged, fused=fused, several=several, parts=lambda: several(micro_batch=3))


def batch(model, k, rows=None):
    rows = rows or model.batch_size
    parts, code = [], model.image.code
    for k in range(isa.FIRST_BOUND, word(code, 3)):
        flags, _, size = segment(code, k)
        if size:
            values = [(i * 5 + k * 3 + 2) % 3 for i in range(rows * size)]
            parts.append(array(isa.TYPES[flags & 7], values))
    image = model.image
    if not image.inputs and not image.targets:
        return parts[0], parts[1]
    xs, ys = [parts[0], *parts[2 : 1 + max(1, image.inputs)]], [parts[1], *parts[1 + max(1, image.inputs) :]]
    return tuple(xs) if image.inputs else xs[0], tuple(ys) if image.targets else ys[0]


def flat(found):
    return [list(part) for part in found] if isinstance(found, tuple) else list(found)


def life(model, folder, monkeypatch):
    """All that a runner does, and what comes of it."""
    clock = itertools.count(0, 50)
    monkeypatch.setattr(slices, "ticks_us", lambda: next(clock))
    model.slices.pace, said = 2.0, []

    def note(*what):
        said.append([*what, repr(model.loss), repr(model.running_loss), model.steps, model.lr])

    for k in range(3):
        model.step(*batch(model, k))
        note()
    model.step(*batch(model, 3, 2))
    if model.image.block(2)[1]:  # not fused
        model.accumulate(*batch(model, 4))
        model.accumulate(*batch(model, 5, 1))
        model.update()
        note()
    else:
        model.accumulate(*batch(model, 4))
        model.update()
    model.lr = 0.02
    if not model.step(*batch(model, 6), budget_us=60):
        while not model.poll(60):
            pass
    note()
    model.step(*batch(model, 7), budget_us=60)
    model.slices.drop()
    model.reset_running()
    said.append(model.evaluate([batch(model, k) for k in range(3)]))
    x, _ = batch(model, 1)
    said.append(flat(model.predict(x)))
    one, two = batch(model, 1, 2)[0], batch(model, 2, 2)[0]
    said.append([flat(model.predict(one)), flat(model.predict(two)), flat(model.predict(one))])
    path = str(folder / "kept")
    model.save(path)
    model.step(*batch(model, 8))
    note()
    model.load(path)
    model.step(*batch(model, 8))
    note()
    fit.fit(model, [batch(model, k) for k in range(3)], 2)
    if model.names.split("\n")[0].endswith(" ema"):
        bounds = runtime.bounds(model)
        said.append(list(bounds))
        bounds[1] = 0.25
        model.step(*batch(model, 9))
        with runtime.averaged(model):
            said.append(flat(model.predict(x)))
    said.append(model.steps)
    with pytest.raises(ValueError, match="samples|targets"):
        model.step(x, array("B", bytes(1000)))
    if model.classes and not model.image.targets:
        with pytest.raises(ValueError, match="it may be a whole number from 0 to"):
            model.step(x, array(model.target_dtype, [model.classes] * model.batch_size))
    return said


@pytest.mark.parametrize("name", MAKE)
def test_one_that_shows_nothing_else(name, tmp_path, monkeypatch):
    path = str(tmp_path / "model.ember")
    MAKE[name]().export(path)
    plain = runtime.load(path)
    expected = life(plain, tmp_path, monkeypatch)
    closed = runtime.load(path, Closed)
    with pytest.raises(AttributeError, match="does not show its 'segments'"):
        closed.executor.segments  # noqa: B018
    assert life(closed, tmp_path, monkeypatch) == expected
    closed.executor = closed.executor._inner
    assert everything(closed) == everything(plain)


@pytest.mark.parametrize("name", ["mlp", "averaged"])
def test_it_is_exported_again(name, tmp_path):
    path = str(tmp_path / "model.ember")
    MAKE[name]().export(path)
    files = []
    for kind in (None, Closed):
        model = runtime.load(path, kind)
        model.step(*batch(model, 0))
        export.export(model, str(tmp_path / "again"))
        files.append((tmp_path / "again").read_bytes())
    assert files[0] == files[1] != open(path, "rb").read()
