"""Every optimizer, with every option, against its formula in NumPy float64 over 100 steps."""

import inspect
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
import numpy_optim
from catalogue_list import OPTIMIZERS
from ember import Tensor, nn, optim, runtime, vm
from ember.optim.composed import Composed
from ember.tensors.parameter import Parameter
from op_cases import vms
from slopes import Slopes, close, gradients

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
    "Adamax": (numpy_optim.adamax, {"lr": st.sampled_from((2e-3, 0.01)), "weight_decay": DECAY,
                                    "betas": st.tuples(BETA, st.sampled_from((0.9, 0.999))),
                                    "eps": st.sampled_from((1e-8, 1e-3))}),
    "NAdam": (numpy_optim.nadam, {"lr": st.sampled_from((2e-3, 0.01)), "weight_decay": DECAY,
                                  "betas": st.tuples(BETA, st.sampled_from((0.9, 0.999))),
                                  "eps": st.sampled_from((1e-8, 1e-3)),
                                  "momentum_decay": st.sampled_from((0.0, 4e-3, 0.1)),
                                  "decoupled_weight_decay": st.booleans()}),
    "RAdam": (numpy_optim.radam, {"lr": st.sampled_from((1e-3, 0.01)), "weight_decay": DECAY,
                                  "betas": st.tuples(BETA, st.sampled_from((0.0, 0.5, 0.9, 0.999, 0.9999))),
                                  "eps": st.sampled_from((1e-8, 1e-3)), "decoupled_weight_decay": st.booleans()}),
    "Rprop": (numpy_optim.rprop, {"lr": st.sampled_from((1e-3, 0.01)),
                                  "etas": st.sampled_from(((0.5, 1.2), (0.3, 2.0))),
                                  "step_sizes": st.sampled_from(((1e-6, 50), (1e-3, 0.05), (0.02, 0.01)))}),
    "ASGD": (numpy_optim.asgd, {"lr": st.sampled_from((0.01, 0.1)), "lambd": st.sampled_from((0.0, 1e-4, 0.1)),
                                "alpha": st.sampled_from((0.75, 0.5)), "t0": st.sampled_from((0, 5, 1e6)),
                                "weight_decay": DECAY}),
}  # fmt: skip


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(4)
    yield request.param
    vm.select()


def test_all_are_here():
    assert set(ALL) == set(OPTIMIZERS) - {"LBFGS"}  # which has a test of its own


@pytest.mark.parametrize("name", ALL)
def test_steps_follow_the_formula(machine, name):
    formula, options = ALL[name]

    @settings(max_examples=12 if machine == "native" else 3, deadline=None)
    @given(st.fixed_dictionaries({}, optional=options), st.integers(0, 100))
    def run(chosen, seed):
        if chosen.get("nesterov") and name == "SGD":
            chosen = dict(chosen, momentum=chosen.get("momentum") or 0.9, dampening=0.0)
        p = Parameter((2, 3))
        p.storage = array("f", np.random.default_rng(seed).normal(size=6).astype("f4"))
        expected, state = np.array(p.storage, "f8"), {}
        optimizer = getattr(optim, name)([p], **chosen)
        for t, g in enumerate(gradients(STEPS[machine], seed), 1):
            p.grad = Tensor(g.tolist(), (2, 3))
            optimizer.step()
            expected = formula(expected, g, t, state, **chosen)
        close(p.elements(), expected)

    run()


@pytest.mark.parametrize("name", ALL)
def test_in_a_trainer(machine, name):
    """The mean gradient over the batch, groups with settings of their own, and the state in the arena."""
    model = Slopes((2, 3) if name == "Muon" else (6,))
    start = np.array(model.weight.elements(), "f8")
    own = {"lr": 0.02, "weight_decay": 0.01} if "weight_decay" in ALL[name][1] else {"lr": 0.02}
    optimizer = getattr(optim, name)([dict(own, params=model.parameters())], lr=0.5)
    trainer = ember.Trainer(model, lambda out, y: (out - y).mean(), optimizer, (6,), 4)
    state, expected, steps = {}, start, STEPS[machine]
    for t, g in enumerate(gradients(steps, 5), 1):
        x = np.stack([g, g * 2, g * -1, g * 2]).astype("f4")
        trainer.step(array("f", x.ravel()), array("f", [0.0] * 4))
        expected = ALL[name][0](expected, x.astype("f8").mean(0), t, state, **own)
    close(model.weight.elements(), expected)
    kept = {offset: size for kind, offset, size in trainer.plan.kept if kind == "optimizer state"}
    assert list(kept.values()) == [6 * optimizer.states + optimizer.scalars]


@pytest.mark.parametrize("name", ALL)
def test_steps_are_counted_by_parameter(machine, name):
    """One whose first gradient comes at step 4 begins there: to the bit, as if it were alone with an optimizer."""
    chosen = {"lr": 0.1, "weight_decay": 0.01} if "weight_decay" in ALL[name][1] else {"lr": 0.1}
    if name == "SGD":
        chosen.update(momentum=0.9, dampening=0.5)
    if name == "Adagrad":
        chosen["lr_decay"] = 0.1
    late, early, alone = (Parameter((2, 3), -1.0, 1.0) for _ in range(3))
    alone.storage = array("f", late.elements())
    both, one = getattr(optim, name)([early, late], **chosen), getattr(optim, name)([alone], **chosen)
    for t, g in enumerate(gradients(8, 3)):
        both.zero_grad()
        early.grad = Tensor(g.tolist(), (2, 3))
        if t > 3:
            late.grad, alone.grad = Tensor(g.tolist(), (2, 3)), Tensor(g.tolist(), (2, 3))
            one.step()
        before = late.tolist()
        both.step()
        assert (late.tolist() == before) == (t <= 3)
    assert late.tolist() == alone.tolist() and both.steps == 8 and one.steps == 4


def test_adam_counts_steps_by_parameter(machine):
    """The first step of a constant gradient is lr, whenever it comes."""
    p = [Parameter((1,), 1.0, 1.0), Parameter((1,), 1.0, 1.0)]
    optimizer = optim.Adam(p, lr=0.1)
    for step in range(11):
        optimizer.zero_grad()
        (p[0].sum() if step < 10 else p[0].sum() + p[1].sum()).backward()
        optimizer.step()
    assert p[1].tolist() == pytest.approx([0.9]) and p[0].tolist() == pytest.approx([-0.1], abs=1e-5)


class Unused(nn.Module):
    """One layer is not reached, another only by an output that the loss does not look at."""

    def __init__(self):
        self.used, self.aside, self.unused = nn.Linear(6, 2), nn.Linear(2, 2), nn.Linear(3, 3)

    def forward(self, x):
        y = self.used(x)
        self.aside(y).exp()
        return y


SETTINGS = ({}, {"ema": 0.5, "clip_norm": 1.0}, {"state_dtype": "bfloat16"}, {"micro_batch": 1})


@pytest.mark.parametrize(
    "name, settings", [(name, more) for name in ALL for more in SETTINGS] + [("SGD", {"fused": 1})]
)
def test_what_the_loss_does_not_reach_stays(machine, name, settings, tmp_path):
    """It has no gradient, no state, no average, and does not decay; the rest is as without it."""
    chosen = {"lr": 0.1}
    if not settings.get("fused") and "weight_decay" in ALL[name][1]:
        chosen["weight_decay"] = 0.1
    model, only = Unused(), nn.Linear(6, 2)
    groups = [[model.aside.weight, model.used.weight], [model.unused.weight]]
    if name != "Muon":
        groups = [[*groups[0], model.unused.bias], [model.used.bias, model.unused.weight, model.aside.bias]]
    for of, to in ((only.weight, model.used.weight), (only.bias, model.used.bias)):
        of.storage = array("f", to.elements())
    started = [p.tolist() for part in (model.aside, model.unused) for p in part.parameters()]
    own = [[only.weight], [only.bias]] if name != "Muon" else [[only.weight]]
    if "fused" in settings:
        groups, own = [sum(groups, [])], [sum(own, [])]
    optimizer, other = (getattr(optim, name)([{"params": g} for g in of], **chosen) for of in (groups, own))
    x, y = array("f", [k % 5 / 4 - 0.4 for k in range(12)]), array("f", [1.0, 0.0, 0.0, 1.0])
    t, twin = (ember.Trainer(m, nn.MSELoss(), o, (6,), 2, **settings) for m, o in ((model, optimizer), (only, other)))
    for _ in range(3):
        t.step(x, y)
        twin.step(x, y)
    assert [p.tolist() for part in (model.aside, model.unused) for p in part.parameters()] == started
    assert model.used.weight.tolist() == only.weight.tolist() and model.used.bias.tolist() == only.bias.tolist()
    kept, without = ({kind: size for kind, _, size in which.plan.kept} for which in (t, twin))
    for kind in ("parameters", "gradients", "optimizer state"):
        assert kept[kind] == without[kind]
    assert model.unused.weight.grad is None and model.unused.weight.requires_grad
    assert "the loss does not reach parameters of shapes (2, 2)" in str(t.plan)
    assert "reach" not in str(twin.plan)
    t.save(str(tmp_path / "weights"))
    t.load(str(tmp_path / "weights"))
    t.step(x, y)
    assert [p.tolist() for part in (model.aside, model.unused) for p in part.parameters()] == started


def test_a_function_leaves_what_its_loss_does_not_reach(machine):
    model = Unused()
    optimizer = optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    model.used.bias.requires_grad = False

    def step(x, y):
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    stay = [model.aside.weight, model.aside.bias, model.unused.weight, model.unused.bias, model.used.bias]
    started, weight = [p.tolist() for p in stay], model.used.weight.tolist()
    run = ember.record(step, (2, 6), (2, 2))
    for _ in range(3):
        run(array("f", [k % 5 / 4 for k in range(12)]), array("f", [1.0, 0.0, 0.0, 1.0]))
    assert [p.tolist() for p in stay] == started and model.used.weight.tolist() != weight


def test_a_loss_that_reaches_nothing_is_refused():
    model = Unused()
    for criterion in (lambda out, y: (y * y).mean(), lambda out, y: out.detach().mean()):
        with pytest.raises(ValueError, match="the loss does not depend on any parameter that the optimizer trains"):
            ember.Trainer(model, criterion, optim.SGD(model.parameters()), (6,), 2)
    with pytest.raises(ValueError, match="the loss does not depend on any parameter that the optimizer trains"):
        ember.Trainer(model, nn.MSELoss(), optim.SGD(model.unused.parameters()), (6,), 2)
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


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
    (lambda p: optim.Adamax(p, betas=(1.0, 0.9)), "beta1 is 1.0"),
    (lambda p: optim.NAdam(p, momentum_decay=-1), "momentum_decay is -1"),
    (lambda p: optim.NAdam(p, decoupled_weight_decay=2), "decoupled_weight_decay is 2"),
    (lambda p: optim.RAdam(p, eps=-1), "eps is -1"),
    (lambda p: optim.RAdam([{"params": p, "momentum_decay": 1}]), "a group sets 'momentum_decay'"),
    (lambda p: optim.Rprop(p, etas=0.5), "etas is 0.5; it may be 2 numbers"),
    (lambda p: optim.Rprop(p, etas=(0.0, 1.2)), r"etas\[0\] is 0.0; it may be a number above 0 to below 1"),
    (lambda p: optim.Rprop(p, etas=(0.5, 1.0)), r"etas\[1\] is 1.0; it may be a number above 1"),
    (lambda p: optim.Rprop(p, step_sizes=(-1, 5)), r"step_sizes\[0\] is -1"),
    (lambda p: optim.ASGD(p, t0=-1), "t0 is -1"),
    (lambda p: optim.ASGD(p, lambd=float("nan")), "lambd is nan"),
])  # fmt: skip
def test_refusals(make, says):
    with pytest.raises(ValueError, match=says):
        make([Parameter((2,))])


COMPOSED = [name for name in ALL if issubclass(getattr(optim, name), Composed)]
MANY = 1100  # three parts of what is updated at once


@pytest.mark.parametrize("name", COMPOSED)
@pytest.mark.parametrize("how", ["eagerly", "recorded", "in a Trainer", "in parts of a batch", "in slices"])
def test_more_weights_than_are_updated_at_once(name, how):
    """Two tensors, one of a group whose rate is changed between steps."""
    rng, ps = np.random.default_rng(3), (Parameter((MANY,), -1.0, 1.0), Parameter((5, 2), -1.0, 1.0))
    optimizer = getattr(optim, name)([{"params": [ps[0]]}, {"params": [ps[1]], "lr": 0.02}], lr=0.01)
    expected, states = [np.array(p.elements(), "f8") for p in ps], ({}, {})

    class Both(nn.Module):
        def __init__(self):
            self.parts = list(ps)

        def forward(self, x):
            a, b = x[:, :MANY] * self.parts[0], x[:, MANY:] * self.parts[1].reshape(10)
            return a.sum(1, keepdim=True) + b.sum(1, keepdim=True)

    model = Both()
    if how == "recorded":

        def run(x):
            model(x).mean().backward()
            optimizer.step()

        step = ember.record(run, (4, MANY + 10))
    elif how != "eagerly":
        micro = 3 if "parts" in how else None
        trainer = ember.Trainer(model, lambda out, y: (out - y).mean(), optimizer, (MANY + 10,), 4, micro_batch=micro)
    y = array("f", [0.0] * 4)
    for t in range(1, 13):
        x = (rng.normal(size=(4, MANY + 10)) + 0.3).astype("f4")
        g, lr = x.astype("f8").mean(0), 0.01 if t < 6 else 0.05
        optimizer.groups[0].hyper[0] = lr
        if how == "eagerly":
            g = g.astype("f4").astype("f8")
            ps[0].grad, ps[1].grad = Tensor(g[:MANY].tolist()), Tensor(g[MANY:].tolist(), (5, 2))
            optimizer.step()
        elif how == "recorded":
            step(array("f", x.ravel()))
        elif "slices" in how:
            done = trainer.step(array("f", x.ravel()), y, 1)
            while not done:
                done = trainer.poll(1)
        else:
            trainer.step(array("f", x.ravel()), y)
        for k, (part, rate) in enumerate(((g[:MANY], lr), (g[MANY:], 0.02))):
            expected[k] = ALL[name][0](expected[k], part, t, states[k], lr=rate)
    for p, found in zip(ps, expected):
        close(p.elements(), found)


@pytest.mark.parametrize("name", COMPOSED)
def test_it_is_saved_and_travels(name, tmp_path):
    def make():
        ember.manual_seed(2)
        model = nn.Linear(6, 2)
        return ember.Trainer(model, nn.MSELoss(), getattr(optim, name)(model.parameters(), lr=0.05), (6,), 4)

    def batch(k):
        rng = np.random.default_rng(k)
        return array("f", rng.normal(size=24).astype("f4")), array("f", rng.normal(size=8).astype("f4"))

    one, other = make(), make()
    for k in range(3):
        one.step(*batch(k))
    one.save(str(tmp_path / "weights"))
    one.export(str(tmp_path / "model"))
    other.load(str(tmp_path / "weights"))
    travelled = runtime.load(str(tmp_path / "model"))
    for t in (one, other, travelled):
        for k in (7, 8):
            t.step(*batch(k))
    bits = [t.executor.segments[0][: one.image.block(0)[1]].tobytes() for t in (one, other, travelled)]
    assert bits[0] == bits[1] == bits[2]


@pytest.mark.parametrize("name, first", [("Adamax", (-0.002, 0.002, -0.002)), ("NAdam", None), ("RAdam", None)])
def test_gradients_of_nothing_and_of_much(machine, name, first):
    """Nothing moves by nothing, and no square that overflows reaches a weight that it does not reach in PyTorch."""
    p = Parameter((3,))
    p.grad = Tensor([0.0, 0.0, 0.0])
    optimizer = getattr(optim, name)([p])
    optimizer.step()
    assert p.tolist() == [0.0, 0.0, 0.0]
    if first:
        p.grad = Tensor([3.0, -1e-3, 1e30])
        fresh = getattr(optim, name)([p])
        fresh.step()
        np.testing.assert_allclose(p.tolist(), first, rtol=1e-4)
    if name == "RAdam":  # the mean alone, at first
        p.grad = Tensor([1e20, 1.0, -1.0])
        optim.RAdam([p], lr=1.0).step()
        np.testing.assert_allclose(p.tolist(), [-1e20, -1.0, 1.0], rtol=1e-5)


def test_rprop_by_its_signs(machine):
    """PyTorch's values: it grows, it turns (and stays), it begins anew; NaN and a product that is 0 change nothing."""
    p = Parameter((4,))
    optimizer = optim.Rprop([p], lr=0.1)
    seen = []
    for g in ((1.0, 1.0, 1e-30, float("nan")), (2.0, -2.0, 1e-30, 1.0), (-1.0, -1.0, 1e-30, 1.0)):
        p.grad = Tensor(list(g))
        optimizer.step()
        seen.append(p.tolist())
    np.testing.assert_allclose(seen[0], [-0.1, -0.1, -0.1, 0.0], rtol=1e-6)
    np.testing.assert_allclose(seen[1], [-0.22, -0.1, -0.2, -0.1], rtol=1e-6)
    np.testing.assert_allclose(seen[2], [-0.22, -0.05, -0.3, -0.22], rtol=1e-6)


def test_asgd_keeps_the_mean(machine):
    p = Parameter((2,), 1.0, 1.0)
    optimizer, seen = optim.ASGD([p], lr=0.5, t0=2, lambd=0.0), []
    for k in range(8):
        p.grad = Tensor([float(k), 1.0])
        optimizer.step()
        seen.append(p.tolist())
    np.testing.assert_allclose(optimizer.groups[0].state[0][0].tolist(), np.mean(seen[3:], 0), rtol=1e-5)
