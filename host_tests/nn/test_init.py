"""Initialisers and GaussianNoise: each number against NumPy's own drawing from the same generator, distributions, and
that a Trainer, a recorded function and single precision draw the same."""

import math
from array import array
from binascii import crc32

import numpy as np
import pytest

import ember
from checkout import run_micropython
from ember import Buffer, Parameter, Tensor, nn, optim, vm
from ember.nn import init
from op_cases import vms
from random_numbers import uniforms

KEY, SECOND = 11, 1 << 29


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(KEY)
    yield request.param
    vm.select()


@pytest.fixture
def native():
    vm.select("native")
    ember.manual_seed(KEY)


def flat(t):
    return np.array(t.elements(), "f8")


def u(stream, n, step=0):
    return uniforms(KEY, stream, step, np.arange(n))


def z(stream, n):
    return np.sqrt(-2 * np.log(1 - u(stream, n))) * np.cos(2 * np.pi * u(stream + SECOND, n))


def between(stream, n, low, high):
    return low + (high - low) * u(stream, n)


def truncated(stream, n, mean, std, a, b):
    """A uniform number between the bounds, taken as often as the density there is of the highest."""
    low, high = (a - mean) / std, (b - mean) / std
    m = min(max(low, 0), high)
    reach = 17 / max(abs(m), 17 / 6)
    low, high = max(low, m - reach), min(high, m + reach)
    found = np.full(n, np.nan)
    for step in range(2000):
        x = low + (high - low) * u(stream, n, step)
        take = np.isnan(found) & (u(stream + SECOND, n, step) < np.exp((m * m - x * x) / 2))
        found[take] = x[take]
    return np.clip(mean + std * found, a, b)


# Weights (K_h, K_w, in, out) = (3, 2, 4, 5): the fans are 24 and 30.
SHAPE, N = (3, 2, 4, 5), 120
LEAKY = math.sqrt(2 / (1 + 0.5**2))
DRAWN = {
    "uniform": (lambda p: init.uniform_(p), between, (0, 1)),
    "uniform from a to b": (lambda p: init.uniform_(p, -3, 0.5), between, (-3, 0.5)),
    "uniform of one number": (lambda p: init.uniform_(p, 2, 2), between, (2, 2)),
    "xavier_uniform": (lambda p: init.xavier_uniform_(p), between, (-math.sqrt(6 / 54), math.sqrt(6 / 54))),
    "xavier_uniform, gain": (lambda p: init.xavier_uniform_(p, 3), between, (-math.sqrt(1), math.sqrt(1))),
    "kaiming_uniform": (lambda p: init.kaiming_uniform_(p), between, (-0.5, 0.5)),
    "kaiming_uniform, fan_out": (lambda p: init.kaiming_uniform_(p, 0.5, "fan_out"), between,
                                 (-LEAKY * math.sqrt(3 / 30), LEAKY * math.sqrt(3 / 30))),
    "normal": (lambda p: init.normal_(p), lambda s, n: z(s, n), ()),
    "normal, mean and std": (lambda p: init.normal_(p, -2, 0.02), lambda s, n: 0.02 * z(s, n) - 2, ()),
    "normal without spread": (lambda p: init.normal_(p, 7, 0), lambda s, n: np.full(n, 7.0), ()),
    "xavier_normal": (lambda p: init.xavier_normal_(p, 0.5), lambda s, n: z(s, n) * math.sqrt(2 / 54) / 2, ()),
    "kaiming_normal": (lambda p: init.kaiming_normal_(p, mode="fan_out", nonlinearity="relu"),
                       lambda s, n: z(s, n) * math.sqrt(2 / 30), ()),
    "kaiming_normal, tanh": (lambda p: init.kaiming_normal_(p, nonlinearity="tanh"),
                             lambda s, n: z(s, n) * (5 / 3) / math.sqrt(24), ()),
    "trunc_normal": (lambda p: init.trunc_normal_(p), truncated, (0, 1, -2, 2)),
    "trunc_normal, std": (lambda p: init.trunc_normal_(p, std=0.02), truncated, (0, 0.02, -2, 2)),
    "trunc_normal, tail": (lambda p: init.trunc_normal_(p, 1, 0.5, 3, 5), truncated, (1, 0.5, 3, 5)),
    "trunc_normal, below": (lambda p: init.trunc_normal_(p, 0, 1, -math.inf, -1), truncated, (0, 1, -math.inf, -1)),
    "constant": (lambda p: init.constant_(p, -1.5), lambda s, n: np.full(n, -1.5), ()),
    "zeros": (lambda p: init.zeros_(p), lambda s, n: np.zeros(n), ()),
    "ones": (lambda p: init.ones_(p), lambda s, n: np.ones(n), ()),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_each_number_is_the_definition(machine, name):
    make, reference, arguments = DRAWN[name]
    Parameter((2, 2))  # so that the stream is not 0
    p = Parameter(SHAPE)
    assert make(p) is p and p.storage is None
    expected = reference(p.stream, N, *arguments)
    assert np.allclose(flat(p), expected, rtol=2e-6, atol=1e-6 * np.abs(expected).max())


def test_the_second_chunk_goes_on(machine):
    n = 700
    assert np.allclose(flat(init.normal_(Parameter((n,)))), z(0, n), rtol=1e-5, atol=1e-6)
    found, expected = flat(init.trunc_normal_(Parameter((n,)), a=-0.5, b=1)), truncated(1, n, 0, 1, -0.5, 1)
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_what_layers_start_with(machine):
    layer = nn.Linear(5, 3)
    assert np.allclose(flat(layer.weight), between(0, 15, -(5**-0.5), 5**-0.5), rtol=1e-6)
    assert np.allclose(flat(layer.bias), between(1, 3, -(5**-0.5), 5**-0.5), rtol=1e-6)
    table = nn.Embedding(4, 3, padding_idx=-2)
    expected = z(2, 12).reshape(4, 3)
    expected[2] = 0
    assert table.weight.storage is None
    assert np.allclose(table.weight.tolist(), expected, rtol=1e-5, atol=1e-6)
    assert np.allclose(flat(nn.Embedding(4, 3).weight), z(3, 12), rtol=1e-5, atol=1e-6)


# Distributions.


def phi(x):
    """The share of normal numbers below x < 0, or above x > 0: exact in the tails."""
    return np.vectorize(math.erfc)(np.abs(x) / math.sqrt(2)) / 2


def normal_cdf(x):
    return np.where(x < 0, phi(x), 1 - phi(x))


def truncated_cdf(x, low, high):
    if low > 0:
        return (phi(low) - phi(x)) / (phi(low) - phi(high))
    if high < 0:
        return (phi(x) - phi(low)) / (phi(high) - phi(low))
    return (normal_cdf(x) - normal_cdf(low)) / (normal_cdf(high) - normal_cdf(low))


def distance(x, cdf):
    """Kolmogorov's and Smirnov's, times sqrt(n): above 1.95 once in a thousand."""
    n = len(x)
    expected = cdf(np.sort(x))
    up, down = np.arange(1, n + 1) / n - expected, expected - np.arange(n) / n
    return max(up.max(), down.max()) * math.sqrt(n)


def test_distributions(native):
    n = 40000
    x = flat(init.normal_(Parameter((n,)), 3, 2))
    assert abs(x.mean() - 3) < 4 * 2 / math.sqrt(n) and abs(x.var() / 4 - 1) < 4 * math.sqrt(2 / n)
    assert distance((x - 3) / 2, normal_cdf) < 1.95
    x = flat(init.uniform_(Parameter((n,)), -1, 3))
    assert -1 <= x.min() and x.max() <= 3 and distance(x, lambda x: (x + 1) / 4) < 1.95
    assert abs(x.mean() - 1) < 4 * math.sqrt(4 / 3 / n) and abs(x.var() / (4 / 3) - 1) < 0.02


@pytest.mark.parametrize("low,high", [(-2, 2), (-1, 0.5), (-100, 100), (0.5, 9), (4, 30), (-12, -11), (-9, 0), (0, 1)])
def test_truncated_distributions(native, low, high):
    x = flat(init.trunc_normal_(Parameter((20000,)), 0.5, 0.25, 0.5 + 0.25 * low, 0.5 + 0.25 * high))
    assert 0.5 + 0.25 * low <= x.min() and x.max() <= 0.5 + 0.25 * high
    assert distance((x - 0.5) / 0.25, lambda x: truncated_cdf(x, low, high)) < 1.95


def test_neighbours_and_streams_are_independent(native):
    n = 20000
    x, y = flat(init.normal_(Parameter((n,)))), flat(init.normal_(Parameter((n,))))
    for a, b in ((x, y), (x[1:], x[:-1]), (x[256:], x[:-256]), (x**2, y**2)):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(n)


def test_truncated_far_away_or_narrow(machine):
    for mean, std, a, b in (
        (0, 1e-3, 9e5, 1e6),
        (0, 1, -6e7, -5e7),
        (0, 1, 1, 1 + 1e-6),
        (1, 1e-30, 0.5, 2),
        (3, 1e20, -9, 9),
    ):
        x = flat(init.trunc_normal_(Parameter((5,)), mean, std, a, b))
        assert np.float32(a) <= x.min() and x.max() <= np.float32(b)


# Matrices.


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (1, 4), (4, 1), (1, 1), (3, 2, 2, 4), (1, 2, 3, 9)])
def test_orthogonal(machine, shape):
    gain = 1.5
    found = flat(init.orthogonal_(Parameter(shape), gain)).reshape(-1, shape[-1])
    normal = z(0, found.size).reshape(found.shape)
    if found.shape[0] < found.shape[1]:
        found, normal = found.T, normal.T
    assert np.abs(found.T @ found / gain**2 - np.eye(found.shape[1])).max() < 2e-6
    q, r = np.linalg.qr(normal)
    assert np.allclose(found, gain * q * np.sign(np.diag(r)), atol=1e-3)


def test_a_larger_orthogonal_matrix(native):
    for shape in ((96, 96), (40, 300)):
        q = flat(init.orthogonal_(Parameter(shape))).reshape(shape)
        product = q.T @ q if shape[0] >= shape[1] else q @ q.T
        assert np.abs(product - np.eye(len(product))).max() < 1e-6


def test_eye_and_dirac(machine):
    assert init.eye_(Parameter((2, 3))).tolist() == np.eye(2, 3).tolist()
    assert init.eye_(Parameter((3, 1))).tolist() == [[1], [0], [0]]
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 4)).astype("f4")
    image = Tensor(array("f", x.ravel()), x.shape)
    for groups, out in ((1, 4), (2, 4), (4, 4), (1, 3), (1, 6), (2, 8)):
        layer = nn.Conv2d(4, out, (3, 5), padding=(1, 2), groups=groups, bias=False)
        init.dirac_(layer.weight, groups)
        y, size = np.array(layer(image).tolist()), 4 // groups
        for k in range(out):
            group, i = divmod(k, out // groups)
            assert (y[..., k] == (x[..., group * size + i] if i < size else 0)).all()
    layer = nn.Conv1d(2, 2, 3, padding=1, bias=False)
    init.dirac_(layer.weight)
    assert layer(Tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist() == [[[1, 2], [3, 4]]]


def test_gains():
    for name in ("linear", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "sigmoid"):
        assert init.calculate_gain(name) == 1
    for name, slope, gain in (("tanh", None, 5 / 3), ("relu", None, math.sqrt(2)), ("selu", None, 0.75),
                              ("leaky_relu", None, math.sqrt(2 / 1.0001)), ("leaky_relu", 0.5, LEAKY)):  # fmt: skip
        assert init.calculate_gain(name, slope) == pytest.approx(gain, rel=1e-7)


# Where they are drawn.

MODEL = """
from ember import Parameter, nn
from ember.nn import init

class Each(nn.Module):
    def __init__(self):
        self.weights = [Parameter((2, 1, 19, 8)) for _ in range(10)]
        init.uniform_(self.weights[0], -1, 2)
        init.normal_(self.weights[1], 1, 3)
        init.trunc_normal_(self.weights[2])
        init.trunc_normal_(self.weights[3], 0.1, 0.03, 0.2, 5)
        init.xavier_uniform_(self.weights[4])
        init.xavier_normal_(self.weights[5])
        init.kaiming_uniform_(self.weights[6], 0.2)
        init.kaiming_normal_(self.weights[7], nonlinearity="selu")
        init.orthogonal_(self.weights[8], 2)
        self.table = nn.Embedding(7, 40, 1)
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        y = self.layer(x)
        for w in self.weights:
            y = y + w.sum() * 1e-3
        return y + self.table.weight.sum()
"""
SINGLE = """
import ember
from binascii import crc32
ember.manual_seed(11)
model = Each()
if %d:
    ember.Trainer(model, nn.MSELoss(), ember.optim.SGD(model.parameters()), (3,), 1)
print([crc32(p.elements()) for p in model.parameters()])
"""


def each():
    space = {}
    exec(MODEL, space)
    ember.manual_seed(KEY)
    return space["Each"]()


def values(model):
    return [bytes(p.elements()) for p in model.parameters()]


def test_eager_trainer_and_recorded_function_draw_the_same(machine):
    expected = values(each())
    assert len(set(expected)) == len(expected) == 13  # each of its own
    model = each()
    trainer = ember.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters()), (3,), 2)
    arena = memoryview(trainer.executor.segments[0])
    assert [type(p.storage) for p in model.parameters()] == [memoryview] * 13
    assert values(model) == expected and bytes(arena[:152]) == expected[0][: 4 * 152]
    model = each()
    ember.record(model, (2, 3))
    assert [type(p.storage) for p in model.parameters()] == [memoryview] * 13
    assert values(model) == expected


@pytest.mark.parametrize("trainer", [0, 1])
def test_single_precision_draws_the_same_bits(native, trainer):
    expected = [crc32(p) for p in values(each())]
    assert run_micropython("unix-single", MODEL + SINGLE % trainer).strip() == str(expected)


BOUNDS = """
from array import array
from binascii import crc32
from ember import Parameter
from ember.nn import init
bounds = array("f", [])
for n in range(1, 400):
    for m in (1, 7, 30 + n):
        p = Parameter((m, n))
        for make in (init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_):
            bounds.append(make(p).initial[2])
        bounds.append(init.kaiming_normal_(p, n / 64, "fan_out").initial[2])
        bounds.append(init.kaiming_normal_(p, nonlinearity="tanh").initial[2])
print(crc32(bounds))
"""


def test_single_precision_has_the_same_bounds(capsys):
    exec(BOUNDS, {})
    assert run_micropython("unix-single", BOUNDS) == capsys.readouterr().out


def test_a_frozen_parameter_and_a_buffer_are_drawn_too(machine):
    class Model(nn.Module):
        def __init__(self):
            self.layer, self.held, self.frozen = nn.Linear(3, 2), Buffer((2,)), Parameter((2,))
            self.frozen.requires_grad = False
            init.normal_(self.held)
            init.ones_(self.frozen)

        def forward(self, x):
            return self.layer(x) + self.held + self.frozen

    model = Model()
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), momentum=0.5), (3,), 2)
    assert np.allclose(flat(model.held), z(2, 2), rtol=1e-5) and model.frozen.tolist() == [1, 1]
    start, size = trainer.plan.kept[3][1:]
    state = trainer.executor.segments[0][start : trainer.plan.start]
    assert size == 8 and state.tolist() == [0] * len(state)
    trainer.step([[1.0, 2.0, 3.0]], [[0.0, 1.0]])
    assert model.frozen.tolist() == [1, 1]


def test_the_same_seed_the_same_weights(machine):
    first = flat(init.normal_(Parameter((50,))))
    other = flat(init.normal_(Parameter((50,))))
    ember.manual_seed(KEY)
    p = init.normal_(Parameter((50,)))
    assert (flat(p) == first).all() and (first != other).any()
    init.zeros_(p)
    assert not flat(p).any()
    assert (flat(init.normal_(p)) == first).all()  # drawn again: its stream is its own
    ember.manual_seed(KEY + 1)
    assert (flat(init.normal_(Parameter((50,)))) != first).any()


def test_a_parameter_in_an_arena_changes_in_place(machine):
    layer = nn.Linear(3, 2)
    trainer = ember.Trainer(layer, nn.MSELoss(), optim.SGD(layer.parameters()), (3,), 2)
    init.constant_(layer.weight, 0.5)
    init.zeros_(layer.bias)
    assert trainer.executor.segments[0][:8].tolist() == [0.5] * 6 + [0, 0]
    assert trainer.predict([[1.0, 2.0, 3.0]]).tolist() == [[3, 3]]


def test_tensors(machine):
    x = Tensor([[1.0] * 4] * 3)
    assert init.normal_(x) is x
    assert np.allclose(flat(x), z(0, 12), rtol=1e-5, atol=1e-6)
    assert np.allclose(flat(init.normal_(Tensor([0.0] * 5))), z(1, 5), rtol=1e-5, atol=1e-6)
    row = x.reshape(12).alias((4,), 4)
    init.orthogonal_(init.ones_(row).alias((2, 2)))
    found, expected = flat(x).reshape(3, 4), z(0, 12).reshape(3, 4)
    q = found[1].reshape(2, 2)
    assert np.allclose(q @ q.T, np.eye(2), atol=1e-6)
    assert np.allclose(found[::2], expected[::2], rtol=1e-5, atol=1e-6)


# What is refused.

P, INFINITE, NAN = Parameter((2, 3)), math.inf, math.nan
REFUSED = [
    ("tensor is 3;", lambda: init.zeros_(3)),
    ("tensor is .*float32", lambda: init.zeros_(Tensor([1, 2], dtype="i"))),
    ("val is nan", lambda: init.constant_(P, NAN)),
    ("val is '1'", lambda: init.constant_(P, "1")),
    ("val is 1e[+]39", lambda: init.constant_(P, 1e39)),
    ("a is 2.0; it may be at most b, which is 1.0", lambda: init.uniform_(P, 2, 1)),
    ("b is inf", lambda: init.uniform_(P, 2, INFINITE)),
    ("b - a is", lambda: init.uniform_(P, -3e38, 3e38)),
    ("mean is None", lambda: init.normal_(P, None)),
    ("std is -1.0; it may be a number from 0", lambda: init.normal_(P, 0, -1)),
    ("std is inf", lambda: init.normal_(P, 0, INFINITE)),
    ("std is 0; it may be a number above 0", lambda: init.trunc_normal_(P, 0, 0)),
    ("a is 1.0; it may be a number below b, which is 1.0", lambda: init.trunc_normal_(P, 0, 1, 1, 1)),
    ("b is nan", lambda: init.trunc_normal_(P, 0, 1, 1, NAN)),
    ("at most 1e9 times std", lambda: init.trunc_normal_(P, 0, 1e-20, 1e20, 2e20)),
    ("at most 1e9 times std", lambda: init.trunc_normal_(P, 2, 1e-9, -math.inf, 0)),
    ("gain is -1.0", lambda: init.xavier_uniform_(P, -1)),
    ("gain is inf", lambda: init.orthogonal_(P, INFINITE)),
    (r"shape \(3,\); it may have 2 dimensions", lambda: init.xavier_normal_(Parameter((3,)))),
    (r"shape \(3,\); it may have 2 dimensions", lambda: init.kaiming_normal_(Parameter((3,)))),
    (r"shape \(3,\); it may have 2 dimensions", lambda: init.orthogonal_(Parameter((3,)))),
    (r"shape \(3,\); it may have 2 dimensions", lambda: init.eye_(Parameter((3,)))),
    (r"shape \(2, 3\); it may have 3 dimensions", lambda: init.dirac_(P)),
    ("groups is 2; it must divide the 3", lambda: init.dirac_(Parameter((1, 1, 2, 3)), 2)),
    ("groups is 0", lambda: init.dirac_(Parameter((1, 1, 2, 3)), 0)),
    ("mode is 'both'; it may be 'fan_in' or 'fan_out'", lambda: init.kaiming_uniform_(P, mode="both")),
    ("nonlinearity is 'gelu'; it may be linear", lambda: init.kaiming_uniform_(P, nonlinearity="gelu")),
    ("param is 'a'", lambda: init.calculate_gain("leaky_relu", "a")),
    ("std is -0.1; it may be a number from 0", lambda: nn.GaussianNoise(-0.1)),
    ("std is inf", lambda: nn.GaussianNoise(INFINITE)),
    ("std is nan", lambda: nn.GaussianNoise(NAN)),
    ("std is '1'", lambda: nn.GaussianNoise("1")),
]


@pytest.mark.parametrize("says,make", REFUSED, ids=[str(i) for i in range(len(REFUSED))])
def test_what_is_refused(says, make):
    before = P.initial
    with pytest.raises(ValueError, match=says):
        make()
    assert P.initial is before and P.storage is None


# Noise.


def test_noise_is_the_definition(machine):
    layer = nn.GaussianNoise(0.5)
    noisy = ember.record(layer, (4, 3))
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")
    for step in range(3):
        rows = (4, 4, 2)[step]
        n, stream = rows * 3, (1 << 20) + 1
        normal = np.sqrt(-2 * np.log(1 - u(stream, n, step))) * np.cos(2 * np.pi * u(stream + SECOND, n, step))
        y = np.array(noisy(array("f", x[:rows].ravel())).tolist())
        assert np.allclose(y.ravel(), x[:rows].ravel() + 0.5 * normal, rtol=1e-5, atol=1e-6)


def test_noise_only_while_training(machine):
    layer, x = nn.GaussianNoise(), Tensor([[1.0, 2.0]])
    assert repr(layer) == "GaussianNoise(std=0.1)"
    assert layer(x).tolist() != x.tolist() and layer(x).tolist() != layer(x).tolist()
    assert nn.GaussianNoise(0)(x).tolist() == x.tolist()
    layer.eval()
    assert layer(x).tolist() == x.tolist()
    model = nn.Sequential(nn.GaussianNoise(10), nn.Linear(2, 1))
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (2,), 2)
    expected = model.eval()(x).tolist()[0]
    assert trainer.predict(x).tolist()[0] == pytest.approx(expected, rel=1e-6)


def test_noise_has_its_distribution(native):
    x = flat(nn.GaussianNoise(2)(Tensor([5.0] * 20000)))
    assert distance((x - 5) / 2, normal_cdf) < 1.95


@pytest.mark.parametrize("parts", [(3, 3), (1, 5), (2, 1, 3)])
def test_noise_does_not_see_how_a_batch_is_cut(machine, parts):
    found = []
    for cuts in ((6,), parts):
        ember.manual_seed(2)
        model = nn.Sequential(nn.GaussianNoise(), nn.Linear(3, 4), nn.GaussianNoise(0.5), nn.Linear(4, 2))
        trainer = ember.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters()), (3,), 6)
        for step in range(2):
            rng, start = np.random.default_rng(step), 0
            x, y = rng.normal(size=18).astype("f4"), rng.normal(size=12).astype("f4")
            for n in cuts:
                trainer.accumulate(
                    array("f", x[3 * start : 3 * (start + n)]), array("f", y[2 * start : 2 * (start + n)])
                )
                start += n
            trainer.update()
        found.append(np.concatenate([flat(p) for p in model.parameters()]))
    if machine == "native":
        assert (found[0] == found[1]).all()
    assert np.allclose(*found, rtol=1e-5, atol=1e-7)
