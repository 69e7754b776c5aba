"""The training loop's comforts: schedules that resume, early stopping, keeping the best, metrics, predictions."""

import math
import re
from array import array

import pytest

import ember
from catalogue_list import SCHEDULES
from checkout import ALLOCATED, run_micropython
from ember import callbacks, metrics, nn, optim, schedule, vm
from op_cases import vms

BATCH = 4


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def build(loss=None, lr=0.1, **settings):
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Dropout(0.25), nn.Linear(4, 3))
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.5)
    return ember.Trainer(model, loss or nn.CrossEntropyLoss(), optimizer, (2,), BATCH, **settings)


def batch(k, rows=BATCH):
    return (array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(2 * rows)]),
            array("B", [(i + k) % 3 for i in range(rows)]))  # fmt: skip


BATCHES = [batch(0), batch(1), batch(2, 3)]


def everything(t):
    """What lasts: all that was kept, but for the gradients and the statistics."""
    kept = [(o, n) for kind, o, n in t.plan.kept if kind not in ("gradients", "statistics")]
    return [t.executor.segments[0][o : o + n].tolist() for o, n in kept]


MAKE = {
    "StepLR": lambda o: schedule.StepLR(o, 2, 0.5),
    "ConstantLR": lambda o: schedule.ConstantLR(o, 0.5, 3),
    "LinearLR": lambda o: schedule.LinearLR(o, 0.1, total_iters=7),
    "CosineAnnealingLR": lambda o: schedule.CosineAnnealingLR(o, 5, 0.01),
    "CosineAnnealingWarmRestarts": lambda o: schedule.CosineAnnealingWarmRestarts(o, 2, 2),
    "ExponentialLR": lambda o: schedule.ExponentialLR(o, 0.9),
    "MultiStepLR": lambda o: schedule.MultiStepLR(o, [1, 3, 8], 0.5),
    "PolynomialLR": lambda o: schedule.PolynomialLR(o, 11, 2.0),
    "NoamLR": lambda o: schedule.NoamLR(o, 64, 3),
    "SequentialLR": lambda o: schedule.SequentialLR(o, [schedule.LinearLR(o, 0.1, total_iters=3),
                                                        schedule.CosineAnnealingLR(o, 4)], [3]),
    "ChainedScheduler": lambda o: schedule.ChainedScheduler([schedule.LinearLR(o, 0.1, total_iters=3),
                                                             schedule.ExponentialLR(o, 0.9)]),
    "OneCycleLR": lambda o: schedule.OneCycleLR(o, 0.2, 12),
    "CyclicLR": lambda o: schedule.CyclicLR(o, 0.05, 0.2, 3),
    "LambdaLR": lambda o: schedule.LambdaLR(o, lambda k: 1 / (1 + k)),
    "MultiplicativeLR": lambda o: schedule.MultiplicativeLR(o, lambda k: 0.9 if k % 2 else 0.8),
    "ReduceLROnPlateau": lambda o: schedule.ReduceLROnPlateau(o, patience=0, factor=0.7, threshold=0.03),
}  # fmt: skip


def test_each_schedule_is_resumed():
    assert set(MAKE) == set(SCHEDULES)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("every", ["epoch", "step"])
def test_a_schedule_resumes_exactly(name, every, tmp_path):
    whole, path = build(), str(tmp_path / "a.ckpt")
    whole.fit(BATCHES, 4, BATCHES, schedule=MAKE[name](whole.optimizer), schedule_every=every)
    first = build()
    first.schedule = MAKE[name](first.optimizer)
    first.fit(BATCHES, 2, BATCHES, schedule_every=every)
    first.save(path)
    second = build(lr=0.07)
    second.fit(BATCHES, 1)
    for group in second.optimizer.groups:
        group.hyper[0] = 0.1
    second.schedule = MAKE[name](second.optimizer)
    second.load(path)
    assert second.schedule.state() == first.schedule.state() and second.optimizer.lr == first.optimizer.lr
    second.fit(BATCHES, 2, BATCHES, schedule_every=every)
    assert everything(second) == everything(whole) and second.optimizer.lr == whole.optimizer.lr
    assert second.schedule.state() == whole.schedule.state()
    assert whole.schedule.last_epoch == (12 if every == "step" else 4)


def test_checkpoints_with_and_without_a_schedule(tmp_path):
    path, trainer = str(tmp_path / "a.ckpt"), build()
    trainer.save(path)
    other = build()
    other.schedule = schedule.StepLR(other.optimizer, 1)
    other.schedule.step()
    other.load(path)  # it had none: where this one is stays
    assert other.schedule.last_epoch == 1
    other.save(path)
    trainer.load(path)
    third = build()
    third.schedule = schedule.ReduceLROnPlateau(third.optimizer)
    before = everything(third)
    with pytest.raises(ValueError, match="state of the schedule StepLR; this one is ReduceLROnPlateau"):
        third.load(path)
    assert everything(third) == before and third.schedule.last_epoch == 0
    trainer.save(path)  # what has no schedule keeps what is known of one
    other.schedule.step()
    other.load(path)
    assert other.schedule.last_epoch == 1


def test_a_schedule_given_to_the_trainer():
    model = nn.Linear(2, 3)
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    made = schedule.ExponentialLR(optimizer, 0.5)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (2,), BATCH, schedule=made)
    trainer.fit(BATCHES, 3)
    assert optimizer.lr == 0.125
    with pytest.raises(ValueError, match="schedule_every is 'batch'"):
        trainer.fit(BATCHES, 1, schedule_every="batch")


class Fake:
    """A trainer as callbacks see it."""

    validation, running_loss = None, 0.0

    def __init__(self, value, accuracy=False):
        if accuracy:
            self.validation = (9.0, value)
        else:
            self.running_loss = value


@pytest.mark.parametrize("values,settings,ends", [
    ([3, 2, 1, 1, 1], dict(patience=2), 5),
    ([3, 2, 1, 0.95, 0.9, 0.5], dict(patience=2, min_delta=0.2), 5),
    ([1, math.nan, math.nan], dict(patience=2), 3),
    ([math.nan, 1, 2], dict(patience=2), None),
    ([0.5, 0.6, 0.6, 0.7, 0.7, 0.7], dict(patience=2, monitor="accuracy"), 6),
    ([0.0, 0.0], dict(patience=1, monitor="accuracy"), 2),
    ([1, 2, 3], dict(patience=1, monitor=lambda t: -t.running_loss), None),
])  # fmt: skip
def test_early_stopping(values, settings, ends):
    stopping = callbacks.EarlyStopping(**settings)
    found = [stopping(Fake(value, settings.get("monitor") == "accuracy")) for value in values]
    assert found == [k + 1 == ends for k in range(len(found))]


def test_early_stopping_ends_a_fit():
    trainer = build(lr=0.0)
    stopping = callbacks.EarlyStopping(patience=3)
    trainer.fit(BATCHES, 50, BATCHES, callbacks=[stopping])
    assert trainer.epoch == 4 and stopping.best == trainer.validation[0]


@pytest.mark.parametrize("in_memory", [True, False])
def test_keep_best(in_memory, tmp_path):
    trainer = build()
    path, kept = None if in_memory else str(tmp_path / "best.ckpt"), {}
    best = callbacks.KeepBest(path, monitor=lambda t: abs(t.epoch - 3))

    def note(t):
        kept[t.epoch] = [p.tolist() for p in t.model.parameters()]

    trainer.fit(BATCHES, 5, callbacks=[best, note])
    assert best.epoch == 3 and kept[3] != kept[5]
    best.restore(trainer)
    assert [p.tolist() for p in trainer.model.parameters()] == kept[3]
    with pytest.raises(RuntimeError, match="nothing was kept"):
        callbacks.KeepBest().restore(trainer)


@pytest.mark.parametrize("make,says", [
    (lambda: callbacks.EarlyStopping(0), "patience is 0"),
    (lambda: callbacks.EarlyStopping(min_delta=-1), "min_delta is -1"),
    (lambda: callbacks.KeepBest(monitor="f1"), "monitor is 'f1'"),
    (lambda: callbacks.KeepBest(monitor="accuracy")(Fake(1.0)), "takes validation batches"),
])  # fmt: skip
def test_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_metrics_in_evaluate():
    trainer = build()
    trainer.fit(BATCHES, 3)
    matrix, accuracy = metrics.ConfusionMatrix(3, BATCH), metrics.Accuracy(3, BATCH)
    mean = metrics.Mean(nn.CrossEntropyLoss(), 3, BATCH)
    for _ in range(2):  # the second time they start anew
        found = trainer.evaluate(BATCHES, metrics=[matrix, accuracy, mean])
        assert found == trainer.evaluate(BATCHES)
        assert accuracy.compute() == pytest.approx(found[1], rel=1e-6)
        assert mean.compute() == pytest.approx(found[0], rel=1e-6)
        assert sum(map(sum, matrix.compute())) == 11
    values = build(nn.MSELoss())
    error = metrics.RMSE(3, BATCH)
    loss, _ = values.evaluate([([[1.0, 2.0]], [[0.5, 0.5, 1.0]])], [error])  # lists too
    assert error.compute() ** 2 == pytest.approx(loss, rel=1e-5)


def test_the_model_is_in_evaluation_mode_after_fit():
    trainer = build()
    trainer.fit(BATCHES, 1)
    x = BATCHES[0][0]
    assert trainer.model(ember.Tensor(x, (BATCH, 2))).tolist() == trainer.predict(x).tolist()
    before = everything(trainer)
    trainer.fit(BATCHES, 1)  # what is recorded trains as before
    assert everything(trainer) != before


def test_predict_into_a_buffer():
    trainer = build()
    out = array("f", [7.0] * 14)
    for x in (BATCHES[0][0], BATCHES[2][0], BATCHES[0][0].tolist()[:2]):
        if isinstance(x, list):
            x = [x]
        expected = trainer.predict(x).tolist()
        assert trainer.predict(x, out) is out
        assert out.tolist()[: 3 * len(expected)] == [v for row in expected for v in row]
        assert out[12:].tolist() == [7.0, 7.0]
    view = memoryview(out)[1:13]
    assert trainer.predict(BATCHES[0][0], out=view) is view
    with pytest.raises(ValueError, match="out has 11 elements; 4 rows of 3 take 12"):
        trainer.predict(BATCHES[0][0], out=array("f", [0.0] * 11))
    for bad in (array("d", [0.0] * 12), bytes(48), [0.0] * 12):
        with pytest.raises((ValueError, TypeError)):
            trainer.predict(BATCHES[0][0], out=bad)
    trainer.predict(BATCHES[0][0], out)
    trainer.step(*BATCHES[0])


SCRIPT = """
from array import array
import ember
from ember import nn, optim
model = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 3))
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (2,), 4)
x, out = array("f", range(8)), array("f", range(12))
def predict(steps):
    for _ in range(steps):
        trainer.predict(x, out)
print(allocated(predict))
assert trainer.predict(x).tolist() == [list(out[i : i + 3]) for i in range(0, 12, 3)]
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_predict_into_a_buffer_allocates_nothing(binary):
    assert run_micropython(binary, ALLOCATED + SCRIPT) == "0\n"


RESUME = """
import os
import ember
from array import array
from ember import callbacks, nn, optim, schedule
def build():
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1, momentum=0.5), (2,), 4)
    t.schedule = schedule.ReduceLROnPlateau(t.optimizer, patience=0, factor=0.7, threshold=0.05)
    return t
batches = [(array("f", (0.5, -1.0, 1.0, 0.25, -0.5, 0.0, 1.0, 1.0)), bytes((0, 1, 2, 1)))]
path = "resumed.ckpt"
whole, first, second = build(), build(), build()
whole.fit(batches, 8, batches)
best, stopping = callbacks.KeepBest(path), callbacks.EarlyStopping(patience=3)
first.fit(batches, 4, batches, callbacks=[best, stopping])
first.save(path)
second.load(path)
os.remove(path)
second.fit(batches, 4, batches)
assert second.schedule.state() == whole.schedule.state(), (second.schedule.state(), whole.schedule.state())
assert second.optimizer.lr == whole.optimizer.lr < 0.1
n = whole.plan.kept[0][2]
assert bytes(second.executor.segments[0][:n]) == bytes(whole.executor.segments[0][:n])
print("resumed")
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_it_resumes_under_micropython(binary, tmp_path):
    assert run_micropython(binary, RESUME, cwd=tmp_path) == "resumed\n"


PROGRESS = """
from array import array
import ember
from ember import nn, optim, progress
from ember.progress import Progress
class Console:
    def write(self, text):
        print(text.replace("\\r", "<").replace("\\n", ">"), end="")
class System:
    stdout = Console()
progress.sys = System
for live in (True, False):
    model = nn.Linear(2, 2)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (2,), 2)
    batches = [(array("f", [1.0, 2.0, -1.0, 0.5]), array("B", [0, 1]))] * 3
    bar = Progress(batches, 2, live)
    trainer.fit(batches, 2, batches, callbacks=[bar], on_step=bar.step)
    print("losses", trainer.running_loss, trainer.validation[1])
"""


@pytest.mark.parametrize("build", ["unix", "unix-single"])
def test_the_progress_line_on_the_console(build):
    out = run_micropython(build, PROGRESS)
    live, each, rest = out.split("losses")
    assert live.count(">") == 1 and live.endswith(">") and live.count("<") >= 2  # redrawn in its place
    lines = each.split("\n")[1].split(">")[:-1]
    assert len(lines) == 2 and "<" not in each
    for k, line in enumerate(lines):
        shown = re.match(r"epoch (\d)/2 (█*)(░*) loss (\S+)  accuracy (\S+)  \d+ µs a step  (\S+) s left$", line)
        assert shown[1] == str(k + 1) and (len(shown[2]), len(shown[3])) == (12 * (k + 1), 12 * (1 - k))
    loss, accuracy = map(float, rest.split())
    assert float(shown[4]) == pytest.approx(loss, abs=1e-4) and float(shown[5]) == pytest.approx(accuracy, abs=1e-4)
    assert float(shown[6]) == 0
