"""The update within the backward pass: plain SGD without memory for gradients."""

from array import array

import numpy as np
import pytest

import ember
from ember import nn, optim, runtime, vm
from ember.tensors.parameter import Parameter
from op_cases import vms


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def dense():
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)), (6,)


def convolutions():
    layers = [nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(8, 3)), (4, 4, 1)


def residual():
    class Net(nn.Module):
        def __init__(self):
            self.first, self.second, self.norm = nn.Linear(6, 6), nn.Linear(6, 3), nn.LayerNorm(6)

        def forward(self, x):
            return self.second(self.norm(x + self.first(x).relu()))

    return Net(), (6,)


def make(body, fused, batch=4, **more):
    ember.manual_seed(3)
    model, shape = body()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, shape, batch, fused=fused, **more)


def batch(trainer, k, rows=4):
    rng = np.random.default_rng(k)
    x = array("f", rng.normal(size=rows * trainer.sample_size).astype(np.float32))
    return x, bytearray(rng.integers(0, 3, rows).tolist())


@pytest.mark.parametrize("body", [dense, convolutions, residual])
def test_it_learns_what_sgd_learns(machine, body):
    whole, fused = make(body, False), make(body, True)
    n = whole.plan.kept[0][2]
    assert fused.plan.kept[2][2] == 0 and fused.plan.arena < whole.plan.arena
    for k in range(30):
        for t in (whole, fused):
            t.step(*batch(t, k, 3 if k % 7 == 6 else 4))
    assert np.abs(np.array(whole.executor.segments[0][:n]) - np.array(fused.executor.segments[0][:n])).max() < 1e-5
    assert fused.steps == 30 and abs(fused.loss - whole.loss) < 1e-5
    fused.optimizer.lr = 0.0
    before = list(fused.executor.segments[0][:n])
    fused.step(*batch(fused, 0))
    assert list(fused.executor.segments[0][:n]) == before


def test_each_sample_goes_straight_into_the_weights(machine):
    """To the bit: w += x * (-lr * g), in NumPy's float32."""
    ember.manual_seed(1)
    model = nn.Linear(4, 2, bias=False)
    trainer = ember.Trainer(model, nn.MSELoss(reduction="sum"), optim.SGD(model.parameters(), lr=0.125), (4,), 1,
                            fused=True)  # fmt: skip
    w = np.array(model.weight.tolist(), np.float32)
    for k in range(20):
        x, _ = batch(trainer, k, 1)
        y = array("f", [0.5, -0.25])
        trainer.step(x, y)
        out = np.zeros(2, np.float32)
        for i in range(4):
            out += np.float32(x[i]) * w[i]
        g = (out - np.array(y, np.float32)) * np.float32(2.0) * np.float32(-0.125)
        for i in range(4):
            w[i] += np.float32(x[i]) * g
    if machine == "native":
        assert np.array(model.weight.tolist(), np.float32).tobytes() == w.tobytes()
    assert np.abs(np.array(model.weight.tolist()) - w).max() < 1e-6


def test_in_slices_and_travelling(tmp_path):
    one, other = make(dense, True), make(dense, True)
    other.export(str(tmp_path / "fused"))
    there = runtime.load(str(tmp_path / "fused"))
    for k in range(5):
        one.step(*batch(one, k))
        there.step(*batch(one, k))
        x, y = batch(one, k)
        done = other.step(x, y, 1)
        while not done:
            done = other.poll(1)
    n = one.plan.kept[0][2]
    assert (
        list(one.executor.segments[0][:n])
        == list(other.executor.segments[0][:n])
        == list(there.executor.segments[0][:n])
    )
    for t in (one, there):
        t.accumulate(*batch(one, 0))
        t.update()


def during(what, t, tmp_path):
    if what == "step":
        t.step(*batch(t, 1))
    elif what == "slice":
        t.step(*batch(t, 1), 100)
    elif what == "accumulate":
        t.accumulate(*batch(t, 1))
    elif what == "predict":
        t.predict(batch(t, 1)[0])
    elif what == "evaluate":
        t.evaluate([batch(t, 1)])
    elif what == "calibrate":
        t.slices.calibrate()
    else:
        t.load(str(tmp_path / "weights"))


@pytest.mark.parametrize("what", ["step", "slice", "accumulate", "predict", "evaluate", "calibrate", "load"])
def test_nothing_comes_between_a_batch_and_its_update(what, tmp_path):
    one, other = make(dense, True), make(dense, True)
    other.export(str(tmp_path / "fused"))
    other.save(str(tmp_path / "weights"))
    there, n = runtime.load(str(tmp_path / "fused")), one.plan.kept[0][2]
    one.step(*batch(one, 0))
    for t in (other, there):
        t.accumulate(*batch(one, 0))
        with pytest.raises(RuntimeError, match=r"keeps no gradients: after accumulate comes update\(\)"):
            during(what, t, tmp_path)
        with pytest.raises(RuntimeError, match="no step in slices is unfinished"):
            t.poll(100)
        assert t.loss == one.loss
        t.update()
        assert list(t.executor.segments[0][:n]) == list(one.executor.segments[0][:n])
    before = list(other.executor.segments[0][:n])
    other.accumulate(*batch(one, 1))
    other.slices.drop()
    with pytest.raises(RuntimeError, match="nothing was accumulated"):
        other.update()
    assert list(other.executor.segments[0][:n]) == before
    during(what, other, tmp_path)


def test_the_masks_of_dropout_are_those_of_forward(machine):
    def body():
        return nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.5), nn.Linear(5, 3)), (6,)

    whole, fused = make(body, False), make(body, True)
    for k in range(10):
        for t in (whole, fused):
            t.step(*batch(t, k, 3 if k % 4 == 3 else 4))
        assert (
            np.abs(np.array(whole.executor.segments[0][:53]) - np.array(fused.executor.segments[0][:53])).max() < 1e-6
        )
    assert abs(fused.loss - whole.loss) < 1e-5


def test_a_budget_says_what_is_enough():
    need = make(dense, True).plan.total()
    assert make(dense, True, memory=need).plan.total() == need
    with pytest.raises(
        MemoryError, match=r"needs %d bytes, allowed are %d \(fused: the whole batch, 4" % (need, need - 1)
    ):
        make(dense, True, memory=need - 1)


class Tied(nn.Module):
    def __init__(self):
        self.layer, self.out = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.layer(self.layer(self.layer(x))))


class Product(nn.Module):
    """Of what is made of parameters, and the input."""

    def __init__(self, product, shape=(1, 6)):
        self.w, self.v = Parameter(shape, -0.5, 0.5), Parameter(shape, -0.5, 0.5)
        self.product, self.out = product, nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.product(x, self.w, self.v))


@pytest.mark.parametrize("product", [
    lambda x, w, v: x * w**3, lambda x, w, v: x * w.exp() / (v.log1p() + 3.0), lambda x, w, v: (x + w).tanh() + w + v,
    lambda x, w, v: x * ember.cat((w[:, :3], v[:, 3:]), 1), lambda x, w, v: x * w * v.detach(),
])  # fmt: skip
def test_products_of_parameters(machine, product):
    whole, fused = (make(lambda: (Product(product), (6,)), kind) for kind in (False, True))
    n = whole.plan.kept[0][2]
    for k in range(4):
        for t in (whole, fused):
            t.step(*batch(t, k))
    assert np.abs(np.array(whole.executor.segments[0][:n]) - np.array(fused.executor.segments[0][:n])).max() < 1e-6


@pytest.mark.parametrize("product, shape", [
    (lambda x, w, v: x * (w * w), (1, 6)), (lambda x, w, v: x * (w * v), (1, 6)), (lambda x, w, v: x @ (w @ w), (6, 6)),
    (lambda x, w, v: x * (w / w.norm()), (1, 6)), (lambda x, w, v: x * ember.maximum(w, v), (1, 6)),
])  # fmt: skip
def test_a_rule_that_reads_what_it_has_changed_is_refused(product, shape):
    with pytest.raises(ValueError, match="fused: a parameter is used in two places, or by a layer"):
        make(lambda: (Product(product, shape), (6,)), True)


@pytest.mark.parametrize("what, match", [
    (lambda: make(lambda: (Tied(), (6,)), True), "a parameter is used in two places"),
    (lambda: make(dense, True, micro_batch=2), "without clip_value, clip_norm, ema and micro_batch"),
    (lambda: make(dense, True, clip_norm=1.0), "without clip_value"),
])  # fmt: skip
def test_what_is_refused(what, match):
    with pytest.raises(ValueError, match=match):
        what()


@pytest.mark.parametrize("optimizer, match", [
    (lambda p: optim.Adam(p), "fused is for one SGD with one group; this has Adam"),
    (lambda p: optim.SGD(p, momentum=0.5), "without momentum"),
    (lambda p: optim.SGD(p, weight_decay=0.5), "without momentum, dampening and weight_decay"),
    (lambda p: optim.SGD([{"params": p[:1]}, {"params": p[1:]}]), "with one group"),
])  # fmt: skip
def test_other_optimizers_are_refused(optimizer, match):
    model, shape = dense()
    with pytest.raises(ValueError, match=match):
        ember.Trainer(model, nn.CrossEntropyLoss(), optimizer(list(model.parameters())), shape, 4, fused=True)
