"""What a module says of itself: names, children, its state, how it is written; and containers."""

from array import array

import numpy as np
import pytest

import ember
from catalogue_list import ACTIVATIONS, LAYERS, NEEDS
from checkout import run_micropython
from ember import nn, optim


class Block(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(self.fc(x))


class Net(nn.Module):
    def __init__(self):
        self.stem = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
        self.blocks = nn.ModuleList([Block(), Block()])
        self.heads = nn.ModuleDict({"left": nn.Linear(3, 2)})
        self.scale = ember.Parameter((1,), 1.0, 1.0)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.heads["left"](x) * self.scale


def block(name):
    return [name + part for part in (".fc.weight", ".fc.bias", ".norm.weight", ".norm.bias")]


# As PyTorch 2.13 names them.
PARAMETERS = ["stem.0.weight", "stem.0.bias", *block("blocks.0"), *block("blocks.1"), "heads.left.weight",
              "heads.left.bias", "scale"]  # fmt: skip
BUFFERS = ["blocks.%d.norm.running_%s" % (k, kind) for k in (0, 1) for kind in ("mean", "var")]
MODULES = ["", "stem", "stem.0", "stem.1", "blocks", "blocks.0", "blocks.0.fc", "blocks.0.norm", "blocks.1",
           "blocks.1.fc", "blocks.1.norm", "heads", "heads.left"]  # fmt: skip


def test_names():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == PARAMETERS
    assert [name for name, _ in net.named_buffers()] == BUFFERS
    assert all(p is q for (_, p), q in zip(net.named_parameters(), net.parameters()))
    assert [name for name, _ in net.named_modules()] == MODULES
    assert dict(net.named_modules())["blocks.1.fc"] is net.blocks[1].fc
    assert [name for name, _ in net.named_children()] == ["stem", "blocks", "heads"]
    assert net.children() == [net.stem, net.blocks, net.heads]
    with pytest.raises(AttributeError, match="Net has no 'nonsense'"):
        print(net.nonsense)


def test_what_is_shared_has_its_first_name_once_and_all_of_them_in_a_state():
    net = nn.Module()
    net.a = nn.Linear(2, 2, bias=False)
    net.b = net.a
    assert [name for name, _ in net.named_parameters()] == ["a.weight"]
    assert [name for name, _ in net.named_modules()] == ["", "a"]
    assert list(net.state_dict()) == ["a.weight", "b.weight"]


def test_apply_goes_from_the_inside_out():
    net, seen = Net(), []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential"] + ["Linear", "BatchNorm1d", "Block"] * 2 + [
        "ModuleList", "Linear", "ModuleDict", "Net"]  # fmt: skip


def test_gradients_are_taken_away_and_asked_for():
    net = Net()
    net(ember.Tensor([[1.0] * 4] * 2)).sum().backward()
    assert net.scale.grad is not None
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.stem.requires_grad_(False) is net.stem
    assert [p.requires_grad for p in net.parameters()] == [False] * 2 + [True] * 11
    assert not any(p.requires_grad for p in net.buffers())
    net.requires_grad_()
    assert all(p.requires_grad for p in net.parameters()) and not any(p.requires_grad for p in net.buffers())


# --- State


def test_a_state_lies_in_the_same_memory():
    net = Net()
    state = net.state_dict()
    assert sorted(state) == sorted(PARAMETERS + BUFFERS)
    assert list(state)[:2] == PARAMETERS[:2] and not state["scale"].requires_grad
    state["scale"].elements()[0] = 3.0
    assert net.scale.item() == 3.0


def numbered(state):
    return {name: np.arange(t.numel(), dtype="f4").reshape(t.shape) + k for k, (name, t) in enumerate(state.items())}


@pytest.mark.parametrize("made_of", [
    lambda a: a, lambda a: a.astype("f8"), lambda a: a.astype("i8"), lambda a: a.tolist(),
    lambda a: array("f", a.ravel()), lambda a: array("d", a.ravel()), lambda a: memoryview(a.ravel()),
    lambda a: ember.Tensor(a.tolist()), lambda a: ember.Tensor(array("h", a.astype("i2").ravel()), a.shape, dtype="h"),
    lambda a: bytes(a.astype("B").ravel().tolist()),
], ids=["f4", "f8", "i8", "lists", "array", "array of doubles", "view", "Tensor", "whole Tensor", "bytes"])  # fmt: skip
def test_values_may_be_anything_that_has_them(made_of):
    net = Net()
    given = numbered(net.state_dict())
    assert net.load_state_dict({name: made_of(a) for name, a in given.items()}) == ([], [])
    assert all((np.array(t.tolist()) == given[name]).all() for name, t in net.state_dict().items())


@pytest.mark.parametrize("change, says", [
    (lambda s: s.pop("scale"), "scale is missing"),
    (lambda s: s.update(more=[1.0]), "more is not of the module"),
    (lambda s: s.update(scale=[[1.0]]), r"scale has shape \(1,\), what is given \(1, 1\)"),
    (lambda s: s.update({"stem.0.weight": s["stem.0.weight"].T}), r"0.weight has shape \(4, 3\), what .* \(3, 4\)"),
    (lambda s: s.update({"stem.0.bias": array("f", [1.0])}), r"stem.0.bias has shape \(3,\), what is given \(1,\)"),
    (lambda s: s.update(scale="abc"), "scale"),
    (lambda s: s.update(scale=None), "scale"),
    (lambda s: s.update({"stem.0.bias": [1.0, [2.0], 3.0]}), "stem.0.bias: nested lists are ragged"),
])  # fmt: skip
def test_what_does_not_fit_changes_nothing(change, says):
    net = Net()
    before = {name: t.tolist() for name, t in net.state_dict().items()}
    given = numbered(net.state_dict())
    change(given)
    with pytest.raises(RuntimeError, match=says):
        net.load_state_dict(given)
    assert {name: t.tolist() for name, t in net.state_dict().items()} == before


def test_all_that_is_wrong_is_named():
    with pytest.raises(RuntimeError, match="weight is missing; x is not of the module; bias has shape"):
        nn.Linear(2, 2).load_state_dict({"bias": [1.0], "x": 1})
    with pytest.raises(ValueError, match="state_dict is 3; it may be a dict"):
        nn.Linear(2, 2).load_state_dict(3)


def test_not_strict_takes_what_there_is():
    layer = nn.Linear(2, 1)
    weight = layer.weight.tolist()
    assert layer.load_state_dict({"bias": [5.0], "x": 1}, strict=False) == (["weight"], ["x"])
    assert layer.bias.tolist() == [5.0] and layer.weight.tolist() == weight
    with pytest.raises(RuntimeError, match="bias has shape"):
        layer.load_state_dict({"bias": [5.0, 6.0]}, strict=False)


def test_not_while_recording():
    layer = nn.Linear(2, 1)
    with pytest.raises(RuntimeError, match="load_state_dict while recording"):
        ember.record(lambda x: (layer.load_state_dict({}), layer(x))[1], (1, 2))


def test_parameters_in_a_trainers_arena():
    net = Net()
    trainer = ember.Trainer(net, nn.MSELoss(), optim.Adam(net.parameters(), lr=0.1), (4,), 4)
    x, y = array("f", [0.25 * k for k in range(16)]), array("f", range(8))
    trainer.step(x, y)
    kept = {name: np.array(t.tolist()) for name, t in net.state_dict().items()}
    before = trainer.predict(x).tolist()
    trainer.step(x, y)
    assert trainer.predict(x).tolist() != before
    net.load_state_dict(kept)
    assert trainer.predict(x).tolist() == before
    other = Net()
    other.load_state_dict(net.state_dict())
    assert other.eval()(ember.Tensor(x, (4, 4))).tolist() == pytest.approx(np.array(before), rel=1e-5)


# --- Containers


def test_a_sequential_is_a_list():
    a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
    net = nn.Sequential(a, b, c)
    assert len(net) == 3 and net[0] is a and net[-1] is c and list(net) == [a, b, c]
    assert list(net[1:]) == [b, c] and isinstance(net[:2], nn.Sequential)
    with pytest.raises(IndexError):
        print(net[3])
    d = nn.Tanh()
    assert net.append(d) is net and list(net) == [a, b, c, d]
    with pytest.raises(ValueError, match="layers has 3"):
        net.append(3)
    x = ember.Tensor([[1.0, 2.0]])
    assert net(x).tolist() == d(c(b(a(x)))).tolist()


def test_a_sequential_of_a_dict():
    net = nn.Sequential({"first": nn.Linear(2, 3), "act": nn.ReLU()})
    assert net.first is net[0] and [name for name, _ in net.named_parameters()] == ["first.weight", "first.bias"]
    assert [name for name, _ in net[1:].named_children()] == ["act"] and len(net.parameters()) == 2
    net.append(nn.Linear(3, 1))
    assert [name for name, _ in net.named_children()] == ["first", "act", "2"]
    for name in ("a.b", "", 3, "forward"):
        with pytest.raises(ValueError, match="a layer is called"):
            nn.Sequential({name: nn.ReLU()})


def test_a_module_list():
    a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
    found = nn.ModuleList([a])
    found.append(b).extend([c])
    assert list(found) == [a, b, c] and len(found.parameters()) == 4
    found.insert(1, c)
    found[0] = b
    assert list(found) == [b, c, b, c] and list(found[1:3]) == [c, b] and isinstance(found[1:], nn.ModuleList)
    with pytest.raises(RuntimeError, match="a ModuleList has no forward"):
        found(1)
    with pytest.raises(ValueError, match="layers has 'x'"):
        found[0] = "x"
    assert len(nn.ModuleList()) == 0


def test_a_module_dict():
    a, b = nn.Linear(2, 3), nn.ReLU()
    found = nn.ModuleDict({"a": a})
    found["b"] = b
    assert list(found) == ["a", "b"] == list(found.keys()) and list(found.values()) == [a, b] and "a" in found
    assert list(found.items()) == [("a", a), ("b", b)] and len(found) == 2 and found["a"] is a
    assert len(found.parameters()) == 2 and found.pop("a") is a
    del found["b"]
    assert len(found) == 0 and len(nn.ModuleDict()) == 0
    with pytest.raises(ValueError, match="a module is called 'a.b'"):
        found["a.b"] = a
    with pytest.raises(ValueError, match="modules has 3"):
        found["a"] = 3


def test_containers_train_and_evaluate_what_they_hold():
    net = Net()
    net.eval()
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())


# --- How it is written


def test_as_pytorch_writes_it():
    assert (
        repr(Net())
        == """Net(
  (stem): Sequential(
    (0): Linear(in_features=4, out_features=3, bias=True)
    (1): ReLU()
  )
  (blocks): ModuleList(
    (0): Block(
      (fc): Linear(in_features=3, out_features=3, bias=True)
      (norm): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    )
    (1): Block(
      (fc): Linear(in_features=3, out_features=3, bias=True)
      (norm): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    )
  )
  (heads): ModuleDict(
    (left): Linear(in_features=3, out_features=2, bias=True)
  )
)"""
    )


# PyTorch 2.13's own.
@pytest.mark.parametrize("layer, written", [
    (nn.Linear(2, 3, bias=False), "Linear(in_features=2, out_features=3, bias=False)"),
    (nn.Conv2d(2, 4, 3), "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1))"),
    (nn.Conv2d(2, 4, (1, 3), 2, 1, 2, 2, False, "circular"),
     "Conv2d(2, 4, kernel_size=(1, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False, "
     "padding_mode='circular')"),
    (nn.Conv2d(2, 4, 3, padding="same"), "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding='same')"),
    (nn.ConvTranspose2d(2, 4, 3, 2, 1, 1),
     "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1))"),
    (nn.BatchNorm2d(3, momentum=None, affine=False),
     "BatchNorm2d(3, eps=1e-05, momentum=None, affine=False, track_running_stats=True)"),
    (nn.LayerNorm((3, 2)), "LayerNorm((3, 2), eps=1e-05, elementwise_affine=True)"),
    (nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)"),
    (nn.Embedding(3, 2), "Embedding(3, 2)"), (nn.Embedding(3, 2, 1), "Embedding(3, 2, padding_idx=1)"),
    (nn.LSTM(2, 3, 2, bidirectional=True), "LSTM(2, 3, num_layers=2, batch_first=True, bidirectional=True)"),
    (nn.GRU(2, 3, bias=False), "GRU(2, 3, bias=False, batch_first=True)"),
    (nn.LSTMCell(2, 3), "LSTMCell(2, 3)"),
    (nn.RNNCell(2, 3, nonlinearity="relu"), "RNNCell(2, 3, nonlinearity='relu')"),
    (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (nn.AdaptiveAvgPool2d((1, 2)), "AdaptiveAvgPool2d(output_size=(1, 2))"),
    (nn.Bilinear(2, 3, 4), "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)"),
    (nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"), (nn.ReLU(), "ReLU()"), (nn.Tanh(), "Tanh()"),
    (nn.GELU(), "GELU(approximate='none')"), (nn.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"),
    (nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"), (nn.ELU(), "ELU(alpha=1.0)"),
    (nn.Softmax(1), "Softmax(dim=1)"),
    (nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"), (nn.Softshrink(), "Softshrink(0.5)"), (nn.SiLU(), "SiLU()"),
    (nn.Threshold(0.1, 20), "Threshold(threshold=0.1, value=20)"), (nn.PReLU(), "PReLU(num_parameters=1)"),
    (nn.GLU(), "GLU(dim=-1)"), (nn.Identity(), "Identity()"), (nn.MSELoss(), "MSELoss()"),
], ids=lambda value: value.split("(")[0] if isinstance(value, str) else "")  # fmt: skip
def test_a_layer_says_its_options(layer, written):
    assert repr(layer) == written


@pytest.mark.parametrize("name", [name for name in LAYERS + ACTIVATIONS if name not in ("Sequential", "Identity")])
def test_every_layer_can_be_written(name):
    """With its name, and the first of what it was made of."""
    needs = NEEDS.get(name, ())
    said = repr(getattr(nn, name)(*needs))
    assert said.startswith(name + "(") and (not needs or str(needs[0]) in said)


def test_a_module_of_ones_own_says_what_it_likes():
    class Scale(Block):
        def extra_repr(self):
            return "by=2"

    assert repr(Scale()).split("\n")[:2] == ["Scale(", "  by=2"]
    assert repr(nn.Sequential(nn.ReLU(), len)) == "Sequential(\n  (0): ReLU()\n  (1): <built-in function len>\n)"


SCRIPT = """
import ember
from array import array
from ember import nn, optim
ember.manual_seed(1)
net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ModuleList([nn.BatchNorm1d(2)]))
class Model(nn.Module):
    def __init__(self):
        self.zeta, self.alpha = nn.Linear(1, 1), nn.Linear(1, 1)
        self.net = net
model = Model()
print([name for name, _ in model.named_parameters()])
print(list(model.state_dict()))
print(net)
model.load_state_dict({name: [[[7.0] * 2] * 2, [5.0] * 2][len(t.shape) == 1] if "net" in name else t
                       for name, t in model.state_dict().items()})
print(net[0].weight.tolist(), net[2][0].running_mean.tolist(), len(net), len(net[:2]), [len(repr(m)) > 5 for m in net])
print([name for name, _ in nn.ModuleDict({"b": nn.ReLU()}).named_children()])
o = optim.SGD(net.parameters(), lr=0.5)
for g in o.param_groups:
    g["lr"] *= 0.5
print(o.lr, nn.functional.relu(ember.Tensor([-1.0, 1.0])).tolist())
"""
SAID = """\
['net.0.weight', 'net.0.bias', 'net.2.0.weight', 'net.2.0.bias', 'zeta.weight', 'zeta.bias', 'alpha.weight', \
'alpha.bias']
['net.0.weight', 'net.0.bias', 'net.2.0.weight', 'net.2.0.bias', 'net.2.0.running_mean', 'net.2.0.running_var', \
'zeta.weight', 'zeta.bias', 'alpha.weight', 'alpha.bias']
Sequential(
  (0): Linear(in_features=2, out_features=2, bias=True)
  (1): ReLU()
  (2): ModuleList(
    (0): BatchNorm1d(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  )
)
[[7.0, 7.0], [7.0, 7.0]] [5.0, 5.0] 3 2 [True, True, True]
['b']
0.25 [0.0, 1.0]
"""


@pytest.mark.parametrize("name", ["unix", "unix-single"])
def test_under_micropython(name):
    assert run_micropython(name, SCRIPT) == SAID
