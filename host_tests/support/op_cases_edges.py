"""Cases where a rule is at its edge: ties, zeros, memory of gradients that is handed on; layers by their names."""

import numpy as np

import ember
from ember import Tensor, nn
from op_cases import _axes, _spread, covers


@covers("MAXIMUM", "MINIMUM")
def tied(d):
    """Equal elements share the gradient."""
    name, in_numpy, greater = d.choice((("maximum", np.maximum, np.greater), ("minimum", np.minimum, np.less)))
    a = d.apart(d.shape())
    b = np.where(d.rng.random(a.shape) < 0.5, a, a[..., ::-1] + 1 / 32)
    half = 0.5 * (a == b)
    return ([a, b], getattr(ember, name), in_numpy,
            lambda g, a, b: (g * (greater(a, b) + half), g * (greater(b, a) + half)))  # fmt: skip


@covers("MAX", "MIN")
def tied_in_pairs(d):
    name, most = d.choice((("max", np.max), ("min", np.min)))
    x = d.apart(d.shape(2))
    x = np.concatenate([x, x], 1)
    share = 0.5 * (x == most(x, axis=1, keepdims=True))
    return ([x], lambda x: getattr(x, name)(1, True), lambda x: most(x, axis=1, keepdims=True),
            lambda g, x: (g * share,))  # fmt: skip


@covers("NORM")
def norm_of_zeros(d):
    """Some elements are 0, or all of them: their gradient is 0."""
    x = d.apart(d.shape(2)) * (d.rng.random(d.choice(((1, 1), (1, 2)))).max() < 0.9)
    x = x * (d.rng.random(x.shape) < 0.6)
    dim, keep = _axes(d, 2)
    p = d.choice((2, 3, 1.5)) if x.any() else 2

    def gradient(g, x):
        size = (np.abs(x) ** p).sum(axis=dim, keepdims=True) ** (1 / p)
        slope = (np.abs(x) / np.where(size, size, 1)) ** (p - 1) * np.sign(x)
        return (_spread(g, x, dim, keep) * slope,)

    return ([x], lambda x: x.norm(p, dim, keep),
            lambda x: (np.abs(x) ** p).sum(axis=dim, keepdims=keep) ** (1 / p), gradient)  # fmt: skip


@covers("POW_TENSOR")
def power_of_zero(d):
    """0 to the b does not change with b."""
    b = d.positive(d.shape())
    base = np.where(d.rng.random(b.shape) < 0.5, 0.0, 1.5)
    still = Tensor([float(v) for v in base.ravel()], base.shape)
    slope = base**b * np.log(np.where(base, base, 1))
    return [b], lambda b: ember.pow(still, b), lambda b: base**b, lambda g, b: (g * slope,)


@covers("ADD", "SUB", "MUL")
def handed_on(d):
    """Both operands of an addition want the memory of its gradient, and both add to what they got."""
    a, b = [d.normal(s) for s in [d.shape()] * 2]
    sign = d.choice((1, -1))

    def f(a, b):
        p, q = a * 2, b * 3
        s = p + q if sign > 0 else q - p
        return (s + p) + (q + s * s)

    def gradient(g, a, b):
        s = sign * a * 2 + b * 3
        return g * (sign * 2 + 2 + 4 * sign * s), g * (6 + 6 * s)

    return [a, b], f, f, gradient


@covers("CUMSUM", "CUMPROD")
def sums_and_products(d):
    """Used twice, so that a gradient is added to another."""
    x = d.positive(d.shape(2))
    dim = d.choice((0, 1))

    def gradient(g, x):
        product = np.flip(np.cumsum(np.flip(g * np.cumprod(x, dim), dim), dim), dim) / x
        return (np.flip(np.cumsum(np.flip(g, dim), dim), dim) + product,)

    return ([x], lambda x: x.cumsum(dim) + x.cumprod(dim), lambda x: np.cumsum(x, dim) + np.cumprod(x, dim),
            gradient)  # fmt: skip


@covers("RELU", "TANH", "SIGMOID", "PRELU", "RESHAPE")
def plain_layer(d):
    """Layers of one operation. What they do to an element, and its derivative."""
    layer, in_numpy, slope = d.choice((
        (nn.ReLU(), lambda x: np.where(x > 0, x, 0), lambda x: x > 0),
        (nn.Tanh(), np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        (nn.PReLU(), lambda x: np.where(x > 0, x, x / 4), lambda x: np.where(x > 0, 1, 0.25)),
        (nn.Identity(), lambda x: x + 0.0, np.ones_like),
        (nn.Flatten(), lambda x: x.reshape(len(x), -1), np.ones_like),
        (nn.Sequential(nn.Tanh(), nn.Flatten()), lambda x: np.tanh(x).reshape(len(x), -1),
         lambda x: 1 - np.tanh(x) ** 2),
    ))  # fmt: skip
    x = d.apart(d.shape(3)) + 1 / 32
    return [x], layer, in_numpy, lambda g, x: (g.reshape(x.shape) * slope(x),)


@covers("GATHER")
def embedding_layer(d):
    weight = d.normal((d.size(), d.size()))
    index = d.rng.integers(len(weight), size=d.shape(d.choice((1, 2))))
    layer = nn.Embedding(*weight.shape)

    def in_ember(w):
        vars(layer)["weight"] = w
        return layer(Tensor([int(i) for i in index.ravel()], index.shape, dtype="i"))

    def gradient(g, w):
        z = np.zeros_like(w)
        np.add.at(z, index, g)
        return (z,)

    return [weight], in_ember, lambda w: w[index], gradient
