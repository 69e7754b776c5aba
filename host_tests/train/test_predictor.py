"""What predicts while a Trainer trains finds the weights of one step, and allocates nothing."""

import sys
import threading
from array import array

import pytest

import ember
from checkout import ALLOCATED
from ember import nn, optim, vm
from ember.run import runner, slices
from ember.train import predictor
from several import X, Y
from several import build as several
from sliced import BATCH, FEATURES, MODELS, batch, make


def kept(t):
    return bytes(memoryview(t.executor.segments[0])[: t.image.starts[4]])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rows", [1, 4])
def test_it_predicts_what_the_trainer_does(name, rows):
    t = make(name)
    p = t.predictor(rows)
    training = [module.training for module in t.model.modules()]
    for k in range(3):
        t.step(*batch(k))
        x = batch(k)[0][: rows * FEATURES]
        expected = [v for row in t.predict(x).tolist() for v in row]
        out = array("f", bytes(4 * len(expected) + 8))
        assert list(p.predict(x)) == expected == list(p.predict(x, out))[: len(expected)]
    assert list(p.predict([list(x[:FEATURES])])) == expected[:3]
    assert [module.training for module in t.model.modules()] == training
    with pytest.raises(ValueError, match="samples"):
        p.predict(batch(0)[0])


def test_several_inputs_and_outputs():
    t = several()
    p = t.predictor(4)
    t.step(X, Y)
    assert [list(part) for part in p.predict(X)] == [[v for row in part.tolist() for v in row] for part in t.predict(X)]


class Asked:
    """The VM's run, after which there is a callback, as MicroPython has them after a call."""

    def __init__(self, t, ask):
        self.ask, self.run, t.executor.vm_run = ask, t.executor.vm_run, self

    def __call__(self, *arguments):
        result = self.run(*arguments)
        self.run, run = lambda *a: run(*a), self.run  # not within itself
        if not getattr(self, "asking", False):
            self.asking = True
            self.ask()
            self.asking = False
        return result


def outputs(t, x, steps, use):
    """What is predicted after each number of steps."""
    found = [bytes(t.predict(x).tolist().__repr__(), "ascii")]
    for _ in range(steps):
        use(t)
        found.append(bytes(t.predict(x).tolist().__repr__(), "ascii"))
    return found


def asked(t, use, steps, budget_us=None):
    """Predictions from callbacks in so many steps: those of the numbers of steps that they say, how many finished an
    update, how many were refused."""
    x = batch(0)[0][: 2 * FEATURES]
    plain = make_like(t)
    expected = outputs(plain, x, steps, use)
    p, found, finished, refused = t.predictor(2, budget_us), [], 0, 0

    def ask():
        nonlocal finished, refused
        before = t.steps
        try:
            values = list(p.predict(x))
        except RuntimeError as error:
            assert "busy" in str(error)
            refused += 1
            return
        finished += t.steps != before
        found.append(([values[:3], values[3:]], t.steps))

    Asked(t, ask)
    for _ in range(steps):
        use(t)
    right = [repr(values).encode() == expected[k] for values, k in found]
    assert kept(t) == kept(plain) and t.steps == steps
    return right, finished, refused


KINDS = {}


def make_like(t):
    return KINDS[t.kind]()


def fused():
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(FEATURES, 8), nn.ReLU(), nn.Linear(8, 3))
    made = optim.SGD(model.parameters(), lr=0.1)
    return ember.Trainer(model, nn.CrossEntropyLoss(), made, (FEATURES,), BATCH, fused=True)


def one(kind):
    made = {"whole": make, "parts": lambda: make(micro_batch=2), "fused": fused, "norm": lambda: make("norm")}[kind]
    KINDS[kind] = made
    t = made()
    t.kind = kind
    return t


def whole(t):
    t.step(*batch(1))


def in_slices(t):
    t.slices.pace = t.slices.pace or 40
    done = t.step(*batch(1), budget_us=30)
    while not done:
        done = t.poll(30)


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(runner.Runner, "stretch", 60)
    now = [0]

    def clock():
        now[0] += 7
        return now[0]

    monkeypatch.setattr(slices, "ticks_us", clock)


@pytest.mark.parametrize("kind", ["whole", "parts", "fused", "norm"])
@pytest.mark.parametrize("use", [whole, in_slices])
def test_from_callbacks(often, kind, use):
    right, finished, refused = asked(one(kind), use, 4)
    assert all(right) and len(right) > 20 and finished and not refused


def test_an_update_that_takes_longer_than_there_is(often):
    t = one("whole")
    t.slices.pace = 1
    right, finished, refused = asked(t, whole, 4, 3)
    assert all(right) and right and not finished and refused
    t = one("whole")
    t.slices.pace = 1
    right, finished, refused = asked(t, whole, 4, 10**7)
    assert all(right) and finished and not refused


def test_that_it_is_found(often, monkeypatch):
    """Weights half old, half new, where it does not look."""
    monkeypatch.setattr(predictor.Beside, "within", lambda self: False)
    monkeypatch.setattr(predictor.Beside, "beside", lambda self: predictor.Executor.run(self, 5, -1))
    right, _, _ = asked(one("whole"), whole, 4)
    assert not all(right)


def test_between_slices(often):
    """Where the trainer waits, it may be asked as well."""
    t, plain = one("whole"), make()
    x = batch(0)[0][:FEATURES]
    expected, p, finished = outputs(plain, x, 3, whole), t.predictor(), 0
    t.slices.pace = 40
    for _ in range(3):
        done = t.step(*batch(1), budget_us=30)
        while not done:
            before = t.steps
            assert repr([list(p.predict(x))]).encode() == expected[t.steps] or t.steps != before
            assert repr([list(p.predict(x))]).encode() == expected[t.steps]
            finished += t.steps != before
            done = t.poll(30)
    assert kept(t) == kept(plain) and finished == 3


def test_where_the_portable_vm_is_within_a_run():
    vm.select("portable")
    try:
        t = make()
        t.step(*batch(0))
        p, seen = t.predictor(), []
        run = t.executor.vm_run

        class Segments(list):
            """The run looks at it when it has the state."""

        def within(*arguments):
            arguments[2][3] = -2
            with pytest.raises(RuntimeError, match="busy: the trainer is within an instruction"):
                p.predict(batch(0)[0][:FEATURES])
            arguments[2][3] = 0
            seen.append(1)
            return run(*arguments)

        t.executor.vm_run = within
        t.step(*batch(0))
        assert seen
    finally:
        vm.select()


def test_while_weights_are_replaced(tmp_path):
    t = make(ema=0.5)
    t.step(*batch(0))
    p, x = t.predictor(), batch(0)[0][:FEATURES]
    store, seen = t.executor.store, []

    def asks(*arguments):
        with pytest.raises(RuntimeError, match="busy"):
            p.predict(x)
        seen.append(1)
        store(*arguments)

    t.executor.store = asks
    with t.averaged():
        t.executor.store = store
        inside = list(p.predict(x))
    assert seen and inside != list(p.predict(x))


def test_threads():
    """On CPython another thread is refused while the trainer runs, and finds whole weights where it does not."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        t, plain = one("whole"), make()
        x = batch(0)[0][:FEATURES]
        expected, p = set(outputs(plain, x, 150, whole)), t.predictor()
        found, other = [], []

        def ask():
            while t.steps < 150:
                try:
                    found.append(repr([list(p.predict(x))]).encode())
                except RuntimeError as error:
                    other.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        while t.steps < 150:
            try:
                whole(t)
            except RuntimeError:
                pass
        thread.join()
        assert set(found) <= expected and all("busy" in message for message in other)
        assert kept(t) == kept(plain)
    finally:
        sys.setswitchinterval(before)


def test_what_it_cannot_be_made_of(tmp_path):
    t = make()
    for bad in (0, "1", 1.5):
        with pytest.raises(ValueError, match="batch_size"):
            t.predictor(bad)
    with pytest.raises(ValueError, match="budget_us"):
        t.predictor(1, 0)
    p = t.predictor()
    with pytest.raises(ValueError, match="uses the parameters"):
        t.release()
    ember.Trainer(t.model, nn.CrossEntropyLoss(), optim.SGD(t.model.parameters()), (FEATURES,), 2)
    with pytest.raises(RuntimeError, match="moved into the arena of a newer Trainer"):
        p.predict(batch(0)[0][:FEATURES])
    other = make()
    other.front = None  # as release() leaves it; which would load modules anew here
    with pytest.raises(RuntimeError, match=r"make it before release\(\)"):
        other.predictor()


SCRIPT = """
import micropython
import ember
from array import array
from ember import nn, optim

def make():
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), (9,), 6)
    t.stretch = 60
    return t

x, y = array("f", [(k * 7 % 11) / 5 - 1 for k in range(54)]), bytearray([0, 1, 2, 2, 1, 0])
one = x[:9]
"""

SCHEDULED = """
STEPS = 12
plain = make()
expected = [plain.predict(one).tolist()[0]]
for k in range(STEPS):
    plain.step(x, y)
    expected.append(plain.predict(one).tolist()[0])
t = make()
p = t.predictor()
found, finished, refused, wrong, going = [], 0, 0, [], True

def ask(_):
    global finished, refused
    before = t.steps
    try:
        values = list(p.predict(one))
        finished += t.steps != before
        found.append((values, t.steps))
    except RuntimeError as error:
        refused += 1
    except BaseException as error:
        wrong.append(repr(error))
    if going:
        micropython.schedule(ask, 0)

def sliced():
    done = t.step(x, y, 2000)
    while not done:
        done = t.poll(2000)

t.slices.calibrate()
micropython.schedule(ask, 0)
for k in range(STEPS):
    if k % 2:
        t.step(x, y)
    else:
        sliced()
going = False
right = [values == expected[k] for values, k in found]
n = t.image.starts[4]
same = bytes(memoryview(t.executor.segments[0])[:n]) == bytes(memoryview(plain.executor.segments[0])[:n])
print(all(right), len(right) > 100, finished > 3, refused, wrong, same, t.steps)
"""


def test_from_scheduled_callbacks(micropython):
    """At every jump that MicroPython makes."""
    done = micropython(SCRIPT + SCHEDULED, heap="8m")
    assert done == "True True True 0 [] True 12\n"


ALLOCATES = """
t = make()
p = t.predictor(2)
two, out = x[:18], array("f", bytes(24))
view = memoryview(out)

def use(n):
    for _ in range(n):
        p.predict(one)
        p.predict(two)
        p.predict(two, out)
        p.predict(one, out)
        t.step(x, y)

use(2)
print(allocated(use))
"""


def test_it_allocates_nothing(micropython):
    assert micropython(ALLOCATED + SCRIPT + ALLOCATES, heap="8m") == "0\n"
