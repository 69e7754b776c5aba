"""While a trainer runs, nothing else runs it; what is interrupted, at whatever instruction, is as if it had not begun,
or it is finished."""

import itertools
import sys
import threading
from array import array

import pytest

import ember
from ember import metrics, nn, optim
from ember.run import runner, slices
from interrupted import At, lasting, put, take

BATCH = 6


def make(kind="plain"):
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.2), nn.Linear(4, 3))
    if kind == "fused":
        model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Dropout(0.2), nn.Linear(4, 3))
    options = {"micro": {"micro_batch": 2}, "fused": {"fused": True}, "averaged": {"ema": 0.5}}.get(kind, {})
    made = optim.SGD(model.parameters(), lr=0.05) if kind == "fused" else optim.Adam(model.parameters())
    if kind == "micro":
        model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
        made = optim.Adam(model.parameters())
    return ember.Trainer(model, nn.CrossEntropyLoss(), made, (5,), BATCH, **options)


def batch(k):
    return (array("f", [((i * 7 + k * 5) % 11) / 5 - 1 for i in range(5 * BATCH)]),
            bytearray([(i + k) % 3 for i in range(BATCH)]))  # fmt: skip


# --- One at a time


@pytest.fixture
def switching():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(*uses, times=100):
    """Each in a thread of its own: how often each was done, and refused."""
    done, refused, other = [0] * len(uses), [0] * len(uses), []

    def run(k):
        while done[k] < times and not other:
            try:
                uses[k]()
                done[k] += 1
            except RuntimeError as error:
                if "busy" not in str(error):
                    other.append(error)
                refused[k] += 1
            except Exception as error:  # noqa: BLE001
                other.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(uses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not other
    return done, refused


@pytest.mark.parametrize("kind", ["plain", "micro", "fused"])
def test_two_threads_that_step(switching, kind):
    t, alone = make(kind), make(kind)
    x, y = batch(0)
    made = met = 0
    while not met and made < 100000:  # threads meet when they will
        done, refused = together(lambda: t.step(x, y), lambda: t.step(x, y), lambda: t.step(x, y))
        made, met = made + sum(done), sum(refused)
        assert made == t.steps
    assert met
    for _ in range(t.steps):
        alone.step(x, y)
    assert lasting(t) == lasting(alone)


def test_threads_that_do_all_else(switching, tmp_path):
    t, alone, path = make("averaged"), make("averaged"), str(tmp_path / "kept")
    x, y = batch(0)

    def averaged():
        with t.averaged():
            pass

    uses = [lambda: t.step(x, y), lambda: t.predict(x), lambda: t.evaluate([(x, y)]), lambda: t.save(path)]
    done, _ = together(*uses, times=30)
    for _ in range(t.steps):
        alone.step(x, y)
    assert lasting(t) == lasting(alone) and done[0] == t.steps


def test_a_function_and_its_trainer(switching):
    """One that trains the same weights, and one of two trainers'."""
    t, other = make(), make()
    layer, more = t.model[0], other.model[0]
    steps = optim.SGD(layer.parameters(), lr=0.0)
    x, y = batch(0)

    def train(x):
        loss = layer(x).square().mean()
        loss.backward()
        steps.step()

    both = ember.record(lambda x: layer(x) + more(x), (BATCH, 5))
    trained = ember.record(train, (BATCH, 5))
    done, refused = together(lambda: t.step(x, y), lambda: trained(x), lambda: both(x), lambda: other.step(x, y))
    assert done[0] == t.steps and done[3] == other.steps and all(done) and done[1] == trained.steps
    seen = []

    def batches():
        for use in (lambda: trained(x), lambda: both(x)):
            with pytest.raises(RuntimeError, match="busy"):
                use()
            seen.append(1)
        yield x, y

    t.evaluate(batches())
    other.evaluate([(x, y)])
    assert len(seen) == 2
    both(x)


def calls(t, path):
    x, y = batch(1)
    return {
        "step": lambda: t.step(x, y), "slices": lambda: t.step(x, y, 100), "poll": lambda: t.poll(10),
        "accumulate": lambda: t.accumulate(x, y), "update": t.update, "predict": lambda: t.predict(x),
        "evaluate": lambda: t.evaluate([(x, y)]), "save": lambda: t.save(path), "load": lambda: t.load(path),
        "export": lambda: t.export(path), "release": t.release, "calibrate": t.slices.calibrate,
        "drop": t.slices.drop, "averaged": lambda: t.averaged().__enter__(),
    }  # fmt: skip


@pytest.mark.parametrize("name", calls(make("averaged"), ""))
def test_what_a_running_trainer_refuses(name, tmp_path):
    t, plain = make("averaged"), make("averaged")
    use = calls(t, str(tmp_path / "file"))[name]
    t.slices.pace = 100

    class Asks(metrics.Accuracy):
        def update(self, output, target):
            with pytest.raises(RuntimeError, match=r"busy: this trainer is running; .* predictor\(\)"):
                use()
            metrics.Accuracy.update(self, output, target)

    asks = Asks(3)
    found = t.evaluate([batch(0), batch(1)], metrics=(asks,))
    assert found == plain.evaluate([batch(0), batch(1)])
    assert lasting(t) == lasting(plain) and not list(tmp_path.iterdir())
    for other in (t, plain):
        other.step(*batch(2))
    assert lasting(t) == lasting(plain)


def test_a_mark_that_nobody_holds():
    t = make()
    t.mark.pop()
    t.step(*batch(0))
    t.mark.pop()
    t.mark.pop()
    assert t.predict(batch(0)[0]) is not None and t.steps == 1


# --- Exceptions of others


class Own(Exception):
    pass


def bad(*_):
    raise Own


class Bad:
    """A schedule, or a metric."""

    measured = False

    def step(self, *_):
        raise Own

    reset = update = compute = step


def broken():
    yield batch(0)
    raise Own


@pytest.mark.parametrize(
    "use",
    [
        lambda t: t.fit([batch(0)] * 2, 1, on_step=bad),
        lambda t: t.fit([batch(0)], 1, callbacks=[bad]),
        lambda t: t.fit(broken(), 1),
        lambda t: t.fit([batch(0)], 1, schedule=Bad()),
        lambda t: t.fit([batch(0)], 1, schedule=Bad(), schedule_every="step"),
        lambda t: t.fit([batch(0)], 1, validation=broken()),
        lambda t: [t.step(*batch(0)), t.evaluate(broken())],
        lambda t: [t.step(*batch(0)), t.evaluate([batch(0)], metrics=(Bad(),))],
    ],
)
def test_an_exception_of_a_callback(use):
    t, plain = make(), make()
    with pytest.raises(Own):
        use(t)
    t.schedule = None
    plain.step(*batch(0))
    for other in (t, plain):
        other.step(*batch(1))
        assert other.predict(batch(0)[0]) is not None
    assert lasting(t) == lasting(plain)
    assert t.evaluate([batch(3)]) == plain.evaluate([batch(3)])


# --- Ctrl-C


def follow(t):
    """What comes next, and comes to the same if the trainer is whole."""
    x, y = batch(9)
    t.accumulate(x, y)
    t.update()
    t.step(x, y)
    return lasting(t)


def sweep(t, use, every=1, after=None):
    """Ctrl-C before each instruction of use(): how often what followed was that of before it, and of after it. `after`
    is what puts the trainer in order first, if anything has to."""
    kept = take(t)
    expected = {"before": follow(t)}
    put(t, kept)
    use()
    expected["after"] = follow(t)
    put(t, kept)
    if not t.fresh:  # what was accumulated went with the step
        t.fresh = True
        expected["dropped"] = follow(t)
        put(t, kept)
    found = dict.fromkeys(expected, 0)
    for n in itertools.count(1, every):
        at = At(n)
        try:
            with at:
                use()
        except KeyboardInterrupt:
            pass
        if after:
            after()
        came = follow(t)
        names = [name for name in expected if expected[name] == came]
        assert names, "interrupted at %s" % at.where
        found[names[0]] += 1
        put(t, kept)
        if at.count < n:
            return found


@pytest.fixture
def often(monkeypatch):
    """Runs return to Python again and again."""
    monkeypatch.setattr(runner.Runner, "stretch", 2500)


@pytest.mark.parametrize("kind", ["plain", "micro", "fused", "averaged"])
def test_ctrl_c_in_a_step(often, kind):
    t = make(kind)
    t.step(*batch(0))
    found = sweep(t, lambda: t.step(*batch(1)), 5 if kind == "plain" else 29)
    assert min(found.values()) > 1


def test_ctrl_c_in_a_step_after_a_part(often):
    t = make()
    t.accumulate(*batch(0))
    found = sweep(t, lambda: t.step(*batch(1)), 11)
    assert found["dropped"] > 1 and found["after"] > 1


@pytest.mark.parametrize("kind", ["plain", "micro", "fused"])
def test_ctrl_c_in_a_step_in_slices(monkeypatch, kind):
    t = make(kind)
    t.slices.pace, t.slices.overhead = 20, 0
    monkeypatch.setattr(slices, "ticks_us", itertools.count(0, 9).__next__)
    x, y = batch(1)

    def use():
        done = t.step(x, y, 30)
        while not done:
            done = t.poll(30)

    found = sweep(t, use, 101, t.slices.drop)
    assert min(found.values()) > 1


def test_ctrl_c_in_parts(often):
    t = make("micro")
    t.accumulate(*batch(0))
    assert sweep(t, lambda: t.accumulate(*batch(1)), 17)["dropped"] > 1
    found = sweep(t, t.update, 1)
    assert found["dropped"] and found["after"]


@pytest.mark.parametrize(
    "name", ["predict", "evaluate", "save", "export", pytest.param("calibrate", marks=pytest.mark.long), "metrics"]
)
def test_ctrl_c_in_what_changes_nothing(often, name, tmp_path):
    t, path = make(), str(tmp_path / "file")
    t.step(*batch(0))
    accuracy = metrics.Accuracy(3)
    use = calls(t, path).get(name, lambda: t.evaluate([batch(0)], metrics=(accuracy,)))
    expected = t.predict(batch(2)[0]).tolist(), t.evaluate([batch(2)])
    plain = make()
    plain.step(*batch(0))

    def after():
        assert (t.predict(batch(2)[0]).tolist(), t.evaluate([batch(2)])) == expected
        if name == "save" and (tmp_path / "file").exists():
            plain.load(path)
            assert lasting(plain) == lasting(t)

    sweep(t, use, {"calibrate": 100001, "save": 29, "export": 101}.get(name, 17), after)


def test_ctrl_c_in_load(tmp_path):
    t, path = make(), str(tmp_path / "file")
    t.step(*batch(0))
    t.save(path)
    t.step(*batch(1))
    found = sweep(t, lambda: t.load(path), 29)
    assert min(found.values()) > 1


def test_ctrl_c_in_averaged(often):
    t = make("averaged")
    for k in range(3):
        t.step(*batch(k))
    plain, inside = take(t)[0][0].tobytes(), []

    def use():
        with t.averaged():
            inside.append(t.predict(batch(0)[0]).tolist())
        assert take(t)[0][0].tobytes()[: 4 * t.image.starts[2]] == plain[: 4 * t.image.starts[2]]

    def after():
        """On CPython Ctrl-C can come where `with` begins or ends: then the weights stay averages, and say so."""
        if t.swapped and not t.executor.paused:
            with pytest.raises(RuntimeError, match="the weights are their averages"):
                t.step(*batch(0))
            left.append(1)
            with t.averaged():
                pass

    left = []
    found = sweep(t, use, 11, after)
    assert len(left) < sum(found.values()) / 8
    assert all(found == inside[0] for found in inside)


def test_weights_are_home_right_after_it(often):
    """And not only when the trainer is used again."""
    t = make("averaged")
    for k in range(3):
        t.step(*batch(k))
    kept = lasting(t)
    for n in itertools.count(1, 3):
        at = At(n, lambda frame: frame.f_code.co_name in ("settle", "_move", "_store"))
        try:
            with at:
                with t.averaged():
                    pass
        except KeyboardInterrupt:
            pass
        assert lasting(t) == kept, at.where
        if at.count < n:
            break
    assert n > 100


def test_averages_do_not_train(tmp_path):
    t, path = make("averaged"), str(tmp_path / "kept")
    t.step(*batch(0))
    t.save(path)
    kept = lasting(t)
    with t.averaged():
        for use in (lambda: t.step(*batch(0)), lambda: t.accumulate(*batch(0)), lambda: t.load(path),
                    lambda: t.step(*batch(0), budget_us=10**6)):  # fmt: skip
            with pytest.raises(RuntimeError, match="the weights are their averages"):
                use()
        with t.averaged():
            inner = t.evaluate([batch(1)])
        assert lasting(t) == kept
    assert lasting(t) == kept and inner
    t.averaged().__enter__()  # and never left
    with t.averaged():
        pass
    assert lasting(t) == kept
    t.step(*batch(1))
