"""Weights that are read where they lie: the same bits as weights that were copied, and no RAM."""

from array import array

import pytest

import ember
from checkout import run_micropython
from ember import nn, optim, vm
from op_cases import vms

X = array("f", [(i * 7 % 11) / 5 - 1 for i in range(24)])
Y = array("B", [0, 1, 2, 0])


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


class Net(nn.Module):
    def __init__(self):
        self.hidden, self.out = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.hidden(x).relu())


def net(mapped):
    """Its first layer is frozen, in one of two ways."""
    ember.manual_seed(4)
    model = Net()
    hidden = model.hidden
    if mapped:
        flash = b"head" + bytes(hidden.weight.elements()) + bytes(hidden.bias.elements())
        hidden.weight = ember.frombuffer(flash, (6, 8), offset=4)
        hidden.bias = ember.frombuffer(memoryview(flash)[4 + 4 * 48 :])
    else:
        for p in hidden.parameters():
            p.requires_grad = False
    return model


def trained(mapped):
    model = net(mapped)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.out.parameters()), (6,), 4)
    for _ in range(3):
        trainer.step(X, Y)
    return trainer, model


def test_a_trainer_gives_the_same_bits_in_less_memory():
    (copied, plain), (mapped, model) = trained(False), trained(True)
    assert [p.tolist() for p in plain.out.parameters()] == [p.tolist() for p in model.out.parameters()]
    assert copied.predict(X).tolist() == mapped.predict(X).tolist() == model(ember.Tensor(X, (4, 6))).tolist()
    size = 6 * 8 + 8
    assert copied.plan.arena - mapped.plan.arena == size
    assert mapped.plan.constants == copied.plan.constants and "%d bytes of weights" % (4 * size) in str(mapped.plan)
    assert model.parameters() == model.out.parameters()


def test_values_are_seen():
    t = ember.frombuffer(bytes(array("f", [1.5, -2.0, 3.25, 4.0])), (2, 2))
    assert t.tolist() == [[1.5, -2.0], [3.25, 4.0]] and t[1].tolist() == [3.25, 4.0] and t[1, 0].item() == 3.25
    assert (t + 1.0).tolist() == [[2.5, -1.0], [4.25, 5.0]] and t.reshape(4)[1:].sum().item() == 5.25
    assert not t.requires_grad


def test_a_recorded_function_takes_them():
    model = net(True)

    def forward(x):
        return model(x)

    run = ember.record(forward, (4, 6))
    assert run(X).tolist() == model(ember.Tensor(X, (4, 6))).tolist()


def test_a_checkpoint_has_only_what_is_trained(tmp_path):
    trainer, model = trained(True)
    trainer.save(str(tmp_path / "weights"))
    before = trainer.predict(X).tolist()
    trainer.step(X, Y)
    trainer.load(str(tmp_path / "weights"))
    assert trainer.predict(X).tolist() == before
    content = (tmp_path / "weights").read_bytes()
    for p in model.out.parameters():
        assert bytes(p.elements()) in content
    for mapped in (model.hidden.weight, model.hidden.bias):
        assert bytes(memoryview(mapped.elements()))[:32] not in content


DATA = bytes(array("f", range(8)))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((DATA, (3, 3)), r"shape is \(3, 3\); from offset 0 there are 8 elements"),
        ((DATA, (8,), 4), r"shape is \(8,\); from offset 4 there are 7"),
        ((DATA, (0,)), "shape is"),
        ((DATA, (-2, -2)), "shape is"),
        ((DATA, (2,), 2), "offset is 2; it may be a multiple of 4 below 32"),
        ((DATA, (2,), -4), "offset is -4"),
        ((DATA, (2,), 32), "offset is 32"),
        ((DATA, (2,), 4.0), "offset is 4.0"),
        ((b"abc",), "shape is"),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        ember.frombuffer(*arguments)


def test_an_odd_address(machine):
    """Found when it is made, or where no module tells addresses, when it is used; the portable VM takes it."""
    t = ember.frombuffer(memoryview(DATA)[1:29])
    if machine == "native":
        with pytest.raises(ValueError, match="not aligned"):
            t + 1.0
    else:
        assert len((t + 1.0).tolist()) == 7


def test_under_micropython(machine):
    script = """
import ember
from ember import nn, optim, vm
from array import array
vm.select(%r)
data = bytes(array("f", [0.5 * i for i in range(12)]))
layer = nn.Linear(4, 2)
layer.weight = ember.frombuffer(data, (4, 2), offset=8)
nn.init.zeros_(layer.bias)
trainer = ember.Trainer(layer, nn.MSELoss(), optim.SGD([layer.bias], lr=0.5), (4,), 2)
x, y = array("f", [1, 2, 3, 4, -1, 0, 1, 0]), array("f", [20, 30, 0, 1])
trainer.step(x, y)
print(trainer.predict(x).tolist(), layer.weight.tolist(), trainer.plan.mapped)
try:
    ember.frombuffer(memoryview(data)[1:5])
    print("taken")
except ValueError as e:
    print(e)
"""
    lines = run_micropython("unix-single", script % machine).splitlines()
    weight = [[1.0, 1.5], [2.0, 2.5], [3.0, 3.5], [4.0, 4.5]]
    bias = [sum(w[k] * v for w, v in zip(weight, (1, 2, 3, 4))) - t for k, t in enumerate((20.0, 30.0))]
    second = [w3 - w1 - t for w1, w3, t in zip(weight[0], weight[2], (0.0, 1.0))]
    bias = [-0.5 * 2 * (a + b) / 4 for a, b in zip(bias, second)]
    rows = [[sum(w[k] * v for w, v in zip(weight, row)) + bias[k] for k in range(2)]
            for row in ((1, 2, 3, 4), (-1, 0, 1, 0))]  # fmt: skip
    assert lines[0] == "%s %s 8" % (rows, weight)
    assert "it may lie at a multiple of 4" in lines[1] or lines[1] == "taken"
