"""Forward sums: exact at any length, in one order, wherever they are taken; and their edges."""

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from ember import Tensor, nn, optim, vm
from ember.instructions import isa, table
from op_cases import vms
from programs import NATIVE, Memory, bits, both, instruction, run, same_bits
from replay import in_two_floats

f = np.float32
INF, NAN = np.inf, np.nan
TENTH = float(f(0.1))


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(3)
    yield request.param
    vm.select()


@pytest.fixture
def native():
    vm.select("native")
    yield
    vm.select()


def tensor(values, **more):
    values = np.asarray(values, f)
    return Tensor(array("f", values.tobytes()), values.shape, **more)


def numbers(t):
    return np.array(t.elements(), f).reshape(t.shape)


def close(found, wanted, relative):
    return abs(found - wanted) <= relative * abs(wanted)


# At any length.


def test_a_tenth_a_hundred_thousand_times(machine):
    x = tensor(np.full(100000, TENTH))
    assert close(x.sum().item(), 100000 * TENTH, 1e-7)
    assert close(x.mean().item(), TENTH, 1e-7)
    assert close((x * x).sum().item(), 100000 * float(f(TENTH) * f(TENTH)), 1e-7)
    assert close(x.norm().item(), TENTH * 100000**0.5, 2e-7)


@pytest.mark.parametrize("middle, scale", [(0, 1), (100, 1), (10000, 1), (-3, 1e-3), (1e6, 30)])
def test_the_variance_of_a_million(native, middle, scale):
    x = (np.random.default_rng(1).normal(size=10**6) * scale + middle).astype(f)
    wide = x.astype("f8")
    assert close(tensor(x).var().item(), wide.var(ddof=1), 1e-7)
    assert close(tensor(x).std(correction=0).item(), wide.std(), 1e-7)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), middle=st.floats(90, 110))
def test_a_wide_layer_norm_of_numbers_far_from_zero(seed, middle):
    vm.select("native")
    x = (np.random.default_rng(seed).normal(size=(1, 4096)) + middle).astype(f)
    wide = x.astype("f8")
    y = numbers(nn.LayerNorm(4096)(tensor(x)))
    assert np.abs(y - (wide - wide.mean()) / np.sqrt(wide.var() + 1e-5)).max() < 1e-6


def test_two_neighbours_among_the_floats(machine):
    """Their mean is none of them: what it was rounded by is half of all that they differ by."""
    x = tensor([[1.0, 1.0 + 2.0**-23]])
    assert x.var(1, correction=0).tolist() == [2.0**-48] and x.std(1, correction=0).tolist() == [2.0**-24]
    assert nn.LayerNorm(2, eps=0.0)(x).tolist() == [[-1.0, 1.0]]


def test_batch_statistics_and_their_gradient_over_many(native):
    rng = np.random.default_rng(2)
    x, g = (rng.normal(size=(60000, 2)) + 100).astype(f), (rng.normal(size=(60000, 2)) + 1).astype(f)
    layer, t = nn.BatchNorm1d(2, momentum=1, affine=False), tensor(x, requires_grad=True)
    y = layer(t)
    y.backward(tensor(g))
    wide = x.astype("f8")
    z = (wide - wide.mean(0)) / np.sqrt(wide.var(0) + 1e-5)
    assert np.abs(numbers(y) - z).max() < 1e-6
    assert np.allclose(numbers(layer.running_mean), wide.mean(0), rtol=1e-7)
    assert np.allclose(numbers(layer.running_var), wide.var(0, ddof=1), rtol=2e-7)
    wanted = (g - g.mean(0, dtype="f8") - z * (g * z).mean(0)) / np.sqrt(wide.var(0) + 1e-5)
    assert np.abs(numbers(t.grad) - wanted).max() < 1e-6


ON_A_BOARD = """
from array import array
from ember import Tensor, nn, vm
vm.select(%r)
def show(*values):
    print(" ".join(["%%.9g" %% value for value in values]))
x = Tensor(array("f", [0.1] * 20000))
show(x.sum().item(), (x * x).sum().item(), x.mean().item(), x.norm().item())
x = Tensor(array("f", [i * 7919 %% 4096 / 1024 + 98 for i in range(4095)]))
show(x.var().item(), x.std(correction=0).item())
y = nn.LayerNorm(4095)(x)
show(*[y.elements()[i] for i in range(0, 4095, 97)])
show(Tensor([1e20, -1e20]).std(correction=0).item(), Tensor([3e-30, 4e-30]).norm().item())
show(*[Tensor(t).sum().item() for t in ([3e38, 3e38, -3e38], [1.0, float("-inf")], [1.0, float("nan"), 2.0])])
"""


@pytest.mark.parametrize("name", ["native", "portable"])
def test_under_micropython(micropython, name):
    """What a board computes; in single precision too."""
    printed = micropython(ON_A_BOARD % name, heap="8m", native=name == "native").splitlines()
    sums, spread, norm, far, edges = ([float(word) for word in line.split()] for line in printed)
    wanted = [20000 * TENTH, 20000 * float(f(TENTH) * f(TENTH)), TENTH, TENTH * 20000**0.5]
    assert np.allclose(sums, wanted, rtol=2e-7, atol=0)
    x = np.arange(4095) * 7919 % 4096 / 1024 + 98  # whose mean, rounded, is 3.6e-6 off
    assert np.allclose(spread, [x.var(ddof=1), x.std()], rtol=2e-7, atol=0)
    assert np.abs(norm - ((x - x.mean()) / np.sqrt(x.var() + 1e-5))[::97]).max() < 1e-6
    assert np.allclose(far, [1e20, 5e-30], rtol=3e-7, atol=0)
    assert edges[:2] == [INF, -INF] and np.isnan(edges[2])


# In one order, however they are taken.


@st.composite
def shapes_and_axes(draw):
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=7)))
    axes = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    return shape, tuple(sorted(axes))


def spread_out(rng, shape):
    """Numbers whose sums depend on their order."""
    return (rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, shape)).astype(f)


def sums(x, axes):
    """Of all that axes take, one after the other, in two floats."""
    kept = [i for i in range(x.ndim) if i not in axes]
    flat = x.transpose(kept + list(axes)).reshape(int(np.prod([x.shape[i] for i in kept])), -1)
    return np.array([in_two_floats(row) for row in flat], f).reshape([x.shape[i] for i in kept])


@settings(max_examples=150, deadline=None)
@given(drawn=shapes_and_axes(), seed=st.integers(0, 1000))
def test_over_any_axes(drawn, seed):
    shape, axes = drawn
    x = spread_out(np.random.default_rng(seed), shape)
    vm.select("native")
    for keepdim in (False, True):
        y = numbers(tensor(x).sum(axes, keepdim))
        assert y.shape == x.sum(axes, keepdims=keepdim).shape
        assert same_bits(y.ravel(), sums(x, axes).ravel())
    vm.select("portable")
    wide, size = x.astype("f8").sum(axes), np.abs(x).astype("f8").sum(axes)
    assert np.all(np.abs(numbers(tensor(x).sum(axes)) - wide) <= 1e-7 * size)
    vm.select()


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 2), (1, 3), (0, 2, 4), (1, 3, 5), (0, 1, 2, 3, 4, 5), (0, 5), (1, 4)])
def test_a_batch_that_is_kept_or_taken(native, axes):
    """Recorded for 5 rows, run with fewer: the bits of what runs at once."""
    rng = np.random.default_rng(4)
    recorded = ember.record(lambda x: x.sum(axes), Tensor(array("f", spread_out(rng, 5 * 360)), (5, 3, 2, 5, 4, 3)))
    for rows in (5, 1, 3):
        x = spread_out(rng, (rows, 3, 2, 5, 4, 3))
        wanted = sums(x, axes).ravel()
        assert same_bits(list(recorded(tensor(x)).elements())[: len(wanted)], wanted)


def summing(m, x, fn="copy", square=0, n=1, w=None):
    """sum over rows of w of x [n, w]."""
    w = w or len(x)
    y, a = m.put(isa.ARENA, np.full(n, NAN)), m.put(isa.CONSTANTS, x)
    zeros = {name + k: 0 for name, ends in (("y", "012"), ("a", "012h"), ("b", "012h")) for k in
             (("_" + end if end == "h" else end) for end in ends)}  # fmt: skip
    words = instruction("sum", fn=table.function(fn), square=square, n0=1, n1=1, n2=1, n3=n, h=1, w=w, **zeros, y3=1,
                        a3=w, b3=w, a_w=1, b_w=1, y=y, a=a, b=a)  # fmt: skip
    return words, y


SUMS_OF_EDGES = [
    [INF, 1.0], [1.0, -INF, 2.0], [INF, -INF], [1.0, NAN, 2.0], [3e38, 3e38, -3e38], [-3e38, -3e38, 3e38, 3e38],
    [3.4028235e38, -3.4028235e38, 1.0], [3.4028235e38, 1.0, 1e31], [1e-45, 1e-45], [-0.0, -0.0], [0.0, -0.0],
    [3e38, 1.0, -3e38], [1.0, 1e30, -1e30],
]  # fmt: skip


@both
@pytest.mark.parametrize("values", SUMS_OF_EDGES, ids=str)
@pytest.mark.parametrize("copies", [1, 5])
def test_what_is_not_finite(vm, values, copies):
    """As a plain loop gives it. Of one sum, and of sums side by side."""
    m = Memory()
    words, y = summing(m, np.array(values * copies, f), n=copies, w=len(values))
    buffers = m.copy()
    run(vm, m.program(words), buffers)
    with np.errstate(all="ignore"):
        wanted = in_two_floats(np.array(values, f))
        plain = f(0)
        for value in values:
            plain = plain + f(value)
    assert np.isfinite(wanted) or same_bits(wanted, plain)
    assert same_bits(buffers[0][y : y + copies], np.full(copies, wanted))


def test_where_only_the_plain_sum_stays_finite():
    """Each term is rounded away; what they come to together is not."""
    m = Memory()
    words, y = summing(m, f([3.4028235e38, 1e31, 1e31]))
    buffers = m.copy()
    run(NATIVE, m.program(words), buffers)
    assert same_bits(buffers[0][y], 3.4028235e38)


@pytest.mark.parametrize("n, w, across", [(1, 1000, False), (150, 7, True), (150, 7, False), (3, 90, False)])
@pytest.mark.parametrize("fn, square", [("copy", 0), ("copy", 1), ("mul", 0)])
def test_any_budget_gives_the_same_bits(n, w, across, fn, square):
    rng, found = np.random.default_rng(5), []
    x = spread_out(rng, n * w)
    for budget in (-1, 0, 1, 17, 40 * w):
        m = Memory()
        words, y = summing(m, x, fn, square, n, w)
        if across:  # [w, n] over w
            at = [field[1] for field in table.parse(words[0])].index
            for name in ("a", "b"):
                words[1 + at(name + "3")], words[1 + at(name + "_w")] = 1, n
        buffers = m.copy()
        run(NATIVE, m.program(words), buffers, budget)
        found.append(bits(buffers[0][y : y + n]).tolist())
    rows = x.reshape(w, n).T if across else x.reshape(n, w)
    wanted = [in_two_floats(row * row if square or fn == "mul" else row) for row in rows]
    assert found == [bits(wanted).tolist()] * len(found)


# Where they are taken.


def test_a_gradient_of_a_parameter_keeps_index_order(native):
    """So that a batch in parts keeps the bits of the whole."""
    x = spread_out(np.random.default_rng(6), (700, 3))
    bias = tensor(np.zeros(3), requires_grad=True)
    (tensor(x) + bias).backward(tensor(x))
    plain = np.zeros(3, f)
    for row in x:
        plain = plain + row
    assert same_bits(numbers(bias.grad), plain)
    assert not same_bits(plain, sums(x, (0,)))


@pytest.mark.parametrize("value", [1e20, 3e38, 1e-20, 1e-30, 1.0])
@pytest.mark.parametrize("signs", [[1, -1, 1, -1], [1, 1, 1, -0.5], [0, 0, 1, 0], [1, 1, 1, 1]])
def test_spread_and_norm_near_the_ends_of_float32(machine, value, signs):
    x = (np.array(signs) * value).astype(f)
    wide, g = x.astype("f8"), 0.75
    apart = wide - wide.mean()
    t = tensor(x, requires_grad=True)
    y = t.std(correction=0)
    (y * g).backward()
    wanted = wide.std()
    assert close(y.item(), wanted, 3e-7)
    slope = g * apart / (wanted * len(x)) if wanted else 0 * apart
    assert np.allclose(numbers(t.grad), slope, rtol=1e-6, atol=1e-7)
    t = tensor(x, requires_grad=True)
    y = t.norm()
    wanted = np.sqrt((wide * wide).sum())
    assert close(y.item(), wanted, 3e-7) if wanted < 3.4e38 else y.item() == INF
    if wanted < 1e38:
        (y * g).backward()
        assert np.allclose(numbers(t.grad), g * wide / wanted, rtol=1e-6, atol=1e-7)


def test_spread_and_norm_of_what_is_not_finite(machine):
    assert tensor([INF, 1.0]).norm().item() == INF and tensor([-INF, 1e-30]).norm().item() == INF
    assert np.isnan(tensor([NAN, 1.0]).norm().item()) and np.isnan(tensor([INF, NAN]).norm().item())
    assert np.isnan(tensor([INF, 1.0]).std().item()) and np.isnan(tensor([1.0, NAN]).var().item())
    assert tensor([0.0, 0.0]).norm().item() == 0 and tensor([0.0, -0.0]).std().item() == 0
    assert np.isnan(tensor([7.0]).std().item()) and tensor([7.0]).std(correction=0).item() == 0


@settings(max_examples=40, deadline=None)
@given(drawn=shapes_and_axes(), seed=st.integers(0, 1000), far=st.sampled_from([0, 100, 30000]))
def test_variances_over_any_axes(drawn, seed, far):
    shape, axes = drawn
    x = (np.random.default_rng(seed).normal(size=shape) + far).astype(f)
    wide = x.astype("f8")
    for name in vms():
        vm.select(name)
        for found, wanted in ((tensor(x).var(axes, correction=0), wide.var(axes)),
                              (tensor(x).std(axes, correction=0), wide.std(axes))):  # fmt: skip
            # Of few numbers what is left of a difference is known no better than they are.
            assert np.allclose(numbers(found), wanted, rtol=1e-6, atol=1e-13 * far**2)
        size = np.abs(wide).max(axes) + np.log(wide[0].size * shape[0])
        assert np.all(
            np.abs(numbers(tensor(x).logsumexp(axes)) - np.log(np.exp(wide - far).sum(axes)) - far) < 3e-7 * size
        )
    vm.select()


@pytest.mark.parametrize("p", [0.5, 1, 2, 3])
def test_norms_of_many(native, p):
    x = np.full(100000, TENTH, f)
    assert close(tensor(x).norm(p).item(), TENTH * 100000 ** (1 / p), 3e-6 if p == 0.5 else 1e-6)


@pytest.mark.parametrize("kernel, stride, padding", [
    (2, 2, 0), (40, 40, 0), ((3, 50), (1, 7), (1, 25)), ((1, 60), 1, 0), ((7, 5), (2, 3), (3, 2)), (5, 1, 2),
])  # fmt: skip
@pytest.mark.parametrize("include", [True, False])
def test_average_pooling(native, kernel, stride, padding, include):
    x = spread_out(np.random.default_rng(7), (2, 41, 80, 3))
    y = numbers(nn.AvgPool2d(kernel, stride, padding, count_include_pad=include)(tensor(x)))
    pairs = [v if isinstance(v, tuple) else (v, v) for v in (kernel, stride, padding)]
    (k, s, p) = pairs
    for i in range(0, y.shape[1], 5):
        for j in (0, 1, y.shape[2] // 2, y.shape[2] - 1):
            top, left = i * s[0] - p[0], j * s[1] - p[1]
            part = x[:, max(top, 0) : top + k[0], max(left, 0) : left + k[1]]
            count = k[0] * k[1] if include else part.shape[1] * part.shape[2]
            assert same_bits(y[:, i, j], sums(part, (1, 2)) / f(count))


@pytest.mark.parametrize("out", [1, (3, 7), (41, 1), (4, 80)])
def test_adaptive_pooling(native, out):
    x = spread_out(np.random.default_rng(8), (2, 41, 80, 3))
    y = numbers(nn.AdaptiveAvgPool2d(out)(tensor(x)))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            part = x[
                :,
                i * 41 // y.shape[1] : -(-(i + 1) * 41 // y.shape[1]),
                j * 80 // y.shape[2] : -(-(j + 1) * 80 // y.shape[2]),
            ]
            assert same_bits(y[:, i, j], sums(part, (1, 2)) / f(part.shape[1] * part.shape[2]))


def test_clipping_by_the_norm_of_many(native):
    first, second, third = (tensor(np.zeros(n), requires_grad=True) for n in (100000, 1, 40000))
    for p in (first, second, third):
        p.grad = tensor(np.full(p.numel(), TENTH))
    wanted = TENTH * 140001**0.5
    assert close(nn.utils.clip_grad_norm_([first, second, third], 1.0).item(), wanted, 1.2e-7)
    assert np.allclose(numbers(first.grad), TENTH / (wanted + 1e-6), rtol=4e-7)
    assert close(nn.utils.clip_grad_norm_(second, 1.0).item(), TENTH / (wanted + 1e-6), 4e-7)
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0


def test_sums_so_far(native):
    x = tensor(np.full(100000, TENTH), requires_grad=True)
    y = x.cumsum(0)
    assert np.allclose(numbers(y), TENTH * np.arange(1, 100001), rtol=1e-7, atol=0)
    y.backward(tensor(np.full(100000, TENTH)))
    assert np.allclose(numbers(x.grad), TENTH * np.arange(100000, 0, -1), rtol=1e-7, atol=0)
    assert tensor([[1.0, 3e38], [INF, 3e38], [1.0, -3e38]]).cumsum(0).tolist()[2] == [INF, INF]


def test_lbfgs_asks_for_exact_products(native):
    p = ember.Parameter((50000,))
    optimizer = optim.LBFGS([p])
    a = tensor(np.full(50000, TENTH))
    assert close(optimizer._dot(a, a), 50000 * float(f(TENTH) * f(TENTH)), 1e-7)
