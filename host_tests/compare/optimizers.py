"""Every optimizer that both have, its options drawn, over 30 steps: eagerly (a parameter may get its first gradient
late), in a recorded function, and in a Trainer, with groups, and rates that are changed in between."""

from array import array

import numpy as np
import torch
from libraries import floats, numpy
from measure import NOISE, Pair, noise

import ember
from ember import Tensor, nn, optim
from ember.tensors.parameter import Parameter

TITLE = "optimizers, options drawn, 30 steps: eagerly, recorded, in a Trainer"
COUNT = 500
TOLERANCE = 1e-5
STEPS = 30
ROWS = 3


def betas(d):
    return d.pick(0.0, 0.5, 0.9, 0.95), d.pick(0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)


def adam(d):
    return {"betas": betas(d), "eps": d.pick(1e-8, 1e-3), "weight_decay": d.pick(0.0, 0.01, 0.1)}


def options(d, name):
    found = {"lr": d.pick(1e-3, 1e-2, 0.1)}
    if name == "SGD":
        found.update(momentum=d.pick(0.0, 0.5, 0.9), weight_decay=d.pick(0.0, 0.01))
        if found["momentum"] and d.chance():
            found["nesterov"] = True
        elif found["momentum"]:
            found["dampening"] = d.pick(0.0, 0.5)
    elif name in ("Adam", "AdamW"):
        found.update(adam(d), amsgrad=d.chance())
    elif name == "Adamax":
        found.update(adam(d))
    elif name == "NAdam":
        found.update(adam(d), momentum_decay=d.pick(4e-3, 0.0, 0.1), decoupled_weight_decay=d.chance())
    elif name == "RAdam":
        found.update(adam(d), decoupled_weight_decay=d.chance())
    elif name == "RMSprop":
        found.update(alpha=d.pick(0.99, 0.9), eps=d.pick(1e-8, 1e-3), weight_decay=d.pick(0.0, 0.01),
                     momentum=d.pick(0.0, 0.5), centered=d.chance())  # fmt: skip
    elif name == "Adagrad":
        found.update(lr_decay=d.pick(0.0, 0.1), weight_decay=d.pick(0.0, 0.01), eps=d.pick(1e-10, 1e-3))
    elif name == "Adadelta":
        found.update(lr=d.pick(1.0, 0.3), rho=d.pick(0.9, 0.5), eps=d.pick(1e-6, 1e-3), weight_decay=d.pick(0.0, 0.01))
    elif name == "Rprop":
        found.update(etas=d.pick((0.5, 1.2), (0.3, 1.5)), step_sizes=d.pick((1e-6, 50), (1e-3, 0.05)))
    elif name == "ASGD":
        found.update(lambd=d.pick(1e-4, 0.1, 0.0), alpha=d.pick(0.75, 0.5), t0=d.pick(1e6, 0.0, 5.0),
                     weight_decay=d.pick(0.0, 0.01))  # fmt: skip
    elif name == "Muon":
        found.update(weight_decay=d.pick(0.1, 0.0), momentum=d.pick(0.95, 0.5), nesterov=d.chance(),
                     ns_steps=d.whole(1, 5), adjust_lr_fn=d.pick("original", "match_rms_adamw"))  # fmt: skip
    return found


NAMES = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Muon", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD",
         "LBFGS")  # fmt: skip


def lbfgs(d):
    """Two steps down a bowl, or one with waves in it: where they end, and how often the loss was looked at."""
    n, m, waves = d.whole(2, 5), d.whole(2, 8), d.pick(0.0, 0.3)
    a, b, start = d.normal(m, n), d.normal(m), d.normal(n) * 2
    chosen = {
        "lr": d.pick(1.0, 0.5, 0.1, 5.0),
        "max_iter": d.whole(1, 4),
        "history_size": d.pick(1, 2, 100),
        "max_eval": d.pick(None, 1, 2, 3, 5, 8),
        "line_search_fn": d.pick(None, "strong_wolfe", "strong_wolfe"),
    }

    def run(library, tensor, x):
        optimizer, calls = library.LBFGS([x], **chosen), []
        left, right = tensor(a), tensor(b)

        def closure():
            calls.append(1)
            optimizer.zero_grad()
            rest = (left @ x.reshape(n, 1)).reshape(m) - right
            loss = (rest * rest + (rest * 3.0).sin() * waves).sum()
            loss.backward()
            return loss

        for _ in range(2):
            optimizer.step(closure)
        return [numpy(x), np.array([len(calls)], "f8")]

    def in_torch(dtype=torch.float64, noisy=0.0):
        moved = start * (1 + noisy * d.rng.uniform(-1, 1, size=n))
        return run(
            torch.optim, lambda v: torch.tensor(v, dtype=dtype), torch.nn.Parameter(torch.tensor(moved, dtype=dtype))
        )

    expected = in_torch()
    much = noise(expected, in_torch(torch.float32), in_torch(noisy=NOISE), in_torch(noisy=4 * NOISE))
    p = Parameter((n,))
    p.elements()[:] = array("f", start)
    text = "LBFGS(%s), %d x %d, waves %s" % (chosen, m, n, waves)
    return text, [Pair(name, f, e, much) for name, f, e in zip(("end", "calls"), run(optim, floats, p), expected)]


class Sloped(nn.Module):
    """The gradient of each parameter is the mean of its part of the input."""

    def __init__(self, parameters):
        self.parameters_ = list(parameters)

    def forward(self, x):
        total, at = None, 0
        for p in self.parameters_:
            n = p.numel()
            y = (x[:, at : at + n] * p.reshape(n)).sum(1, keepdim=True)
            total, at = y if total is None else total + y, at + n
        return total


def in_torch(name, chosen, starts, own, gradients, rates, turn, noisy=None):
    """The parameters at the end. noisy: of each gradient, how much it may be off."""
    parameters = [torch.nn.Parameter(torch.tensor(turn(a), dtype=torch.float64)) for a in starts]
    groups = [{"params": parameters[:1]}, dict(own, params=parameters[1:])]
    optimizer = getattr(torch.optim, name)(groups, **chosen)
    kept = torch.Tensor.bfloat16
    torch.Tensor.bfloat16 = torch.Tensor.clone  # Muon's, which Ember makes in float32
    try:
        for k, (step, lr) in enumerate(zip(gradients, rates)):
            for i, (p, g) in enumerate(zip(parameters, step)):
                p.grad = None
                if g is not None:
                    p.grad = torch.tensor(np.ascontiguousarray(turn(g if noisy is None else g + noisy[k][i])))
            if lr:
                optimizer.param_groups[0]["lr"] = lr
            optimizer.step()
    finally:
        torch.Tensor.bfloat16 = kept
    return [turn(numpy(p)) for p in parameters]


def case(d):
    name = d.pick(*NAMES)
    if name == "LBFGS":
        return lbfgs(d)
    chosen, how = options(d, name), d.pick("eagerly", "recorded", "in a Trainer")
    shapes = [(d.whole(1, 4), d.whole(1, 5)), (d.whole(1, 5),), (d.whole(2, 4), d.whole(1, 3))]
    if name == "Muon":
        shapes[1] = (2, 3)
    turn = (lambda a: a.T) if name == "Muon" else (lambda a: a)
    starts = [d.normal(*s) for s in shapes]
    own = {"lr": d.pick(0.005, 0.02)}
    if "weight_decay" in chosen:
        own["weight_decay"] = d.pick(0.0, 0.02)
    late = d.whole(1, 10) if how == "eagerly" and d.chance(0.4) else 0
    base, size = [d.normal(*s) for s in shapes], d.pick(1.0, 1.0, 0.01, 30.0)
    rates = [d.pick(None, None, 0.03, 0.004) if d.chance(0.2) else None for _ in range(STEPS)]
    rates = rates if d.chance() else [None] * STEPS
    inputs = [[(size * (b + 0.3 * d.rng.normal(size=(ROWS, *s)))).astype("f4") for b, s in zip(base, shapes)]
              for _ in range(STEPS)]  # fmt: skip
    gradients = [[x.astype("f8").mean(0) for x in step] for step in inputs]
    if how == "eagerly":
        gradients = [[g.astype("f4").astype("f8") for g in step] for step in gradients]
        for k in range(late):
            gradients[k][2] = None
    expected = in_torch(name, chosen, starts, own, gradients, rates, turn)
    others = []
    for _ in range(2):
        off = [[NOISE * d.rng.uniform(-1, 1, x.shape[1:]) * np.abs(x).mean(0) for x in step] for step in inputs]
        others.append(in_torch(name, chosen, starts, own, gradients, rates, turn, off))
    much = noise(expected, *others)
    parameters = [Parameter(s) for s in shapes]
    for p, a in zip(parameters, starts):
        p.elements()[:] = array("f", a.ravel())
    optimizer = getattr(optim, name)([{"params": parameters[:1]}, dict(own, params=parameters[1:])], **chosen)
    model, width = Sloped(parameters), sum(a.size for a in starts)
    if how == "recorded":

        def function(x):
            model(x).mean().backward()
            optimizer.step()

        step = ember.record(function, (ROWS, width))
    elif how == "in a Trainer":
        trainer = ember.Trainer(model, lambda y, t: (y - t).mean(), optimizer, (width,), ROWS,
                                micro_batch=d.pick(None, 2))  # fmt: skip
    for x, g, lr in zip(inputs, gradients, rates):
        if lr:
            optimizer.groups[0].hyper[0] = lr
        if how == "eagerly":
            for p, part in zip(parameters, g):
                p.grad = None if part is None else floats(part)
            optimizer.step()
        else:
            flat = array("f", np.concatenate([part.reshape(ROWS, -1) for part in x], 1).ravel())
            step(flat) if how == "recorded" else trainer.step(flat, array("f", [0.0] * ROWS))
    text = "%s(%s), %s, group 2 %s, gradients times %s%s%s" % (
        name, ", ".join("%s=%s" % item for item in chosen.items()), how, own, size,
        ", the last parameter from step %d on" % (late + 1) if late else "",
        ", changed rates" if any(rates) else "")  # fmt: skip
    return text, [Pair("parameter %d" % k, numpy(p if isinstance(p, Tensor) else p), e, much)
                  for k, (p, e) in enumerate(zip(parameters, expected))]  # fmt: skip
