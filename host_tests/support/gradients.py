"""An operation's gradients beside formulas and central differences in float64."""

import numpy as np

from ember.tensors.tensor import Tensor


def tensor(a, requires_grad=True):
    return Tensor([float(v) for v in a.ravel()], a.shape, requires_grad)


def close(found, expected, what=""):
    found, expected = np.asarray(found, "f8"), np.asarray(expected, "f8")
    assert found.shape == expected.shape, what
    scale = 1 + np.abs(expected).max(initial=0)
    assert np.abs(found - expected).max(initial=0) < 2e-5 * scale, (what, found, expected)


def differences(f, inputs, g, h=1e-5):
    """Central differences of sum(f(*inputs) * g)."""
    inputs = [np.array(a) for a in inputs]
    found = []
    for a in inputs:
        d = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            kept = a[i]
            a[i] = kept + h
            up = (f(*inputs) * g).sum()
            a[i] = kept - h
            d[i] = (up - (f(*inputs) * g).sum()) / (2 * h)
            a[i] = kept
        found.append(d)
    return found


def check(case, draw):
    inputs, in_ember, in_numpy, formula = case(draw)
    tensors = [tensor(a) for a in inputs]
    earlier = [draw.choice((None, 0.5)) for _ in inputs]  # a gradient that is there already is added to
    for t, value in zip(tensors, earlier):
        if value is not None:
            t.grad = tensor(np.full(t.shape, value), False)
    y = in_ember(*tensors)
    expected = np.asarray(in_numpy(*inputs))
    close(y.tolist(), expected, "result")
    assert y.shape == expected.shape
    g = draw.normal(expected.shape)
    y.backward(tensor(g, False))
    numeric = differences(in_numpy, inputs, g) if sum(a.size for a in inputs) < 150 else [None] * len(inputs)
    for k, (t, by_formula, by_difference) in enumerate(zip(tensors, formula(g, *inputs), numeric)):
        assert t.grad.shape == t.shape
        found = np.asarray(t.grad.tolist(), "f8") - (earlier[k] or 0.0)
        close(found, by_formula, f"formula, input {k}")
        if by_difference is not None:
            close(found, by_difference, f"differences, input {k}")
