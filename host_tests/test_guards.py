"""Batches that are not handed on, and losses that grow."""

from array import array

import numpy as np
import pytest

import ember
from checkout import ALLOCATED, run_micropython
from ember import nn, optim, vm
from ember.guards import Screen, Watch

X = array("f", [0.5, 2.0, 3.0, -4.0, 1.5, 0.6, -1.0, 0.2, 2.0, 0.3, 0.4, 1.0])
Y = array("f", [0.0, 1.0, -1.0, 1.0, 0.5, 0.25, 1.0, 0.0])


def make(**options):
    ember.manual_seed(3)
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    return ember.Trainer(net, nn.MSELoss(), optim.SGD(net.parameters(), lr=0.01), (3,), 4, **options)


def spoilt(values, value, at=4):
    values = array("f", values)
    values[at] = value
    return values


def test_what_is_handed_on():
    good = [(X, Y), (X[:3], Y[:2]), ([[1.0, 2.0, 3.0]], [[0.5, 0.5]]), (np.array(X, "f4").reshape(4, 3), Y)]
    bad = [(spoilt(X, v), Y) for v in (float("nan"), float("inf"), -float("inf"), 4.5, -4.5)]
    bad += [(X, spoilt(Y, v)) for v in (float("nan"), float("inf"), 1.5)]
    bad += [([[1.0, 9.0, 3.0]], [[0.5, 0.5]])]
    screen = Screen(make(), good[:2] + bad + good[2:] + good, limit=4.25, target_limit=1.25)
    assert [len(y) for _, y in screen] == [8, 2, 1, 8, 8, 2, 1, 8] and screen.dropped == len(bad)
    screen = Screen(make(), bad)
    assert len(list(screen)) == 4, "any number that is finite"


def test_whole_numbers_are_not_looked_at():
    trainer = make(input_dtype="B")
    assert Screen(trainer, ()).fits(bytes(12), Y) and not Screen(trainer, ()).fits(bytes(12), spoilt(Y, float("nan")))


def test_fitting_by_it():
    trainer = make()
    screen = Screen(trainer, [(X, Y), (spoilt(X, float("nan")), Y)])
    trainer.fit(screen, 3)
    assert trainer.steps == 3 and screen.dropped == 3 and trainer.skipped == 0


@pytest.mark.parametrize("limits", [{"limit": 0}, {"limit": float("nan")}, {"target_limit": -1}, {"limit": "a"}])
def test_limits_that_are_none(limits):
    with pytest.raises(ValueError, match="limit"):
        Screen(make(), (), **limits)


def follow(losses, watch, trainer):
    """Puts losses where a step leaves them."""
    for value in losses:
        trainer.executor.write(trainer.image.statistics, value * 4)
        trainer.executor.write(trainer.image.statistics + 1, 4.0)
        watch(trainer)


def test_a_loss_that_grows():
    trainer = make()
    watch = Watch(trainer, factor=2.0, patience=3, beta=0.5)
    assert vm.verify(watch.code) == 0
    mean = 1.0
    losses = [1.0, 1.5, 2.0, 1.0, 2.9, 4.0, 0.5]
    follow(losses[:1], watch, trainer)
    for loss in losses[1:]:
        follow([loss], watch, trainer)
        grown = loss >= 2 * mean
        mean = mean if grown else 0.5 * mean + 0.5 * loss
        assert watch.mean[0] == pytest.approx(mean) and (watch.waited > 0) == grown
    follow([9.0, 9.0, 1.0, 9.0, 9.0], watch, trainer)
    assert watch.waited == 2, "on end"
    with pytest.raises(ValueError, match=r"the loss is 9.0, and was not below 2.0 times its average, .*, for 3 steps"):
        follow([9.0], watch, trainer)
    assert watch.diverged == 1
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="the loss is"):
            follow([value] * 3, watch, trainer)


def test_what_is_done_instead():
    trainer, seen = make(), []
    watch = Watch(trainer, factor=2.0, patience=2, then=seen.append)
    follow([1.0, 9.0, 9.0, 9.0, 9.0, 9.0], watch, trainer)
    assert seen == [trainer, trainer] and watch.diverged == 2


@pytest.mark.parametrize("options", [{"factor": 1.0}, {"patience": 0}, {"beta": 1.0}, {"beta": 0}])
def test_watches_that_are_none(options):
    with pytest.raises(ValueError, match=list(options)[0]):
        Watch(make(), **options)


SCRIPT = """
from array import array
import ember
from ember import nn, optim, vm
from ember.guards import Screen, Watch
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
trainer = ember.Trainer(net, nn.MSELoss(), optim.Adam(net.parameters()), (3,), 4, guard=("rewind", 1000))
x, y = array("f", [1, 2, 3, 4, 5, 6, -1, 0, 2, 0, 0, 1]), array("f", [0, 1, 0, 1, 0, 1, 0, 1])
batches = ((x, y), (memoryview(x)[:3], memoryview(y)[:2]))
screen, watch = Screen(trainer, batches, 7.0), Watch(trainer, 1000.0)
def fits(n):
    for _ in range(n):
        for x, y in batches:
            screen.fits(x, y)
def step(n):
    for _ in range(n):
        trainer.step(x, y)
        watch(trainer)
print(vm.name, allocated(fits), allocated(step))
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_nothing_is_allocated(binary):
    assert run_micropython(binary, ALLOCATED + SCRIPT).split() == ["native", "0", "0"]
