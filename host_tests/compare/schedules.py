"""Schedules of two groups, alone, in chains and in sequences, over 100 steps: rates and momentum."""

import numpy as np
import torch
from measure import Pair

from ember import nn, optim, schedule

TITLE = "schedules alone, in chains and in sequences: rates and momentum of 100 steps"
COUNT = 600
TOLERANCE = 1e-5
STEPS = 100
NAMES = ("ConstantLR", "LinearLR", "ExponentialLR", "StepLR", "MultiStepLR", "PolynomialLR", "CosineAnnealingLR",
         "CosineAnnealingWarmRestarts", "LambdaLR", "MultiplicativeLR", "CyclicLR")  # fmt: skip


def function(d):
    c = d.between(0.9, 1.02)
    return d.pick(lambda t: c**t, lambda t: 1 / (1 + 0.1 * t) + c / 9, lambda t: c + 0.02 * (t % 3))


def options(d, name, alone):
    if name == "ConstantLR":
        return {"factor": d.pick(0.1, 0.5, 1.0), "total_iters": d.whole(0, 30)}
    if name == "LinearLR":
        return {
            "start_factor": d.pick(0.1, 0.5, 1.0),
            "end_factor": d.pick(1.0, 0.05, 0.0),
            "total_iters": d.whole(1, 60),
        }
    if name == "ExponentialLR":
        return {"gamma": d.pick(0.9, 0.97, 1.01)}
    if name == "StepLR":
        return {"step_size": d.whole(1, 20), "gamma": d.pick(0.5, 0.9)}
    if name == "MultiStepLR":
        return {"milestones": sorted(d.whole(1, 99) for _ in range(3)), "gamma": d.pick(0.5, 0.9)}
    if name == "PolynomialLR":
        return {"total_iters": d.whole(1, 120), "power": d.pick(1.0, 2.0, 0.5)}
    if name == "CosineAnnealingLR":
        return {"T_max": d.whole(1, 60), "eta_min": d.pick(0.0, 0.01)}
    if name == "CosineAnnealingWarmRestarts":
        return {"T_0": d.whole(1, 40), "T_mult": d.whole(1, 3), "eta_min": d.pick(0.0, 0.01)}
    if name in ("LambdaLR", "MultiplicativeLR"):
        return {"lr_lambda": function(d) if d.chance() else [function(d), function(d)]}
    if name == "CyclicLR":
        return {"base_lr": d.pick(0.01, [0.01, 0.02]), "max_lr": d.pick(0.1, 0.001, [0.1, 0.2]),
                "step_size_up": d.whole(1, 30), "step_size_down": d.pick(None, 7, 1),
                "mode": d.pick("triangular", "triangular2", "exp_range"), "gamma": d.pick(0.99, 1.0),
                "cycle_momentum": alone and d.chance()}  # fmt: skip
    if name == "OneCycleLR":
        return {"max_lr": d.pick(0.5, [0.5, 0.1]), "total_steps": STEPS, "pct_start": d.pick(0.3, 0.11),
                "anneal_strategy": d.pick("cos", "linear"), "three_phase": d.chance(), "cycle_momentum": d.chance(),
                "div_factor": d.pick(25.0, 5.0)}  # fmt: skip
    return {"mode": d.pick("min", "max"), "factor": d.pick(0.1, 0.5), "patience": d.whole(0, 4),
            "threshold": d.pick(1e-4, 0.1), "threshold_mode": d.pick("rel", "abs"), "cooldown": d.whole(0, 3),
            "min_lr": d.pick(0.0, 0.01, [0.01, 0.001])}  # fmt: skip


def optimizers():
    """One of each, and how the rates and momenta of its groups are read."""
    a, b = nn.Linear(1, 1), nn.Linear(1, 1)
    ours = optim.SGD([{"params": a.parameters()}, {"params": b.parameters(), "lr": 0.05}], 0.25, 0.5)
    a, b = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    theirs = torch.optim.SGD([{"params": a.parameters()}, {"params": b.parameters(), "lr": 0.05}], 0.25, 0.5)
    theirs.step()
    return (ours, lambda: [value for g in ours.groups for value in (g.hyper[0], g.hyper[1])],
            theirs, lambda: [value for g in theirs.param_groups for value in (g["lr"], g["momentum"])])  # fmt: skip


def case(d):
    ours, found, theirs, expected = optimizers()
    homes, measures = (schedule, torch.optim.lr_scheduler), None
    how = d.pick("alone", "chain", "sequence", "more")
    if how in ("alone", "more"):
        name = d.pick(*NAMES) if how == "alone" else d.pick("OneCycleLR", "ReduceLROnPlateau")
        chosen = options(d, name, True)
        a, b = [getattr(home, name)(o, **chosen) for home, o in zip(homes, (ours, theirs))]
        text = "%s(%s)" % (name, chosen)
        if name == "ReduceLROnPlateau":
            measures = [d.pick(0.5, 0.55, 0.6, 0.61, 1.0, 1.5) for _ in range(STEPS)]
    else:
        parts = [(name, options(d, name, False)) for name in (d.pick(*NAMES) for _ in range(d.whole(2, 3)))]
        made = [[getattr(home, name)(o, **chosen) for name, chosen in parts] for home, o in zip(homes, (ours, theirs))]
        text = "%s of %s" % (how, parts)
        if how == "chain":
            a, b = [home.ChainedScheduler(each) for home, each in zip(homes, made)]
        else:
            at = sorted(int(k) for k in d.rng.choice(np.arange(1, 90), len(parts) - 1, replace=False))
            a, b = homes[0].SequentialLR(ours, made[0], at), homes[1].SequentialLR(theirs, made[1], at)
            text += " at %s" % at
    rows = []
    for k in range(STEPS):
        rows.append((found(), expected()))
        if k < STEPS - 1:
            for each in (a, b):
                each.step(*(() if measures is None else (measures[k],)))
    return text, [Pair("%s of group %d" % (what, g), [r[0][2 * g + i] for r in rows], [r[1][2 * g + i] for r in rows])
                  for g in range(2) for i, what in enumerate(("rate", "momentum"))]  # fmt: skip
