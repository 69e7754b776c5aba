"""What travelled beside the Trainer that wrote it: the same answers to the same calls, and the differences that
docs/file.md tells."""

import os
import struct
import sys
from array import array

import numpy as np
import pytest

import ember
import travelling
from conftest import ROOT, run_micropython
from ember import Tensor, callbacks, fit, metrics, nn, optim, runtime, schedule, travel
from test_runtime import everything, mutated, sealed, words_of
from test_several import BATCH, X, Y, inputs, targets
from test_several import build as several

PAGE = " ".join((ROOT / "docs" / "file.md").read_text().split())


def travelled(trainer, tmp_path, name="model.ember"):
    trainer.export(str(tmp_path / name))
    return runtime.load(str(tmp_path / name))


def small(batch=4, **more):
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (2,), batch, **more)


def floats(n, first=0):
    return array("f", [(k * 5 + first) % 7 / 4 - 0.7 for k in range(n)])


def by_hand(model, x):
    """What the net of small() makes of rows of x: NumPy, in double."""
    w, a, v, b = [np.array(p.tolist()) for p in model.parameters()]
    return (np.tanh(np.array(x).reshape(-1, 2) @ w + a) @ v + b).ravel()


# --- Predictions


@pytest.mark.parametrize("more", [{}, {"micro_batch": 5}, {"micro_batch": 1}])
def test_as_many_rows_as_were_given(tmp_path, more):
    trainer = small(16, **more)
    model = travelled(trainer, tmp_path)
    for rows in (16, 1, 7, 16, 3, 7, 7, 5, 6):
        x = floats(2 * rows, rows)
        found = model.predict(x)
        assert len(found) == 3 * rows
        assert list(found) == pytest.approx(list(by_hand(trainer.model, x)), rel=1e-5, abs=1e-6)
        assert list(found) == sum(trainer.predict(x).tolist(), [])
        out, beside = array("f", [9.0] * 50), array("f", [9.0] * 50)
        assert model.predict(x, out) is out and trainer.predict(x, beside) is beside
        assert out == beside and list(out[3 * rows :]) == [9.0] * (50 - 3 * rows)
        written = memoryview(array("f", [9.0] * 3 * rows))
        assert model.predict(x, written) is written and list(written) == list(found)


def test_what_was_predicted_is_a_view_until_the_next(tmp_path):
    model = travelled(small(16, micro_batch=5), tmp_path)
    one = model.predict(floats(10))
    other = model.predict(floats(6, 1))
    assert isinstance(one, memoryview) and list(other) == list(one[:9]), "where it lies"
    assert model.predict(floats(10)) is one and model.predict(floats(6)) is other
    assert model.predict(floats(2)) is not one and model.predict(floats(6)) is other
    assert model.predict(floats(10)) is not one, "views of the last two counts are kept"
    whole = model.predict(floats(12))
    before = list(whole)
    model.predict(floats(10, 3))
    assert isinstance(whole, array) and list(whole) == before, "of more than micro_batch it is of its own"


SCRIPT = """
import gc, micropython
from array import array
from ember import runtime
model = runtime.load(%r)
x = [%s for n in (16, 3)]
out = memoryview(array("f", range(48)))
def views(steps):
    for _ in range(steps):
        model.predict(x[0])
        model.predict(x[1])
def copies(steps):
    for _ in range(steps):
        model.predict(x[0], %s)
def step(steps):
    for _ in range(steps):
        model.step(x[0], y)
y = %s
def total():
    return micropython.mem_total()
for use in (views, copies, step):
    use(1)
    micropython.heap_lock()
    try:
        use(5)
    finally:
        micropython.heap_unlock()
    gc.collect()
    gc.disable()
    before = total()
    before = total()
    use(0)
    loop = total() - before
    before = total()
    use(100)
    print(total() - before - loop)
    gc.enable()
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_predictions_allocate_nothing_from_the_second_on(binary, tmp_path):
    path = str(tmp_path / "model.ember")
    small(16).export(path)
    script = SCRIPT % (path, 'array("f", range(2 * n))', "out", "bytes(16)")
    assert run_micropython(binary, script).split() == ["0", "0", "0"]
    several(batch=16).export(path)
    both = "(out, second)\nsecond = memoryview(array('f', range(32)))\nboth = (out, second)"
    script = SCRIPT % (path, '(array("f", range(3 * n)), bytes(4 * n))', "both", "(bytes(16), array('f', range(32)))")
    script = script.replace("def views", both.split("\n", 1)[1] + "\ndef views", 1)
    assert run_micropython(binary, script).split() == ["0", "0", "0"]


# --- Several inputs and outputs


SHAPES = [{}, {"many": False}, {"micro_batch": 3}, {"many": False, "micro_batch": 1}]


def batches(trainer, count=4):
    for k in range(count):
        rows = BATCH - (k == count - 1)
        yield inputs(k, rows), targets(k, rows) if trainer._many else targets(k, rows)[0]


@pytest.mark.parametrize("more", SHAPES)
def test_as_many_inputs_and_outputs(tmp_path, more):
    trainer = several(**more)
    for _ in range(2):  # before the first step and after some
        model = travelled(trainer, tmp_path)
        for x, y in batches(trainer):
            for t in (trainer, model):
                t.step(x, y)
            assert everything(model) == everything(trainer)
        assert model.evaluate(batches(trainer)) == trainer.evaluate(batches(trainer))
        assert (model.evaluate(batches(trainer))[1] is None) == trainer._many
        for rows in (BATCH, 1, 3, BATCH):
            found, expected = model.predict(inputs(9, rows)), trainer.predict(inputs(9, rows))
            many = isinstance(found, tuple)
            assert many == trainer._many
            for f, e in zip(found if many else (found,), expected if many else (expected,)):
                assert list(f) == sum(e.tolist(), [])
            out = tuple(array("f", [9.0] * 20) for _ in range(2)) if many else array("f", [9.0] * 20)
            again = tuple(array("f", o) for o in out) if many else array("f", out)
            assert model.predict(inputs(9, rows), out) is out
            assert trainer.predict(inputs(9, rows), again) == out
        for x, y in batches(trainer):
            trainer.accumulate(x, y)
            model.accumulate(x, y)
        trainer.update()
        model.update()
        for x, y in batches(trainer):
            trainer.step(x, y)
            done = model.step(x, y, 1)
            while not done:
                done = model.poll(1)
        assert everything(model) == everything(trainer)


@pytest.mark.parametrize("more", SHAPES)
def test_a_checkpoint_of_several_goes_both_ways(tmp_path, more):
    trainer, other = several(**more), several(**more)
    model = travelled(trainer, tmp_path)
    for x, y in batches(trainer):
        model.step(x, y)
    model.save(str(tmp_path / "there"))
    trainer.load(str(tmp_path / "there"))
    assert everything(trainer)[0] == everything(model)[0] and trainer.steps == 4
    for x, y in batches(trainer, 3):
        trainer.step(x, y)
    trainer.save(str(tmp_path / "back"))
    model.load(str(tmp_path / "back"))
    for t in (trainer, model):
        t.step(*next(batches(trainer)))
    assert everything(trainer)[0] == everything(model)[0] and trainer.steps == model.steps == 8
    assert everything(travelled(other, tmp_path))[0] == everything(other)[0] != everything(model)[0]


class Shares(nn.Module):
    """One input in a tuple, two outputs of which one is a tuple's only; weights that lie in bytes."""

    def __init__(self, flash, outputs):
        ember.manual_seed(7)
        self.first, self.second, self.outputs = nn.Linear(3, 4), nn.Linear(4, 3), outputs
        self.first.weight = ember.frombuffer(flash, (3, 4))

    def forward(self, a):
        hidden = self.first(a)
        return (self.second(hidden), hidden)[: self.outputs]


@pytest.mark.parametrize("outputs", [1, 2])
def test_tuples_of_one_and_weights_that_stay_where_they_lie(tmp_path, outputs):
    flash = bytes(array("f", [0.02 * k - 0.1 for k in range(12)]))
    model = Shares(flash, outputs)

    def loss(outputs, targets):
        total = nn.CrossEntropyLoss()(outputs[0], targets[0])
        return total + nn.MSELoss()(outputs[1], targets[1]) if len(targets) > 1 else total

    trainer = ember.Trainer(model, loss, optim.SGD(model.parameters()), [(3,)], 4, target_dtype=("B", "f")[:outputs])
    x, y = (floats(12),), (bytes([0, 2, 1, 1]), floats(16))[:outputs]
    trainer.export(str(tmp_path / "model.ember"))
    data = (tmp_path / "model.ember").read_bytes()
    assert data.count(flash) == 1
    for there in (runtime.load(data), runtime.load(str(tmp_path / "model.ember"))):
        twin = Shares(flash, outputs)
        twin = ember.Trainer(twin, loss, optim.SGD(twin.parameters()), [(3,)], 4, target_dtype=("B", "f")[:outputs])
        for _ in range(3):
            there.step(x, y)
            twin.step(x, y)
        assert everything(there) == everything(twin)
        assert [list(f) for f in there.predict(x)] == [sum(f.tolist(), []) for f in twin.predict(x)]


# --- Versions of the file


def sections_of(words):
    """A file of version 2, by docs/file.md: its parts one after the other, and what is left."""
    code = words[16 : 16 + words[17]]
    parts, at, count = {"head": words[:16], "program": code}, 16 + words[17], code[3]
    lengths = [code[5 + 3 * k + 1] for k in range(count)]
    for name, n in [*(("segment %d" % k, lengths[k]) for k in range(1, count)), ("parameters", words[9]),
                    ("frozen", words[10]), ("state", words[14]), ("names", words[15])]:  # fmt: skip
        parts[name], at = words[at : at + n], at + n
    return parts, words[at:]


def read(path):
    return words_of(path.read_bytes())


def test_one_input_and_one_output_is_version_2(tmp_path):
    """Written anew from its parts, it is read."""
    trainer = travelling.make("mlp")
    trainer.export(str(tmp_path / "model.ember"))
    words = read(tmp_path / "model.ember")
    parts, rest = sections_of(words)
    assert words[1] == 2 and rest == [] and sum(len(part) for part in parts.values()) == words[3] == len(words)
    names = struct.pack("<%di" % words[15], *parts["names"]).rstrip(b"\0").decode()
    assert names.split("\n")[:2] == ["lr beta1 beta2 eps weight_decay", "0.weight 6 5"]
    weights = struct.pack("<%di" % words[9], *parts["parameters"])
    assert weights == trainer._arena[: words[9]].tobytes()
    old = sealed([word for part in parts.values() for word in part])
    model = runtime.load(old)
    for x, y in travelling.batches(trainer, 5):
        model.step(x, y)
        trainer.step(x, y)
    assert everything(model) == everything(trainer)


@pytest.mark.parametrize("more", SHAPES[:2])
def test_several_are_version_3(tmp_path, more):
    trainer = several(**more)
    trainer.export(str(tmp_path / "model.ember"))
    words = read(tmp_path / "model.ember")
    rest = sections_of(words)[1]
    assert words[1] == 3 and rest[-2:] == [2, 2 if trainer._many else 0]
    assert [words[7:9], *([rest[:2]] if trainer._many else [])] == [[at, dims[1]] for at, dims in trainer._results]
    assert len(rest) == (4 if trainer._many else 2)
    for k in range(1, len(rest) + 1):
        for value in (-1, 1 << 23, 1 << 30, -(1 << 31), 3 if k < 3 else -2):
            if words[-k] != value:
                changed = [*words[:-k], value, *words[len(words) - k + 1 :]]
                with pytest.raises(ValueError, match="its parts do not fit together"):
                    runtime.load(sealed(changed))
    for other in ([*words[:1], 2, *words[2:]], words[:-1], [*words, 0]):
        with pytest.raises(ValueError, match="its parts do not fit together"):
            runtime.load(sealed(other))
    with pytest.raises(ValueError, match="is of version 4; this Ember reads 2 to 3"):
        runtime.load(sealed([*words[:1], 4, *words[2:]]))


def test_mutated_files_of_several_are_run_or_refused(tmp_path):
    import random

    several().export(str(tmp_path / "model.ember"))
    dice, words, ran = random.Random(7), read(tmp_path / "model.ember"), 0
    for _ in range(1000):
        try:
            model = runtime.load(mutated(words, dice))
            model._state[0] = 0
            model._vm_run(model._code, model._segments, model._state, 10000)
            ran += 1
        except (ValueError, MemoryError):
            continue
    assert ran > 50


# --- What is refused: in the Trainer's order, and in its words where these are not of its model


def said(use, *arguments):
    with pytest.raises((ValueError, TypeError)) as caught:
        use(*arguments)
    return str(caught.value)


LONG = [(X[0] * 2, X[1] * 2), (Y[0] * 2, Y[1] * 2)]
BAD = [
    (X[:1], Y), (X, Y[:1]), ((X[0][:-1], X[1]), Y), ((X[0], X[1][:-4]), Y), ((X[0], X[1][:-1]), Y),
    (X, (Y[0][:-1], Y[1])), (X, (Y[0], Y[1][:-1])), ((X[0][:-1], X[1]), (Y[0][:-1], Y[1])),
    (X, (bytes([0, 1, 3, 0]), Y[1])), LONG, ((X[0][:0], X[1][:0]), (Y[0][:0], Y[1][:0])),
]  # fmt: skip


def stem(text):
    """What both say: a Trainer goes on with its model and its shape, a program that travelled with its own."""
    return text.split("; this program takes")[0].split("; Net")[0].split("; Sequential")[0]


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
@pytest.mark.parametrize("x, y", BAD)
def test_a_bad_batch_of_several_changes_nothing(tmp_path, more, x, y):
    trainer = several(**more)
    model = travelled(trainer, tmp_path)
    for t in (trainer, model):
        t.step(X, Y)
    before = everything(model)
    for name in ("step", "accumulate"):
        assert stem(said(getattr(model, name), x, y)) == stem(said(getattr(trainer, name), x, y))
    assert stem(said(model.evaluate, [(x, y)])) == stem(said(trainer.evaluate, [(x, y)]))
    if x is not X:
        if tuple(map(len, x)) != tuple(map(len, X)):
            assert stem(said(model.predict, x)) == stem(said(trainer.predict, x))
    assert everything(model)[:2] == before[:2] or more
    for t in (trainer, model):
        t.step(X, Y)
    assert everything(model) == everything(trainer)


ONE = floats(8), bytes([0, 2, 1, 1])


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
@pytest.mark.parametrize("x, y", [
    (ONE[0][:-1], ONE[1]), (ONE[0], ONE[1][:-1]), (ONE[0][:-2], ONE[1]), (ONE[0][:-1], ONE[1][:-1]), (ONE[0][:0], b""),
    (floats(10), bytes(5)), (floats(12), bytes(4)), (ONE[0], bytes([0, 1, 2, 3])), (ONE[0], bytes([3, 9, 0, 0])),
])  # fmt: skip
def test_a_bad_batch_changes_nothing(tmp_path, more, x, y):
    trainer = small(**more)
    model = travelled(trainer, tmp_path)
    for t in (trainer, model):
        t.step(*ONE)
    before = everything(model)
    for name in ("step", "accumulate"):
        assert stem(said(getattr(model, name), x, y)) == stem(said(getattr(trainer, name), x, y))
        assert everything(model) == before
    if len(x) not in (6, 8):
        assert stem(said(model.predict, x)) == stem(said(trainer.predict, x))
    for t in (trainer, model):
        t.step(*ONE)
    assert everything(model) == everything(trainer)


def test_indices_are_named_as_well(tmp_path):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 3))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (2,), 4, input_dtype="B",
                            input_scale=None)  # fmt: skip
    there = travelled(trainer, tmp_path)
    for t in (trainer, there):
        assert (
            said(t.step, bytes([0, 1, 4, 5]), bytes(2)) == "index 5 at position 3; it may be a whole number from 0 to 4"
        )
        assert (
            said(t.step, bytes([0, 1, 4, 3]), bytes([0, 3]))
            == "label 3 at index 1; it may be a whole number from 0 to 2"
        )


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
def test_outs_that_do_not_do(tmp_path, more):
    trainer, many = small(**more), several(**more)
    model, there = travelled(trainer, tmp_path), travelled(many, tmp_path, "many.ember")
    short = array("f", [9.0] * 11)
    assert said(model.predict, ONE[0], short) == said(trainer.predict, ONE[0], short)
    assert list(short) == [9.0] * 11
    assert "structures" in said(model.predict, ONE[0], bytearray(48))
    for out in ((), (short,), (array("f", [9.0] * 12), array("f", [9.0] * 7)), (short, short, short)):
        assert said(there.predict, X, out) == said(many.predict, X, out)


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
@pytest.mark.parametrize("outputs", [1, 3])
def test_outs_of_numpy(tmp_path, more, outputs):
    model = nn.Sequential(nn.Linear(2, outputs))
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (2,), 4, **more)
    there = travelled(trainer, tmp_path)
    expected = np.array(ONE[0]).reshape(4, 2) @ np.array(model.layers[0].weight.tolist())
    expected += np.array(model.layers[0].bias.tolist())
    for t in (trainer, there):
        for shape in ((4, outputs), (5, outputs), (4 * outputs,)):
            out = np.full(shape, 9, "f")
            assert t.predict(ONE[0], out) is out
            assert out.ravel()[: 4 * outputs] == pytest.approx(expected.ravel(), rel=1e-5, abs=1e-6)
            assert (out.ravel()[4 * outputs :] == 9).all()
        for out in (np.zeros((4, outputs)), np.zeros((2, outputs), "f"), np.zeros((outputs + 1, 4), "f"),
                    np.zeros((4, 2 * outputs), "f")[:, ::2], np.zeros((4, outputs), "i")):  # fmt: skip
            with pytest.raises(ValueError):
                t.predict(ONE[0], out)
            assert not out.any()


def test_a_step_in_slices_is_to_be_finished_first(tmp_path):
    trainer = small()
    model = travelled(trainer, tmp_path)
    for use in (lambda t: t.step(*ONE), lambda t: t.predict(ONE[0]), lambda t: t.evaluate([ONE]), lambda t: t.update(),
                lambda t: t.save(str(tmp_path / "no")), lambda t: t.load(str(tmp_path / "no"))):  # fmt: skip
        words = []
        for t in (trainer, model):
            assert not t.step(*ONE, 1)
            with pytest.raises(RuntimeError) as caught:
                use(t)
            words.append(str(caught.value))
            t.slices.drop()
        assert words[0] == words[1] and "a step in slices is unfinished" in words[0]
    for t in (trainer, model):
        with pytest.raises(RuntimeError, match="update: nothing was accumulated since the last update"):
            t.update()


def test_what_was_refused_does_not_stay_bound(tmp_path):
    model = travelled(small(), tmp_path)
    model.accumulate(*ONE)
    for bad in ((ONE[0][:-1], ONE[1]), (ONE[0], array("i", [0, 1, 2, 300]))):
        said(model.accumulate, *bad)
        before = model.steps
        model.update()
        assert model.steps == before + 1
        model.accumulate(*ONE)


# --- What else a Trainer has


def test_running_loss_and_lr(tmp_path):
    trainer = small()
    model = travelled(trainer, tmp_path)
    for t in (trainer, model):
        t.step(*ONE)
        t.reset_running()
        t.step(floats(6, 2), bytes([1, 1, 0]))
        t.step(floats(4, 3), bytes([2, 0]))
    assert model.running_loss == trainer.running_loss and model.loss == trainer.loss and model.steps == 3
    model.lr = trainer.optimizer.lr = 0.5
    for t in (trainer, model):
        t.step(*ONE)
    assert everything(model) == everything(trainer) and model.lr == 0.5


def test_fused_travels(tmp_path):
    def make():
        ember.manual_seed(2)
        model = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.3), nn.Linear(4, 3))
        return ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (2,), 4, fused=True)

    trainer = make()
    model = travelled(trainer, tmp_path)
    for t in (trainer, model):
        t.step(*ONE)
        t.accumulate(*ONE)
        with pytest.raises(RuntimeError, match="fused"):
            t.predict(ONE[0])
        t.update()
    assert everything(model) == everything(trainer)


def test_metrics(tmp_path):
    trainer = small()
    model = travelled(trainer, tmp_path)
    data = [ONE, (floats(6, 2), bytes([1, 1, 0]))]
    found = []
    for t in (trainer, model):
        accuracy, top = metrics.Accuracy(3, 4), metrics.ConfusionMatrix(3, 4)
        found.append((t.evaluate(data, [accuracy, top]), accuracy.compute(), top.compute()))
    assert found[0] == found[1]
    many = several()
    for t in (many, travelled(many, tmp_path)):
        with pytest.raises(ValueError, match="metrics take one output and its target; this model has several"):
            t.evaluate([(X, Y)], [metrics.MAE(2)])


def test_fit_is_a_function(tmp_path):
    trainer, data, seen = small(), [ONE, (floats(6, 2), bytes([1, 1, 0]))], []
    model = travelled(trainer, tmp_path)
    keep, best = callbacks.KeepBest(), callbacks.KeepBest()
    trainer.fit(data, 5, validation=data, callbacks=[keep], on_step=lambda t: seen.append(t.steps))
    fit.fit(model, data, 5, validation=data, callbacks=[best], on_step=lambda t: seen.append(t.steps))
    assert everything(model) == everything(trainer) and model.validation == trainer.validation
    assert seen == 2 * list(range(1, 11)) and model.epoch == trainer.epoch == 5
    for kept, t in ((keep, trainer), (best, model)):
        kept.restore(t)
    assert list(model.predict(ONE[0])) == sum(trainer.predict(ONE[0]).tolist(), [])
    assert "`fit.fit(model, …)`" in PAGE


def test_averages_and_bounds(tmp_path):
    ema, plain = small(ema=0.5, clip_norm=0.75), small()
    model, without = travelled(ema, tmp_path), travelled(plain, tmp_path, "plain.ember")
    assert list(travel.bounds(model)) == list(ema.bounds) == [0.0, 0.75, 0.5]
    travel.bounds(model)[1] = ema.bounds[1] = 0.25
    for t in (ema, model):
        for _ in range(3):
            t.step(*ONE)
    before = list(model.predict(ONE[0]))
    with ema.averaged(), travel.averaged(model):
        found = list(model.predict(ONE[0]))
        assert found == sum(ema.predict(ONE[0]).tolist(), []) and found != before
    assert list(model.predict(ONE[0])) == before and everything(model) == everything(ema)
    with pytest.raises(ValueError, match="ema is None; averaged"):
        travel.averaged(without)
    with pytest.raises(ValueError, match="ema is None; averaged"):
        plain.averaged()
    with pytest.raises(ValueError, match="had no clip_value, clip_norm or ema"):
        travel.bounds(without)
    clipped = travelled(small(clip_value=1.0), tmp_path, "clipped.ember")
    with pytest.raises(ValueError, match="ema is None; averaged"):
        travel.averaged(clipped)
    assert "`travel.averaged(model)`" in PAGE and "`travel.bounds(model)`" in PAGE


def test_memory(tmp_path):
    trainer = small()
    here, there = ember.memory(trainer), ember.memory(travelled(trainer, tmp_path))
    assert (here.arena, here.program) == (there.arena, there.program)
    assert (here.arena, here.arena + here.program) == (4 * trainer.plan.arena, trainer.plan.total())


def test_a_schedule_does_not_travel(tmp_path):
    trainer = small()
    trainer.schedule = schedule.StepLR(trainer.optimizer, 2)
    model = travelled(trainer, tmp_path)
    assert model.schedule is None
    for _ in range(3):
        trainer.step(*ONE)
        trainer.schedule.step()
    trainer.save(str(tmp_path / "there"))
    model.load(str(tmp_path / "there"))
    assert everything(model)[0] == everything(trainer)[0]
    assert model.lr == pytest.approx(1e-3) and trainer.optimizer.lr == pytest.approx(1e-4), "lr is no part of it"
    model.save(str(tmp_path / "back"))
    trainer.load(str(tmp_path / "back"))
    assert trainer.schedule.last_epoch == 3
    assert "A schedule" in PAGE


LISTS = [[[0.0, 1.0], [1.0, 0.0]], Tensor([0.0, 1.0, 1.0, 0.0], (2, 2)), [0.0, 1.0]]


@pytest.mark.parametrize("more", [{}, {"micro_batch": 1}])
@pytest.mark.parametrize("x", LISTS)
def test_without_the_front_lists_and_tensors_are_refused_in_words(tmp_path, more, x, monkeypatch):
    model = travelled(small(**more), tmp_path)
    many = travelled(several(**more), tmp_path, "many.ember")
    monkeypatch.setitem(sys.modules, "ember.values", None)
    before = everything(model)
    words = "x is a %s; where the rest of Ember is not there, it may be a buffer of type 'f'" % type(x).__name__
    for use in (model.predict, lambda x: model.step(x, bytes(2)), lambda x: model.accumulate(x, bytes(2)),
                lambda x: model.evaluate([(x, bytes(2))])):  # fmt: skip
        with pytest.raises(TypeError, match=words):
            use(x)
    with pytest.raises(TypeError, match="y is a list; .* it may be a buffer of type 'B'"):
        model.step(floats(4), [0, 1])
    assert everything(model) == before
    with pytest.raises(TypeError, match="input 1 is a list; .* it may be a buffer of type 'B'"):
        many.step((X[0], list(X[1])), Y)
    assert "lists and tensors" in PAGE


# What a Trainer has and a program that travelled has not, or has elsewhere: each stands in docs/file.md.
ELSEWHERE = {"averaged", "bounds", "fit", "export", "model", "criterion", "optimizer", "optimizers", "program", "fused",
             "state_dtype", "input_shape", "input_scale", "input_offset"}  # fmt: skip


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_other_name_of_a_trainer_is_there(tmp_path):
    trainer = small(ema=0.5)
    model = travelled(trainer, tmp_path)
    fit.fit(model, [ONE], 1)
    trainer.fit([ONE], 1)
    assert public(trainer) - public(model) == ELSEWHERE
    assert public(model) - public(trainer) == {"lr", "names"}
    missing = [name for name in sorted(ELSEWHERE | {"lr", "names", "plan"}) if "`%s`" % name not in PAGE]
    assert not missing, "docs/file.md does not tell of them"
    same = ("batch_size micro_batch sample_size target_size classes input_dtype target_dtype epoch steps loss "
            "running_loss validation schedule").split()  # fmt: skip
    for name in same:
        assert getattr(model, name) == getattr(trainer, name), name


def test_what_does_not_travel(tmp_path):
    model = nn.Linear(2, 2)
    trainer = ember.Trainer(model, nn.MSELoss(), optim.LBFGS(model.parameters()), (2,), 4)
    assert "LBFGS moves between the program's runs" in said(trainer.export, str(tmp_path / "no"))

    class Same(nn.Module):
        def __init__(self, outputs):
            self.hidden, self.outputs = nn.Linear(2, 2), outputs

        def forward(self, x):
            return (self.hidden(x), x) if self.outputs == 2 else x + self.hidden(x) * 0.0

    many = Same(2)
    trainer = ember.Trainer(many, lambda o, t: nn.MSELoss()(o[0], t[0]) + nn.MSELoss()(o[1], t[1]),
                            optim.SGD(many.parameters()), (2,), 4, target_dtype=("f", "f"))  # fmt: skip
    assert said(trainer.export, str(tmp_path / "no")).startswith("the model's output is its input, or a constant")
    assert os.listdir(tmp_path) == []
