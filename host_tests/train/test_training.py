"""Ten steps of training against a NumPy trainer in float64: loss by loss, and the weights at the end."""

from array import array

import numpy as np
import pytest

import ember
import numpy_trainer as ref
from ember import nn, optim, vm
from op_cases import vms

pytestmark = pytest.mark.parametrize("machine", vms(), indirect=True)


@pytest.fixture
def machine(request):
    vm.select(request.param)
    ember.manual_seed(7)
    yield request.param
    vm.select()


def values(p):
    return np.array(p.tolist(), "f8")


def mlp(machine):
    sizes = (20, 12, 5) if machine == "native" else (6, 5, 3)
    a, b = nn.Linear(sizes[0], sizes[1]), nn.Linear(sizes[1], sizes[2])
    for p in (a.weight, a.bias, b.weight, b.bias):
        p.elements()  # draws the values
    layers = [ref.Linear(values(a.weight), values(a.bias)), ref.Tanh(), ref.Linear(values(b.weight), values(b.bias))]
    return nn.Sequential(a, nn.Tanh(), b), layers, (sizes[0],), sizes[2]


def cnn(machine):
    f, g = (4, 6) if machine == "native" else (2, 3)
    size = 9 if machine == "native" else 5
    a, b, c = nn.Conv2d(2, f, 3, padding=1), nn.Conv2d(f, g, 2), nn.Linear(g * (size // 2 - 1) ** 2, 4)
    for m in (a, b, c):
        m.weight.elements(), m.bias.elements()
    model = nn.Sequential(a, nn.ReLU(), nn.MaxPool2d(2), b, nn.ReLU(), nn.Flatten(), c)
    layers = [ref.Conv(values(a.weight), values(a.bias), 1), ref.Relu(), ref.Pool(),
              ref.Conv(values(b.weight), values(b.bias), 0), ref.Relu(), ref.Flatten(),
              ref.Linear(values(c.weight), values(c.bias))]  # fmt: skip
    return model, layers, (size, size, 2), 4


OPTIMIZERS = {
    "sgd": (optim.SGD, ref.Sgd, dict(lr=0.1)),
    "momentum": (optim.SGD, ref.Sgd, dict(lr=0.05, momentum=0.9)),
    "dampening": (optim.SGD, ref.Sgd, dict(lr=0.05, momentum=0.9, dampening=0.5, weight_decay=0.01)),
    "nesterov": (optim.SGD, ref.Sgd, dict(lr=0.05, momentum=0.8, nesterov=True)),
    "decay": (optim.SGD, ref.Sgd, dict(lr=0.1, weight_decay=0.05)),
    "adam": (optim.Adam, ref.Adam, dict(lr=0.01)),
    "adam_decay": (optim.Adam, ref.Adam, dict(lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "adamw": (optim.AdamW, lambda **k: ref.Adam(decoupled=True, **k), dict(lr=0.01, weight_decay=0.1)),
}


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("network", [mlp, cnn])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_ten_steps(machine, network, optimizer, loss):
    model, layers, shape, outputs = network(machine)
    theirs, ours, settings = OPTIMIZERS[optimizer]
    batch, rng = (8 if machine == "native" else 3), np.random.default_rng(3)
    criterion = nn.CrossEntropyLoss() if loss == "cross_entropy" else nn.MSELoss()
    trainer = ember.Trainer(model, criterion, theirs(model.parameters(), **settings), shape, batch)
    reference = ref.Trainer(layers, getattr(ref, loss), ours(**settings))
    total = seen = 0
    for step in range(10):
        rows = batch if step % 3 else batch - 2  # among them smaller ones
        x = rng.normal(size=(rows,) + shape).astype("f4")
        if loss == "cross_entropy":
            y = rng.integers(outputs, size=rows)
            trainer.step(array("f", x.ravel()), array("B", y.tolist()))
        else:
            y = rng.normal(size=(rows, outputs)).astype("f4")
            trainer.step(array("f", x.ravel()), array("f", y.ravel()))
        expected = reference.step(x.astype("f8"), y)
        assert trainer.loss == pytest.approx(expected, rel=1e-4, abs=1e-5), step
        total, seen = total + expected * rows, seen + rows
    assert trainer.running_loss == pytest.approx(total / seen, rel=1e-4)
    assert trainer.steps == 10
    found = np.concatenate([values(p).ravel() for p in model.parameters()])
    assert np.abs(found - reference.parameters()).max() < 3e-4


def test_evaluate_counts_the_smaller_last_batch_rightly(machine):
    model, layers, shape, classes = mlp(machine)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), shape, 8)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(19,) + shape).astype("f4")
    y = rng.integers(classes, size=19)
    batches = [(array("f", x[i : i + 8].ravel()), array("B", y[i : i + 8].tolist())) for i in (0, 8, 16)]
    loss, _, correct = ref.cross_entropy(ref.Trainer(layers, None, None).forward(x.astype("f8")), y)
    found_loss, accuracy = trainer.evaluate(batches)
    assert found_loss == pytest.approx(loss, rel=1e-5) and accuracy == correct / 19
    trainer.fit(batches, 1)
    reference = ref.Trainer(layers, ref.cross_entropy, ref.Sgd(0.1))
    losses = [reference.step(x[i : i + 8].astype("f8"), y[i : i + 8]) for i in (0, 8, 16)]
    assert trainer.running_loss == pytest.approx(np.average(losses, weights=(8, 8, 3)), rel=1e-4)


def test_inputs_of_every_type_are_the_numbers_they_stand_for(machine):
    results = []
    for dtype in "fBbhi":
        ember.manual_seed(1)
        model = nn.Sequential(nn.Linear(4, 3))
        trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (4,), 3,
                                input_dtype=dtype, input_scale=1 / 16)  # fmt: skip
        for k in range(4):
            trainer.step(array(dtype, [(k * 5 + i * 3) % 17 for i in range(12)]), array("B", [0, 1, 2]))
        results.append([p.tolist() for p in model.parameters()])
    assert all(r == results[0] for r in results)


def test_outputs_with_labels_along_a_sequence(machine):
    """Logits [N, T, C] with labels [N, T]."""
    layer = nn.Linear(3, 4)
    weight, bias = layer.weight.elements() and values(layer.weight), layer.bias.elements() and values(layer.bias)
    trainer = ember.Trainer(layer, nn.CrossEntropyLoss(), optim.SGD(layer.parameters(), lr=0.2), (5, 3), 4)
    reference = ref.Trainer([ref.Linear(weight, bias)], ref.cross_entropy, ref.Sgd(0.2))
    rng = np.random.default_rng(2)
    for rows in (4, 2, 3):
        x, y = rng.normal(size=(rows, 5, 3)).astype("f4"), rng.integers(4, size=(rows, 5))
        trainer.step(array("f", x.ravel()), array("B", y.ravel().tolist()))
        assert trainer.loss == pytest.approx(reference.step(x.reshape(-1, 3).astype("f8"), y.ravel()), rel=1e-4)
    _, accuracy = trainer.evaluate([(array("f", x.ravel()), array("B", y.ravel().tolist()))])
    assert accuracy == ref.cross_entropy(reference.forward(x.reshape(-1, 3).astype("f8")), y.ravel())[2] / 15
