"""Activations where it is hard: corners, large values, infinities, NaN; what they refuse; what a recording keeps."""

import numpy as np
import pytest

import ember
from ember import Tensor, nn, optim, vm
from op_cases import vms
from op_cases_activation import PIECEWISE, SMOOTH
from ulps import agree

INF, NAN = float("inf"), float("nan")
EDGES = np.array([0.0, -0.0, 1e-45, -1e-40, 1e-8, -1e-8, 0.1, -0.1, 3, -3, 16, -16, 80, -80, 1e10, -1e10, 1e38, -1e38])
# Beside a name: its limits, and those of its slope, at -inf and inf.
LIMITS = {
    "silu": (0, INF, 0, 1), "mish": (0, INF, 0, 1), "gelu": (0, INF, 0, 1), "softplus": (0, INF, 0, 1),
    "logsigmoid": (-INF, 0, 1, 0), "tanhshrink": (-INF, INF, 1, 1), "relu6": (0, 6, 0, 0),
    "leaky_relu": (-INF, INF, 0.01, 1), "elu": (-1, INF, 0, 1), "celu": (-1, INF, 0, 1), "hardtanh": (-1, 1, 0, 0),
    "hardsigmoid": (0, 1, 0, 0), "hardswish": (0, INF, 0, 1), "softshrink": (-INF, INF, 1, 1),
    "hardshrink": (-INF, INF, 1, 1),
}  # fmt: skip


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def value_and_slope(f, values):
    x = Tensor([float(v) for v in values], requires_grad=True)
    y = f(x)
    y.sum().backward()
    return y.tolist(), x.grad.tolist()


@pytest.mark.parametrize("key", sorted({**SMOOTH, **PIECEWISE}, key=str), ids=lambda key: key[1] + str(key[2]))
def test_at_all_sizes(machine, key):
    """Small and large: within a few units of the last place of what float64 gives, or of the terms that cancel."""
    name, _, arguments = key
    in_numpy, slope = {**SMOOTH, **PIECEWISE}[key]
    x = EDGES.astype("f4").astype("f8")
    with np.errstate(all="ignore"):
        expected, slopes = np.asarray(in_numpy(x), "f8"), np.asarray(slope(x), "f8")
    slopes = np.where(np.isnan(slopes), x > 0, slopes)  # where the formula loses itself in float64
    corner = (np.abs(x) == 3) | (x == 0) if name.startswith("hard") or name == "relu6" else x != x
    found, found_slopes = value_and_slope(lambda x: getattr(x, name)(*arguments), x)
    good = agree(found, expected, 8) | (np.abs(np.asarray(found) - expected) < 4e-7)
    assert good.all() or np.isnan(expected[~good]).all(), (x[~good], np.asarray(found)[~good], expected[~good])
    near = np.abs(np.asarray(found_slopes) - slopes) < 2e-6
    assert (near | corner).all(), (x[~near], np.asarray(found_slopes)[~near], slopes[~near])


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_at_infinity_and_nan(machine, name):
    values, slopes = value_and_slope(lambda x: getattr(x, name)(), [-INF, INF])
    assert values + slopes == pytest.approx(LIMITS[name])
    assert np.isnan(getattr(Tensor([NAN]), name)().item())


def test_tails_keep_their_digits(machine):
    """exp(-50) is not lost beside 1."""
    small = np.exp(-50.0)
    for y, expected in ((Tensor([-50.0]).softplus(), small), (Tensor([50.0]).logsigmoid(), -small),
                        (Tensor([-50.0]).mish(), -50 * small), (Tensor([-50.0]).silu(), -50 * small)):  # fmt: skip
        assert y.item() == pytest.approx(expected, rel=1e-5)


def test_softplus_does_not_overflow_within(machine):
    """PyTorch's: beta * x would be infinite."""
    values, slopes = value_and_slope(lambda x: x.softplus(3.0), [3e38, 7.0, -3e38])
    assert values == pytest.approx([3e38, 7.0, 0.0]) and slopes == [1, 1, 0]


def test_slopes_at_corners(machine):
    """PyTorch's."""
    for f, x, expected in (
        (lambda x: x.relu6(), [0, 6], [0, 0]),
        (lambda x: x.hardtanh(), [-1, 1], [0, 0]),
        (lambda x: x.leaky_relu(), [0, -0.0], [0.01, 0.01]),
        (lambda x: x.elu(0.5), [0, -0.0], [0.5, 0.5]),
        (lambda x: x.hardsigmoid(), [-3, 3], [0, 0]),
        (lambda x: x.hardswish(), [-3, 3], [0, 1]),
        (lambda x: x.softshrink(), [-0.5, 0.5], [0, 0]),
        (lambda x: x.hardshrink(), [-0.5, 0.5], [0, 0]),
        (lambda x: x.threshold(2, 7), [2, 2.5], [0, 1]),
    ):
        assert value_and_slope(f, x)[1] == pytest.approx(expected)


def test_known_values(machine):
    """From PyTorch's documentation and the papers."""
    assert Tensor([1.0, -1.0]).gelu().tolist() == pytest.approx([0.8413447, -0.15865525])
    assert Tensor([1.0, -1.0]).gelu("tanh").tolist() == pytest.approx([0.841192, -0.158808])
    assert Tensor([1.0, -1.0]).selu().tolist() == pytest.approx([1.050701, -1.1113307])
    assert Tensor([1.0]).mish().item() == pytest.approx(0.8650984)
    assert nn.Identity(54, unused=1)(Tensor([2.0])).item() == 2
    assert nn.Threshold(0.1, 20)(Tensor([0.1, 0.2, NAN])).tolist()[:2] == pytest.approx([20, 0.2])
    assert np.isnan(nn.Threshold(0.1, 20)(Tensor([NAN])).item())


def test_prelu_trains_its_weight(machine):
    layer = nn.PReLU(2)
    assert layer.weight.tolist() == [0.25, 0.25] and repr(layer) == "PReLU(num_parameters=2)"
    layer(Tensor([[-1.0, 2.0], [-3.0, -5.0]])).sum().backward()
    assert layer.weight.grad.tolist() == [-4, -5]


@pytest.mark.parametrize("layer", [nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.ELU(), nn.SELU(),
                                   nn.Hardswish(), nn.LeakyReLU(), nn.Softshrink(), nn.PReLU(6), nn.GLU(), nn.SwiGLU(),
                                   nn.Softmax(1), nn.Identity()], ids=repr)  # fmt: skip
def test_recorded_in_a_batch(machine, layer):
    """The bits of eager execution, training and predicting, also where a batch is not full."""
    ember.manual_seed(1)
    width = 3 if isinstance(layer, (nn.GLU, nn.SwiGLU)) else 6
    model = nn.Sequential(nn.Linear(4, 6), layer, nn.Linear(width, 2))
    x, y = np.random.default_rng(0).normal(size=(3, 4)), [[0.5, -1.0]] * 3
    for p in model.parameters():
        p.grad = None
    eager = model(Tensor(x.tolist()))
    nn.MSELoss()(eager, Tensor(y)).backward(Tensor(3.0))
    expected = [p.grad.tolist() for p in model.parameters()]
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (4,), 5)
    assert np.allclose(trainer.predict(x.tolist()).tolist(), eager.tolist(), rtol=0 if machine == "native" else 1e-5)
    trainer.accumulate(x.tolist(), y)
    for p, g in zip(model.parameters(), expected):
        assert np.allclose(p.grad.tolist(), g, rtol=1e-5, atol=1e-6)


def test_a_row_keeps_its_input_alone():
    """Its slope takes a buffer more than that of tanh while it is computed; composed it would take two."""

    def activations(function):
        class Net(nn.Module):
            def __init__(self):
                self.first, self.last = nn.Linear(2, 64), nn.Linear(64, 1)

            def forward(self, x):
                return self.last(function(self.first(x)))

        model = Net()
        return ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (2,), 8).plan.activations

    least, buffer = activations(ember.tanh), 8 * 64
    for function in (ember.leaky_relu, ember.elu, ember.softplus):
        assert activations(function) < least + buffer / 2
    for function in (ember.gelu, ember.silu):
        assert activations(function) <= least + buffer
    assert activations(lambda x: x * x.sigmoid()) > least + buffer


@pytest.mark.parametrize("f, says", [
    (lambda: nn.GELU("erf"), "approximate is 'erf'"),
    (lambda: Tensor([1.0]).gelu("erf"), "approximate is 'erf'"),
    (lambda: nn.Softplus(0), "beta is 0"),
    (lambda: nn.CELU(0.0), "alpha is 0.0"),
    (lambda: nn.Hardtanh(1, -1), "min_val is 1"),
    (lambda: nn.Softshrink(-1), "lambd is -1"),
    (lambda: nn.Hardshrink(NAN), "lambd is nan"),
    (lambda: nn.PReLU(0), "num_parameters is 0"),
    (lambda: nn.Softmax(None), "dim is None"),
    (lambda: nn.GLU("C"), "dim is 'C'"),
    (lambda: nn.PReLU(2)(Tensor([[1.0, 2.0, 3.0]])), r"weight has shape \(2,\); for x of shape \(1, 3\)"),
    (lambda: nn.GLU()(Tensor([[1.0, 2.0, 3.0]])), "may be even"),
    (lambda: Tensor([1, 2], dtype="i").gelu(), "dtype 'i'"),
])  # fmt: skip
def test_refusals(f, says):
    with pytest.raises(ValueError, match=says):
        f()
