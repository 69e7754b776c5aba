"""A step in slices has the bits of a step in one go; what is interrupted leaves the weights whole."""

import os
import signal
import subprocess
import sys
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from checkout import BUILD, MICROPYTHON, ROOT
from ember import nn, optim, vm
from ember.instructions import isa, program
from ember.machine import refused
from ember.run import runner, slices
from op_cases import vms
from sliced import BATCH, CLASSES, MODELS, batch, make


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def bits(t):
    """All that lasts from step to step."""
    return bytes(memoryview(t.executor.segments[0])[: t.plan.start]), t.executor.segments[3].tolist()


class Clock:
    """Each look at it takes as long as the next of `steps`, again and again."""

    def __init__(self, steps):
        self.now, self.steps, self.k = 0, steps, 0

    def __call__(self):
        self.now += self.steps[self.k % len(self.steps)]
        self.k += 1
        return self.now


def sliced(t, x, y, budgets):
    """A whole step, with these budgets in turn. How many slices it took."""
    k = 1
    done = t.step(x, y, budgets[0])
    while not done:
        done = t.poll(budgets[k % len(budgets)])
        k += 1
    return k


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("micro_batch", [None, 4])
def test_any_slices_give_the_bits_of_the_whole(machine, monkeypatch, name, micro_batch):
    whole, parts = make(name, micro_batch=micro_batch), make(name, micro_batch=micro_batch)
    taken = []

    @settings(max_examples=15 if machine == "native" else 2)
    @given(
        st.lists(st.integers(1, 300), min_size=1, max_size=4),
        st.lists(st.integers(0, 200), min_size=1, max_size=4).filter(any),
        st.sampled_from((0.1, 3.0, 500.0)),
        st.integers(1, BATCH),
        st.booleans(),
    )
    def run(budgets, clock, pace, rows, after_a_part):
        parts.slices.pace, parts.slices.overhead = pace, 0
        monkeypatch.setattr(slices, "ticks_us", Clock(clock))
        x, y = batch(len(taken), rows)
        for t in (whole, parts) if after_a_part else ():
            t.accumulate(*batch(99, 2))
        assert whole.step(x, y) is None
        taken.append(sliced(parts, x, y, budgets))
        assert bits(whole) == bits(parts)

    run()
    assert max(taken) > 20


def test_in_real_time(machine):
    whole, parts = make(), make()
    for k in range(3):
        x, y = batch(k)
        whole.step(x, y)
        sliced(parts, x, y, [50])
    assert bits(whole) == bits(parts)
    assert parts.slices.pace > 0 and "µs here" in str(parts.plan) and "µs here" not in str(whole.plan)


@pytest.mark.parametrize("dtype, scale", [("f", 1.0), ("B", None), ("B", 1.0), ("i", None)])
@pytest.mark.parametrize("rows", [1, 9])
def test_the_pace_of_a_model_that_takes_indices(machine, dtype, scale, rows):
    """Of one word: all but 0 is out of range."""

    def make():
        ember.manual_seed(4)
        model = nn.Sequential(nn.Embedding(rows, 4), nn.Flatten(), nn.Linear(12, 2))
        return ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (3,), 4,
                             input_dtype=dtype, input_scale=scale)  # fmt: skip

    whole, parts = make(), make()
    x, y = array(dtype, [k % rows for k in range(12)]), bytearray([0, 1, 1, 0])
    for _ in range(3):
        whole.step(x, y)
        sliced(parts, x, y, [50])
    assert parts.slices.pace > 0 and bits(whole) == bits(parts)


def begun(monkeypatch, **settings):
    """A trainer in the middle of its second step, and what it was before that."""
    t = make(**settings)
    t.step(*batch(0))
    before = bits(t)
    t.slices.pace = 1
    monkeypatch.setattr(slices, "ticks_us", Clock([1000]))
    t.batch = batch(1)  # must stay until the step is finished
    assert t.step(*t.batch, budget_us=1) is False
    return t, before


def test_what_must_wait_until_it_is_finished(monkeypatch, tmp_path):
    t, _ = begun(monkeypatch)
    x, y = batch(2)
    path = str(tmp_path / "weights")
    for do in (lambda: t.step(x, y), lambda: t.step(x, y, 10), lambda: t.accumulate(x, y), lambda: t.predict(x),
               lambda: t.evaluate([(x, y)]), lambda: t.save(path), lambda: t.load(path),
               t.slices.calibrate):  # fmt: skip
        with pytest.raises(RuntimeError, match=r"a step in slices is unfinished: poll\(\)"):
            do()
    while not t.poll(1):
        pass
    whole = make()
    whole.step(*batch(0))
    whole.step(*batch(1))
    assert bits(t) == bits(whole)
    with pytest.raises(RuntimeError, match="no step in slices is unfinished"):
        t.poll(10)


def section_of(t):
    """That in which a run paused, or that is next."""
    if t.executor.state[1]:
        return refused.section(t.image.code, t.executor.state)
    return t.slices._sections % isa.FOLLOWING


@pytest.mark.parametrize("micro_batch", [None, 2])
def test_a_step_that_is_dropped(monkeypatch, micro_batch):
    """Wherever it stands: before the update all is as it was, and in the update it is finished."""
    seen = set()
    for slices_until in [0, *range(1, 1000, 13)]:
        t, before = begun(monkeypatch, micro_batch=micro_batch)
        done = False
        for _ in range(slices_until):
            done = done or t.poll(1)
        if done:
            break
        section, paused = section_of(t), t.executor.state[1]
        seen.add(section)
        t.slices.drop()
        t.slices.drop()  # nothing is left of it
        kept = 4 * t.plan.kept[2][1]
        finished = make(micro_batch=micro_batch)
        finished.step(*batch(0))
        if section == program.UPDATE and paused:
            finished.step(*batch(1))
        assert bits(t)[0][:kept] == bits(finished)[0][:kept] and t.steps == finished.steps
        t.step(*batch(5))
        finished.step(*batch(5))
        assert bits(t)[0][:kept] == bits(finished)[0][:kept]
    assert seen >= {program.FORWARD, program.BACKWARD, program.UPDATE}


@pytest.mark.parametrize("budget_us", [0, -5, 10.0, "10", True])
def test_a_budget_that_is_none(budget_us):
    t = make()
    before = bits(t)
    with pytest.raises(ValueError, match="budget_us is .*; it may be a whole number from 1"):
        t.step(*batch(0), budget_us=budget_us)
    assert bits(t) == before
    assert t.step(*batch(0), budget_us=10**8) is True
    with pytest.raises(RuntimeError, match="no step"):
        t.poll(5)


def test_a_bad_batch_begins_nothing():
    t = make()
    t.step(*batch(0))
    before = bits(t)
    x, y = batch(1)
    for bad in ((x, array("B", [CLASSES] * BATCH)), (x[:-1], y)):
        with pytest.raises(ValueError):
            t.step(*bad, budget_us=100)
        assert bits(t)[0] == before[0]
    t.step(x, y)


class Interrupted:
    """The VM's run, after which the n-th time a KeyboardInterrupt is raised, as Python does after a call."""

    def __init__(self, t, n):
        self.t, self.n, self.run = t, n, t.executor.vm_run
        t.executor.vm_run = self

    def __call__(self, *arguments):
        result = self.run(*arguments)
        self.n -= 1
        if not self.n:
            self.t.executor.vm_run = self.run
            raise KeyboardInterrupt
        return result


@pytest.mark.parametrize("use", ["evaluate", "accumulate", "predict"])
def test_what_comes_next_in_parts_finds_the_weights_whole(monkeypatch, use):
    """An update that was interrupted is finished before another batch is cut, anything else is as if not begun."""
    monkeypatch.setattr(runner.Runner, "stretch", 7)

    def weights(t):
        return bits(t)[0][: 4 * t.plan.kept[2][1]]

    before, after = make(micro_batch=2), make(micro_batch=2)
    for t, k in ((before, 0), (after, 0), (after, 1)):
        t.step(*batch(k))
    outcomes = set()
    for n in range(1, 3000, 7):
        t = make(micro_batch=2)
        t.step(*batch(0))
        Interrupted(t, n)
        try:
            t.step(*batch(1))
            break
        except KeyboardInterrupt:
            pass
        if use == "evaluate":
            t.evaluate([batch(5)])
        elif use == "accumulate":
            t.accumulate(*batch(5))
        else:
            t.predict(batch(5)[0])
        found = weights(t)
        outcomes.add({weights(before): "before", weights(after): "after"}.get(found))
    assert outcomes == {"before", "after"}


@pytest.mark.parametrize("fresh", [True, False])
def test_an_interrupt_leaves_the_weights_whole(monkeypatch, fresh):
    """After one row or another of a step: what comes next finds the weights of before it, or of after it."""
    monkeypatch.setattr(runner.Runner, "stretch", 7)

    def begun():
        t = make()
        t.step(*batch(0))
        if not fresh:
            t.accumulate(*batch(7))
        return t

    def weights(t):
        t.step(*batch(2))
        return bits(t)[0][: 4 * t.plan.kept[2][1]]

    before, after, dropped = begun(), begun(), begun()
    after.step(*batch(1))
    dropped.fresh = True
    expected = {"before": weights(before), "after": weights(after), "dropped": weights(dropped)}
    outcomes = []
    for n in [1, *range(2, 10000, 17)]:
        t = begun()
        Interrupted(t, n)
        try:
            t.step(*batch(1))
            break
        except KeyboardInterrupt:
            found = weights(t)
            outcomes += [name for name in expected if expected[name] == found] or [n]
    order = ["before", "dropped", "after"]
    assert set(outcomes) == set(order) and len(outcomes) > 10
    assert fresh or outcomes == sorted(outcomes, key=order.index)


def test_an_interrupted_prediction_keeps_what_was_accumulated(monkeypatch):
    monkeypatch.setattr(runner.Runner, "stretch", 1)
    t, plain = make(), make()
    for other in (t, plain):
        other.accumulate(*batch(0))
    Interrupted(t, 3)
    with pytest.raises(KeyboardInterrupt):
        t.predict(batch(1)[0])
    for other in (t, plain):
        other.update()
    assert bits(t)[0][: 4 * t.plan.kept[2][1]] == bits(plain)[0][: 4 * t.plan.kept[2][1]]


LOOP = """
import sys
if sys.implementation.name == "cpython":  # where whoever started the tests ignores it, so does a child
    import signal
    signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:0] = %r
import ember
from ember import nn, optim
from array import array
model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64))
trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.001), (64,), 64)
x = array("f", [0.01 * (i %% 50) for i in range(64 * 64)])
trainer.step(x, x)
try:
    print("ready")
    while True:
        trainer.step(x, x)
except KeyboardInterrupt:
    print("interrupted")
trainer.step(x, x)
before = trainer.loss
for _ in range(20):
    trainer.step(x, x)
print(trainer.loss < before + 1e-6, trainer.predict(x).tolist()[0][0] == trainer.predict(x).tolist()[0][0])
"""


@pytest.mark.parametrize("name", ["cpython", *MICROPYTHON])
def test_ctrl_c(name):
    """A real one, many times a second."""
    folders = [str(ROOT / "lib"), str(ROOT / "tools" / "host")] if name == "cpython" else []
    binary = sys.executable if name == "cpython" else str(MICROPYTHON[name])
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (ROOT / "lib", BUILD / "native"))
    process = subprocess.Popen([binary, "-c", LOOP % folders], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.stdout.readline() == "True True\n"
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
