"""What acts on gradients and weights beside an optimizer: clipping, moving averages, several optimizers."""

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
import numpy_optim
from ember import Tensor, nn, optim, vm
from ember.tensors.parameter import Parameter
from op_cases import vms
from slopes import Slopes, close, gradients

NAN, INF = float("nan"), float("inf")


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(4)
    yield request.param
    vm.select()


def clipped(g, value, norm):
    if value is not None:
        g = np.clip(g, -value, value)
    if norm is not None:
        g = g * min(1.0, norm / (np.sqrt((g**2).sum()) + 1e-6))
    return g


def batches(n, rows=4, seed=5):
    for g in gradients(n, seed):
        x = np.stack([g * (1, 2, -1, 3)[i % 4] for i in range(rows)]).astype("f4")
        yield array("f", x.ravel()), array("f", [0.0] * rows), x.astype("f8").mean(0)


def slopes(optimizer, **settings):
    ember.manual_seed(4)
    model = Slopes()
    made = optimizer(model.parameters())
    return ember.Trainer(model, lambda out, y: (out - y).mean(), made, (6,), 4, **settings)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from((None, 0.1, 0.7, 100)), st.sampled_from((None, 0.2, 1.0, 100)),
       st.sampled_from((None, 0.0, 0.5, 0.99)))  # fmt: skip
def test_a_trainer_clips_means_and_averages(value, norm, ema):
    trainer = slopes(lambda p: optim.SGD(p, lr=0.1, momentum=0.9), clip_value=value, clip_norm=norm, ema=ema)
    p = np.array(trainer.model.weight.elements(), "f8")
    average, state = p, {}
    for t, (x, y, g) in enumerate(batches(100), 1):
        trainer.step(x, y)
        p = numpy_optim.sgd(p, clipped(g, value, norm), t, state, lr=0.1, momentum=0.9)
        average = average if ema is None else ema * average + (1 - ema) * p
    close(trainer.model.weight.tolist(), p)
    if ema is not None:
        with trainer.averaged():
            close(trainer.model.weight.tolist(), average)
        close(trainer.model.weight.tolist(), p)


def test_all_at_once_on_either_machine(machine):
    trainer = slopes(lambda p: optim.SGD(p, lr=0.1), clip_value=0.8, clip_norm=0.5, ema=0.9)
    p = np.array(trainer.model.weight.elements(), "f8")
    average = p
    for t, (x, y, g) in enumerate(batches(6), 1):
        if t == 4:  # between steps
            trainer.bounds[1] = 0.25
        trainer.step(x, y)
        p = p - 0.1 * clipped(g, 0.8, 0.5 if t < 4 else 0.25)
        average = 0.9 * average + 0.1 * p
    close(trainer.model.weight.tolist(), p)
    with trainer.averaged():
        close(trainer.model.weight.tolist(), average)


def test_in_parts_as_at_once():
    """To the bit: gradients are sums until they are clipped."""
    whole, parts = [slopes(lambda p: optim.Adam(p, lr=0.1), clip_norm=0.5, clip_value=1.0, ema=0.9) for _ in "ab"]
    for x, y, _ in batches(10):
        whole.step(x, y)
        parts.accumulate(x[:6], y[:1])
        parts.accumulate(x[6:], y[1:])
        parts.update()
    one, other = [t.executor.segments[0].tobytes()[: 4 * t.image.statistics] for t in (whole, parts)]
    assert one == other


def test_a_sum_is_clipped_as_a_sum():
    ember.manual_seed(4)
    model = nn.Sequential(nn.Linear(6, 1, bias=False))
    trainer = ember.Trainer(model, nn.MSELoss(reduction="sum"), optim.SGD(model.parameters(), lr=1.0), (6,), 4,
                            clip_norm=0.5)  # fmt: skip
    before = np.array(model.layers[0].weight.tolist()).ravel()
    x, y, _ = next(batches(1))
    trainer.step(x, y)
    change = before - np.array(model.layers[0].weight.tolist()).ravel()
    assert abs(np.sqrt((change**2).sum()) - 0.5) < 1e-5


def test_averages_are_saved(tmp_path):
    path = str(tmp_path / "a.ckpt")
    first, second = [slopes(lambda p: optim.Adam(p, lr=0.1), ema=0.9) for _ in "ab"]
    for x, y, _ in batches(5):
        first.step(x, y)
    first.save(path)
    second.load(path)
    for trainer in (first, second):
        for x, y, _ in batches(3, seed=9):
            trainer.step(x, y)
    with first.averaged(), second.averaged():
        assert first.model.weight.tolist() == second.model.weight.tolist()
        assert first.evaluate([(x, y)]) == second.evaluate([(x, y)])
    with pytest.raises(ValueError, match="is of another model: the optimizer"):
        slopes(lambda p: optim.Adam(p, lr=0.1)).load(path)


def grads(*values):
    found = []
    for value in values:
        p = Parameter((len(value),)) if value else Parameter((2,))
        p.grad = Tensor(list(value)) if value else None
        found.append(p)
    return found


@pytest.mark.parametrize("values, norm, expected", [
    (((3.0,), (0.0, 4.0), None), 5.0, 1.0),
    (((0.3,), (0.0, 0.4)), 0.5, 1.0),
    (((0.0,), (0.0, 0.0)), 0.0, 1.0),
    (((INF,), (1.0, 0.0)), INF, 1.0),
    (((NAN,), (1.0, 0.0)), NAN, 1.0),
    (((1e-30,), (1.0, 0.0)), 1.0, 1e-3),
])  # fmt: skip
def test_clip_grad_norm(machine, values, norm, expected):
    ps = grads(*values)
    np.testing.assert_allclose(nn.utils.clip_grad_norm_(ps, expected).item(), norm, rtol=1e-6)
    with np.errstate(all="ignore"):
        factor = np.minimum(np.float64(expected) / (norm + 1e-6), 1.0)
        for p, value in zip(ps, values):
            if value:
                np.testing.assert_allclose(p.grad.tolist(), np.array(value) * factor, rtol=1e-6)


def test_clip_grad_norm_by_the_largest_and_of_one(machine):
    (p,) = grads((3.0, -4.0, 1.0))
    assert nn.utils.clip_grad_norm_(p, 2.0, INF).item() == 4.0
    np.testing.assert_allclose(p.grad.tolist(), [1.5, -2.0, 0.5], rtol=1e-6)
    (p,) = grads((3.0, NAN, 1.0))
    assert np.isnan(nn.utils.clip_grad_norm_(p, 2.0, INF).item())


def test_clip_grad_value(machine):
    ps = grads((3.0, -0.5, -INF, NAN, -0.0), None, (INF,))
    nn.utils.clip_grad_value_(ps, 1.5)
    np.testing.assert_array_equal(ps[0].grad.tolist(), [1.5, -0.5, -1.5, NAN, 0.0])
    assert ps[2].grad.tolist() == [1.5]


def test_clipping_in_a_recorded_function(machine):
    model = Slopes()
    optimizer = optim.SGD(model.parameters(), lr=1.0)

    def step(x):
        model(x).mean().backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        nn.utils.clip_grad_value_(model.parameters(), 0.2)
        optimizer.step()
        optimizer.zero_grad()
        return norm

    before = np.array(model.weight.tolist())
    x, _, g = next(batches(1))
    norm = ember.record(step, (4, 6))(x)
    np.testing.assert_allclose(norm.item(), np.sqrt((g**2).sum()), rtol=1e-5)
    close(model.weight.tolist(), before - np.clip(clipped(g, None, 0.5), -0.2, 0.2))


@pytest.mark.parametrize("make, says", [
    (lambda p: nn.utils.clip_grad_norm_(p, 0), "max_norm is 0"),
    (lambda p: nn.utils.clip_grad_norm_(p, NAN), "max_norm is nan"),
    (lambda p: nn.utils.clip_grad_norm_(p, 1, 3), "norm_type is 3"),
    (lambda p: nn.utils.clip_grad_value_(p, -1), "clip_value is -1"),
    (lambda p: slopes(optim.SGD, clip_norm="1"), "clip_norm is '1'"),
    (lambda p: slopes(optim.SGD, clip_value=0), "clip_value is 0"),
    (lambda p: slopes(optim.SGD, ema=1.0), "ema is 1.0"),
    (lambda p: slopes(optim.SGD).averaged(), "ema is None"),
    (lambda p: slopes(lambda q: [optim.SGD(q), optim.Adam(q)]), "in two optimizers"),
    (lambda p: slopes(lambda q: []), "optimizer is an empty list"),
])  # fmt: skip
def test_refusals(make, says):
    with pytest.raises(ValueError, match=says):
        make([Parameter((2,))])


class Two(nn.Module):
    """Gradients as those of Slopes, of two halves."""

    def __init__(self):
        self.first, self.second = Parameter((3,), -1.0, 1.0), Parameter((3,), -1.0, 1.0)

    def forward(self, x):
        return (x[:, :3] * self.first).sum(1, keepdim=True) + (x[:, 3:] * self.second).sum(1, keepdim=True)


def test_several_optimizers():
    model = Two()
    makers = (lambda p: optim.SGD([p], lr=0.1, momentum=0.9), lambda p: optim.Adam([p], lr=0.02))
    optimizers = [makers[0](model.second), makers[1](model.first)]
    start = {"first": np.array(model.first.elements(), "f8"), "second": np.array(model.second.elements(), "f8")}
    trainer = ember.Trainer(model, lambda out, y: (out - y).mean(), optimizers, (6,), 4)
    first, second = {}, {}
    for t, (x, y, g) in enumerate(batches(100), 1):
        trainer.step(x, y)
        start["first"] = numpy_optim.adam(start["first"], g[:3], t, first, lr=0.02)
        start["second"] = numpy_optim.sgd(start["second"], g[3:], t, second, lr=0.1, momentum=0.9)
    close(model.first.tolist(), start["first"])
    close(model.second.tolist(), start["second"])
    assert {kind: size for kind, _, size in trainer.plan.kept}["optimizer state"] == 3 + 6


class Layers(nn.Module):
    """Slopes of a convolution's weights, of a matrix that is tall, and of one that is wide, and of a vector."""

    def __init__(self):
        self.parts = [Parameter(shape, -1.0, 1.0) for shape in ((2, 1, 2, 3), (5, 2), (2, 5), (4,))]

    def forward(self, x):
        total, at = None, 0
        for p in self.parts:
            n = p.numel()
            y = (x[:, at : at + n] * p.reshape(n)).sum(1, keepdim=True)
            total, at = y if total is None else total + y, at + n
        return total


def layers_inputs(steps=10):
    rng = np.random.default_rng(3)
    for _ in range(steps):
        x = rng.normal(size=(4, 36)).astype("f4")
        yield array("f", x.ravel()), array("f", [0.0] * 4), x.astype("f8").mean(0)


@pytest.mark.parametrize("recorded", [False, True])
def test_muon_for_matrices_and_lamb_for_the_rest(machine, recorded):
    """A tensor at a time: in a Trainer, and in a recorded function."""
    model = Layers()
    expected = [np.array(p.elements(), "f8") for p in model.parts]
    states = [{} for _ in model.parts]
    optimizers = [optim.Muon(model.parts[:3], lr=0.02),
                  optim.LAMB([{"params": model.parts[3:]}], lr=0.1)]  # fmt: skip
    if recorded:

        def run(x):
            model(x).mean().backward()
            for optimizer in optimizers:
                optimizer.step()

        step = ember.record(run, (4, 36))
    else:
        trainer = ember.Trainer(model, lambda out, y: (out - y).mean(), optimizers, (36,), 4)
    for t, (x, y, g) in enumerate(layers_inputs(), 1):
        step(x) if recorded else trainer.step(x, y)
        at = 0
        for i, p in enumerate(model.parts):
            part, at = g[at : at + p.numel()], at + p.numel()
            if i < 3:
                expected[i] = numpy_optim.muon(expected[i], part, t, states[i], lr=0.02, shape=p.shape)

            else:
                expected[i] = numpy_optim.lamb(expected[i], part, t, states[i], lr=0.1)
    for p, found in zip(model.parts, expected):
        close(p.elements(), found)


def test_lamb_is_per_tensor_and_starts_from_zeros(machine):
    zero, one = Parameter((3,)), Parameter((3,), 1.0, 1.0)
    optimizer = optim.LAMB([zero, one], lr=0.1, weight_decay=0.0)
    zero.grad, one.grad = Tensor([1.0, -2.0, 3.0]), Tensor([0.0, 0.0, 0.0])
    optimizer.step()
    np.testing.assert_allclose(zero.tolist(), [-0.1, 0.1, -0.1], rtol=1e-5)  # a ratio of 1
    assert one.tolist() == [1.0, 1.0, 1.0]
    zero.grad = Tensor([NAN, 1.0, 1.0])
    optimizer.step()
    assert np.isnan(zero.tolist()).all()


def test_muon_makes_steps_orthogonal(machine):
    p = Parameter((4, 3))
    optimizer = optim.Muon([p], lr=1.0, weight_decay=0.0)
    p.grad = Tensor(np.random.default_rng(1).normal(size=(4, 3)).astype("f4").tolist())
    optimizer.step()
    values = np.linalg.svd(np.array(p.tolist()), compute_uv=False)
    assert (0.6 < values).all() and (values < 1.3).all()
    p.grad = Tensor([[0.0] * 3] * 4)
    optim.Muon([p], weight_decay=0.0).step()  # nothing over eps is nothing
    assert np.isfinite(p.elements()).all()


def test_an_average_beside_the_optimizer(machine):
    p = Parameter((6,), -1.0, 1.0)
    average = optim.EMA([p], 0.8)
    optimizer, expected, followed = optim.SGD([p], lr=0.1), np.array(p.elements(), "f8"), np.array(p.elements(), "f8")
    for g in gradients(10, 2):
        p.grad = Tensor(g.tolist())
        optimizer.step()
        average.update()
        expected = expected - 0.1 * g
        followed = 0.8 * followed + 0.2 * expected
    close(p.tolist(), expected)
    with average.averaged():
        close(p.tolist(), followed)
    close(p.tolist(), expected)
    with pytest.raises(ValueError, match="decay is 1"):
        optim.EMA([p], 1)

    def recorded(x):
        average.update()

    with pytest.raises(RuntimeError, match="after the recorded function"):
        ember.record(recorded, (4, 6))


class Mixed(nn.Module):
    def __init__(self):
        self.table = nn.Embedding(5, 4)
        self.layers = [nn.Linear(4, 3), {"norm": nn.LayerNorm((2, 3))}, nn.BatchNorm1d(3), nn.Conv2d(1, 2, 3)]
        self.tied = self.table.weight


def test_groups_for_weight_decay():
    model = Mixed()
    decayed, left = optim.decay_groups(model, 0.1)
    assert [p.shape for p in decayed["params"]] == [(4, 3), (3, 3, 1, 2)] and decayed["weight_decay"] == 0.1
    assert [p.shape for p in left["params"]] == [(5, 4), (3,), (2, 3), (2, 3), (3,), (3,), (2,)]
    assert left["weight_decay"] == 0.0
    assert len(optim.decay_groups(nn.Linear(2, 3, bias=False), 0.1)) == 1
    assert len(optim.decay_groups(nn.BatchNorm1d(3), 0.1)) == 1
    with pytest.raises(ValueError, match="weight_decay is -1"):
        optim.decay_groups(model, -1)


def test_decay_spares_vectors_and_frozen_parameters_stay():
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 3), nn.Linear(3, 3), nn.Linear(3, 1))
    first, middle, last = model.layers
    middle.weight.requires_grad = middle.bias.requires_grad = False
    parts = (first.weight, first.bias, middle.weight, middle.bias, last.weight, last.bias)
    before = [np.array(p.elements()) for p in parts]
    optimizer = optim.AdamW(optim.decay_groups(model, 0.5), lr=0.1)
    trainer = ember.Trainer(model, nn.MSELoss(), optimizer, (6,), 4, clip_norm=1.0, ema=0.9)
    assert {kind: size for kind, _, size in trainer.plan.kept}["frozen"] == 12
    x, y = array("f", [0.0] * 24), array("f", [0.0] * 4)
    trainer.step(x, y)
    change = [np.abs(np.array(p.elements()) - b).max() for p, b in zip(parts, before)]
    assert change[2] == change[3] == 0
    np.testing.assert_allclose(first.weight.elements(), before[0] * 0.95, rtol=1e-6)  # no gradient: decay alone
    assert change[1] > 0 and change[5] > 0
    frozen = nn.Linear(6, 1)
    frozen.weight.requires_grad = False
    alone = ember.Trainer(frozen, nn.MSELoss(), optim.AdamW(optim.decay_groups(frozen, 0.5)), (6,), 4)
    alone.step(x, y)  # a group that is frozen as a whole
