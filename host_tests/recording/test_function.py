"""Recorded functions: ember.record(fn, example) does what fn does eagerly, again and again, and allocates nothing."""

from array import array

import pytest

import ember
from checkout import ALLOCATED, run_micropython
from ember import Parameter, Tensor, nn, optim, schedule, vm
from ember.instructions import isa
from ember.tensors.tensor import current_sink
from op_cases import vms

BATCH = 4


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def net(dropout=0.0):
    ember.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Dropout(dropout), nn.Linear(5, 2))


def batch(k, rows=BATCH):
    return (array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(3 * rows)]),
            array("f", [((i * 3 + k) % 5) / 4 for i in range(2 * rows)]))  # fmt: skip


def weights(model):
    return [v for p in model.parameters() for v in p.elements()[p.offset : p.offset + p.numel()]]


def stepping(model, optimizer, loss=None):
    criterion = loss or nn.MSELoss()

    def step(x, y):
        value = criterion(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return step


EXAMPLES = ((BATCH, 3), (BATCH, 2))
OPTIMIZERS = [
    lambda p: optim.SGD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    lambda p: optim.AdamW(p, lr=0.02),
]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_a_step_is_the_trainers_and_the_eager_one(make):
    model, other, third = net(), net(), net()
    train = ember.record(stepping(model, make(model.parameters())), *EXAMPLES)
    trainer = ember.Trainer(other, nn.MSELoss(), make(other.parameters()), (3,), BATCH)
    step = stepping(third, make(third.parameters()))
    for k in range(6):
        rows = BATCH - k % 2
        x, y = batch(k, rows)
        loss = train(x, y)
        trainer.step(x, y)
        eager = step(Tensor(x, (rows, 3)), Tensor(y, (rows, 2)))
        assert loss.item() == pytest.approx(eager.item(), rel=1e-5) == pytest.approx(trainer.loss, rel=1e-5)
    assert weights(model) == pytest.approx(weights(other), rel=1e-4, abs=1e-6)
    assert weights(model) == pytest.approx(weights(third), rel=1e-4, abs=1e-6)
    assert train.steps == 6


def test_the_results_are_the_same_objects_in_the_shape_of_the_batch():
    model = net()
    seen = model(Tensor(batch(0)[0], (BATCH, 3))).tolist()
    infer = ember.record(lambda x: (model(x), x.sum(1), model.layers[0].weight, x), (BATCH, 3))
    for rows in (BATCH, 2, 2, BATCH, 1):
        found = infer(batch(0, rows)[0])
        assert found is infer(batch(0, rows)[0])
        output, total, weight, x = found
        assert output.tolist() == seen[:rows]
        assert total.shape == (rows,) and x.tolist() == Tensor(batch(0, rows)[0], (rows, 3)).tolist()
        assert weight.tolist() == model.layers[0].weight.tolist()
    nothing = ember.record(lambda x: None, (2, 3))
    assert nothing(array("f", range(6))) is None
    alone = ember.record(lambda x: [x + 1], (2, 3))
    assert alone(Tensor([[1.0, 2.0, 3.0]]))[0].tolist() == [[2.0, 3.0, 4.0]]


def test_results_last_to_the_end():
    """Memory is not handed on while something returned lies in it."""

    def fn(x):
        kept = [x + k for k in range(3)]
        y = x
        for _ in range(6):
            y = (y * 2).tanh()
        return kept + [y]

    found = ember.record(fn, (2, 3))(array("f", range(6)))
    for k in range(3):
        assert found[k].tolist() == [[k, k + 1, k + 2], [k + 3, k + 4, k + 5]]


def test_functions_of_one_model_share_its_weights():
    model = net(0.5)
    model.eval()
    infer = ember.record(lambda x: model(x), (BATCH, 3))
    model.train()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    train = ember.record(stepping(model, optimizer), *EXAMPLES)
    x, y = batch(1)
    first = infer(x).tolist()
    for _ in range(3):
        train(x, y)
        seen = infer(x).tolist()
        assert seen == model.eval()(Tensor(x, (BATCH, 3))).tolist() != first
    assert {kind: size for kind, _, size in train.plan.kept} == {"parameters": 0, "optimizer state": 64}
    assert {kind: size for kind, _, size in infer.plan.kept} == {"parameters": 32, "optimizer state": 0}


def test_beside_a_trainer_and_after_it():
    model = net()
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), (3,), BATCH)
    infer = ember.record(lambda x: model(x), (BATCH, 3))
    x, y = batch(1)
    trainer.step(x, y)
    assert infer(x).tolist() == trainer.predict(x).tolist()
    newer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), (3,), BATCH)
    for old in (lambda: trainer.step(x, y), lambda: infer(x)):
        with pytest.raises(RuntimeError, match="moved into the arena of a newer"):
            old()
    again = ember.record(lambda x: model(x), (BATCH, 3))
    newer.step(x, y)
    assert again(x).tolist() == newer.predict(x).tolist()


def test_several_optimizers_and_inputs_in_one_step():
    """Two players: each optimizer moves its own, with the gradients of its own loss."""

    def make():
        ember.manual_seed(5)
        a, b = nn.Linear(3, 2), nn.Linear(2, 2)
        one, two = optim.Adam(a.parameters(), lr=0.05), optim.SGD(b.parameters(), lr=0.1, momentum=0.5)

        def step(x, y, w):
            first = ((a(x) - y).square() * w).mean()
            first.backward()
            one.step()
            one.zero_grad()
            second = (b(a(x).detach()) - y).abs().mean()
            second.backward()
            two.step()
            two.zero_grad()
            return first, second

        return step, a, b

    (step, a, b), (eager, c, d) = make(), make()
    train = ember.record(step, (BATCH, 3), (BATCH, 2), (BATCH, 1))
    for k in range(4):
        x, y = batch(k)
        w = array("f", [1.0, 2.0, 0.5, 0.0])
        found = [t.item() for t in train(x, y, w)]
        expected = [t.item() for t in eager(Tensor(x, (4, 3)), Tensor(y, (4, 2)), Tensor(w, (4, 1)))]
        assert found == pytest.approx(expected, rel=1e-5)
    assert weights(a) + weights(b) == pytest.approx(weights(c) + weights(d), rel=1e-4, abs=1e-6)


def test_gradients_can_be_returned_and_frozen_parameters_stay():
    model = net()
    model.layers[0].bias.requires_grad = False
    w = model.layers[0].weight

    def gradient(x, y):
        nn.MSELoss()(model(x), y).backward()
        return w.grad

    found = ember.record(gradient, *EXAMPLES)(*batch(2))
    assert w.grad is None
    x, y = batch(2)
    nn.MSELoss()(model(Tensor(x, (4, 3))), Tensor(y, (4, 2))).backward()
    assert sum(found.tolist(), []) == pytest.approx(sum(w.grad.tolist(), []), rel=1e-5, abs=1e-7)
    assert model.layers[0].bias.grad is None


def test_a_parameter_that_is_written_to_lasts():
    """As running statistics do."""
    seen = Parameter((1,))
    seen.requires_grad = False

    def count(x):
        current_sink().copy(seen, x.sum().reshape(1), isa.ADD)
        return x

    run = ember.record(count, (2, 2))
    for k in range(3):
        run(array("f", [1.0, 2.0, 3.0, k]))
    assert seen.tolist() == [21.0] and seen.owner is run


def test_labels_dropout_and_a_learning_rate():
    model = net(0.5)
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    labels = Tensor(bytes(BATCH), dtype="B")
    train = ember.record(stepping(model, optimizer, nn.CrossEntropyLoss()), (BATCH, 3), labels)
    x, y = batch(0)[0], bytes([0, 1, 0, 1])
    assert len({train(x, y).item() for _ in range(4)}) == 4  # a fresh mask each time
    before = weights(model)
    schedule.LambdaLR(optimizer, lambda t: 1)
    optimizer.lr = 0.5
    train(x, y)
    assert weights(model) != before
    before = weights(model)
    with pytest.raises(ValueError, match="label 2 at index 2"):
        train(x, bytes([0, 1, 2, 1]))
    assert weights(model) == before
    train(x, y)


@pytest.mark.parametrize("inputs,error,says", [
    ((array("f", range(11)), array("f", range(8))), ValueError, "input 0 has 11 elements: 3 for each of 1 to 4"),
    ((array("f", range(12)), array("f", range(6))), ValueError, "input 1 has 6 elements: 2 for each"),
    ((array("f", range(15)), array("f", range(10))), ValueError, "input 0 has 15"),
    ((array("f"), array("f")), ValueError, "input 0 has 0"),
    ((array("f", range(12)),), TypeError, "takes 2 inputs"),
    ((["a"] * 12, array("f", range(8))), ValueError, r"input 0 has shape \(12,\): 3 for each of 1 to 4"),
    (([["a"] * 3] * 4, array("f", range(8))), ValueError, "input 0 has 'a' at index 0; type 'f' holds numbers"),
])  # fmt: skip
def test_a_bad_batch_changes_nothing(inputs, error, says):
    model = net()
    train = ember.record(stepping(model, optim.SGD(model.parameters(), lr=0.1)), *EXAMPLES)
    before = weights(model)
    with pytest.raises(error, match=says):
        train(*inputs)
    assert weights(model) == before
    train(*batch(0))
    assert weights(model) != before


def twice(model, optimizer):
    def step(x):
        for _ in range(2):
            model(x).sum().backward()
            optimizer.step()

    return step


REFUSED = [
    (ValueError, "function is 3", lambda m: (3, (4, 3))),
    (ValueError, "0 examples; .* one to four", lambda m: (m,)),
    (ValueError, r"an example is \(\)", lambda m: (m, ())),
    (ValueError, "an example is 'x'", lambda m: (m, "x")),
    (ValueError, "examples have 4 and 3 samples", lambda m: (m, (4, 3), (3, 3))),
    (ValueError, "the function returned 3", lambda m: (lambda x: 3, (4, 3))),
    (ValueError, r"takes \(N, 3\), got shape \(4, 2\)", lambda m: (m, (4, 2))),
    (RuntimeError, "may step once", lambda m: (twice(m, optim.SGD(m.parameters())), (4, 3))),
    (RuntimeError, "no values yet", lambda m: (lambda x: m(x) * m(x).sum().item(), (4, 3))),
]


@pytest.mark.parametrize("error,says,make", REFUSED)
def test_what_cannot_be_recorded_is_refused_and_leaves_the_model(error, says, make):
    model = net()
    x, y = batch(0)
    nn.MSELoss()(model(Tensor(x, (4, 3))), Tensor(y, (4, 2))).backward()
    kept = model.parameters()[0].grad
    with pytest.raises(error, match=says):
        ember.record(*make(model))
    assert model.parameters()[0].grad is kept and all(p.place is None for p in model.parameters())
    infer = ember.record(lambda x: model(x), (BATCH, 3))
    assert infer(x).tolist() == model(Tensor(x, (4, 3))).tolist()


def test_an_optimizer_belongs_to_one():
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    ember.record(stepping(model, optimizer), *EXAMPLES)
    with pytest.raises(RuntimeError, match="belongs to"):
        ember.record(stepping(model, optimizer), *EXAMPLES)
    other = net()
    used = optim.SGD(other.parameters(), lr=0.1)
    stepping(other, used)(Tensor(batch(0)[0], (4, 3)), Tensor(batch(0)[1], (4, 2)))
    with pytest.raises(ValueError, match="already taken 1 steps"):
        ember.record(stepping(other, used), *EXAMPLES)


def test_memory_that_is_enough_to_the_byte():
    model = net()
    need = ember.record(lambda x: model(x), (BATCH, 3)).plan.total()
    other = net()
    with pytest.raises(MemoryError, match=f"needs {need} bytes at the least, allowed are {need - 1}"):
        ember.record(lambda x: other(x), (BATCH, 3), memory=need - 1)
    assert ember.record(lambda x: other(x), (BATCH, 3), memory=need).plan.total() == need


SCRIPT = """
from array import array
import ember
from ember import nn, optim
ember.manual_seed(1)
model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3))
optimizer, criterion = optim.Adam(model.parameters(), lr=0.05), nn.CrossEntropyLoss()
def step(x, y):
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss, model(x)
train = ember.record(step, (8, 6), ember.Tensor(bytes(8), dtype="B"))
x, y = array("f", [i % 5 for i in range(48)]), bytes([i % 3 for i in range(8)])
first = train(x, y)[0].item()
def steps(n):
    for _ in range(n):
        train(x, y)
print(allocated(steps))
assert train(x, y)[0].item() < first
"""


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_a_call_allocates_nothing(binary):
    assert run_micropython(binary, ALLOCATED + SCRIPT) == "0\n"
