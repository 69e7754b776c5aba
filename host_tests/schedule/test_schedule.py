"""Schedules of the learning rate, against PyTorch's documented formulas written as they stand there, in float64; on
both builds of MicroPython too; and what they refuse."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from checkout import run_micropython
from ember import nn, optim, schedule

STEPS = 100


def make(lr=0.25, momentum=0.0):
    """Two groups, the second with a rate of its own."""
    a, b = nn.Linear(1, 2), nn.Linear(2, 1)
    return optim.SGD([{"params": a.parameters()}, {"params": b.parameters(), "lr": lr / 5}], lr, momentum)


# References: a recursion where PyTorch documents one, so that they are not our closed forms again.


def constant(base, factor, total_iters):
    """What step 0 multiplies, step total_iters divides: never, if that is 0."""
    return [base * (factor if t < total_iters or total_iters == 0 else 1) for t in range(STEPS)]


def linear(base, start_factor, end_factor, total_iters):
    lr, out = base * start_factor, []
    for t in range(STEPS):
        if 0 < t <= total_iters:
            lr *= 1 + (end_factor - start_factor) / (total_iters * start_factor + (t - 1) * (end_factor - start_factor))
        out.append(lr)
    return out


def exponential(base, gamma):
    return list(base * np.cumprod([1.0] + [gamma] * (STEPS - 1)))


def step(base, step_size, gamma):
    lr, out = base, []
    for t in range(STEPS):
        if t and t % step_size == 0:
            lr *= gamma
        out.append(lr)
    return out


def multistep(base, milestones, gamma):
    return [base * gamma ** sum(m <= t for m in milestones) for t in range(STEPS)]


def polynomial(base, total_iters, power):
    return [base * (1 - min(t, total_iters) / total_iters) ** power for t in range(STEPS)]


def cosine(base, T_max, eta_min):
    return [eta_min + (base - eta_min) * (1 + math.cos(math.pi * t / T_max)) / 2 for t in range(STEPS)]


def restarts(base, T_0, T_mult, eta_min):
    out, period, current = [], T_0, 0
    for _ in range(STEPS):
        out.append(eta_min + 0.5 * (base - eta_min) * (1 + math.cos(math.pi * current / period)))
        current += 1
        if current >= period:
            current, period = current - period, period * T_mult
    return out


def noam(base, model_size, warmup_steps, factor):
    return [factor * model_size**-0.5 * min(s**-0.5, s * warmup_steps**-1.5) for s in range(1, STEPS + 1)]


def cyclic(base, base_lr, max_lr, step_size_up, step_size_down=None, mode="triangular", gamma=1.0):
    """Up and down by steps of one size, in cycles that are counted from 1."""
    down, out, t = step_size_down or step_size_up, [], 0
    for cycle in range(1, STEPS + 1):
        heights = [k / step_size_up for k in range(step_size_up)] + [1 - k / down for k in range(down)]
        for height in heights:
            scale = {"triangular": 1, "triangular2": 1 / 2 ** (cycle - 1), "exp_range": gamma**t}[mode]
            out.append(base_lr + (max_lr - base_lr) * height * scale)
            t += 1
    return out[:STEPS]


CASES = [
    ("ConstantLR", dict(factor=0.4, total_iters=7), constant),
    ("ConstantLR", dict(factor=0.0, total_iters=0), constant),
    ("ConstantLR", dict(factor=0.5, total_iters=0), constant),
    ("LinearLR", dict(start_factor=0.1, end_factor=1.0, total_iters=30), linear),
    ("LinearLR", dict(start_factor=1.0, end_factor=0.05, total_iters=99), linear),
    ("LinearLR", dict(start_factor=0.5, end_factor=1.0, total_iters=1), linear),
    ("ExponentialLR", dict(gamma=0.97), exponential),
    ("StepLR", dict(step_size=7, gamma=0.7), step),
    ("StepLR", dict(step_size=1, gamma=0.9), step),
    ("MultiStepLR", dict(milestones=[3, 3, 40, 41], gamma=0.3), multistep),
    ("PolynomialLR", dict(total_iters=90, power=2.0), polynomial),
    ("PolynomialLR", dict(total_iters=5, power=0.5), polynomial),
    ("CosineAnnealingLR", dict(T_max=99, eta_min=0.0), cosine),
    ("CosineAnnealingLR", dict(T_max=20, eta_min=0.001), cosine),
    ("CosineAnnealingLR", dict(T_max=1, eta_min=0.01), cosine),
    ("CosineAnnealingWarmRestarts", dict(T_0=10, T_mult=1, eta_min=0.0), restarts),
    ("CosineAnnealingWarmRestarts", dict(T_0=3, T_mult=2, eta_min=0.002), restarts),
    ("NoamLR", dict(model_size=64, warmup_steps=40, factor=2.0), noam),
    ("NoamLR", dict(model_size=1, warmup_steps=1, factor=1.0), noam),
    ("CyclicLR", dict(base_lr=0.01, max_lr=0.1, step_size_up=7, cycle_momentum=False), cyclic),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.01, step_size_up=5, step_size_down=11, mode="triangular2",
                      cycle_momentum=False), cyclic),
    ("CyclicLR", dict(base_lr=0.0, max_lr=1.0, step_size_up=1, mode="exp_range", gamma=0.97, cycle_momentum=False),
     cyclic),
]  # fmt: skip


def settings_of(arguments):
    return {key: value for key, value in arguments.items() if key != "cycle_momentum"}


def close(found, expected):
    # What is zero but for rounding of a cosine is compared with the rate it came from.
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-9 * np.max(np.abs(expected)))


@pytest.mark.parametrize("name,arguments,reference", CASES)
def test_a_schedule_is_its_formula(name, arguments, reference):
    optimizer = make()
    made, found = getattr(schedule, name)(optimizer, **arguments), []
    for _ in range(STEPS):
        found.append(made.get_last_lr())
        made.step()
    for k, base in enumerate((0.25, 0.05)):
        close([rates[k] for rates in found], reference(base, **settings_of(arguments)))


FACTOR, STEP = st.sampled_from([0.01, 0.1, 0.5, 0.9, 1.0]), st.integers(1, 120)
LOW = st.sampled_from([0.0, 1e-4, 0.01])
DRAWN = {
    "ConstantLR": (dict(factor=FACTOR, total_iters=STEP), constant),
    "LinearLR": (dict(start_factor=FACTOR, end_factor=FACTOR, total_iters=STEP), linear),
    "ExponentialLR": (dict(gamma=st.floats(0.9, 1.02)), exponential),
    "StepLR": (dict(step_size=STEP, gamma=FACTOR), step),
    "MultiStepLR": (dict(milestones=st.lists(STEP, max_size=6), gamma=FACTOR), multistep),
    "PolynomialLR": (dict(total_iters=STEP, power=st.sampled_from([0.5, 1.0, 1.7, 2.0])), polynomial),
    "CosineAnnealingLR": (dict(T_max=STEP, eta_min=LOW), cosine),
    "CosineAnnealingWarmRestarts": (dict(T_0=STEP, T_mult=st.integers(1, 3), eta_min=LOW), restarts),
    "NoamLR": (dict(model_size=STEP, warmup_steps=STEP, factor=FACTOR), noam),
}


@settings(max_examples=100)
@given(st.data())
def test_options_drawn_at_random_one_after_the_other(data):
    """Two of them in sequence, which is each of them from its own step 0."""
    optimizer, parts, expected = make(), [], []
    switch = data.draw(st.integers(1, STEPS - 1))
    for count in (switch, STEPS - switch):
        name = data.draw(st.sampled_from(sorted(DRAWN)))
        arguments = {key: data.draw(values) for key, values in DRAWN[name][0].items()}
        parts.append(getattr(schedule, name)(optimizer, **arguments))
        expected.append([DRAWN[name][1](base, **arguments)[:count] for base in (0.25, 0.05)])
    made, found = schedule.SequentialLR(optimizer, parts, [switch]), []
    for _ in range(STEPS):
        found.append(made.get_last_lr())
        made.step()
    for k in range(2):
        close([rates[k] for rates in found], expected[0][k] + expected[1][k])


def reference_one_cycle(
    max_lr, total, pct_start=0.3, anneal="cos", low=0.85, high=0.95, div=25.0, final=1e4, three=False
):
    first, last = max_lr / div, max_lr / div / final
    if three:
        phases = [(pct_start * total - 1, first, max_lr, high, low),
                  (2 * pct_start * total - 2, max_lr, first, low, high),
                  (total - 1, first, last, high, high)]  # fmt: skip
    else:
        phases = [(pct_start * total - 1, first, max_lr, high, low), (total - 1, max_lr, last, low, high)]
    rates, momenta = [], []
    for t in range(total):
        start = 0
        for i, (end, a, b, m, n) in enumerate(phases):
            if t <= end or i == len(phases) - 1:
                pct = (t - start) / (end - start)
                cos = (1 + math.cos(math.pi * pct)) / 2
                go = (lambda x, y: y + (x - y) * cos) if anneal == "cos" else (lambda x, y: x + (y - x) * pct)  # noqa: B023
                rates.append(go(a, b))
                momenta.append(go(m, n))
                break
            start = end
    return rates, momenta


@settings(max_examples=60)
@given(st.integers(5, STEPS), st.sampled_from([0.11, 0.3, 0.45]), st.sampled_from(["cos", "linear"]),
       st.booleans(), st.sampled_from([(25.0, 1e4), (10.0, 100.0), (1.0, 1.0)]),
       st.sampled_from(["sgd", "adam", "plain"]))  # fmt: skip
def test_one_cycle(total, pct, anneal, three, factors, kind):
    model = nn.Linear(1, 1)
    optimizer = {"sgd": lambda p: optim.SGD(p, momentum=0.5), "adam": optim.Adam, "plain": optim.SGD}[kind](
        model.parameters()
    )
    made = schedule.OneCycleLR(optimizer, 0.5, total, pct_start=pct, anneal_strategy=anneal, three_phase=three,
                               div_factor=factors[0], final_div_factor=factors[1])  # fmt: skip
    rates, momenta = [optimizer.lr], [optimizer.groups[0].hyper[1]]
    for _ in range(total - 1):
        made.step()
        rates.append(optimizer.lr)
        momenta.append(optimizer.groups[0].hyper[1])
    expected = reference_one_cycle(0.5, total, pct, anneal, div=factors[0], final=factors[1], three=three)
    close(rates, expected[0])
    assert np.allclose(momenta, 0 if kind == "plain" else expected[1], rtol=1e-5)
    made.step()  # after the last update, as loops do
    with pytest.raises(ValueError, match="total_steps=%d" % total):
        made.step()
    assert optimizer.lr == rates[-1]


def test_one_cycle_for_each_group():
    optimizer = make()
    made = schedule.OneCycleLR(optimizer, [1.0, 0.1], epochs=5, steps_per_epoch=4, cycle_momentum=False)
    for _ in range(19):
        made.step()
    close(made.get_last_lr(), [1 / 25e4, 0.1 / 25e4])


class PlainPlateau:
    """As PyTorch writes it."""

    def __init__(self, lr, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps):
        self.__dict__.update(locals())
        self.best, self.bad, self.cool = math.inf if mode == "min" else -math.inf, 0, 0

    def better(self, a):
        if self.threshold_mode == "rel":
            return a < self.best * (1 - self.threshold) if self.mode == "min" else a > self.best * (1 + self.threshold)
        return a < self.best - self.threshold if self.mode == "min" else a > self.best + self.threshold

    def step(self, a):
        if self.better(a):
            self.best, self.bad = a, 0
        else:
            self.bad += 1
        if self.cool > 0:
            self.cool -= 1
            self.bad = 0
        if self.bad > self.patience:
            new = max(self.lr * self.factor, self.min_lr)
            if self.lr - new > self.eps:
                self.lr = new
            self.cool, self.bad = self.cooldown, 0


@settings(max_examples=80)
@given(st.sampled_from(["min", "max"]), st.sampled_from([0.1, 0.5, 0.9]), st.integers(0, 4),
       st.sampled_from([0.0, 1e-4, 0.1]), st.sampled_from(["rel", "abs"]), st.integers(0, 3),
       st.sampled_from([0.0, 0.01]),
       st.lists(st.sampled_from([0.5, 0.55, 0.6, 0.61, 1.0, 1.5, math.nan]), min_size=STEPS,
                max_size=STEPS))  # fmt: skip
def test_plateau(mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, measures):
    settings = dict(mode=mode, factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode,
                    cooldown=cooldown, min_lr=min_lr, eps=1e-8)  # fmt: skip
    optimizer = make()
    made = schedule.ReduceLROnPlateau(optimizer, **settings)
    references = [PlainPlateau(lr, **settings) for lr in (0.25, 0.05)]
    for k, measure in enumerate(measures):
        made.step(measure)
        for r in references:
            r.step(measure)
        close(made.get_last_lr(), [r.lr for r in references])
        if k == STEPS // 2:  # another takes over
            kept = made.state()
            made = schedule.ReduceLROnPlateau(optimizer, **settings)
            optimizer.lr = 0.0
            made.load(kept)


def test_sequential_and_chained():
    optimizer = make()
    warm = schedule.LinearLR(optimizer, 0.1, total_iters=10)
    decay = schedule.ExponentialLR(optimizer, 0.95)
    made = schedule.SequentialLR(optimizer, [warm, schedule.CosineAnnealingLR(optimizer, 40, 1e-3), decay], [10, 50])
    for k, base in enumerate((0.25, 0.05)):
        expected = linear(base, 0.1, 1.0, 10)[:10] + cosine(base, 40, 1e-3)[:40] + exponential(base, 0.95)[:50]
        close([made.at(made.bases[k], t) for t in range(STEPS)], expected)
    assert optimizer.lr == pytest.approx(0.025)
    chained = schedule.ChainedScheduler([schedule.ConstantLR(optimizer, 0.1, 20), decay])
    found = []
    for _ in range(STEPS):
        found.append(chained.get_last_lr())
        chained.step()
    for k, base in enumerate((0.25, 0.05)):
        product = np.array(constant(1, 0.1, 20)) * np.array(exponential(base, 0.95))
        close([rates[k] for rates in found], product)


def test_lambda_for_all_and_for_each():
    optimizer = make()
    made = schedule.LambdaLR(optimizer, lambda t: 1 / (1 + t))
    made.step()
    close(made.get_last_lr(), [0.125, 0.025])
    made = schedule.LambdaLR(optimizer, [lambda t: 1 + t, lambda t: 2.0])
    made.step()
    close(made.get_last_lr(), [0.5, 0.1])


def test_products_of_functions():
    optimizer = make()
    made = schedule.MultiplicativeLR(optimizer, [lambda t: 1 - t / 200, lambda t: 0.9])
    found = []
    for _ in range(STEPS):
        found.append(made.get_last_lr())
        made.step()
    close([rates[0] for rates in found], 0.25 * np.cumprod([1.0] + [1 - t / 200 for t in range(1, STEPS)]))
    close([rates[1] for rates in found], exponential(0.05, 0.9))
    kept = made.state()
    made.load((3,))  # back, and on again
    close(made.get_last_lr(), found[3])
    made.load(kept)
    close(made.get_last_lr(), [found[-1][0] * (1 - STEPS / 200), found[-1][1] * 0.9])


def run(made):
    """The rates of the first group."""
    found = []
    for _ in range(STEPS):
        found.append(made.get_last_lr()[0])
        made.step()
    return found


def recursion(*parts):
    """What PyTorch's chain comes to: each part makes a rate, at step t, of the one before it, or of that of t - 1."""
    rate, out = 0.25, []
    for t in range(STEPS):
        for part in parts:
            rate = part(rate, t)
        out.append(rate)
    return out


def test_a_chain_with_functions():
    """LambdaLR makes the rate anew from the base; what comes after it in the chain has one step of its own, each time;
    what comes before it has nothing."""
    optimizer = make()
    of = schedule.LambdaLR(optimizer, lambda t: 1 / (1 + t)), schedule.ExponentialLR(optimizer, 0.9)
    expected = recursion(lambda r, t: 0.25 / (1 + t), lambda r, t: r * (0.9 if t else 1))
    close(run(schedule.ChainedScheduler(of)), expected)
    optimizer = make()
    of = schedule.ExponentialLR(optimizer, 0.9), schedule.LambdaLR(optimizer, lambda t: 1 / (1 + t))
    close(run(schedule.ChainedScheduler(of)), [0.25 / (1 + t) for t in range(STEPS)])
    optimizer = make()
    of = schedule.LambdaLR(optimizer, lambda t: 1.0), schedule.ConstantLR(optimizer, 0.1, 20)
    close(run(schedule.ChainedScheduler(of)), [0.025 if t == 0 else 2.5 if t == 20 else 0.25 for t in range(STEPS)])


def test_a_chain_with_a_cosine():
    """PyTorch 2.13: a rate's distance from eta_min goes by (1 + cos(pi t / T)) / (1 + cos(pi (t - 1) / T))."""
    optimizer = make()
    of = schedule.ExponentialLR(optimizer, 0.95), schedule.CosineAnnealingLR(optimizer, 30, 0.01)

    def cosine_step(rate, t):
        if not t:
            return rate
        if (t - 1 - 30) % 60 == 0:
            return rate + (0.25 - 0.01) * (1 - math.cos(math.pi / 30)) / 2
        before, after = [1 + math.cos(math.pi * k / 30) for k in (t - 1, t)]
        return 0.01 + (rate - 0.01) * after / before

    expected = recursion(lambda r, t: r * (0.95 if t else 1), cosine_step)
    made = schedule.ChainedScheduler(of)
    close(run(made), expected)
    kept, rates = made.state(), made.get_last_lr()
    again = schedule.ChainedScheduler(of)
    again.load(kept)
    assert again.get_last_lr() == rates and again.state() == kept
    with pytest.raises(ValueError, match="schedulers holds"):
        schedule.SequentialLR(optimizer, [again, of[0]], [5])


def test_a_sequence_that_goes_on_as_in_pytorch():
    """MultiplicativeLR from the rate that it finds, its factor of 0 included; ConstantLR with total_iters=0 from base,
    where it is not the first."""
    optimizer = make()
    of = schedule.ConstantLR(optimizer, 0.5, 0), schedule.MultiplicativeLR(optimizer, lambda t: 0.9)
    expected = [0.125] * 10 + [0.125 * 0.9 ** (t - 9) for t in range(10, STEPS)]
    close(run(schedule.SequentialLR(optimizer, of, [10])), expected)
    optimizer = make()
    of = schedule.ExponentialLR(optimizer, 0.9), schedule.ConstantLR(optimizer, 0.5, 0)
    close(run(schedule.SequentialLR(optimizer, of, [10])), [0.25 * 0.9**t for t in range(10)] + [0.25] * 90)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "LAMB", "RMSprop", "Muon", "NAdam"])
def test_cycles_move_momentum(kind):
    """Or the first of the betas, and no other setting."""
    model = nn.Linear(2, 3, bias=False)
    momentum = {"momentum": 0.5} if kind in ("SGD", "RMSprop") else {}
    optimizer = getattr(optim, kind)(model.parameters(), **momentum)
    place = {"SGD": 1, "Adam": 1, "LAMB": 3, "RMSprop": 4, "Muon": 2, "NAdam": 1}[kind]
    before = list(optimizer.groups[0].hyper)
    for name, arguments, high, low in (("CyclicLR", (0.0, 1.0, 4), 0.9, 0.8), ("OneCycleLR", (1.0, 20), 0.95, 0.85)):
        made = getattr(schedule, name)(optimizer, *arguments)
        assert optimizer.groups[0].hyper[place] == pytest.approx(high)
        lowest = 1.0
        for _ in range(9):
            made.step()
            hyper = list(optimizer.groups[0].hyper)
            lowest = min(lowest, hyper[place])
            if name == "CyclicLR":
                assert hyper[place] == pytest.approx(0.9 - 0.1 * hyper[0])
            assert [v for k, v in enumerate(hyper) if k not in (0, place)] == [
                v for k, v in enumerate(before) if k not in (0, place)
            ]
        assert lowest == pytest.approx(low, abs=0.01)


def test_a_cycle_by_a_function_of_ones_own():
    optimizer = make()
    by_cycle = schedule.CyclicLR(optimizer, 0.0, 1.0, 2, scale_fn=lambda c: c, cycle_momentum=False)
    close(run(by_cycle)[:9], [0, 0.5, 1, 0.5, 0, 1, 2, 1, 0])
    by_step = schedule.CyclicLR(optimizer, 0.0, 1.0, 2, mode=None, scale_fn=lambda t: t, scale_mode="iterations",
                                cycle_momentum=False)  # fmt: skip
    close(run(by_step)[:5], [0, 0.5, 2, 1.5, 0])
    groups = schedule.CyclicLR(make(), [0.1, 0.2], (0.3, 0.4), 1, cycle_momentum=False)
    groups.step()
    close(groups.get_last_lr(), [0.3, 0.4])


def test_a_schedule_is_found_where_pytorch_has_it():
    assert optim.lr_scheduler.StepLR is schedule.StepLR
    assert ember.schedule.OneCycleLR.__name__ == "OneCycleLR"
    with pytest.raises(AttributeError, match="TriangularLR"):
        schedule.TriangularLR  # noqa: B018


REFUSED = [
    ("ConstantLR", dict(factor=1.5), "factor is 1.5; it may be a number from 0 to 1"),
    ("LinearLR", dict(start_factor=0), "start_factor is 0"),
    ("LinearLR", dict(end_factor=2), "end_factor is 2"),
    ("LinearLR", dict(total_iters=0), "total_iters is 0; it may be a whole number from 1"),
    ("ExponentialLR", dict(gamma=-1), "gamma is -1"),
    ("ExponentialLR", dict(gamma=math.nan), "gamma is nan"),
    ("StepLR", dict(step_size=2.5), "step_size is 2.5"),
    ("MultiStepLR", dict(milestones=[-1]), "milestones is -1"),
    ("PolynomialLR", dict(total_iters=0), "total_iters is 0; it may be a whole number from 1"),
    ("PolynomialLR", dict(power=math.inf), "power is inf"),
    ("CosineAnnealingLR", dict(T_max=0), "T_max is 0"),
    ("CosineAnnealingWarmRestarts", dict(T_0=2, T_mult=0), "T_mult is 0"),
    ("NoamLR", dict(model_size=0, warmup_steps=1), "model_size is 0"),
    ("LambdaLR", dict(lr_lambda=3), "lr_lambda is 3"),
    ("LambdaLR", dict(lr_lambda=[abs]), "a list of 2"),
    ("MultiplicativeLR", dict(lr_lambda=0.9), "lr_lambda is 0.9"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=1.0), "this SGD has no momentum: make it with one"),
    ("CyclicLR", dict(base_lr=[0.1], max_lr=1.0), "base_lr is .*2 groups"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=-1.0), "max_lr is -1.0"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=1.0, step_size_up=0), "step_size_up is 0"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=1.0, mode="square"), "mode is 'square'"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=1.0, scale_mode="epoch"), "scale_mode is 'epoch'"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=1.0, scale_fn=2), "scale_fn is 2"),
    ("CyclicLR", dict(base_lr=0.1, max_lr=1.0, max_momentum=1.0), "max_momentum is 1.0"),
    ("OneCycleLR", dict(max_lr=0.1), "epochs is None"),
    ("OneCycleLR", dict(max_lr=[0.1], total_steps=5), "2 groups"),
    ("OneCycleLR", dict(max_lr=0.1, total_steps=5, pct_start=1.5), "pct_start is 1.5"),
    ("OneCycleLR", dict(max_lr=0.1, total_steps=5, anneal_strategy="exp"), "'cos' or 'linear'"),
    ("OneCycleLR", dict(max_lr=0.1, total_steps=5, div_factor=0), "div_factor is 0"),
    ("ReduceLROnPlateau", dict(mode="least"), "'min' or 'max'"),
    ("ReduceLROnPlateau", dict(factor=1.0), "factor is 1.0; .* below 1"),
    ("ReduceLROnPlateau", dict(patience=-1), "patience is -1"),
    ("ReduceLROnPlateau", dict(min_lr=[0.1]), "2 groups"),
    ("ReduceLROnPlateau", dict(threshold_mode="x"), "'rel' or 'abs'"),
]


@pytest.mark.parametrize("name,arguments,says", REFUSED)
def test_refused(name, arguments, says):
    optimizer = make()
    with pytest.raises(ValueError, match=says):
        getattr(schedule, name)(optimizer, **arguments)
    assert optimizer.lr == 0.25


def test_schedules_of_schedules_refuse():
    optimizer, other = make(), make()
    step, plateau = schedule.StepLR(optimizer, 3), schedule.ReduceLROnPlateau(optimizer)
    for wrong in ([step, plateau], [step, schedule.StepLR(other, 3)], [step, 3]):
        with pytest.raises(ValueError, match="schedulers holds"):
            schedule.SequentialLR(optimizer, wrong, [5])
    with pytest.raises(ValueError, match="milestones"):
        schedule.SequentialLR(optimizer, [step, step], [])
    with pytest.raises(ValueError, match="empty"):
        schedule.ChainedScheduler([])
    with pytest.raises(ValueError, match="optimizer is 3"):
        schedule.StepLR(3, 3)


SCRIPT = """
from ember import nn, optim, schedule
cases = %r
for name, arguments in cases:
    a, b = nn.Linear(1, 2), nn.Linear(2, 1)
    optimizer = optim.SGD([{"params": a.parameters()}, {"params": b.parameters(), "lr": 0.05}], 0.25)
    made = getattr(schedule, name)(optimizer, **arguments)
    for _ in range(99):
        print(*[repr(rate) for rate in made.get_last_lr()])
        made.step()
    print(*[repr(rate) for rate in made.get_last_lr()])
"""


def digits(text):
    return [float(word) for word in text.split()]


@pytest.mark.parametrize("build", ["unix", "unix-single"])
def test_the_same_under_micropython(build):
    cases = [(name, arguments) for name, arguments, _ in CASES]
    cases.append(("OneCycleLR", dict(max_lr=0.5, total_steps=STEPS)))
    script = SCRIPT % json.loads(json.dumps(cases))
    found = np.array(digits(run_micropython(build, script, native=False))).reshape(len(cases), STEPS, 2)
    for rates, (_, arguments, reference) in zip(found, CASES):
        for k, base in enumerate((0.25, 0.05)):
            close(rates[:, k], reference(base, **settings_of(arguments)))
    close(found[-1, :, 0], reference_one_cycle(0.5, STEPS)[0])
