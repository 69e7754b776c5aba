"""How a Trainer behaves, and what it does with bad input: it says what is wrong, and goes on as if nothing had been."""

from array import array

import pytest

import ember
from ember import Tensor, nn, optim, vm
from op_cases import vms

FEATURES, CLASSES, BATCH = 6, 4, 5


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def mlp(dropout=0.0):
    ember.manual_seed(11)
    return nn.Sequential(nn.Linear(FEATURES, 7), nn.ReLU(), nn.Dropout(dropout), nn.Linear(7, CLASSES))


def build(criterion=None, model=None, optimizer=None, **settings):
    model = model or mlp()
    optimizer = optimizer or optim.Adam(model.parameters(), lr=0.01)
    return ember.Trainer(model, criterion or nn.CrossEntropyLoss(), optimizer, (FEATURES,), BATCH, **settings)


def batch(k=0, rows=BATCH):
    x = array("f", [((i * 7 + k * 3) % 11) / 4 - 1 for i in range(rows * FEATURES)])
    return x, array("B", [(i + k) % CLASSES for i in range(rows)])


def bits(trainer):
    """Everything that lasts from step to step, and the slots."""
    n = sum(size for _, _, size in trainer.plan.kept)
    ints = trainer.executor.segments[3].tolist()
    return bytes(memoryview(trainer.executor.segments[0])[:n]), ints[1:]


X, Y = batch()

BAD_BATCHES = [
    (X[:-1], Y, ValueError, rf"x has {FEATURES * BATCH - 1} elements; Sequential takes \(N, {FEATURES}\)"),
    (X, Y[:-1], ValueError, "x has 5 samples, y has 4"),
    (X + X, Y + Y, ValueError, "60 elements.*from 1 to 5"),
    (array("f"), array("B"), ValueError, "0 elements"),
    ([[1.0, 2.0]], [0], ValueError, r"shape \(1, 2\).*\(N, 6\)"),
    ([[1.0] * 6, [1.0] * 5], [0, 1], ValueError, "ragged"),
    (Tensor([[1.0] * 5] * 2), [0, 1], ValueError, r"shape \(2, 5\)"),
    ([1.0] * 6, [0], ValueError, r"shape \(6,\)"),
    (X, array("B", [0, 1, CLASSES, 3, 0]), ValueError, "label 4 at index 2; .* 0 to 3"),
    (X, array("b", [0, 1, 2, -1, 0]), ValueError, "label -1 at index 3"),
    (X, [0, 1.5, 2, 3, 0], ValueError, "label 1.5 at index 1"),
    (X, [0, 1, 2, float("nan"), 0], ValueError, "label nan at index 3"),
    (X, [0, 1, 2, float("inf"), 0], ValueError, "label inf at index 3"),
    (X, [0, 300, 2, 1, 0], ValueError, "label 300 at index 1"),
    (X, array("f", [0, 1, 2, 3, 9]), ValueError, "label 9.0 at index 4"),
    (X, [[0], [1], [2], [3], [0]], ValueError, r"y has shape \(5, 1\)"),
    (["a"] * 30, Y, ValueError, "shape|does not fit"),
]


@pytest.mark.parametrize("x,y,error,says", BAD_BATCHES)
def test_a_bad_batch_changes_nothing(machine, x, y, error, says):
    trainer, twin = build(), build()
    for t in (trainer, twin):
        t.step(*batch(1))
        t.accumulate(*batch(2, 3))
    before = bits(trainer)
    for use in (trainer.step, trainer.accumulate, lambda x, y: trainer.evaluate([(x, y)])):
        with pytest.raises(error, match=says):
            use(x, y)
        kept, was = bits(trainer), before
        if use not in (trainer.step, trainer.accumulate):  # evaluate starts its sums anew
            kept, was = kept[1][:3], was[1][:3]
        assert kept == was
    for t in (trainer, twin):
        t.accumulate(*batch(3, 2))
        t.update()
        t.step(*batch(4))
    one, other = [t.executor.segments[0][: t.plan.start].tolist()[:-2] for t in (trainer, twin)]
    assert one == other


@pytest.mark.parametrize("x,y,error,says", BAD_BATCHES[:2] + BAD_BATCHES[8:9])
def test_update_after_a_refused_batch(machine, x, y, error, says):
    trainer, twin = build(), build()
    trainer.accumulate(*batch(2, 3))
    with pytest.raises(error):
        trainer.accumulate(x, y)
    trainer.update()
    twin.step(*batch(2, 3))
    assert bits(trainer) == bits(twin)


def test_predict_refuses_and_goes_on(machine):
    trainer = build()
    expected = trainer.predict(X).tolist()
    for bad in (X[:-1], X + X, [[1.0]], array("f"), Tensor([[1.0, 2.0]])):
        with pytest.raises(ValueError, match=r"\(N, 6\)"):
            trainer.predict(bad)
    assert trainer.predict(X[:6]).tolist() == expected[:1]
    assert trainer.predict([X[:6].tolist()]).tolist() == expected[:1]
    trainer.step(X, Y)
    assert trainer.predict(X).shape == (BATCH, CLASSES)


def refuse(error, says, make):
    """A Trainer that cannot be made leaves the model and its first trainer as they were."""
    model = mlp()
    first = build(model=model)
    twin = build()
    with pytest.raises(error, match=says):
        make(model)
    for t in (first, twin):
        t.step(X, Y)
    assert bits(first) == bits(twin)
    assert [p.grad.tolist() for p in model.parameters()] == [p.grad.tolist() for p in twin.model.parameters()]
    build(model=model).step(X, Y)


def loss_of_targets(output, y):
    return (y * y).mean()


REFUSED = [
    (ValueError, r"Linear\(in_features=6, out_features=7, bias=True\) takes \(N, 6\), got shape \(5, 3\)",
     lambda m: ember.Trainer(m, nn.CrossEntropyLoss(), optim.SGD(m.parameters()), (3,), 5)),
    (ValueError, "the loss does not depend on any parameter that", lambda m: build(loss_of_targets, m)),
    (ValueError, "the loss does not depend on any parameter that",
     lambda m: build(model=m, optimizer=optim.SGD(nn.Linear(2, 2).parameters()))),
    (ValueError, "the loss does not depend on any parameter that", lambda m: build(lambda o, y: o.detach().mean(), m)),
    (ValueError, "got no parameters", lambda m: optim.SGD(nn.Sequential(nn.ReLU()).parameters())),
    (ValueError, "the model has no parameters|no parameter", lambda m: build(model=nn.ReLU(), optimizer=frozen(m))),
    (ValueError, r"shape \(5,\).*'mean' or 'sum'", lambda m: build(nn.CrossEntropyLoss(reduction="none"), m)),
    (ValueError, r"shape \(5, 4\).*'mean' or 'sum'", lambda m: build(lambda o, y: o - y, m)),
    (RuntimeError, "no values yet", lambda m: build(lambda o, y: o.mean() * o.sum().item(), m)),
    (ValueError, "the batch stays the first dimension", lambda m: build(model=nn.Sequential(m, Turned()))),
    (MemoryError, r"needs \d{4,} bytes at the least, allowed are 1000", lambda m: build(model=m, memory=1000)),
    (ValueError, "batch_size is 0", lambda m: ember.Trainer(m, nn.MSELoss(), optim.SGD(m.parameters()), (6,), 0)),
    (ValueError, "dtype is 'd'", lambda m: build(model=m, input_dtype="d")),
    (ValueError, "dtype is 'q'", lambda m: build(model=m, target_dtype="q")),
    (ValueError, "labels|dtype", lambda m: build(nn.NLLLoss(), m, target_dtype="f")),
    (ValueError, "given twice", lambda m: optim.SGD(m.parameters() + m.parameters())),
    (ValueError, r"params has Tensor.*; it may have Parameters", lambda m: optim.SGD([Tensor([1.0])])),
    (ValueError, "params is 3; it may be a list of parameters, or of groups", lambda m: optim.SGD(3)),
    (ValueError, r"params is Parameter\(.*; it may be a list", lambda m: optim.SGD(m.parameters()[0])),
    (ValueError, "a group is .*'lr'.*; it may be a dict with the key 'params'", lambda m: optim.SGD([{"lr": 0.1}])),
    (ValueError, "a group is 3; it may be", lambda m: optim.SGD([{"params": m.parameters()}, 3])),
    (ValueError, "params is 3", lambda m: optim.SGD([{"params": 3}])),
    (ValueError, "lr is -1", lambda m: optim.SGD(m.parameters(), lr=-1)),
    (ValueError, "lr is nan", lambda m: optim.SGD(m.parameters(), lr=float("nan"))),
    (ValueError, "momentum is 1", lambda m: optim.SGD(m.parameters(), momentum=1.0)),
    (ValueError, "nesterov", lambda m: optim.SGD(m.parameters(), nesterov=True)),
    (ValueError, "beta2 is 1", lambda m: optim.Adam(m.parameters(), betas=(0.9, 1.0))),
    (ValueError, "'rate'", lambda m: optim.SGD([{"params": m.parameters(), "rate": 1}])),
    (ValueError, "momentum", lambda m: optim.SGD([{"params": m.parameters(), "momentum": 0.5}])),
    (ValueError, "input_shape", lambda m: ember.Trainer(m, nn.MSELoss(), optim.SGD(m.parameters()), 6, 5)),
    (ValueError, "input_shape", lambda m: ember.Trainer(m, nn.MSELoss(), optim.SGD(m.parameters()), (0,), 5)),
]  # fmt: skip


def frozen(model):
    optimizer = optim.SGD(nn.Linear(1, 1).parameters())
    for p in optimizer.groups[0].params:
        p.requires_grad = False
    return optimizer


class Turned(nn.Module):
    def forward(self, x):
        return x.permute(1, 0)


@pytest.mark.parametrize("error,says,make", REFUSED)
def test_what_cannot_be_trained_is_refused(machine, error, says, make):
    refuse(error, says, make)


def test_memory_that_is_enough_to_the_byte():
    need = build().plan.total()
    trainer = build(memory=need)
    assert trainer.plan.total() == need and trainer.micro_batch == BATCH
    assert build(memory=need - 1).micro_batch < BATCH


def test_the_model_must_do_the_same_twice():
    class Fickle(nn.Module):
        def __init__(self):
            self.layer, self.calls = nn.Linear(FEATURES, CLASSES), 0

        def forward(self, x):
            self.calls += 1
            x = self.layer(x)
            return x.relu() if self.calls > limit else x

    for limit in (0, 1, 2, 3):
        if limit in (1, 2, 3):
            with pytest.raises(RuntimeError, match="its code must not change"):
                build(model=Fickle())
        else:
            build(model=Fickle()).step(X, Y)


def test_update_needs_something(machine):
    trainer, twin = build(), build()
    with pytest.raises(RuntimeError, match="nothing was accumulated"):
        trainer.update()
    with pytest.raises(ValueError, match="no batches"):
        trainer.evaluate([])
    for t in (trainer, twin):
        t.step(X, Y)
    with pytest.raises(RuntimeError, match="nothing was accumulated"):
        trainer.update()
    with pytest.raises(RuntimeError, match="belongs to a Trainer"):
        trainer.optimizer.step()
    assert bits(trainer) == bits(twin)


def test_gradients_are_zero_before_the_first_step(machine):
    trainer = build()
    assert all(v == 0 for p in trainer.model.parameters() for v in p.grad.storage.tolist())


def test_many_classes_and_wide_bytes(machine):
    """What does not fit a small type must not be made of it."""
    for classes, dtype in ((256, "B"), (257, "h")):
        layer = nn.Linear(1, classes)
        settings = dict(input_dtype="B") if classes == 256 else {}
        t = ember.Trainer(layer, nn.CrossEntropyLoss(), optim.SGD(layer.parameters()), (1,), 2, **settings)
        assert t.target_dtype == dtype
        t.step([[1], [2]], [0, classes - 1])
    layer = nn.Linear(300, 2)
    t = ember.Trainer(layer, nn.CrossEntropyLoss(), optim.SGD(layer.parameters()), (300,), 300, input_dtype="B")
    t.predict(bytearray(300 * 300))
    t.step(bytearray(300), bytearray(1))


def test_a_tensor_without_dimensions_is_no_batch(machine):
    layer = nn.Linear(1, 2)
    trainer = ember.Trainer(layer, nn.CrossEntropyLoss(), optim.SGD(layer.parameters()), (1,), 2)
    for bad in (Tensor(1.0), 1.0, None):
        with pytest.raises((ValueError, TypeError)):
            trainer.step(bad, bad)
    trainer.step([[1.0], [2.0]], [0, 1])
