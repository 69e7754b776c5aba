"""What is composition: at the edges as PyTorch 2.13 (whose values stand here), exact to a few ulp, by list and mask."""

import contextlib
import io
import math
from array import array

import numpy as np
import pytest

import ember
from ember import Tensor, nn, optim, vm
from op_cases import vms
from random_graphs import BATCH, STEPS, eager, huber, recorded, same
from ulps import ulps

NAN, INF = float("nan"), float("inf")


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(5)
    yield request.param
    vm.select()


def leaf(values):
    return Tensor(values, requires_grad=True)


def alike(found, expected):
    """Equal to a few roundings, zeros with their sign, NaN where NaN is."""
    for a, b in zip(np.ravel(found), np.ravel(expected)):
        if math.isnan(b) or math.isinf(b) or b == 0:
            assert np.array_equal([a], [b], equal_nan=True) and math.copysign(1, a) == math.copysign(
                1, b if b == b else a
            )
        else:
            assert a == pytest.approx(b, rel=2e-6, abs=1e-45)


# (function, arguments, result, gradients)
EDGES = [
    ("hypot", (0.0, 0.0), 0.0, (NAN, NAN)), ("hypot", (3.0, 4.0), 5.0, (0.6, 0.8)),
    ("hypot", (INF, NAN), INF, (NAN, NAN)), ("hypot", (NAN, 1.0), NAN, (NAN, NAN)),
    ("hypot", (-INF, 2.0), INF, (NAN, 0.0)), ("hypot", (3e38, 1e38), 3.1622777e38, (0.94868326, 0.3162277)),
    ("hypot", (1e-40, 1e-40), 1.4142044e-40, (0.7071075, 0.7071075)),
    ("logaddexp", (INF, INF), INF, (NAN, NAN)), ("logaddexp", (-INF, -INF), -INF, (NAN, NAN)),
    ("logaddexp", (INF, 1.0), INF, (1.0, 0.0)), ("logaddexp", (-INF, 1.0), 1.0, (0.0, 1.0)),
    ("logaddexp", (NAN, 1.0), NAN, (NAN, NAN)), ("logaddexp", (2.0, 2.0), 2.6931472, (0.5, 0.5)),
    ("logaddexp", (100.0, -100.0), 100.0, (1.0, 0.0)),
    ("fmod", (5.0, 3.0), 2.0, (1.0, -1.0)), ("fmod", (-5.0, 3.0), -2.0, (1.0, 1.0)),
    ("fmod", (5.0, -3.0), 2.0, (1.0, 1.0)), ("fmod", (-4.0, 2.0), -0.0, (1.0, 2.0)), ("fmod", (-0.0, 2.0), -0.0, None),
    ("fmod", (5.0, INF), 5.0, None), ("fmod", (INF, 2.0), NAN, None), ("fmod", (5.0, 0.0), NAN, None),
    ("fmod", (3e38, 1e-40), 9.673724e-41, None), ("fmod", (NAN, 1.0), NAN, None),
    ("floor_divide", (5.0, 3.0), 1.0, None), ("floor_divide", (-5.0, 3.0), -2.0, None),
    ("floor_divide", (5.0, -3.0), -2.0, None), ("floor_divide", (-4.0, 2.0), -2.0, None),
    ("floor_divide", (-0.0, 2.0), -0.0, None), ("floor_divide", (0.0, -2.0), -0.0, None),
    ("floor_divide", (5.0, INF), 0.0, None), ("floor_divide", (-5.0, INF), -1.0, None),
    ("floor_divide", (INF, 2.0), NAN, None), ("floor_divide", (5.0, 0.0), INF, None),
    ("floor_divide", (-5.0, 0.0), -INF, None), ("floor_divide", (0.0, 0.0), NAN, None),
    ("floor_divide", (1.0, 0.1), 9.0, None), ("floor_divide", (3e38, 1e-40), INF, None),
    ("floor_divide", (-1e-40, 5.0), -1.0, None),
    ("asinh", (0.0,), 0.0, (1.0,)), ("asinh", (-0.0,), -0.0, (1.0,)), ("asinh", (1e-40,), 1e-40, (1.0,)),
    ("asinh", (INF,), INF, (0.0,)), ("asinh", (-INF,), -INF, (0.0,)), ("asinh", (3e38,), 89.28999, None),
    ("asinh", (-1e20,), -46.744846, None), ("asinh", (NAN,), NAN, (NAN,)),
    ("acosh", (1.0,), 0.0, (INF,)), ("acosh", (0.5,), NAN, (NAN,)), ("acosh", (INF,), INF, (0.0,)),
    ("acosh", (3e38,), 89.28999, None), ("acosh", (-1e20,), NAN, None), ("acosh", (-INF,), NAN, None),
    ("acosh", (-1.0,), NAN, None), ("acosh", (-12000.0,), NAN, None),
    ("atanh", (0.0,), 0.0, (1.0,)), ("atanh", (-0.0,), -0.0, (1.0,)), ("atanh", (1.0,), INF, (INF,)),
    ("atanh", (-1.0,), -INF, (INF,)), ("atanh", (2.0,), NAN, (-1 / 3,)), ("atanh", (1e-40,), 1e-40, (1.0,)),
    ("atanh", (INF,), NAN, None), ("atanh", (NAN,), NAN, (NAN,)),
    ("exp2", (0.0,), 1.0, (0.6931472,)), ("exp2", (-INF,), 0.0, (0.0,)), ("exp2", (INF,), INF, (INF,)),
    ("exp2", (128.0,), INF, None), ("exp2", (-149.0,), 1e-45, None), ("exp2", (-151.0,), 0.0, None),
    ("exp2", (3.0,), 8.0, (5.5451775,)), ("exp2", (NAN,), NAN, (NAN,)),
    ("log10", (0.0,), -INF, (INF,)), ("log10", (-1.0,), NAN, None), ("log10", (INF,), INF, (0.0,)),
    ("log10", (1000.0,), 3.0, (4.3429446e-4,)), ("log10", (1e-40,), -40.0, None),
    ("logical_and", (NAN, 1.0), 1.0, None), ("logical_and", (-0.0, 1.0), 0.0, None),
    ("logical_or", (0.0, -0.0), 0.0, None), ("logical_or", (0.0, NAN), 1.0, None),
    ("logical_xor", (NAN, 2.0), 0.0, None), ("logical_xor", (0.0, -INF), 1.0, None),
]  # fmt: skip


@pytest.mark.parametrize("name, given, result, gradients", EDGES, ids=lambda value: str(value)[:30])
def test_edges(machine, name, given, result, gradients):
    inputs = [leaf([value]) for value in given]
    y = getattr(ember, name)(*inputs)
    alike(y.tolist(), [result])
    if gradients is not None:
        y.sum().backward()
        alike([x.grad.item() for x in inputs], gradients)


def test_numbers_in_place_of_what_is_none(machine):
    x = leaf([NAN, INF, -INF, -0.0, 1.0, 3.4e38])
    y = x.nan_to_num()
    alike(y.tolist(), [0.0, 3.4028235e38, -3.4028235e38, -0.0, 1.0, 3.4e38])
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0, 1, 1, 1]
    alike(x.nan_to_num(1, 2, 3).tolist(), [1, 2, 3, -0.0, 1.0, 3.4e38])
    alike(x.nan_to_num(posinf=0.0, neginf=INF).tolist(), [0.0, 0.0, INF, -0.0, 1.0, 3.4e38])


# How many ulp the docstrings say.
BOUNDS = {"log10": 3, "exp2": 2, "asinh": 5, "acosh": 5, "atanh": 5, "hypot": 3}


@pytest.mark.parametrize("name", BOUNDS)
def test_how_exact(name):
    rng = np.random.default_rng(3)
    in_numpy = {"asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh}.get(name) or getattr(np, name)
    wide = np.exp(rng.uniform(-80, 80, 20000)) * rng.choice([-1, 1], 20000)
    x = {
        "log10": np.abs(wide),
        "exp2": rng.uniform(-125, 127, 20000),
        "acosh": 1 + np.abs(wide),
        "atanh": np.concatenate([np.tanh(rng.normal(size=9000) * 3), 1e-3 * rng.normal(size=9000)]),
    }.get(name, wide)
    x = np.concatenate([x, rng.uniform(0.9, 1.1, 2000) if name in ("log10", "asinh") else x[:1]]).astype("f4")
    x = x[np.abs(x) < 1] if name == "atanh" else x
    more = [np.roll(x, 1)] if name == "hypot" else []
    vm.select("native")
    y = getattr(ember, name)(*[Tensor(a.tolist()) for a in (x, *more)])
    vm.select()
    wanted = in_numpy(x.astype("f8"), *[a.astype("f8") for a in more])
    normal = np.abs(wanted) > 1.2e-38
    assert ulps(np.array(y.tolist())[normal].astype("f4"), wanted[normal]).max() <= BOUNDS[name]


def test_the_operator(machine):
    x = leaf([7.0, -7.0, 0.5])
    assert (x // 2).tolist() == [3, -4, 0] and (x // Tensor([2.0, -2.0, 0.1])).tolist() == [3, 3, 4]
    assert not (x // 2).requires_grad
    for a in range(-20, 21):
        for b in (-7, -2, -1, 1, 3, 6):
            assert ember.floor_divide(Tensor(float(a)), float(b)).item() == a // b
            assert ember.fmod(Tensor(float(a)), float(b)).item() == math.fmod(a, b)


# Order.


@pytest.mark.parametrize("values, whole, index, gradient", [
    ([2.0, 1, 2, 2], 2.0, 0, [1 / 3, 0, 1 / 3, 1 / 3]), ([4.0, 1, 3, 2], 2.0, 3, [0, 0, 0, 1]), ([5.0], 5.0, 0, [1]),
    ([3.0, 1, 2], 2.0, 2, [0, 0, 1]), ([2.0, NAN, 1, NAN, 3], NAN, 1, [0, 0.5, 0, 0.5, 0]),
    ([-INF, INF], -INF, 0, [1, 0]), ([-0.0, 0.0], 0.0, 0, [0.5, 0.5]),
])  # fmt: skip
def test_median(machine, values, whole, index, gradient):
    x = leaf(values)
    y = x.median()
    y.backward()
    assert np.array_equal([y.item()], [whole], equal_nan=True) and x.grad.tolist() == pytest.approx(gradient)
    x = leaf([values, values])
    found, where = x.median(1)
    assert where.tolist() == [index] * 2 and np.array_equal(found.tolist(), [whole] * 2, equal_nan=True)
    found.sum().backward()
    assert x.grad.tolist() == [[1.0 if i == index else 0.0 for i in range(len(values))]] * 2
    assert x.T.median(0, keepdim=True)[1].tolist() == [[index] * 2]


@pytest.mark.parametrize("values, found, indices, gradient", [
    ([2.0, 1, 2, 3, 3], [2, 2, 2, 3, 3], [0, 0, 2, 3, 4], [2, 0, 1, 1, 1]),
    ([2.0, NAN, 1, NAN, 3], [2, NAN, NAN, NAN, NAN], [0, 1, 1, 3, 3], [1, 2, 0, 2, 0]),
    ([-INF, -INF, 1], [-INF, -INF, 1], [0, 1, 2], [1, 1, 1]), ([3.0], [3], [0], [1]),
])  # fmt: skip
def test_cummax(machine, values, found, indices, gradient):
    x = leaf(values)
    y, where = x.cummax(0)
    assert np.array_equal(y.tolist(), found, equal_nan=True) and where.tolist() == indices
    y.sum().backward()
    assert x.grad.tolist() == gradient
    assert Tensor([values, values]).cummax(-1)[1].tolist() == [indices] * 2


# By list and mask.

X = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
Y = np.array(X.tolist())


@pytest.mark.parametrize("index", [
    [0, 2], [-1, -1, 0], (slice(None), [2, 0]), (slice(1, None), [1]), (1, [0, 2]), ([0, 2], 1), (Ellipsis, [1, 2]),
    (None, [1]), ([True, False, True],), [[True, False, True]] * 3, (slice(None), [False, True, True]),
    (0, [False, True, True]), ([2, 0], slice(None, None, 2)),
], ids=str)  # fmt: skip
def test_lists_as_numpy_takes_them(machine, index):
    wanted = Y[np.array(index)] if isinstance(index, list) and isinstance(index[0], list) else Y[index]
    assert X[index].tolist() == wanted.tolist() and X[index].shape == wanted.shape


def test_tensors_as_numpy_takes_them(machine):
    for dtype in "iBbh":
        index = Tensor([[2, 0], [1, 1]], dtype=dtype)
        assert X[index].tolist() == Y[[[2, 0], [1, 1]]].tolist()
        assert X[:, index].tolist() == Y[:, [[2, 0], [1, 1]]].tolist()
    assert X[Tensor([-1, 0], dtype="i")].tolist() == Y[[-1, 0]].tolist()
    assert X[Tensor(1, dtype="i")].tolist() == Y[1].tolist()
    assert X[X > 4].tolist() == Y[Y > 4].tolist()
    assert X[X.sum(1) > 7].tolist() == Y[Y.sum(1) > 7].tolist()
    assert X[:, X[0].gt(1)].tolist() == Y[:, Y[0] > 1].tolist()
    labels = Tensor([3, 1, 2], dtype="B")
    assert labels[[2, 0, 0]].tolist() == [2, 3, 3] and labels[[2]].dtype == "B"
    assert labels[Tensor([1.0, 0.0, 1.0])].tolist() == [3, 2]
    assert Tensor([[1, 2], [3, 4]], dtype="i")[:, [1]].tolist() == [[2], [4]]


def test_assignment_by_list_and_mask(machine):
    for index, value in (([0, 2], 5.0), ([1, -1], [[1.0, 2, 3], [4, 5, 6]]), ((slice(None), [2, 0]), [7.0, 8.0]),
                         ([0, 0], [[1.0] * 3, [2.0] * 3]), ([True, False, True], 0.5)):  # fmt: skip
        x, y = X * 1, Y.copy()
        x[index] = value if isinstance(value, float) else Tensor(value)
        y[index] = value
        assert x.tolist() == y.tolist()
    x, y = X * 1, Y.copy()
    x[x > 4], y[y > 4] = -1.0, -1
    assert x.tolist() == y.tolist()
    x[x < 0], y[y < 0] = Tensor([float(i) for i in range(5)]), range(5)
    assert x.tolist() == y.tolist()
    p = ember.Parameter((3,))
    with ember.no_grad():
        p[[0, 2]] = 2.0
        p[p > 1] = 3.0
    assert p.tolist() == [3, 0, 3]


def test_gradients_of_what_was_assigned_by_list(machine):
    x, v = leaf([1.0, 2.0, 3.0]), leaf([5.0, 7.0])
    y = x * 2
    z = y + 1.0  # of what y was before
    y[[2, 0]] = v
    (y * Tensor([1.0, 10.0, 100.0]) + z).sum().backward()
    assert y.tolist() == [7, 4, 5]
    assert x.grad.tolist() == [2, 22, 2] and v.grad.tolist() == [100, 1]


@pytest.mark.parametrize("f, says", [
    (lambda: X[[0], [1]], "two lists or tensors"), (lambda: X[0, :, [1]], "take the number first"),
    (lambda: X[[3]], "index 3 at position 0; it may be a whole number from -3 to 2"),
    (lambda: X[Tensor([0.0, 2.0, 1.0])], "a mask holds 2.0; it may hold 0 and 1. float32 is a mask"),
    (lambda: X[Tensor([0.0, 1.0])], r"a mask of shape \(2,\) for dimensions \(3,\)"),
    (lambda: X[Tensor([NAN, 1.0, 1.0])], "a mask holds nan"), (lambda: X[X > 99], "takes nothing"),
    (lambda: X[[]], "takes nothing"), (lambda: X[[0.5]], "index 0.5"),
    (lambda: X.__setitem__(([0], 1), 2.0), "takes : beside it"),
    (lambda: X.select(2, 0), "dim 2"), (lambda: X.reshape(9, 1, 1).t(), r"t of shape \(9, 1, 1\)"),
    (lambda: X.mm(X[0]), r"mm of shapes \(3, 3\) and \(3,\)"), (lambda: X.bmm(X), "bmm of shapes"),
    (lambda: X.diag(3), "diagonal is 3"), (lambda: X.diag(0.5), "diagonal 0.5"),
    (lambda: X.repeat_interleave(0, 1), "repeats is 0"), (lambda: X.repeat_interleave([1], 1), r"repeats is \[1\]"),
    (lambda: X.nan_to_num(None), "nan is None"), (lambda: Tensor([1], dtype="i") // 2, "dtype 'i'"),
])  # fmt: skip
def test_refusals(f, says):
    with pytest.raises((ValueError, IndexError), match=says):
        f()


def test_other_names(machine):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert x.size() == (2, 2) and x.size(-1) == 2 and x.dim() == 2 and Tensor(1.0).dim() == 0
    assert x.amax(()).item() == 4 and x.amin(0).tolist() == [1, 2]
    y = x.clone()
    with ember.no_grad():
        x[0, 0] = 9.0
    assert y[0, 0].item() == 1 and y.requires_grad
    labels = Tensor([1, 2, 3], dtype="h")
    assert labels.clone().tolist() == [1, 2, 3] and labels.clone().dtype == "h"
    assert labels.clone().elements() is not labels.elements()
    assert x.view(-1).elements() is x.elements()


# Recorded: the batch is the first dimension.

MINE = {
    "hypot": lambda m, x, y: ember.hypot(x, y + 3.0), "logaddexp": lambda m, x, y: x.logaddexp(y),
    "fmod": lambda m, x, y: ember.fmod(x, 0.7) + y, "divide": lambda m, x, y: (x // 0.3) * y.tanh(),
    "asinh": lambda m, x, y: x.asinh(), "acosh": lambda m, x, y: (x.exp() + 1.5).acosh(),
    "atanh": lambda m, x, y: (x.tanh() * 0.9).atanh(), "exp2": lambda m, x, y: x.tanh().exp2(),
    "log10": lambda m, x, y: (x * x + 1).log10(), "nan_to_num": lambda m, x, y: x.nan_to_num() * y,
    "logical": lambda m, x, y: x * ember.logical_or(y > 0, x > 0) + ember.logical_xor(x > 1, y > 1),
    "clone": lambda m, x, y: x.clone() * y.tanh(), "view": lambda m, x, y: x.view(-1, 2, 2).amax(1).repeat(1, 2),
    "select": lambda m, x, y: x * y.select(1, 2).unsqueeze(1), "tile": lambda m, x, y: x[:, :2].tile(2),
    "interleaved": lambda m, x, y: x[:, :2].repeat_interleave(2, 1), "bmm": lambda m, x, y: x.view(-1, 2, 2).tanh().bmm(
        y.view(-1, 2, 2).tanh()).flatten(1), "median": lambda m, x, y: x * y.median(1, True)[0],
    "cummax": lambda m, x, y: x.cummax(1)[0], "diag": lambda m, x, y: x @ m.bias.diag(),
    "mm": lambda m, x, y: x.mm(m.weight.t()), "pick": lambda m, x, y: x[:, [3, 0, 0, -1]],
    "pick rows": lambda m, x, y: x @ m.weight[[1, 1, 0, 3]],
    "put": lambda m, x, y: put(x.tanh(), (slice(None), [2, 0]), y[:, 1:3]),
    "put a mask": lambda m, x, y: put(x.tanh(), y > 0, 0.25), "like": lambda m, x, y: x * ember.full_like(y, 2.0),
    "zeros": lambda m, x, y: x + ember.ones(4) * 2.0 - ember.zeros(1, 4),
    "noise": lambda m, x, y: x + ember.randn_like(x),
    "rfft": lambda m, x, y: ember.rfft(x).flatten(1)[:, :4], "irfft": lambda m, x, y: ember.irfft(
        ember.rfft(x.tanh()) * ember.rfft(y.tanh())), "power": lambda m, x, y: ember.power_spectrum(x.tanh(), 6),
    "biquad": lambda m, x, y: ember.biquad(x, [0.3, 0.2, 0.1, -0.4, 0.2]),
    "spectrogram": lambda m, x, y: ember.spectrogram(x.tanh(), 2, 2).sum(1).repeat(1, 2),
}  # fmt: skip


def put(x, index, value):
    x[index] = value
    return x


@pytest.mark.parametrize("rows", [BATCH, 2])
@pytest.mark.parametrize("name", MINE)
def test_recorded_is_eager(machine, name, rows, monkeypatch):
    monkeypatch.setitem(STEPS, name, MINE[name])
    for steps in ([(name, 0, 0)], [("tanh", 0, 0), (name, 0, 1), ("add", 0, 2)]):
        trainer, found = recorded(steps, huber, BATCH, rows)
        if name == "noise":  # drawn anew, which eagerly is another draw
            continue
        loss, expected = eager(steps, huber, rows)
        same(found, expected, machine == "native")
        assert trainer.loss == pytest.approx(loss, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("says, f", [
    ("median", lambda m, x, y: x * x.median()), ("median", lambda m, x, y: x * x.median(0)[0]),
    ("cummax", lambda m, x, y: x.cummax(0)[0]), ("known only when it runs", lambda m, x, y: x[y > 0]),
    ("batch", lambda m, x, y: x[[0]]), ("batch", lambda m, x, y: put(x * 1, [0], 1.0)),
    ("batch", lambda m, x, y: x.repeat_interleave(2, 0)), ("batch", lambda m, x, y: x.select(0, 1)),
    ("known only", lambda m, x, y: put(x * 1, y > 0, y)),
    ("diag", lambda m, x, y: x.diag()),
])  # fmt: skip
def test_what_would_mix_samples_is_refused(says, f, monkeypatch):
    monkeypatch.setitem(STEPS, "refused", f)
    with pytest.raises(ValueError, match=says):
        recorded([("refused", 0, 0)], huber, BATCH, BATCH)


# Made of nothing.


def test_creation(machine):
    for made in (
        ember.zeros(2, 3),
        ember.zeros((2, 3)),
        ember.zeros([2, 3]),
        ember.empty(2, 3),
        ember.full((2, 3), 0.0),
    ):
        assert made.tolist() == [[0] * 3] * 2 and made.dtype == "f" and not made.requires_grad
    assert ember.ones(2).tolist() == [1, 1] and ember.full(2, 2.5).tolist() == [2.5, 2.5]
    assert ember.zeros(3, dtype="B").dtype == "B" and ember.ones(3, dtype="i").tolist() == [1, 1, 1]
    assert ember.full((2,), 7, "h").tolist() == [7, 7]
    x = ember.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3, 3]
    assert ember.zeros_like(X).shape == X.shape and ember.ones_like(X[0]).tolist() == [1, 1, 1]
    assert ember.full_like(X[0], -2.0).tolist() == [-2] * 3 and ember.zeros_like(X[0], dtype="i").dtype == "i"
    assert ember.as_tensor(X) is X and ember.as_tensor([1, 2], "i").tolist() == [1, 2]
    for data in ([[1.0, 2.0]], np.array([[1.0, 2.0]], "f4"), array("f", [1.0, 2.0]), Tensor([1.0, 2.0])):
        made = ember.tensor(data, requires_grad=True)
        before = made.tolist()
        (data[0] if isinstance(data, list) else data)[0] = 9.0
        assert made.requires_grad and made.tolist() == before != ember.tensor(data).tolist()
    assert ember.tensor(3.5).shape == () and ember.tensor([1, 2], "B").dtype == "B"
    assert ember.eye(2).tolist() == [[1, 0], [0, 1]] and ember.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]


# Of torch.arange and torch.linspace, as float32.
@pytest.mark.parametrize("made, values", [
    (lambda: ember.arange(4), [0, 1, 2, 3]), (lambda: ember.arange(1, 4), [1, 2, 3]),
    (lambda: ember.arange(5, 0, -2), [5, 3, 1]), (lambda: ember.arange(1, 1.3, 0.1), [1, 1.1, 1.2, 1.3]),
    (lambda: ember.arange(0, 1, 0.1), [i / 10 for i in range(10)]), (lambda: ember.arange(3, dtype="i"), [0, 1, 2]),
    (lambda: ember.linspace(0, 1, 7), [i / 6 for i in range(7)]), (lambda: ember.linspace(3, -3, 1), [3]),
    (lambda: ember.linspace(-1, 2, 4), [-1, 0, 1, 2]),
])  # fmt: skip
def test_counting(made, values):
    assert np.allclose(made().tolist(), np.array(values, "f4"), rtol=1.2e-7, atol=0) and len(made()) == len(values)


def test_random_tensors(machine):
    ember.manual_seed(7)
    a, b, c = ember.randn(50, 40), ember.rand(50, 40), ember.randn(50, 40)
    ember.manual_seed(7)
    again = ember.randn(50, 40), ember.rand(50, 40), ember.randn_like(c)
    assert [t.tolist() for t in again] == [t.tolist() for t in (a, b, c)]
    a, b, c = (np.array(t.tolist()) for t in (a, b, c))
    assert not np.isin(a, c).any() and abs(np.corrcoef(a.ravel(), c.ravel())[0, 1]) < 0.1
    assert abs(a.mean()) < 0.08 and abs(a.std() - 1) < 0.06 and abs((a**3).mean()) < 0.3
    assert b.min() >= 0 and b.max() < 1 and abs(b.mean() - 0.5) < 0.03
    ember.manual_seed(8)
    assert ember.randn(2).tolist() != a[0, :2].tolist()
    assert ember.rand(2, requires_grad=True).requires_grad and ember.rand_like(X).shape == X.shape


def test_drawing_leaves_the_starting_values_of_a_model_alone(machine):
    ember.manual_seed(3)
    one = nn.Linear(3, 2).weight.tolist()
    ember.manual_seed(3)
    ember.randn(5)
    assert nn.Linear(3, 2).weight.tolist() == one


class Noisy(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(2, 2)

    def forward(self, x):
        return self.linear(x * ember.rand_like(x))


def test_noise_in_a_program_is_drawn_in_every_step(machine):
    model = Noisy()
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0), (2,), 4)
    losses = []
    for _ in range(3):
        trainer.step([[1.0, 2.0]] * 4, [[0.0, 0.0]] * 4)
        losses.append(trainer.loss)
    assert len(set(losses)) == 3


@pytest.mark.parametrize("f, says", [
    (lambda: ember.zeros(0), r"size is \(0,\); each may be a whole number from 1"),
    (lambda: ember.ones(2.0), "size is"),
    (lambda: ember.arange(0), "arange from 0 to 0 by 1 is empty"), (lambda: ember.arange(0, 5, 0), "is empty"),
    (lambda: ember.arange(0, INF), "end is inf; it may be a finite number"),
    (lambda: ember.linspace(0, 1, 0), "steps is 0"),
    (lambda: ember.eye(0), "size is"),
])  # fmt: skip
def test_what_cannot_be_made(f, says):
    with pytest.raises(ValueError, match=says):
        f()


# On every board.

EVERYWHERE = """
import ember
from array import array
from ember import Tensor
def show(*tensors):
    for t in tensors:
        print("".join(["%02x" % b for b in bytes(array("f", t.reshape(-1).tolist()))]))
ember.manual_seed(11)
x = Tensor([[0.5, -1.25, 3.0, -0.0], [-7.5, 2.0, 0.125, 40000.0]], requires_grad=True)
y = x[[1, 0, 1]] * ember.arange(1, 5) + ember.randn(3, 4) * ember.rand(4)
z = y.asinh() + ember.hypot(y, x[[0]]) + y.nan_to_num() + (y // 0.75) + ember.fmod(y, 1.5)
z[[0, 2]] = 2.0
z[y > 3.0] = x[0].median()
w = z.cummax(1)[0].logaddexp(z.exp2().clip(max=9.0)) + (x * x + 1.5).acosh().sum()
w.sum().backward()
show(y, z, w, x.grad, x[x > 0], x[:, [True, False, False, True]], ember.eye(2, 3), x.t().diag(1), x.median(1)[1])
"""


def test_the_same_bits_everywhere(micropython):
    said = io.StringIO()
    vm.select("native")
    with contextlib.redirect_stdout(said):
        exec(EVERYWHERE, {})
    vm.select()
    assert micropython(EVERYWHERE, heap="4m").split() == said.getvalue().split()


def test_what_is_refused_leaves_nothing_for_the_next():
    for bad in (Tensor(), None, "a"):
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            Tensor([1.0]) + bad
        assert (Tensor([1.0]) + 1.0).tolist() == [2.0]


def test_whole_numbers_from_to():
    assert ember.linspace(0, 10, 6, dtype="i").tolist() == [0, 2, 4, 6, 8, 10]
    assert ember.arange(5, 0, -2, dtype="H").tolist() == [5, 3, 1]
    assert ember.arange(256, dtype="B").tolist() == list(range(256))
