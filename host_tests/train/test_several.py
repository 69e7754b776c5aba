"""A Trainer of models with several inputs and several outputs, each with a target."""

from array import array

import pytest

import ember
from checkout import ALLOCATED, run_micropython
from ember import Tensor, metrics, optim, vm
from op_cases import vms
from several import BATCH, Net, X, Y, build, inputs, loss, targets


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def eager(model, x, y, rows):
    a = Tensor(x[0], (rows, 3))
    b = Tensor([v * 0.25 for v in x[1]], (rows, 2, 2, 1))
    return model(a, b), (list(y[0]), Tensor(y[1], (rows, 2)))


def weights(model):
    return [v for p in model.parameters() for v in p.elements()[p.offset : p.offset + p.numel()]]


def bits(trainer):
    return bytes(memoryview(trainer.executor.segments[0])[: trainer.plan.start])


def test_steps_are_the_eager_ones():
    trainer, model = build(), Net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for k in range(5):
        rows = BATCH - k % 2
        x, y = inputs(k, rows), targets(k, rows)
        trainer.step(x, y)
        optimizer.zero_grad()
        outputs, wanted = eager(model, x, y, rows)
        value = loss(outputs, wanted)
        value.backward()
        optimizer.step()
        assert trainer.loss == pytest.approx(value.item(), rel=1e-4)
    assert weights(trainer.model) == pytest.approx(weights(model), rel=1e-4, abs=1e-5)
    found = trainer.predict(inputs(7, 3))
    expected, _ = eager(model, inputs(7, 3), targets(7, 3), 3)
    for f, e in zip(found, expected):
        assert f.shape == e.shape and sum(f.tolist(), []) == pytest.approx(sum(e.tolist(), []), rel=1e-4, abs=1e-5)
    out = array("f", [9.0] * 12), array("f", [9.0] * 8)
    assert trainer.predict(inputs(7, 3), out) is out
    assert [list(o) for o in out] == [sum(f.tolist(), []) + [9.0] * n for f, n in zip(found, (3, 2))]
    batches = [(inputs(0), targets(0)), (inputs(1, 2), targets(1, 2))]
    assert trainer.evaluate(batches)[1] is None
    before = trainer.evaluate(batches)[0]
    trainer.fit(batches, 10, validation=batches)
    assert trainer.validation[0] < before


def test_several_inputs_and_one_output():
    trainer = build(many=False)
    batches = [(inputs(0), targets(0)[0]), (inputs(1, 2), targets(1, 2)[0])]
    assert (trainer.classes, trainer.target_dtype) == (3, "B")
    accuracy = metrics.Accuracy(3, BATCH)
    trainer.fit(batches, 3)
    found = trainer.evaluate(batches, [accuracy])
    assert accuracy.compute() == pytest.approx(found[1], rel=1e-6)
    assert trainer.predict(inputs(0)).shape == (BATCH, 3)
    with pytest.raises(ValueError, match="label 3 at index 1"):
        trainer.step(inputs(0), bytes([0, 3, 0, 0]))


def test_lists_and_tensors_are_the_same_batch():
    one, two = build(), build()
    x, y = inputs(3, 2), targets(3, 2)
    one.step(x, y)
    two.step([Tensor(x[0], (2, 3)), [[[[v] for v in row] for row in (image[:2], image[2:])]
                                     for image in (list(x[1][:4]), list(x[1][4:]))]],
             (list(y[0]), [y[1][:2].tolist(), y[1][2:].tolist()]))  # fmt: skip
    assert bits(one) == bits(two)


BAD = [
    (X[:1], Y, "1 inputs and 2 targets; the program takes 2 and 2"),
    (X, Y[:1], "2 inputs and 1 targets"),
    ((X[0][:-1], X[1]), Y, "input 0 has 11 elements"),
    ((X[0], X[1][:-4]), Y, r"the parts of the batch have \[4, 3, 4, 4\] samples"),
    ((X[0], X[1][:-1]), Y, "input 1 has 15 elements"),
    (X, (Y[0][:-1], Y[1]), "samples"),
    (X, (Y[0], Y[1][:-1]), "target 1 has 7 elements"),
    (X, (Y[0], Y[1] + Y[1][:1]), "target 1 has 9 elements"),
    ((X[0], X[1] + X[1][:1]), Y, "input 1 has 17 elements"),
    (X, (bytes([0, 1, 3, 0]), Y[1]), "label 3 at index 2"),
]


@pytest.mark.parametrize("x,y,says", BAD)
def test_a_bad_batch_changes_nothing(x, y, says):
    trainer, twin = build(), build()
    for t in (trainer, twin):
        t.step(X, Y)
    before = bits(trainer)
    for use in (trainer.step, trainer.accumulate):
        with pytest.raises(ValueError, match=says):
            use(x, y)
        assert bits(trainer) == before
    for t in (trainer, twin):
        t.step(X, Y)
    assert bits(trainer) == bits(twin)


@pytest.mark.parametrize("make,says", [
    (lambda: build(target_dtype=("B",)), "target_dtype names 1 outputs"),
    (lambda: build(target_dtype=None), "several outputs take a target_dtype for each"),
    (lambda: build(target_dtype=("B", "q")), "dtype is 'q'"),
    (lambda: build(target_dtype=()), "target_dtype is empty"),
    (lambda: build().evaluate([(X, Y)], [metrics.MAE(2)]), "metrics take one output"),
    (lambda: ember.Trainer(Net(), loss, optim.SGD(Net().parameters()), [(3,), (0,)], 4), "input_shape has"),
    (lambda: ember.Trainer(Net(), loss, optim.SGD(Net().parameters()), [(3,), (4,)], 4, input_dtype=("f",)),
     "input_dtype has 1 entries for 2 inputs"),
])  # fmt: skip
def test_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


SCRIPT = """
from array import array
import ember
from ember import nn, optim
class Net(nn.Module):
    def __init__(self):
        self.a, self.b, self.c = nn.Linear(3, 4), nn.Linear(2, 4), nn.Linear(4, 1)
    def forward(self, a, b):
        hidden = self.a(a) + self.b(b)
        return hidden, self.c(hidden)
def loss(outputs, targets):
    return nn.CrossEntropyLoss()(outputs[0], targets[0]) + nn.MSELoss()(outputs[1], targets[1])
model = Net()
trainer = ember.Trainer(model, loss, optim.SGD(model.parameters()), [(3,), (2,)], 4, target_dtype=("B", "f"))
x, y = (array("f", range(12)), array("f", range(8))), (bytes(4), array("f", range(4)))
out = array("f", range(16)), array("f", range(4))
def use(steps):
    for _ in range(steps):
        trainer.step(x, y)
        trainer.predict(x, out)
print(allocated(use))
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_steps_and_predictions_allocate_nothing(binary):
    assert run_micropython(binary, ALLOCATED + SCRIPT) == "0\n"
