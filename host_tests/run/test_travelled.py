"""What travelled beside the Trainer that wrote it: the same answers to the same calls, and the differences that
docs/file.md tells."""

import os
from array import array

import numpy as np
import pytest

import ember
from checkout import ALLOCATED, ROOT, run_micropython
from ember import callbacks, metrics, nn, optim, runtime, schedule
from ember.run import fit
from files import everything
from several import X, Y
from several import build as several
from travelling import ONE, floats, small, travelled

PAGE = " ".join((ROOT / "docs" / "file.md").read_text().split())


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
for use in (views, copies, step):
    print(allocated(use))
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_predictions_allocate_nothing_from_the_second_on(binary, tmp_path):
    path = str(tmp_path / "model.ember")
    small(16).export(path)
    script = SCRIPT % (path, 'array("f", range(2 * n))', "out", "bytes(16)")
    assert run_micropython(binary, ALLOCATED + script).split() == ["0", "0", "0"]
    several(batch=16).export(path)
    both = "(out, second)\nsecond = memoryview(array('f', range(32)))\nboth = (out, second)"
    script = SCRIPT % (path, '(array("f", range(3 * n)), bytes(4 * n))', "both", "(bytes(16), array('f', range(32)))")
    script = script.replace("def views", both.split("\n", 1)[1] + "\ndef views", 1)
    assert run_micropython(binary, ALLOCATED + script).split() == ["0", "0", "0"]


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
    assert list(runtime.bounds(model)) == list(ema.bounds) == [0.0, 0.75, 0.5]
    runtime.bounds(model)[1] = ema.bounds[1] = 0.25
    for t in (ema, model):
        for _ in range(3):
            t.step(*ONE)
    before = list(model.predict(ONE[0]))
    with ema.averaged(), runtime.averaged(model):
        found = list(model.predict(ONE[0]))
        assert found == sum(ema.predict(ONE[0]).tolist(), []) and found != before
    assert list(model.predict(ONE[0])) == before and everything(model) == everything(ema)
    with pytest.raises(ValueError, match="ema is None; averaged"):
        runtime.averaged(without)
    with pytest.raises(ValueError, match="ema is None; averaged"):
        plain.averaged()
    with pytest.raises(ValueError, match="had no clip_value, clip_norm or ema"):
        runtime.bounds(without)
    clipped = travelled(small(clip_value=1.0), tmp_path, "clipped.ember")
    with pytest.raises(ValueError, match="ema is None; averaged"):
        runtime.averaged(clipped)
    assert "`runtime.averaged(model)`" in PAGE and "`runtime.bounds(model)`" in PAGE


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
    assert model.lr == pytest.approx(1e-4) and trainer.optimizer.lr == pytest.approx(1e-4), "a rate is saved as it is"
    model.save(str(tmp_path / "back"))
    trainer.load(str(tmp_path / "back"))
    assert trainer.schedule.last_epoch == 3
    assert "A schedule" in PAGE


# What a Trainer has and a program that travelled has not, or has elsewhere: each stands in docs/file.md.
ELSEWHERE = {"averaged", "bounds", "predictor", "fit", "export", "model", "criterion", "optimizer", "optimizers",
             "release", "fused", "state_dtype", "input_shape", "input_scale", "input_offset"}  # fmt: skip


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_other_name_of_a_trainer_is_there(tmp_path):
    trainer = small(ema=0.5)
    model = travelled(trainer, tmp_path)
    fit.fit(model, [ONE], 1)
    trainer.fit([ONE], 1)
    assert public(trainer) - public(model) == ELSEWHERE
    assert public(model) <= public(trainer)
    missing = [name for name in sorted(ELSEWHERE | {"plan"}) if "`%s`" % name not in PAGE]
    assert not missing, "docs/file.md does not tell of them"
    same = ("batch_size micro_batch sample_size target_size classes input_dtype target_dtype epoch steps loss "
            "running_loss validation schedule").split()  # fmt: skip
    for name in same:
        assert getattr(model, name) == getattr(trainer, name), name


def test_what_does_not_travel(tmp_path):
    model = nn.Linear(2, 2)
    trainer = ember.Trainer(model, nn.MSELoss(), optim.LBFGS(model.parameters()), (2,), 4)
    with pytest.raises(ValueError, match="LBFGS moves between the program's runs"):
        trainer.export(str(tmp_path / "no"))

    class Same(nn.Module):
        def __init__(self, outputs):
            self.hidden, self.outputs = nn.Linear(2, 2), outputs

        def forward(self, x):
            return (self.hidden(x), x) if self.outputs == 2 else x + self.hidden(x) * 0.0

    many = Same(2)
    trainer = ember.Trainer(many, lambda o, t: nn.MSELoss()(o[0], t[0]) + nn.MSELoss()(o[1], t[1]),
                            optim.SGD(many.parameters()), (2,), 4, target_dtype=("f", "f"))  # fmt: skip
    with pytest.raises(ValueError, match="^the model's output is its input, or a constant"):
        trainer.export(str(tmp_path / "no"))
    assert os.listdir(tmp_path) == []
