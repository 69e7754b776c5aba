"""Every optimizer, with every option, against its formula in NumPy float64 over 100 steps."""

import inspect
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
import numpy_optim
from ember import Tensor, nn, optim, vm
from ember.parameter import Parameter
from op_cases import vms

STEPS = {"native": 100, "portable": 12}
DECAY = st.sampled_from((0.0, 0.01))
BETA = st.sampled_from((0.0, 0.5, 0.9, 0.95))

# name: what makes it, its formula, what its options may be
ALL = {
    "SGD": (numpy_optim.sgd, {"lr": st.sampled_from((0.01, 0.1)), "momentum": BETA,
                              "dampening": st.sampled_from((0.0, 0.5)), "weight_decay": DECAY,
                              "nesterov": st.booleans()}),
    "Adam": (numpy_optim.adam, {"lr": st.sampled_from((1e-3, 0.01)), "weight_decay": DECAY,
                                "betas": st.tuples(BETA, st.sampled_from((0.9, 0.999))),
                                "eps": st.sampled_from((1e-8, 1e-3)), "amsgrad": st.booleans()}),
    "AdamW": (numpy_optim.adamw, {"lr": st.sampled_from((1e-3, 0.01)), "weight_decay": st.sampled_from((0.0, 0.1)),
                                  "betas": st.tuples(BETA, st.sampled_from((0.9, 0.999))),
                                  "eps": st.sampled_from((1e-8, 1e-3)),
                                  "amsgrad": st.booleans(), "cautious_weight_decay": st.booleans()}),
    "RMSprop": (numpy_optim.rmsprop, {"lr": st.sampled_from((1e-3, 0.01)), "alpha": st.sampled_from((0.99, 0.9)),
                                      "eps": st.sampled_from((1e-3, 1e-2)), "weight_decay": DECAY, "momentum": BETA,
                                      "centered": st.booleans()}),
    "Adagrad": (numpy_optim.adagrad, {"lr": st.sampled_from((0.01, 0.1)), "lr_decay": st.sampled_from((0.0, 0.1)),
                                      "weight_decay": DECAY, "eps": st.sampled_from((1e-10, 1e-3))}),
    "Adadelta": (numpy_optim.adadelta, {"lr": st.sampled_from((1.0, 0.5)), "rho": st.sampled_from((0.9, 0.5)),
                                        "eps": st.sampled_from((1e-6, 1e-3)), "weight_decay": DECAY}),
    "Lion": (numpy_optim.lion, {"lr": st.sampled_from((1e-4, 1e-2)), "betas": st.tuples(BETA, BETA),
                                "weight_decay": DECAY}),
    "Adan": (numpy_optim.adan, {"lr": st.sampled_from((1e-3, 0.01)), "weight_decay": DECAY,
                                "betas": st.tuples(st.sampled_from((0.98, 0.5)), st.sampled_from((0.92, 0.0)),
                                                   st.sampled_from((0.99, 0.9))),
                                "eps": st.sampled_from((1e-8, 1e-3))}),
    "LAMB": (numpy_optim.lamb, {"lr": st.sampled_from((1e-3, 0.01)), "betas": st.tuples(BETA, st.just(0.999)),
                                "eps": st.sampled_from((1e-6, 1e-3)), "weight_decay": st.sampled_from((0.0, 0.1))}),
    "Muon": (numpy_optim.muon, {"lr": st.sampled_from((1e-3, 0.01)), "weight_decay": st.sampled_from((0.0, 0.1)),
                                "momentum": BETA, "nesterov": st.booleans(), "eps": st.sampled_from((1e-7, 1e-2)),
                                "ns_steps": st.integers(1, 5), "ns_coefficients": st.just((2.0, -1.5, 0.5)),
                                "adjust_lr_fn": st.sampled_from(("original", "match_rms_adamw"))}),
}  # fmt: skip


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(4)
    yield request.param
    vm.select()


def gradients(steps, seed):
    """Of a moving target, and never near 0 all along, where signs would be a matter of rounding."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(steps, 6)) * 0.3 + rng.normal(size=6)).astype("f4").astype("f8")


def close(found, expected):
    assert np.abs(np.array(found) - expected).max() <= 1e-5 * (1 + np.abs(expected).max()), (found, expected)


@pytest.mark.parametrize("name", ALL)
def test_steps_follow_the_formula(machine, name):
    formula, options = ALL[name]

    @settings(max_examples=12 if machine == "native" else 3, deadline=None)
    @given(st.fixed_dictionaries({}, optional=options), st.integers(0, 100))
    def run(chosen, seed):
        if chosen.get("nesterov") and name == "SGD":
            chosen = dict(chosen, momentum=chosen.get("momentum") or 0.9, dampening=0.0)
        p = Parameter((2, 3))
        p._data = array("f", np.random.default_rng(seed).normal(size=6).astype("f4"))
        expected, state = np.array(p._data, "f8"), {}
        optimizer = getattr(optim, name)([p], **chosen)
        for t, g in enumerate(gradients(STEPS[machine], seed), 1):
            p.grad = Tensor(g.tolist(), (2, 3))
            optimizer.step()
            expected = formula(expected, g, t, state, **chosen)
        close(p.elements(), expected)

    run()


class Slopes(nn.Module):
    """Its gradient is the input, summed over the batch."""

    def __init__(self, shape=(6,)):
        self.weight = Parameter(shape, -1.0, 1.0)

    def forward(self, x):
        weight = self.weight if len(self.weight.shape) == 1 else self.weight.reshape(6)
        return (x * weight).sum(1, keepdim=True)


@pytest.mark.parametrize("name", ALL)
def test_in_a_trainer(machine, name):
    """The mean gradient over the batch, groups with settings of their own, and the state in the arena."""
    model = Slopes((2, 3) if name == "Muon" else (6,))
    start = np.array(model.weight.elements(), "f8")
    own = {"lr": 0.02, "weight_decay": 0.01}
    optimizer = getattr(optim, name)([dict(own, params=model.parameters())], lr=0.5)
    trainer = ember.Trainer(model, lambda out, y: (out - y).mean(), optimizer, (6,), 4)
    state, expected, steps = {}, start, STEPS[machine]
    for t, g in enumerate(gradients(steps, 5), 1):
        x = np.stack([g, g * 2, g * -1, g * 2]).astype("f4")
        trainer.step(array("f", x.ravel()), array("f", [0.0] * 4))
        expected = ALL[name][0](expected, x.astype("f8").mean(0), t, state, **own)
    close(model.weight.elements(), expected)
    kept = {offset: size for kind, offset, size in trainer.plan.kept if kind == "optimizer state"}
    assert list(kept.values()) == [6 * optimizer.states]


# Of the state's beginning only 0 is taken; L-BFGS is in test_lbfgs.py.
FIXED = {"Adagrad": {"initial_accumulator_value"}}


@pytest.mark.parametrize("name", ALL)
def test_no_option_is_left_out(name):
    taken = set(inspect.signature(getattr(optim, name)).parameters) - {"params"} - FIXED.get(name, set())
    assert set(ALL[name][1]) == taken


@pytest.mark.parametrize("make, says", [
    (lambda p: optim.RMSprop(p, alpha=1.0), "alpha is 1.0"),
    (lambda p: optim.RMSprop(p, eps=-1), "eps is -1"),
    (lambda p: optim.RMSprop([{"params": p, "momentum": 0.9}]), "momentum where the optimizer has none"),
    (lambda p: optim.Adagrad(p, lr_decay=-0.1), "lr_decay is -0.1"),
    (lambda p: optim.Adadelta(p, rho=2), "rho is 2"),
    (lambda p: optim.Lion(p, betas=(0.9,)), r"betas is \(0.9,\); it may be 2 numbers"),
    (lambda p: optim.Lion(p, lr=-1), "lr is -1"),
    (lambda p: optim.Adan(p, betas=(0.9, 0.9, 1.5)), "beta3 is 1.5"),
    (lambda p: optim.Adan(p, weight_decay=float("nan")), "weight_decay is nan"),
    (lambda p: optim.Adan([{"params": p, "momentum": 1}]), "a group sets 'momentum'"),
    (lambda p: optim.LAMB(p, betas=(0.9, 1.0)), "beta2 is 1.0"),
    (lambda p: optim.Muon(p), r"not a parameter of shape \(2,\): give it to another"),
    (lambda p: optim.Muon(p, ns_steps=0), "ns_steps is 0"),
    (lambda p: optim.Muon(p, ns_coefficients=(1, 2)), r"ns_coefficients is \(1, 2\)"),
    (lambda p: optim.Muon(p, adjust_lr_fn="adamw"), "adjust_lr_fn is 'adamw'"),
    (lambda p: optim.Muon(p, momentum=1.0), "momentum is 1.0"),
])  # fmt: skip
def test_refusals(make, says):
    with pytest.raises(ValueError, match=says):
        make([Parameter((2,))])
