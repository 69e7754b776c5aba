"""Groups of an optimizer, as PyTorch shows them: param_groups and add_param_group."""

from array import array

import pytest

import ember
from catalogue_list import OPTIMIZERS
from ember import nn, optim

ONE = {"SGD": ("lr", "momentum", "dampening", "weight_decay"), "Adam": ("lr", "betas", "eps", "weight_decay"),
       "RMSprop": ("lr", "alpha", "eps", "weight_decay", "momentum"), "LAMB": ("lr", "betas", "eps", "weight_decay"),
       "Lion": ("lr", "betas", "weight_decay"), "Adan": ("lr", "betas", "eps", "weight_decay"),
       "Muon": ("lr", "weight_decay", "momentum", "eps"), "LBFGS": ("lr",)}  # fmt: skip
SET = {"lr": 0.25, "momentum": 0.5, "dampening": 0.125, "weight_decay": 0.375, "eps": 0.0625, "alpha": 0.75,
       "rho": 0.75, "lr_decay": 0.5, "momentum_decay": 0.125, "lambd": 0.125, "t0": 4.0}  # fmt: skip


def parameters():
    return [ember.Parameter((2, 3), -1.0, 1.0), ember.Parameter((3, 2), -1.0, 1.0)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_settings_are_read_and_written(name):
    """What is written is what an optimizer made with it has."""
    make, more = getattr(optim, name), {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
    optimizer = make(parameters(), **more)
    (group,) = optimizer.param_groups
    assert list(group)[0] == "params" and group["params"] is optimizer.groups[0].params
    assert tuple(group.keys()[1:]) == ONE.get(name, tuple(group.keys()[1:])) and "lr" in group
    for key in group.keys()[1:]:
        old = group[key]
        value = tuple(0.25 + 0.125 * k for k in range(len(old))) if key == "betas" else SET[key]
        fresh = make(parameters(), **dict(more, **{key: value}))
        group[key] = value
        assert optimizer.param_groups[0][key] == value == fresh.param_groups[0][key]
        expected = list(make(parameters(), **more).groups[0].hyper)
        changed = [k for k, (a, b) in enumerate(zip(expected, fresh.groups[0].hyper)) if a != b]
        assert changed == [k for k, (a, b) in enumerate(zip(expected, optimizer.groups[0].hyper)) if a != b]
        group[key] = old


def test_a_group_is_like_a_dict():
    (group,) = optim.SGD(parameters(), lr=0.5).param_groups
    assert len(group) == 5 and dict(group.items())["lr"] == 0.5 and group.values()[1] == 0.5
    assert group.get("lr") == 0.5 and group.get("x", 3) == 3 and "x" not in group
    assert repr(group) == ("{'params': 2 parameters, 'lr': 0.5, 'momentum': 0.0, 'dampening': 0.0, "
                           "'weight_decay': 0.0}")  # fmt: skip
    for key in ("x", "params"):
        with pytest.raises(KeyError, match="a group cannot set '%s'; it may set lr, momentum" % key):
            group[key] = 1
    with pytest.raises(KeyError, match="a group has no 'x'; it has params, lr"):
        print(group["x"])
    with pytest.raises(ValueError, match="lr is -1; it may be a number from 0"):
        group["lr"] = -1
    with pytest.raises(ValueError, match="a group sets momentum where the optimizer has none"):
        group["momentum"] = 0.5
    assert group["lr"] == 0.5 and group["momentum"] == 0.0


def test_betas_are_two():
    (group,) = optim.Adam(parameters()).param_groups
    group["betas"] = (0.5, 0.75)
    assert group["betas"] == (0.5, 0.75)
    with pytest.raises(ValueError, match="betas is 0.5; it may be 2 numbers"):
        group["betas"] = 0.5
    with pytest.raises(ValueError, match="beta2 is 2"):
        group["betas"] = (0.5, 2)
    assert group["betas"] == (0.5, 0.75)


def test_every_groups_rate_is_scaled():
    a, b = parameters()
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.25}], lr=1.0)
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.125] and optimizer.lr == 0.5


def test_a_trainer_trains_by_what_is_written():
    """The bits of a Trainer whose optimizer was made so."""
    found = []
    for late in (False, True):
        ember.manual_seed(1)
        net = nn.Linear(3, 2)
        lr = 0.5 if late else 0.125
        optimizer = optim.SGD([{"params": [net.weight]}, {"params": [net.bias], "lr": 2 * lr}], lr=lr)
        trainer = ember.Trainer(net, nn.MSELoss(), optimizer, (3,), 2)
        if late:
            for group in optimizer.param_groups:
                group["lr"] *= 0.25
        for _ in range(3):
            trainer.step(array("f", [1, 2, 3, 4, 5, 6]), array("f", [1, 0, 0, 1]))
        found.append((net.weight.tolist(), net.bias.tolist()))
    assert found[0] == found[1]


def test_a_group_is_added():
    """As if it had been there from the start; its state begins when it is added."""
    found = []
    for late in (False, True):
        ember.manual_seed(1)
        a, b = parameters()
        groups = [{"params": [a]}, {"params": [b], "lr": 0.25}]
        optimizer = optim.Adam(groups[: 1 if late else 2], lr=0.5)
        if late:
            optimizer.add_param_group(groups[1])
        assert [group["params"] for group in optimizer.param_groups] == [[a], [b]]
        assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.25]
        for _ in range(3):
            (a @ b).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        found.append((a.tolist(), b.tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("given, says", [
    (3, "a group is 3; it may be a dict"), ({"lr": 1}, "a group is {'lr': 1}"),
    ({"params": 3}, "params is 3"), ({"params": [3]}, "params has 3"),
    ({"params": [ember.Parameter((1,))], "x": 1}, "a group sets 'x'; it may set lr, momentum"),
    ({"params": [ember.Parameter((1,))], "lr": -1}, "lr is -1"),
])  # fmt: skip
def test_what_is_no_group_is_refused(given, says):
    optimizer = optim.SGD(parameters(), lr=0.5)
    with pytest.raises(ValueError, match=says):
        optimizer.add_param_group(given)
    assert len(optimizer.groups) == 1


def test_nobody_is_twice_in_an_optimizer():
    p = parameters()
    optimizer = optim.SGD(p, lr=0.5)
    with pytest.raises(ValueError, match=r"a parameter of shape \(2, 3\) is given twice"):
        optimizer.add_param_group({"params": [p[0]]})


def test_a_recorded_optimizer_stays_as_it_is():
    net = nn.Linear(3, 2)
    optimizer = optim.SGD([net.weight], lr=0.5)
    ember.Trainer(net, nn.MSELoss(), optimizer, (3,), 2)
    with pytest.raises(RuntimeError, match="this optimizer belongs to a Trainer"):
        optimizer.add_param_group({"params": [net.bias]})


def test_some_take_what_they_can():
    with pytest.raises(ValueError, match="LBFGS got 2 groups; it takes one"):
        optim.LBFGS(parameters()).add_param_group({"params": parameters()})
    muon = optim.Muon(parameters())
    with pytest.raises(ValueError, match="Muon takes matrices"):
        muon.add_param_group({"params": [ember.Parameter((3,))]})
    assert len(muon.groups) == 1
