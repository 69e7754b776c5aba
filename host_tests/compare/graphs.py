"""Random graphs of operations, with the gradient of every leaf: eagerly, and recorded as a function."""

from array import array

import numpy as np
import torch
from drawn import operation
from libraries import Ember, Torch, floats, gradient, numpy
from measure import NOISE, Pair, Useless, noise

import ember
from ember.tensors.parameter import Parameter

TITLE = "random graphs over the op table, and the gradient of every leaf"
COUNT = 2500
TOLERANCE = 1e-5
LARGEST = 1e3  # of the numbers in between


def run(L, leaves, steps, weights, each=lambda y: y):
    """(the loss, what is weighed in it)"""
    nodes, used = list(leaves), set()
    for _, f, taken in steps:
        nodes.append(each(f(L, *[nodes[i] for i in taken])))
        used.update(taken)
    ends = [y for i, y in enumerate(nodes) if i >= len(leaves) and i not in used]
    total = None
    for y, w in zip(ends, weights):
        part = each(y * L.constant(w)).sum()
        total = part if total is None else total + part
    return total, ends


def in_torch(leaves, steps, weights, each=lambda y: y):
    """The loss, the ends, and the gradients."""
    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in leaves]
    loss, ends = run(Torch(), tensors, steps, weights, each)
    if loss.requires_grad:
        loss.backward()
    return [numpy(loss)] + [numpy(y) for y in ends] + [gradient(t) for t in tensors]


def in_noise(seed):
    made = np.random.default_rng(seed)
    return lambda y: y * torch.tensor(1 + NOISE * made.uniform(-1, 1, size=tuple(y.shape)), dtype=y.dtype)


def eagerly(leaves, steps, weights):
    tensors = [floats(a) for a in leaves]
    for t in tensors:
        t.requires_grad = True
    loss, ends = run(Ember(), tensors, steps, weights)
    values = [numpy(loss)] + [numpy(y) for y in ends]
    if loss.requires_grad:
        loss.backward()
    return values + [gradient(t) for t in tensors]


def recorded(leaves, steps, weights):
    """The leaves are parameters of a function that does it all."""
    parameters, known = [Parameter(a.shape) for a in leaves], []
    for p, a in zip(parameters, leaves):
        p.elements()[:] = array("f", a.ravel())

    def function(x):
        loss, ends = run(Ember(), parameters, steps, weights)
        if loss.requires_grad:
            loss.backward()
        known[:] = [p.grad is not None for p in parameters]
        return [loss] + ends + [p.grad for p in parameters if p.grad is not None]

    found = [numpy(t) for t in ember.record(function, (1, 1))(array("f", [0.0]))]
    first = len(found) - sum(known)
    gradients = iter(found[first:])
    return found[:first] + [next(gradients) if k else np.zeros(a.shape) for k, a in zip(known, leaves)]


def case(d):
    leaves = [d.normal(*d.shape()) for _ in range(d.whole(1, 3))]
    if d.chance(0.1):
        leaves[-1] = np.round(leaves[-1] * 2) / 2  # elements that tie, and zeros
    shapes, nodes, steps, L = (
        [a.shape for a in leaves],
        [torch.tensor(a, dtype=torch.float64) for a in leaves],
        [],
        Torch(),
    )
    for _ in range(d.whole(1, 9)):
        name, f, taken = operation(d, shapes)
        y = f(L, *[nodes[i] for i in taken])
        if y.numel() > 600 or y.ndim > 5 or not torch.isfinite(y).all() or y.abs().max() > LARGEST:
            continue
        steps.append((name, f, taken))
        nodes.append(y)
        shapes.append(tuple(y.shape))
    if not steps:
        raise Useless
    used = {i for _, _, taken in steps for i in taken}
    weights = [d.normal(*s) for i, s in enumerate(shapes) if i >= len(leaves) and i not in used]
    expected = in_torch(leaves, steps, weights)
    if max(np.abs(e).max() for e in expected) > LARGEST * 10:
        raise Useless
    much = noise(expected, *[in_torch(leaves, steps, weights, in_noise(k)) for k in range(2)])
    text = "%s; %s" % (", ".join(str(a.shape) for a in leaves),
                       ", ".join("%s%s" % (name, list(taken)) for name, _, taken in steps))  # fmt: skip
    names = ["loss"] + ["end %d" % k for k in range(len(expected) - 1 - len(leaves))]
    names += ["gradient of leaf %d" % k for k in range(len(leaves))]
    how = d.pick(eagerly, eagerly, recorded)
    found = how(leaves, steps, weights)
    text = "%s: %s" % (how.__name__, text)
    return text, [Pair(n, f, e, much) for n, f, e in zip(names, found, expected)]
