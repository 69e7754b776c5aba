"""The Trainer in use: changing the learning rate, groups, frozen parameters, losses of one's own, eager beside it."""

from array import array

import pytest

import ember
from ember import Tensor, nn, optim, vm
from ember.tensors.parameter import Parameter
from op_cases import vms

BATCH = 4


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def net():
    ember.manual_seed(4)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def batch(k, rows=BATCH):
    return (array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(3 * rows)]),
            array("f", [((i * 3 + k) % 5) / 4 for i in range(2 * rows)]))  # fmt: skip


def build(optimizer, model, criterion=None, **more):
    return ember.Trainer(model, criterion or nn.MSELoss(), optimizer, (3,), BATCH, **more)


def weights(model):
    return [p.tolist() for p in model.parameters()]


def near(a, b):
    for p, q in zip(a, b):
        flat = [v for row in (p if isinstance(p[0], list) else [p]) for v in row]
        assert flat == pytest.approx(
            [v for row in (q if isinstance(q[0], list) else [q]) for v in row], rel=1e-4, abs=1e-6
        )


OPTIMIZERS = [lambda p: optim.SGD(p, lr=0.1),
              lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
              lambda p: optim.Adam(p, lr=0.02), lambda p: optim.AdamW(p, lr=0.02)]  # fmt: skip


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_the_eager_loop_gives_the_same(machine, make):
    """zero_grad, backward, step, as in PyTorch."""
    model = net()
    trainer = build(make(model.parameters()), model)
    other = net()
    optimizer, loss = make(other.parameters()), nn.MSELoss()
    for k in range(5):
        rows = BATCH - k % 2
        x, y = batch(k, rows)
        trainer.step(x, y)
        optimizer.zero_grad()
        value = loss(other(Tensor(x, (rows, 3))), Tensor(y, (rows, 2)))
        value.backward()
        optimizer.step()
        assert trainer.loss == pytest.approx(value.item(), rel=1e-4)
    near(weights(model), weights(other))


def test_a_learning_rate_changes_without_recording_again(machine):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    trainer = build(optimizer, model)
    code = bytes(trainer.image.code)
    trainer.step(*batch(0))
    optimizer.lr = 0.0
    before = weights(model)
    trainer.step(*batch(1))
    assert weights(model) == before and bytes(trainer.image.code) == code
    optimizer.lr = 0.5
    trainer.step(*batch(1))
    other = net()
    twin = optim.SGD(other.parameters(), lr=0.1)
    second = build(twin, other)
    second.step(*batch(0))
    twin.lr = 0.5
    second.step(*batch(1))
    assert weights(model) == weights(other) and optimizer.lr == 0.5
    for bad in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="lr is"):
            optimizer.lr = bad
    assert optimizer.lr == 0.5


def test_parameter_groups(machine):
    """Each group with settings of its own, the groups in another order than the parameters."""
    model = net()
    first, last = model.layers[0].parameters(), model.layers[2].parameters()
    trainer = build(optim.SGD([{"params": last, "lr": 0.2}, {"params": first, "weight_decay": 0.1}], lr=0.05), model)
    other = net()
    one = optim.SGD(other.layers[0].parameters(), lr=0.05, weight_decay=0.1)
    two = optim.SGD(other.layers[2].parameters(), lr=0.2)
    for k in range(3):
        x, y = batch(k)
        trainer.step(x, y)
        one.zero_grad(), two.zero_grad()
        nn.MSELoss()(other(Tensor(x, (BATCH, 3))), Tensor(y, (BATCH, 2))).backward()
        one.step(), two.step()
    near(weights(model), weights(other))
    trainer.optimizer.groups[1].hyper[0] = 0
    kept = first[0].tolist()
    trainer.optimizer.groups[1].hyper[3] = 0
    trainer.step(*batch(0))
    assert first[0].tolist() == kept


@pytest.mark.parametrize("how", ["requires_grad", "not in the optimizer"])
def test_frozen_parameters_stay(machine, how):
    model = net()
    first = model.layers[0]
    if how == "requires_grad":
        for p in first.parameters():
            p.requires_grad = False
        trainer = build(optim.Adam(model.parameters(), lr=0.05), model)
    else:
        trainer = build(optim.Adam(model.layers[2].parameters(), lr=0.05), model)
    before, trained = first.weight.tolist(), model.layers[2].weight.tolist()
    kinds = {kind: size for kind, _, size in trainer.plan.kept}
    assert (kinds["parameters"], kinds["frozen"], kinds["optimizer state"]) == (12, 20, 24)
    for k in range(4):
        trainer.step(*batch(k))
    assert first.weight.tolist() == before and model.layers[2].weight.tolist() != trained
    assert first.weight.grad is None and first.weight.requires_grad == (how != "requires_grad")
    x = batch(0)[0]
    assert trainer.predict(x).tolist() == model(Tensor(x, (BATCH, 3))).tolist()


def test_a_loss_of_ones_own(machine):
    def weighted(output, target):
        d = output - target
        return (d * d * Tensor([1.0, 3.0])).sum(1).sqrt().mean()

    model = net()
    trainer = build(optim.Adam(model.parameters(), lr=0.02), model, weighted)
    batches = [batch(0), batch(1, 2)]
    trainer.fit(batches, 1)
    first = trainer.running_loss
    trainer.fit(batches, 60)
    assert trainer.running_loss < 0.6 * first
    loss, accuracy = trainer.evaluate(batches)
    x, y = batch(0)
    one = weighted(model(Tensor(x, (4, 3))), Tensor(y, (4, 2))).item()
    x, y = batch(1, 2)
    two = weighted(model(Tensor(x, (2, 3))), Tensor(y, (2, 2))).item()
    assert accuracy is None and loss == pytest.approx((4 * one + 2 * two) / 6, rel=1e-5)


def test_a_parameter_outside_the_model(machine):
    """One that the optimizer has is trained; one that it has not is a constant."""
    scale, fixed = Parameter((2,), 0.5, 1.0), Parameter((2,), 0.5, 1.0)
    model = net()

    def loss(output, target):
        d = output * scale * fixed - target
        return (d * d).mean()

    trainer = build(optim.SGD(model.parameters() + [scale], lr=0.1), model, loss)
    before, kept = scale.tolist(), fixed.tolist()
    trainer.step(*batch(0))
    assert scale.tolist() != before and fixed.tolist() == kept and fixed.grad is None


def test_a_model_that_was_used_eagerly_before(machine):
    model, other = net(), net()
    x, y = batch(0)
    nn.MSELoss()(model(Tensor(x, (4, 3))), Tensor(y, (4, 2))).backward()
    first = build(optim.SGD(model.parameters(), lr=0.1, momentum=0.9), model)
    second = build(optim.SGD(other.parameters(), lr=0.1, momentum=0.9), other)
    for k in range(3):
        first.step(*batch(k)), second.step(*batch(k))
    assert weights(model) == weights(other)


def test_eager_use_between_steps(machine):
    model, other = net(), net()
    first = build(optim.SGD(model.parameters(), lr=0.1), model)
    second = build(optim.SGD(other.parameters(), lr=0.1), other)
    for k in range(3):
        x, y = batch(k)
        first.step(x, y), second.step(x, y)
        out = model(Tensor(x, (4, 3)))
        assert out.tolist() == first.predict(x).tolist()
        nn.MSELoss()(out, Tensor(y, (4, 2))).backward()
    first.optimizer.zero_grad()
    first.step(*batch(5)), second.step(*batch(5))
    assert weights(model) == weights(other)


def test_a_second_trainer_of_the_same_model(machine):
    """Takes it over where the first left it."""
    model, other = net(), net()
    build(optim.SGD(model.parameters(), lr=0.1), model).step(*batch(0))
    second = build(optim.SGD(model.parameters(), lr=0.1), model)
    second.step(*batch(1))
    once = build(optim.SGD(other.parameters(), lr=0.1), other)
    once.step(*batch(0)), once.step(*batch(1))
    assert weights(model) == weights(other)


def test_dropout_only_while_training(machine):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 20), nn.Dropout(0.5), nn.Linear(20, 2))
    trainer = build(optim.SGD(model.parameters(), lr=0.0), model)
    x, y = batch(0)
    losses = []
    for _ in range(3):
        trainer.step(x, y)
        losses.append(trainer.loss)
    assert len(set(losses)) == 3  # a fresh mask each step
    assert trainer.predict(x).tolist() == trainer.predict(x).tolist() == model.eval()(Tensor(x, (4, 3))).tolist()
    assert trainer.evaluate([(x, y)]) == trainer.evaluate([(x, y)])


def test_lists_tensors_and_buffers_are_the_same_batch(machine):
    results = []
    x, y = batch(0)
    rows = [x.tolist()[i : i + 3] for i in range(0, 12, 3)], [y.tolist()[i : i + 2] for i in range(0, 8, 2)]
    for given in ((x, y), rows, (Tensor(rows[0]), Tensor(rows[1])), (memoryview(x), memoryview(y)),
                 (array("d", x), array("d", y)), (bytes(x), bytes(y))):  # fmt: skip
        model = net()
        trainer = build(optim.SGD(model.parameters(), lr=0.1), model)
        if isinstance(given[0], bytes):  # the elements themselves, as a file holds them
            with pytest.raises(ValueError):
                trainer.step(*given)
            continue
        trainer.step(*given)
        results.append(weights(model))
    assert all(r == results[0] for r in results)


def test_fit_with_callbacks_and_an_early_end(machine):
    model = net()
    trainer = build(optim.Adam(model.parameters(), lr=0.01), model)
    seen, steps, batches = [], [], [batch(0), batch(1, 2)]

    def note(t):
        seen.append((t.epoch, t.running_loss, t.validation))

    trainer.fit(batches, 5, validation=batches, callbacks=[lambda t: t.epoch == 3, note],
                on_step=lambda t: steps.append((t.steps, t.loss)))  # fmt: skip
    assert [s[0] for s in seen] == [1, 2, 3] == [trainer.epoch - 2, trainer.epoch - 1, trainer.epoch]
    assert [s[0] for s in steps] == [1, 2, 3, 4, 5, 6]
    assert seen[0][1] == pytest.approx((4 * steps[0][1] + 2 * steps[1][1]) / 6, rel=1e-5)
    assert seen[2][2] == trainer.evaluate(batches) and seen[2][2][0] < seen[0][2][0]
    trainer.fit(batches, 1)
    assert trainer.epoch == 4 and trainer.validation is None


def test_predict_gives_a_tensor_of_its_own(machine):
    model = net()
    trainer = build(optim.SGD(model.parameters(), lr=0.5), model)
    x, y = batch(0)
    first = trainer.predict(x)
    kept = first.tolist()
    trainer.step(x, y)
    assert first.tolist() == kept != trainer.predict(x).tolist()
    assert trainer.predict(x[:3]).tolist() == trainer.predict(x).tolist()[:1]


def test_shared_layers_get_both_gradients(machine):
    class Twice(nn.Module):
        def __init__(self):
            ember.manual_seed(1)
            self.layer, self.out = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.out(self.layer(self.layer(x).tanh()))

    model, other = Twice(), Twice()
    trainer = build(optim.SGD(model.parameters(), lr=0.1), model)
    x, y = batch(0)
    trainer.accumulate(x, y)
    nn.MSELoss()(other(Tensor(x, (4, 3))), Tensor(y, (4, 2))).backward()
    near([[4 * v for v in p.grad.tolist()] for p in other.parameters() if len(p.shape) == 1],
         [p.grad.tolist() for p in model.parameters() if len(p.shape) == 1])  # fmt: skip
