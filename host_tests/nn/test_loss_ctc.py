"""CTC, recorded: targets and lengths are those of each run. NumPy's forward and backward recursion is the reference."""

from array import array

import numpy as np
import pytest

import ember
from checkout import run_micropython
from ember import Tensor, nn, optim, runtime, vm
from ember.tensors.parameter import Parameter
from op_cases import soft, vms

N, T, C, S = 3, 6, 4, 3
INF = float("inf")


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def log_p(shape, seed=0):
    return np.log(soft(np.random.default_rng(seed).normal(size=shape), -1)).astype("f4")


# The reference, in float64.


def alphas(x, states, free):
    """[T, W]: the log of the chance of all ways into each state so far."""
    a = np.full((len(x), len(states)), -np.inf)
    a[0, :2] = x[0, states[:2]]
    for t in range(1, len(x)):
        for s in range(len(states)):
            ways = a[t - 1, max(0, s - (2 if free[s] else 1)) : s + 1]
            a[t, s] = np.logaddexp.reduce(ways) + x[t, states[s]]
    return a


def one(x, label, blank):
    """(loss, gradient) of one sample, neither padded."""
    x, z = x.astype("f8"), np.zeros(x.shape)
    states = [blank] + [k for j in label for k in (j, blank)]
    free = [s > 1 and k != blank and k != states[s - 2] for s, k in enumerate(states)]
    back = [s > 1 and k != blank and k != states[::-1][s - 2] for s, k in enumerate(states[::-1])]
    a, b = alphas(x, states, free), alphas(x[::-1], states[::-1], back)[::-1, ::-1]
    total = np.logaddexp.reduce(a[-1, -2:])
    if total == -np.inf:
        return INF, z
    for t in range(len(x)):
        for s, k in enumerate(states):  # both have the chance at t itself
            z[t, k] -= np.exp(a[t, s] + b[t, s] - x[t, k] - total)
    return -total, z


def reference(x, targets, ends, lengths, blank, reduction="none", zero_infinity=False):
    """(loss, gradient) of a batch."""
    n = len(x)
    losses, slopes = np.zeros(n), np.zeros(x.shape)
    for i in range(n):
        losses[i], slopes[i, : ends[i]] = one(x[i, : ends[i]], list(targets[i][: lengths[i]]), blank)
    if zero_infinity:
        losses[losses == INF] = 0
    if reduction == "mean":
        by = np.maximum(1, lengths) * n
        losses, slopes = losses / by, slopes / by[:, None, None]
    return losses if reduction == "none" else losses.sum(), slopes


# Recorded, with what depends on the run as inputs.


class Shifted(nn.Module):
    """Its gradient is that of x, summed over the batch."""

    def __init__(self, steps=T):
        self.shift = Parameter((steps, C))
        self.shift.storage = array("f", [0.0] * (steps * C))

    def forward(self, x):
        return x + self.shift


def seeds_of(value):
    """Ones, also where the loss is infinite."""
    return value.detach().eq(value.detach())


def both(loss, model):
    def run(x, *targets):
        value = loss(model(x), *targets)
        value.backward(seeds_of(value))
        return value, model.shift.grad

    return run


def draw(k, rows, blank, short=False):
    """A batch: x, targets, lengths of both, all valid; what is past a target's length is anything."""
    rng = np.random.default_rng([k, rows, blank])
    others = [j for j in range(C) if j != blank]
    targets = rng.integers(200, size=(rows, S))
    lengths, ends = rng.integers(S + 1, size=rows), rng.integers(1 if short else 2 * S, T + 1, size=rows)
    for i in range(rows):
        targets[i, : lengths[i]] = np.array(others)[rng.integers(2, size=lengths[i])]  # with repeats
    return log_p((rows, T, C), k), targets, ends, lengths


def flat(values, dtype="B"):
    return array(dtype, [int(v) if dtype != "f" else v for v in np.ravel(values)])


def eagerly(loss, x, targets, ends, lengths):
    model = Shifted()
    value = loss(model(Tensor(flat(x, "f"), x.shape)), targets.tolist(), ends.tolist(), lengths.tolist())
    value.backward(seeds_of(value))
    return value.tolist(), model.shift.grad.tolist()


def recorded(loss, dtype="B"):
    size = {"B": 1, "b": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4}[dtype]
    zeros = [Tensor(array(dtype, bytes(size * n)), shape, dtype=dtype)
             for n, shape in ((N * S, (N, S)), (N, (N,)), (N, (N,)))]  # fmt: skip
    return ember.record(both(loss, Shifted()), (N, T, C), *zeros)


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("reduction, blank, zero_infinity", [
    ("none", 0, False), ("sum", 2, True), ("mean", 3, False), ("mean", 0, True),
])  # fmt: skip
def test_each_call_has_targets_of_its_own(reduction, blank, zero_infinity, short):
    loss = nn.CTCLoss(blank, reduction, zero_infinity)
    run = recorded(loss)
    impossible = 0
    for k, rows in enumerate((N, N, 1, 2, N, 1, 1, 2)):
        x, targets, ends, lengths = draw(k, rows, blank, short)
        value, slope = run(flat(x, "f"), flat(targets), flat(ends), flat(lengths))
        here = value.tolist(), slope.tolist()
        assert here == eagerly(loss, x, targets, ends, lengths)
        values, slopes = reference(x, targets, ends, lengths, blank, reduction, zero_infinity)
        impossible += np.sum(np.isinf(reference(x, targets, ends, lengths, blank)[0]))
        assert here[0] == pytest.approx(values, rel=1e-5, abs=1e-6)
        assert np.allclose(here[1], slopes.sum(0), rtol=1e-4, atol=1e-5)  # no NaN either
    assert (impossible > 0) == short


@pytest.mark.parametrize("dtype", ["b", "h", "H", "i", "I", "f"])
def test_targets_of_any_type(dtype):
    loss = nn.CTCLoss(1, "none")
    x, targets, ends, lengths = draw(4, N, 1)
    targets %= 100
    given = flat(x, "f"), flat(targets, dtype), flat(ends, dtype), flat(lengths, dtype)
    found = recorded(loss, dtype)(*given)
    assert [t.tolist() for t in found] == list(eagerly(loss, x, targets, ends, lengths))


@pytest.mark.parametrize("blank", [0, 2])
def test_without_lengths(blank):
    """Targets filled up with blanks end before the first; inputs are whole."""
    loss = nn.CTCLoss(blank, "none")
    run = ember.record(both(loss, Shifted()), (N, T, C), Tensor(bytes(N * S), (N, S), dtype="B"))
    for k in range(3):
        x, targets, _, lengths = draw(k, N, blank)
        full = np.array([T] * N)
        expected = eagerly(loss, x, targets, full, lengths)
        filled = np.where(np.arange(S) < lengths[:, None], targets, blank)
        assert [t.tolist() for t in run(flat(x, "f"), flat(filled))] == list(expected)
        model = Shifted()
        cut = [row[:k].tolist() for row, k in zip(filled, lengths)]  # lists may be ragged
        for given in (filled.tolist(), Tensor(filled.tolist()), cut):
            assert loss(model(Tensor(flat(x, "f"), x.shape)), given).tolist() == expected[0]
            assert loss(model(Tensor(flat(x, "f"), x.shape)), given, None, lengths.tolist()).tolist() == expected[0]
        ends = np.array([T - 1, T, T - 2])
        found = loss(Tensor(flat(x, "f"), x.shape), filled.tolist(), ends.tolist()).tolist()
        assert found == eagerly(loss, x, targets, ends, lengths)[0]


def test_one_label_and_one_step():
    loss = nn.CTCLoss(reduction="none")
    run = ember.record(lambda x, y: loss(x, y), (2, 1, 3), Tensor(bytes(2), (2, 1), dtype="B"))
    x = log_p((2, 1, 3))
    assert run(flat(x, "f"), bytes([2, 0])).tolist() == [pytest.approx(-x[0, 0, 2]), pytest.approx(-x[1, 0, 0])]


def test_constants_where_the_batch_is_fixed():
    """In a recorded function x may be a parameter's: lists and tensors are then constants, some or all."""
    x, targets, ends, lengths = draw(1, N, 0)
    targets = np.where(np.arange(S) < lengths[:, None], targets, 0)
    loss = nn.CTCLoss(reduction="none")
    expected = loss(Tensor(flat(x, "f"), x.shape), targets.tolist(), ends.tolist(), lengths.tolist()).tolist()
    p = Parameter(x.shape)
    p.storage = flat(x, "f")
    for make in (lambda v: v.tolist(), lambda v: Tensor(v.tolist(), dtype="i"), lambda v: Tensor(v.tolist()),
                 lambda v: Tensor(v.tolist()) * 1.0):  # fmt: skip
        for other in (lambda v: v.tolist(), make):
            run = ember.record(lambda _, f=make, g=other: loss(p, f(targets), f(ends), g(lengths)), (1, 1))
            assert run(array("f", [0.0])).tolist() == expected
            run = ember.record(lambda _, f=make, g=other: loss(p, g(targets), g(ends), f(lengths)), (1, 1))
            assert run(array("f", [0.0])).tolist() == expected


X, Y, ENDS, LENGTHS = draw(2, N, 0)
Y = np.where(np.arange(S) < LENGTHS[:, None], Y, 0)


def changed(values, at, k):
    values = values.copy()
    values.flat[at] = k
    return values


@pytest.mark.parametrize("dtype, batch, says", [
    ("B", (Y, ENDS, changed(LENGTHS, 1, S + 1)), "index 4 at position 1; .* from 0 to 3"),
    ("B", (Y, changed(ENDS, 2, T + 1), LENGTHS), "index 7 at position 2; .* from 0 to 6"),
    ("b", (Y, ENDS, changed(LENGTHS, 0, -1)), "index -1 at position 0; .* from 0 to 3"),
    ("f", (Y, ENDS, changed(LENGTHS + 0.0, 0, 1.5)), "index 1.5 at position 0"),
    ("B", (changed(Y, 3, C), ENDS, [S] * N), "index 4.0 at position 3; .* from 0 to 3"),
    ("b", (changed(Y, 3, -2), ENDS, [S] * N), "index -2.0 at position 3"),
    ("f", (changed(Y + 0.0, 3, 0.5), ENDS, [S] * N), "index 0.5 at position 3"),
    ("f", (changed(Y + 0.0, 3, np.nan), ENDS, [S] * N), "index nan at position 3"),
])  # fmt: skip
def test_a_run_refuses_what_is_out_of_range(dtype, batch, says):
    run = recorded(nn.CTCLoss(), dtype)
    good = [flat(X, "f")] + [flat(v, dtype) for v in (Y, ENDS, LENGTHS)]
    before = [t.tolist() for t in run(*good)]
    with pytest.raises(ValueError, match=says):
        run(good[0], *[flat(v, dtype) for v in batch])
    assert [t.tolist() for t in run(*good)] == before


def test_what_a_run_cannot_notice():
    run = recorded(nn.CTCLoss(reduction="none"))
    targets = np.array([[1, 0, 2], [1, 2, 1], [3, 1, 2]])
    value, _ = run(flat(X, "f"), flat(targets), flat([T, 0, 0]), flat([3, 0, 1]))
    assert value.tolist() == [pytest.approx(one(X[0], [1], 0)[0]), 0, INF]


@pytest.mark.parametrize("f, says", [
    (lambda x, y: nn.CTCLoss()(x, [[1]] * N), r"targets is \[\[1\], .* is recorded it may be an input"),
    (lambda x, y: nn.CTCLoss()(x, y, [T] * N), "input_lengths is .* may be an input"),
    (lambda x, y: nn.CTCLoss()(x, y, None, Tensor([1.0] * N)), "target_lengths is .* may be an input"),
    (lambda x, y: nn.CTCLoss()(x, y.reshape(-1, 1, S)), r"targets has shape \(3, 1, 3\); it may be \(N, S\)"),
    (lambda x, y: nn.CTCLoss()(x, y, y), r"input_lengths has shape \(3, 3\); it may be \(N,\)"),
    (lambda x, y: nn.CTCLoss()(x.reshape(-1, 3, C), y), r"targets has shape \(3, 3\); it may be \(N, S\), N as of"),
    (lambda x, y: nn.CTCLoss()(Tensor([[[0.0] * C]]), [1]), r"targets is \[1\]; it may be lists, .* shape \(N, S\)"),
    (lambda x, y: nn.CTCLoss()(Tensor([[[0.0] * C]]), Tensor([1])), r"targets has shape \(1,\); it may be \(N, S\)"),
])  # fmt: skip
def test_refusals(f, says):
    with pytest.raises(ValueError, match=says):
        ember.record(f, (N, T, C), Tensor(bytes(N * S), (N, S), dtype="B"))


def test_over_many_steps(machine):
    """Chances far below what float32 holds."""
    steps = 12 if machine == "portable" else 100
    x, targets = log_p((N, steps, C), 5) * 3, np.array([[1, 1, 2], [3, 0, 0], [2, 3, 2]])
    run = ember.record(both(nn.CTCLoss(reduction="none"), Shifted(steps)), x.shape,
                       Tensor(bytes(N * S), (N, S), dtype="B"))  # fmt: skip
    value, slope = run(flat(x, "f"), flat(targets))
    values, slopes = reference(x, targets, [steps] * N, [3, 1, 3], 0)
    assert value.tolist() == pytest.approx(values, rel=1e-5)
    assert np.allclose(slope.tolist(), slopes.sum(0), rtol=1e-3, atol=1e-4)


# In a Trainer.

WIDTH, BATCH = 3, 4


def sequence(k):
    """Frames that show labels 1 to 3, each for some time and with nothing between them, and the labels, filled up."""
    rng = np.random.default_rng(k)
    label, frames = rng.integers(1, 4, size=1 + k % 3), []
    room = 8 - 2 * len(label)
    for j in label:
        more = int(rng.integers(1 + min(room, 2)))
        room -= more
        frames += [np.eye(3)[j - 1]] * (1 + more) + [np.zeros(3)]
    frames += [np.zeros(3)] * (8 - len(frames))
    return np.ravel(frames), list(label) + [0] * (3 - len(label))


def batch_of(first, rows=BATCH):
    pairs = [sequence(k) for k in range(first, first + rows)]
    return flat([x for x, _ in pairs], "f"), flat([y for _, y in pairs])


def trainer_of(loss=None, **settings):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(WIDTH, C), nn.LogSoftmax(-1))
    return ember.Trainer(model, loss or nn.CTCLoss(), optim.Adam(model.parameters(), lr=0.2), (8, WIDTH), BATCH,
                         **dict({"target_shape": (S,)}, **settings))  # fmt: skip


def weights(trainer):
    return [v for p in trainer.model.parameters() for v in p.elements()]


def test_a_trainer_learns_to_align(machine):
    trainer = trainer_of()
    assert (trainer.target_dtype, trainer.target_size, trainer.classes) == ("B", S, 0)
    batches = [batch_of(0), batch_of(4), batch_of(8, 3)]
    before = trainer.evaluate(batches)
    assert before[0] > 2 and before[1] is None
    trainer.fit(batches, 25 if machine == "portable" else 60)
    assert trainer.evaluate([batch_of(100), batch_of(104)])[0] < (0.3 if machine == "portable" else 0.1)
    read = np.argmax(trainer.predict(batch_of(100)[0]).tolist(), -1)[0]
    path = [k for k, last in zip(read, [-1, *read]) if k != last and k]
    assert path == [k for k in batch_of(100)[1][:S] if k]


def test_a_step_is_the_eager_one():
    x, y = batch_of(0, 3)
    trainer = trainer_of()
    trainer.accumulate(x, y)
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(WIDTH, C), nn.LogSoftmax(-1))
    value = nn.CTCLoss()(model(Tensor(x, (3, 8, WIDTH))), Tensor(y, (3, S), dtype="B"))
    value.backward()
    assert trainer.loss == pytest.approx(value.item(), rel=1e-5)
    for p, q in zip(trainer.model.parameters(), model.parameters()):
        assert np.allclose(p.grad.tolist(), 3 * np.array(q.grad.tolist()), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("settings", [{"micro_batch": 2}, {"memory": 27000}])
def test_parts_of_a_batch(settings):
    whole, parts = trainer_of(), trainer_of(**settings)
    assert parts.plan.total() < whole.plan.total()
    for k in range(3):
        for trainer in (whole, parts):
            trainer.step(*batch_of(k))
    assert weights(parts) == pytest.approx(weights(whole), rel=1e-4, abs=1e-5)


def test_lists_are_the_same_batch_and_bad_ones_change_nothing():
    one, two = trainer_of(), trainer_of()
    x, y = batch_of(3)
    one.step(x, y)
    two.step(np.reshape(x, (BATCH, 8, WIDTH)).tolist(), np.reshape(y, (BATCH, S)).tolist())
    assert weights(one) == weights(two)
    before = bytes(memoryview(one.executor.segments[0])[: one.plan.start])
    for bad, says in (
        (flat([1, 2, 4] * BATCH), "label 4 at index 2; .* from 0 to 3"),
        ([[1, 2, 5]] * BATCH, "label 5 at index 2"),
        ([[1, 2]] * BATCH, r"y has shape \(4, 2\); .* takes \(N, 3\)"),
        (y[:-1], "y has 11 elements"),
        (y[:-3], "x has 4 samples, y has 3"),
    ):
        for use in (one.step, one.accumulate):
            with pytest.raises(ValueError, match=says):
                use(x, bad)
            assert bytes(memoryview(one.executor.segments[0])[: one.plan.start]) == before


def test_lengths_in_a_trainer():
    """As its docstring says: they are part of what the target holds."""
    ctc = nn.CTCLoss()
    trainer = trainer_of(lambda x, y: ctc(x, y[:, 1:], y[:, 0]), target_shape=(1 + S,), target_dtype="f")
    x, y = batch_of(0)
    ends = [8, 7, 8, 8]
    trainer.step(x, flat([[k, *row] for k, row in zip(ends, np.reshape(y, (BATCH, S)))], "f"))
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(WIDTH, C), nn.LogSoftmax(-1))
    found = ctc(model(Tensor(x, (BATCH, 8, WIDTH))), Tensor(y, (BATCH, S), dtype="B"), ends)
    assert trainer.loss == pytest.approx(found.item(), rel=1e-5)


def test_a_program_that_travels(tmp_path):
    trainer = trainer_of()
    trainer.export(str(tmp_path / "ctc.ember"))
    model = runtime.load(str(tmp_path / "ctc.ember"))
    for k in range(2):
        trainer.step(*batch_of(k))
        model.step(*batch_of(k))
    assert model.loss == pytest.approx(trainer.loss, rel=1e-6)  # it chooses its VM itself
    with pytest.raises(ValueError, match="label 4 at index 0; it may be a whole number from 0 to 3"):
        model.step(batch_of(0)[0], flat([4] * (BATCH * S)))


def test_targets_of_another_shape_for_a_loss_of_ones_own():
    """What target_shape is for besides."""
    trainer = trainer_of(lambda x, y: ((x.sum(1) - y) ** 2).mean(), target_shape=(C,))
    assert trainer.target_dtype == "f"
    x, _ = batch_of(0)
    goal = flat(np.random.default_rng(3).normal(size=(BATCH, C)), "f")
    before = np.array(trainer.predict(x).tolist()).sum(1).ravel()
    trainer.accumulate(x, goal)
    assert trainer.loss == pytest.approx(((before - np.array(goal)) ** 2).mean(), rel=1e-4)


@pytest.mark.parametrize("settings, says", [
    ({"target_shape": 3}, "target_shape is 3; it may be a tuple"),
    ({"target_shape": (0,)}, r"target_shape is \(0,\)"),
    ({"target_shape": None}, r"targets has shape \(4, 8, 4\); it may be \(N, S\)"),
    ({"target_dtype": ("B",)}, r"target_shape is \(3,\); .* None, which several targets take"),
])  # fmt: skip
def test_a_trainer_refuses(settings, says):
    with pytest.raises(ValueError, match=says):
        trainer_of(**settings)


SCRIPT = """
import gc, micropython
from array import array
import ember
from ember import Tensor, nn, optim
model = nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(-1))
trainer = ember.Trainer(model, nn.CTCLoss(), optim.SGD(model.parameters(), lr=0.5), (5, 2), 2, target_shape=(2,))
x, y = array("f", [1, 0, 0, 0, 0, 1, 0, 1, 0, 0] * 2), bytes([1, 2, 1, 2])
trainer.step(x, y)
print(trainer.loss)
micropython.heap_lock()
try:
    for _ in range(50):
        trainer.step(x, y)
finally:
    micropython.heap_unlock()
print(trainer.loss)
print(nn.CTCLoss()(model(Tensor(x, (2, 5, 2))), [[1, 2], [1, 2]], [5, 5], [2, 2]).item())
"""


@pytest.mark.parametrize("name", ["unix", "unix-single"])
def test_on_micropython_a_step_allocates_nothing(name):
    first, last, again = [float(v) for v in run_micropython(name, SCRIPT).split()]
    assert last < 0.3 < first and again < last
