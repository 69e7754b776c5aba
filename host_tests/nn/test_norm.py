"""Normalization, pooling and resampling layers: running statistics, training and evaluating, edges, what is refused."""

from array import array

import numpy as np
import pytest

import ember
from ember import Tensor, nn, optim, vm
from op_cases import vms


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    ember.manual_seed(3)
    yield request.param
    vm.select()


def tensor(a):
    return Tensor([float(v) for v in np.ravel(a)], np.shape(a))


def values(*shape):
    return np.random.default_rng(7).normal(size=shape) * 3 + 2


def test_running_statistics_follow_the_batches():
    layer, mean, var = nn.BatchNorm2d(3, momentum=0.25), np.zeros(3), np.ones(3)
    for k in range(3):
        x = values(4, 2, 5, 3) * (k + 1)
        layer(tensor(x))
        flat = x.reshape(-1, 3)
        mean = 0.75 * mean + 0.25 * flat.mean(0)
        var = 0.75 * var + 0.25 * flat.var(0, ddof=1)
    assert np.allclose(layer.running_mean.tolist(), mean, rtol=1e-5)
    assert np.allclose(layer.running_var.tolist(), var, rtol=1e-5)
    layer.eval()
    x = values(2, 1, 2, 3)
    expected = (x - mean) / np.sqrt(var + 1e-5)
    assert np.allclose(layer(tensor(x)).tolist(), expected, rtol=1e-4, atol=1e-5)
    assert np.allclose(layer.running_mean.tolist(), mean, rtol=1e-5), "evaluating leaves them alone"


# By PyTorch 2.13, of three batches.
CUMULATIVE = [[1.0, 2.0], [3.0, 0.0], [0.5, 1.0]]
AVERAGED = ([1.8333332538604736, 2.6666667461395264], [1.8055555820465088, 9.888888359069824])


def test_without_a_momentum_statistics_are_means_over_all_batches():
    """Eagerly, in a Trainer, and after a checkpoint of the state."""
    batches = [np.array(CUMULATIVE) + [[k, 0], [0, 5 * k], [0, 0]] for k in range(3)]
    layer = nn.BatchNorm1d(2, momentum=None)
    for x in batches:
        layer(tensor(x))
    assert layer.running_mean.tolist() == pytest.approx(AVERAGED[0], rel=1e-6)
    assert layer.running_var.tolist() == pytest.approx(AVERAGED[1], rel=1e-6)
    assert layer.num_batches_tracked.tolist() == [3]
    trained = nn.Sequential(nn.BatchNorm1d(2, momentum=None))
    trainer = ember.Trainer(trained, nn.MSELoss(), optim.SGD(trained.parameters(), lr=0.1), (2,), 3)
    for x in batches[:2]:
        trainer.step(array("f", x.ravel()), array("f", [0.0] * 6))
    other = nn.Sequential(nn.BatchNorm1d(2, momentum=None))
    other.load_state_dict(trained.state_dict())
    other[0](tensor(batches[2]))
    trainer.step(array("f", batches[2].ravel()), array("f", [0.0] * 6))
    for found in (trained[0], other[0]):
        assert found.running_mean.tolist() == pytest.approx(AVERAGED[0], rel=1e-6)
        assert found.running_var.tolist() == pytest.approx(AVERAGED[1], rel=1e-6)
    assert list(trained.state_dict())[2:] == ["0.running_mean", "0.running_var", "0.num_batches_tracked"]


def test_without_statistics_the_batch_s_are_used_when_evaluating_too():
    x, layer = values(4, 3), nn.BatchNorm1d(3, affine=False, track_running_stats=False).eval()
    assert np.allclose(layer(tensor(x)).tolist(), (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), atol=1e-5)
    assert layer.state_dict() == {} and layer.parameters() == layer.buffers() == []


def test_before_any_step_evaluation_changes_next_to_nothing():
    x = values(3, 2)
    assert np.allclose(nn.BatchNorm1d(2).eval()(tensor(x)).tolist(), x, rtol=1e-4)


def test_one_value_a_channel():
    layer = nn.BatchNorm1d(2)
    with ember.no_grad():
        layer.bias[...] = Tensor([0.5, -1.0])
    assert layer(tensor([[7.0, -7.0]])).tolist() == [[0.5, -1.0]]
    assert np.allclose(layer.running_var.tolist(), [0.9, 0.9]), "its variance is 0, not NaN"


class Residual(nn.Module):
    """A block as ResNet has it, by ordinary Python."""

    def __init__(self, channels):
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        self.norms = [nn.BatchNorm2d(channels) for _ in range(2)]

    def forward(self, x):
        y = self.norms[0](self.first(x)).relu()
        return (x + self.norms[1](self.second(y))).relu()


def net(width=3):
    ember.manual_seed(3)
    model = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), Residual(width), nn.AvgPool2d(2), nn.Flatten(),
                          nn.Linear(4 * width, 2))  # fmt: skip
    return model, ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (4, 4, 1), 6)


def batch(rows, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=rows)
    x = rng.normal(size=(rows, 4, 4)) + np.where(y, 1, -1)[:, None, None] * (np.arange(4) - 1.5)
    return array("f", x.ravel().tolist()), array("B", y.tolist())


def statistics(model):
    return [b.tolist() for b in model.buffers()]


def test_a_residual_net_learns_and_is_saved_with_its_statistics(tmp_path):
    model, trainer = net()
    assert len(model.buffers()) == 4 and not [p for p in model.parameters() if isinstance(p, ember.Buffer)]
    test = [batch(6, seed=90)]
    before = trainer.evaluate(test)[0]
    for step in range(12):
        trainer.step(*batch(6, seed=step))
    loss, accuracy = trainer.evaluate(test)
    assert loss < 0.6 * before and accuracy == 1.0
    trainer.save(str(tmp_path / "net.ckpt"))
    other, restored = net()
    restored.load(str(tmp_path / "net.ckpt"))
    assert restored.evaluate(test) == (loss, accuracy) and statistics(other) == statistics(model)


@pytest.mark.parametrize("rows", [1, 4])
def test_a_smaller_batch_is_as_if_it_were_made_for_it(rows):
    """Statistics are over the rows that are there."""
    model, trainer = net()
    trainer.step(*batch(rows))
    ember.manual_seed(3)
    exact = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), Residual(3), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 2))
    small = ember.Trainer(exact, nn.CrossEntropyLoss(), optim.SGD(exact.parameters(), lr=0.1), (4, 4, 1), rows)
    small.step(*batch(rows))
    assert statistics(model) == statistics(exact)
    assert [p.tolist() for p in model.parameters()] == [p.tolist() for p in exact.parameters()]


def test_nan_and_infinity_stay_in_their_row():
    x = values(3, 4)
    x[1, 2] = np.inf
    y = np.array(nn.LayerNorm(4)(tensor(x)).tolist())
    assert np.isnan(y[1]).all() and np.isfinite(y[[0, 2]]).all()


def test_large_and_small_values():
    for scale in (1e-15, 1e15):
        x = values(2, 8) * scale
        y = np.array(nn.LayerNorm(8, eps=0.0)(tensor(x)).tolist())
        assert np.allclose(y, (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True), atol=1e-4)
    assert nn.LayerNorm(3)(tensor([[5.0, 5.0, 5.0]])).tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("make, says", [
    (lambda: nn.BatchNorm2d(0), "num_features is 0"),
    (lambda: nn.BatchNorm2d(2, eps=-1.0), "eps is -1.0"),
    (lambda: nn.BatchNorm1d(2, momentum="None"), "momentum is 'None'"),
    (lambda: nn.BatchNorm1d(2, momentum=1.5), "momentum is 1.5"),
    (lambda: nn.BatchNorm2d(2)(tensor(values(2, 2))), r"BatchNorm2d\(2, .*\) takes \(N, H, W, C\)"),
    (lambda: nn.BatchNorm1d(2)(tensor(values(2, 3))), r"shape \(2, 3\)"),
    (lambda: nn.LayerNorm(()), "normalized_shape is 0"),
    (lambda: nn.LayerNorm((2, 0)), "normalized_shape is 0"),
    (lambda: nn.LayerNorm(3)(tensor(values(2, 2))), r"LayerNorm\(\(3,\), "),
    (lambda: nn.RMSNorm(3, eps="x"), "eps is 'x'"),
    (lambda: nn.GroupNorm(2, 3), "num_groups is 2"),
    (lambda: nn.GroupNorm(3, 3)(tensor(values(2, 2))), r"\(N, ..., 3\)"),
    (lambda: nn.InstanceNorm2d(2, track_running_stats=True), "track_running_stats is True"),
    (lambda: nn.InstanceNorm1d(2)(tensor(values(2, 3, 3, 2))), r"\(N, L, C\)"),
    (lambda: nn.Conv1d(1, 2, 0), "kernel_size is 0"),
    (lambda: nn.Conv1d(1, 2, (1, 2)), r"kernel_size is \(1, 2\)"),
    (lambda: nn.Conv1d(3, 2, 1)(tensor(values(2, 4, 2))), r"\(N, L, 3\)"),
    (lambda: nn.ConvTranspose2d(2, 2, 2, output_padding=1), "output_padding is 1"),
    (lambda: nn.ConvTranspose2d(2, 3, 2, groups=2), "groups is 2"),
    (lambda: nn.ConvTranspose2d(1, 1, 1, padding=2)(tensor(values(1, 2, 2, 1))), "would be -2 by -2"),
    (lambda: nn.ConvTranspose1d(1, 1, 2)(tensor(values(1, 2, 2))), r"\(N, L, 1\)"),
    (lambda: nn.AvgPool2d(2, padding=2), "padding"),
    (lambda: nn.AvgPool2d(3)(tensor(values(1, 2, 2, 1))), "window"),
    (lambda: nn.AvgPool1d(3)(tensor(values(1, 2))), r"\(N, L, C\)"),
    (lambda: nn.MaxPool1d(0), "kernel_size is 0"),
    (lambda: nn.AdaptiveAvgPool2d(0), "output_size is 0"),
    (lambda: nn.Upsample(scale_factor=0), "scale_factor is 0"),
    (lambda: nn.Upsample(), "size is None, scale_factor is None"),
    (lambda: nn.Upsample(2, 2), "size is 2, scale_factor is 2"),
    (lambda: nn.Upsample((1, 2, 3)), r"size is \(1, 2, 3\)"),
    (lambda: nn.Upsample(scale_factor=0.2)(tensor(values(1, 2, 2, 1))), "at least one element"),
    (lambda: nn.Conv2d(1, 1, 3, padding="full"), "padding is 'full'"),
    (lambda: nn.Conv1d(1, 1, 3, 2, "same"), "padding is 'same'"),
    (lambda: nn.AvgPool2d(2, ceil_mode=2), "ceil_mode is 2; it may be True or False"),
    (lambda: nn.MaxPool2d(2, dilation=2), "dilation is 2; it may be 1"),
    (lambda: nn.MaxPool2d(40000), "kernel_size is 40000; it may be an int or two from 1 to 32767"),
    (lambda: nn.Conv1d(1, 1, 2, padding_mode="wrap"), "padding_mode is 'wrap'; it may be circular, reflect, replicate"),
    (lambda: nn.Conv1d(1, 1, 2, padding=3, padding_mode="circular")(tensor(values(1, 2, 1))), "it may be from 0 to 2"),
    (lambda: nn.ConvTranspose1d(1, 1, 2, padding_mode="circular"), "padding_mode is 'circular'; it may be 'zeros'"),
    (lambda: nn.Conv1d(1, 1, 301, dilation=300, padding="same"), r"padding is \(0, 45000\); it may be"),
    (lambda: nn.Flatten("all"), "start_dim is 'all'"),
    (lambda: nn.Upsample(2, mode="cubic"), "mode is 'cubic'"),
    (lambda: nn.Upsample(2, align_corners=True), "align_corners is True"),
    (lambda: nn.Upsample(2, mode="linear")(tensor(values(1, 2, 2, 1))), r"\(N, L, C\)"),
    (lambda: nn.PixelShuffle(2)(tensor(values(1, 2, 2, 3))), "multiple of 4"),
])  # fmt: skip
def test_refusals(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_layer_that_the_model_does_not_hold_is_refused():
    layer, model = nn.BatchNorm1d(2), nn.Linear(2, 2)
    with pytest.raises(ValueError, match="keep its module as an attribute"):
        ember.Trainer(model, lambda out, y: (layer(out) - y).mean(), optim.SGD(model.parameters()), (2,), 4)


@pytest.mark.parametrize("kernel, dilation", [((3, 1), 1), ((2, 4), 1), ((3, 2), (2, 3)), (1, 1)])
def test_padding_by_name(kernel, dilation):
    """Of an even reach the zero that is left goes to the end, as in PyTorch."""
    x = tensor(values(2, 5, 6, 2))
    same, valid = [nn.Conv2d(2, 3, kernel, padding=name, dilation=dilation) for name in ("same", "valid")]
    same.weight = valid.weight
    same.bias = valid.bias
    reach = [(k - 1) * d for k, d in zip(pair(kernel), pair(dilation))]
    before = [n // 2 for n in reach]
    around = (0, 0, before[1], reach[1] - before[1], before[0], reach[0] - before[0])
    assert same(x).shape == (2, 5, 6, 3)
    assert same(x).tolist() == valid(x.pad(around)).tolist()
    flat = nn.Conv1d(2, 3, 4, padding="same")
    assert flat(tensor(values(2, 5, 2))).shape == (2, 5, 3)


def pair(value):
    return value if isinstance(value, tuple) else (value, value)
