"""Functions of elements where it is hard: zeros, ties, the least and greatest numbers, infinities, NaN. On both VMs,
against NumPy in float64."""

import numpy as np
import pytest

import ember
from ember import Tensor, vm
from op_cases import vms
from op_cases_math import erf
from ulps import agree

EDGES = np.array(
    [0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-45, -1e-40, 1e-8, -3e-4, 8388607.5, -4194304.5, 1e10, 88.9, -88.9,
     -104, 3e38, -3e38, np.inf, -np.inf, np.nan], "f4",
)  # fmt: skip
ONE = {
    "abs": np.abs, "sign": lambda x: np.nan_to_num(np.sign(x)), "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x),
    "square": np.square, "reciprocal": lambda x: 1 / x, "exp": np.exp, "expm1": np.expm1, "log": np.log,
    "log1p": np.log1p, "log2": np.log2, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "erf": erf,
    "relu": lambda x: np.where(x < 0, 0, x), "floor": np.floor, "ceil": np.ceil, "round": np.round, "trunc": np.trunc,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "logical_not": np.logical_not,
}  # fmt: skip
TWO = {
    "atan2": np.arctan2, "remainder": np.remainder, "maximum": np.maximum, "minimum": np.minimum, "eq": np.equal,
    "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
    "pow": np.power, "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
}  # fmt: skip
ULPS = {"tan": 4, "sinh": 8, "cosh": 6, "asin": 6, "acos": 6, "log2": 4, "expm1": 4, "rsqrt": 3}


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


@pytest.mark.parametrize("name", sorted(ONE))
def test_functions_of_one(machine, name):
    with np.errstate(all="ignore"):
        expected = ONE[name](EDGES.astype("f8"))
    found = getattr(Tensor([float(x) for x in EDGES]), name)().tolist()
    good = agree(found, expected, ULPS.get(name, 3))
    assert good.all(), [(x, f, e) for x, f, e, ok in zip(EDGES, found, expected, good) if not ok]


@pytest.mark.parametrize("name", sorted(TWO))
def test_functions_of_two(machine, name):
    a, b = np.repeat(EDGES, len(EDGES)), np.tile(EDGES, len(EDGES))
    with np.errstate(all="ignore"):
        expected = TWO[name](a.astype("f8"), b.astype("f8"))
    found = getattr(Tensor([float(x) for x in a]), name)(Tensor([float(x) for x in b])).tolist()
    good = agree(found, expected)
    assert good.all(), [(x, y, f, e) for x, y, f, e, ok in zip(a, b, found, expected, good) if not ok][:9]


def gradient(f, *values):
    tensors = [Tensor(v, requires_grad=True) for v in values]
    f(*tensors).sum().backward()
    return [t.grad.tolist() for t in tensors]


def test_ties_share_the_gradient(machine):
    for f in (ember.maximum, ember.minimum):
        assert gradient(f, [2.0, -1.0], [2.0, -1.0]) == [[0.5, 0.5], [0.5, 0.5]]


def test_gradients_at_corners(machine):
    assert gradient(lambda x: x.abs(), [0.0, -0.0, 2.0, -2.0]) == [[0, 0, 1, -1]]
    assert gradient(lambda x: x.clamp(-1, 1), [-1.0, 1.0, 1.5, 0.0]) == [[1, 1, 0, 1]]
    assert gradient(lambda x: ember.pow(0.0, x), [2.0, 0.0]) == [[0, 0]]
    inf = float("inf")
    assert gradient(ember.asin, [1.0, -1.0, 0.0]) == [[inf, inf, 1]]
    assert gradient(ember.acos, [1.0, -1.0, 0.0]) == [[-inf, -inf, -1]]


def test_lerp_ends_where_it_is_to_end(machine):
    a, b = Tensor([1e8, 1.0, 3.0]), Tensor([1.0, 1e8, 3.0])
    for one in (1.0, Tensor([1.0, 1.0, 1.0])):
        assert ember.lerp(a, b, one).tolist() == b.tolist()
        assert ember.lerp(a, b, one * 0.0).tolist() == a.tolist()


def test_what_is_not_chosen_does_no_harm(machine):
    x = Tensor([4.0, -1.0, 0.0], requires_grad=True)
    y = ember.where(x > 0, x.sqrt(), 0.0)
    assert y.tolist() == [2, 0, 0]
    y = ember.where(Tensor([1.0, 0.0]), Tensor([1.0, float("nan")]), Tensor([float("inf"), 3.0]))
    assert y.tolist() == [1, 3]


def test_steps_have_no_gradient(machine):
    x = Tensor([1.5, -1.5], requires_grad=True)
    for name in ("floor", "ceil", "round", "trunc", "sign", "isnan", "logical_not"):
        assert not getattr(x, name)().requires_grad
    assert not (x > 1).requires_grad


def test_unknown_names_are_named(machine):
    with pytest.raises(AttributeError, match="a Tensor has no 'cosin'"):
        Tensor([1.0]).cosin()
    with pytest.raises(AttributeError, match="ember has no 'cosin'"):
        ember.cosin  # noqa: B018
    with pytest.raises(ValueError, match="clamp takes min, max or both"):
        Tensor([1.0]).clamp()
    with pytest.raises(ValueError, match="shapes"):
        ember.where(Tensor([1.0, 0.0, 1.0]), Tensor([1.0, 2.0]), 0.0)
    with pytest.raises(ValueError, match="dtype 'i'"):
        Tensor([1, 2], dtype="i").sin()


def test_where_of_one_tensor_twice(machine):
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    (ember.where(Tensor([1.0, 0.0, 1.0]), x, x) * Tensor([5.0, 6.0, 7.0])).sum().backward()
    assert x.grad.tolist() == [5.0, 6.0, 7.0]


def test_the_slope_of_a_remainder_by_zero(machine):
    """-floor(a / b), PyTorch's; of an infinite a NaN, where PyTorch has infinities beside 0."""
    b = Tensor([0.0, -0.0, 0.0, 0.0, 2.0], requires_grad=True)
    ember.remainder(Tensor([1.0, 1.0, -1.0, np.inf, np.inf]), b).sum().backward()
    assert agree(b.grad.tolist(), [-np.inf, np.inf, np.inf, np.nan, np.nan]).all()
