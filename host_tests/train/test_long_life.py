"""Counters at 2**24, 2**31 and 2**32, and a million steps: what is counted is right, or refused, never NaN or negative,
and nothing drifts."""

import math
import random
from array import array

import pytest

import ember
import ember.vm
from ember import metrics, nn, optim, schedule
from ember.instructions.program import CORRECT, INTS, RUNNING, RUNNING_REST, SCORED, STEP
from ember.recording.build import build
from ember.run import fit
from ember.tensors.tensor import Tensor, no_grad, use
from files import everything
from programs import NATIVE, PORTABLE, both

MOST = 2**31 - 1
SLOT = INTS << 24
X, Y = array("f", [0.1, 0.2, 0.3, -0.4, 0.5, 0.6, -0.7, 0.8]), bytes([0, 1, 1, 0])
OPTIMIZERS = """SGD Adam AdamW Adagrad Adadelta RMSprop Lion Adan LAMB NAdam RAdam Adamax ASGD Rprop""".split()


def small(optimizer="Adam", dropout=True, **more):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Dropout(0.3 if dropout else 0.0), nn.Linear(3, 2))
    optimizer = getattr(optim, optimizer)(model.parameters())
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (2,), 4, **more)


# --- Updates


@pytest.mark.parametrize("start", [2**24 - 1, 2**30 - 1, MOST - 2, MOST])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("more", [{}, {"state_dtype": "bfloat16"}], ids=["float32", "bfloat16"])
def test_updates_are_counted_and_stay_finite(name, start, more):
    trainer = small(name, **more)
    for _ in range(3):
        trainer.step(X, Y)
    trainer.executor.write(SLOT + STEP, start)
    for k in range(1, 5):
        trainer.step(X, Y)
        assert trainer.steps == min(start + k, MOST)
        assert math.isfinite(trainer.loss)
    assert all(map(math.isfinite, trainer.executor.segments[0][: trainer.image.starts[1]]))


def test_an_update_beyond_the_most_is_that_of_one_before():
    """The bias that Adam corrects is gone long before: what is done is what is due."""
    found = []
    for start in (2**24, MOST - 1, MOST):
        trainer = small(dropout=False)
        trainer.executor.write(SLOT + STEP, start)
        trainer.step(X, Y)
        found.append(everything(trainer)[0])
    assert found[0] == found[1] == found[2]


def test_fit_goes_on_where_updates_are_counted_no_more():
    trainer = small()
    trainer.executor.write(SLOT + STEP, MOST)
    trainer.fit([(X, Y)] * 3, 2, schedule=schedule.StepLR(trainer.optimizer, 2), schedule_every="step")
    assert (trainer.epoch, trainer.schedule.last_epoch, trainer.steps) == (2, 6, MOST)


def test_an_optimizer_of_its_own_goes_on():
    p = nn.Linear(2, 1)
    optimizer = optim.Adam(p.parameters())
    for start in (0, MOST, 2**31, 2**32, 2**33):
        for group in optimizer.groups:
            if start:
                group.steps = [start] * len(group.steps)
        p(Tensor([[1.0, 2.0]])).sum().backward()
        optimizer.step()
        assert all(math.isfinite(v) for w in p.parameters() for row in [w.reshape(-1).tolist()] for v in row)


# --- Sums


def test_running_sums_beyond_what_a_float_counts_to():
    trainer = small(dropout=False)
    trainer.lr = 0.0
    trainer.step(X, Y)
    at, loss = trainer.image.statistics, trainer.loss
    for many in (2**20, 2**24, 2**31, 2**32, 2**40):
        trainer.reset_running()
        trainer.executor.write(at + RUNNING, loss * many)
        trainer.executor.write(at + RUNNING + 1, float(many))
        for _ in range(300):
            trainer.step(X, Y)
        read = trainer.executor.read
        assert read(at + RUNNING + 1) + read(at + RUNNING_REST + 1) == many + 1200
        assert trainer.running_loss == pytest.approx(loss, rel=1e-9)


@both
@pytest.mark.parametrize("value", [0.1, 2.93206858])
def test_a_sum_of_the_same_does_not_drift(vm, value):
    """Two to three million times what rounds the same way each time: of a plain sum 1 % goes."""
    count, runs = 400, 5000 if vm is NATIVE else 5

    def record(recording):
        recording.keep("sums", 2)
        with use(recording), no_grad():
            recording.input(4, "f", (-1, 1))
            term = recording.at(recording.slot([value]), (1,))
            for _ in range(count):
                recording.add_exactly(recording.at(0, (1,)), recording.at(1, (1,)), term)
            recording.section("update")

    _, image, arena = build(1, record)
    segments, state = [*image.segments(arena)], array("i", [0] * 4)
    segments[4] = array("f", [0.0])
    segments[0][0] = segments[0][1] = 0.0
    for _ in range(runs):
        assert vm.run(image.code, segments, state, -1) == 1
    exact = array("f", [value])[0] * count * runs
    assert segments[0][0] + segments[0][1] == pytest.approx(exact, rel=1e-8 if vm is NATIVE else 1e-7)


# --- Samples


class Many:
    """An executor at which a thousand million times as many samples were counted."""

    def __init__(self, executor):
        self.executor = executor

    def __getattr__(self, name):
        return getattr(self.executor, name)

    def read(self, slot):
        return self.executor.read(slot) * (2**29 if slot in (SLOT + SCORED, SLOT + CORRECT) else 1)


def test_samples_that_are_evaluated_are_whole_numbers():
    trainer = small()
    expected = trainer.evaluate([(X, Y)] * 9)
    trainer.executor = Many(trainer.executor)
    assert trainer.evaluate([(X, Y)] * 9) == expected
    assert fit.evaluate(trainer, [(X, Y)], ()) == (pytest.approx(expected[0]), expected[1])


def test_a_metric_that_counted_too_many_says_so():
    metric = metrics.Accuracy(2, 4)
    metric.executor.write(SLOT + SCORED, MOST - 3)
    metric.update(X, Y)
    with pytest.raises(RuntimeError, match="compute: 2147483647 rows or more were counted; reset"):
        metric.compute()
    metric.reset()
    metric.update(X, Y)
    assert 0 <= metric.compute() <= 1


@pytest.mark.parametrize("n", [2**24 + 1, 2**30 - 1, 2**30])
def test_shuffles_of_many(n):
    for epoch in (0, 2**24 + 1, MOST, 2**31, 2**32 - 1, 2**32 + 1):
        for i in (0, 1, n // 2, n - 1):
            found = NATIVE.permute(i, n, -1, epoch)
            assert 0 <= found < n and found == PORTABLE.permute(i, n, -1, epoch)
    for i, many in ((0, 2**30 + 1), (n, n), (-1, n), (2**32, n)):
        with pytest.raises(ValueError):
            NATIVE.permute(i, many, 1, 1)


# --- A million


def lived(steps, folder=None, dice=None):
    """What so many steps come to; with a folder it is saved, loaded, and interrupted now and then."""
    trainer = small()
    trainer.schedule = schedule.CosineAnnealingLR(trainer.optimizer, 1000)
    batches = [(array("f", [random.Random(k).uniform(-1, 1) for _ in range(8)]), bytes([k & 1, 1, 0, k >> 1 & 1]))
               for k in range(7)]  # fmt: skip
    while trainer.steps < steps:
        done = trainer.steps
        if dice and not dice.randrange(5000):
            trainer.save(str(folder / "checkpoint"))
            trainer = small()
            trainer.schedule = schedule.CosineAnnealingLR(trainer.optimizer, 1000)
            trainer.load(str(folder / "checkpoint"))
            assert trainer.steps == done
        elif dice and not dice.randrange(5000):
            interrupt(trainer, batches[done % 7], dice)
        if trainer.steps == done:
            trainer.step(*batches[done % 7])
        trainer.schedule.step()
    return everything(trainer)


def interrupt(trainer, batch, dice):
    """A step that Ctrl-C ends after some of its slices: it has not begun, or it is finished."""
    executor, left = trainer.executor, [dice.randrange(1, 40)]
    run, stretch = executor.vm_run, trainer.stretch

    def stops(*arguments):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return run(*arguments)

    executor.vm_run, trainer.stretch = stops, 100
    try:
        trainer.step(*batch)
    except KeyboardInterrupt:
        pass
    executor.vm_run, trainer.stretch = run, stretch
    trainer.idle()


@pytest.mark.parametrize("steps", [20000, pytest.param(1000000, marks=(pytest.mark.long, pytest.mark.faults))])
def test_a_million_steps_have_the_hash_of_the_straight_run(steps, tmp_path):
    assert lived(steps, tmp_path, random.Random(steps)) == lived(steps)
