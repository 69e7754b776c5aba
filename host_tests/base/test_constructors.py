"""Whatever is made with a wrong argument says so when it is made: ValueError with the argument's name, its value, and
what is allowed. Every argument of every layer, loss, optimizer, schedule and metric, by its signature: a new one is
covered by itself."""

import inspect

import pytest

from catalogue_list import NEEDS, PARTS, find
from ember import callbacks, metrics, nn, optim, schedule
from ember.run.fit import fit
from ember.tensors.parameter import Parameter

# Made of others: their arguments are objects, of which their own tests know.
OTHER = {"Sequential", "ModuleList", "ModuleDict", "Identity", "SequentialLR", "ChainedScheduler", "Mean"}
# (entry, argument, value) that is allowed all the same.
ALLOWED = {
    ("AdaptiveAvgPool1d", "output_size", None), ("AdaptiveAvgPool2d", "output_size", None), ("Upsample", "size", None),
    ("SinusoidalEncoding", "base", 1.5), ("RotaryEncoding", "base", 1.5), ("Upsample", "scale_factor", 1.5),
    ("BatchNorm1d", "momentum", None), ("BatchNorm2d", "momentum", None), ("OneCycleLR", "total_steps", None),
    ("CrossEntropyLoss", "ignore_index", None), ("NLLLoss", "ignore_index", None),
}  # fmt: skip
FREE = {"dim", "start_dim", "end_dim", "value", "ignore_index"}  # negative numbers mean something


def make(place, name):
    """A function of keywords that makes one, and all its arguments: {name: value}."""
    found = find(place, name)
    signature = inspect.signature(found)
    needs = list(NEEDS.get(name, ()))
    if place == "ember.optim":
        needs = [[Parameter((2, 3))]]
    elif place == "ember.schedule":
        needs = [optim.SGD([Parameter((2, 3))], lr=0.1, momentum=0.9), *needs]
    values = {}
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        values[parameter.name] = needs.pop(0) if needs else parameter.default
    assert not needs and inspect.Parameter.empty not in values.values(), (name, values)
    found(**values)
    return found, values


def wrong(name, value):
    """Values that an argument which now has this one never takes."""
    if hasattr(value, "__dict__") or name == "params":
        return []
    if isinstance(value, bool):
        return ["no", 5]
    if isinstance(value, list):
        return [3, "abc"]
    if isinstance(value, str):
        return ["nonsense", 5]
    if value is None:
        return []
    found = ["a", True, None if name not in ("stride", "weight") else "b"]
    if isinstance(value, float) and name not in FREE:
        found.append(float("nan"))
    if isinstance(value, int) and name not in FREE:
        found += [-1, 1.5]
    return found


CASES = [
    pytest.param(place, name, id=name)
    for _, place, names in PARTS
    for name in names
    if place in ("ember.nn", "ember.optim", "ember.schedule", "ember.metrics") and name not in OTHER
]


@pytest.mark.parametrize("place, name", CASES)
def test_wrong_arguments_are_named(place, name):
    if not inspect.isclass(find(place, name)):
        pytest.fail("%s is no class" % name)
    found, values = make(place, name)
    said = []
    for argument, value in values.items():
        for bad in wrong(argument, value):
            if (name, argument, bad) in ALLOWED:
                continue
            try:
                found(**dict(values, **{argument: bad}))
                said.append("%s=%r is taken" % (argument, bad))
            except ValueError as error:
                if argument not in str(error) or repr(bad) not in str(error):
                    said.append("%s=%r: %s" % (argument, bad, error))
            except Exception as error:
                said.append("%s=%r: %r" % (argument, bad, error))
    assert not said, "\n".join([name, *said])


MODEL = nn.Linear(2, 1)


def sgd():
    return optim.SGD(MODEL.parameters(), lr=0.1)


@pytest.mark.parametrize("make, says", [
    (lambda: nn.Sequential(nn.ReLU(), "tanh"), "layers has 'tanh'; each may be a module"),
    (lambda: metrics.Mean(3, 2), "loss is 3; it may be a loss"),
    (lambda: optim.EMA(3), "params is 3; it may be a list of parameters"),
    (lambda: optim.EMA([]), r"params is \[\]"),
    (lambda: optim.EMA([3]), r"params is \[3\]"),
    (lambda: optim.decay_groups(3, 0.1), "model is 3; it may be a module"),
    (lambda: schedule.OneCycleLR(3, 0.1, 5), "optimizer is 3"),
    (lambda: schedule.ReduceLROnPlateau(3), "optimizer is 3"),
    (lambda: schedule.ReduceLROnPlateau(sgd()).step("low"), "measure is 'low'; it may be a number"),
    (lambda: schedule.SequentialLR(sgd(), 3, [1]), "schedulers is 3; it may be a list"),
    (lambda: schedule.ChainedScheduler(3), "schedulers is 3; it may be a list"),
    (lambda: callbacks.EarlyStopping(True), "patience is True"),
    (lambda: callbacks.EarlyStopping(min_delta="a"), "min_delta is 'a'; it may be a number from 0"),
    (lambda: callbacks.KeepBest(5), "path is 5; it may be the name of a file"),
    (lambda: fit(None, [], "3", None, (), None, None, "epoch"), "epochs is '3'; it may be a whole number"),
    (lambda: nn.init.orthogonal_(3), "tensor is 3; it may be a Parameter"),
    (lambda: nn.init.kaiming_normal_(MODEL.bias), r"tensor has shape \(1,\); it may have 2 dimensions or more"),
    (lambda: MODEL.weight.sum("a"), "dim 'a' of a tensor with 2 dimensions"),
    (lambda: MODEL.weight.clamp("a", 1), "min is 'a'; it may be a number or None"),
    (lambda: MODEL.weight.clamp(None, MODEL.weight), "max is Parameter.*of tensors take maximum"),
    (lambda: MODEL.weight.leaky_relu("a"), "negative_slope is 'a'"),
    (lambda: MODEL.weight.elu(float("nan")), "alpha is nan"),
])  # fmt: skip
def test_what_is_made_of_others(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_it_would_notice():
    with pytest.raises(ValueError, match="in_features is 'a'"):
        nn.Linear("a", 2)
