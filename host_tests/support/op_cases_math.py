"""Cases of the functions of elements, and of choosing among them. Beside a function: its range, and its derivative."""

import math

import numpy as np

import ember
from op_cases import covers, fit

ERF = np.frompyfunc(math.erf, 1, 1)


def erf(x):
    return np.asarray(ERF(x), "f8")


# name: where to draw from, what NumPy has for it, its derivative
SMOOTH = {
    "abs": ("apart", np.abs, np.sign),
    "rsqrt": ("positive", lambda x: x**-0.5, lambda x: -0.5 * x**-1.5),
    "square": ("normal", np.square, lambda x: 2 * x),
    "reciprocal": ("positive", lambda x: 1 / x, lambda x: -1 / x**2),
    "expm1": ("normal", np.expm1, np.exp),
    "log1p": ("positive", np.log1p, lambda x: 1 / (1 + x)),
    "log2": ("positive", np.log2, lambda x: 1 / (x * np.log(2))),
    "sin": ("normal", np.sin, np.cos),
    "cos": ("normal", np.cos, lambda x: -np.sin(x)),
    "tan": ("inside", np.tan, lambda x: 1 + np.tan(x) ** 2),
    "asin": ("inside", np.arcsin, lambda x: 1 / np.sqrt(1 - x**2)),
    "acos": ("inside", np.arccos, lambda x: -1 / np.sqrt(1 - x**2)),
    "atan": ("normal", np.arctan, lambda x: 1 / (1 + x**2)),
    "sinh": ("apart", np.sinh, np.cosh),
    "cosh": ("apart", np.cosh, np.sinh),
    "erf": ("normal", erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
}


def draw(d, where, shape):
    if where == "inside":
        return d.rng.uniform(-0.9, 0.9, size=shape).astype("f4").astype("f8")
    return np.clip(getattr(d, where)(shape), -4, 4)


@covers("ABS", "EXPM1", "LOG1P", "SIN", "COS", "ERF", "ATAN2", "ASIN", "ACOS", "SINH", "COSH")
def function(d):
    name = d.choice(sorted(SMOOTH))
    where, in_numpy, slope = SMOOTH[name]
    x = draw(d, where, d.shape())
    in_ember = d.choice((lambda x: getattr(x, name)(), getattr(ember, name)))
    return [x], in_ember, in_numpy, lambda g, x: (g * slope(x),)


@covers("FLOOR", "ROUND", "GT", "EQ")
def steps(d):
    """Without a gradient of their own: x * step(x) has step(x)."""
    name, in_numpy = d.choice((
        ("floor", np.floor), ("ceil", np.ceil), ("round", np.round), ("trunc", np.trunc), ("sign", np.sign),
        ("isnan", np.isnan), ("isinf", np.isinf), ("isfinite", np.isfinite), ("logical_not", np.logical_not),
    ))  # fmt: skip
    x = d.apart(d.shape())
    return [x], lambda x: x * getattr(x, name)(), lambda x: x * in_numpy(x), lambda g, x: (g * in_numpy(x),)


@covers("GT", "EQ")
def compared(d):
    name, in_numpy = d.choice((
        ("gt", np.greater), ("lt", np.less), ("ge", np.greater_equal), ("le", np.less_equal),
        ("eq", np.equal), ("ne", np.not_equal),
    ))  # fmt: skip
    a, b = [np.round(d.normal(s)) + 0.25 * k for k, s in enumerate(d.broadcasting())]
    if d.choice((True, False)):
        return [a], lambda a: a * getattr(ember, name)(a, 0.25), lambda a: a * in_numpy(a, 0.25), (
            lambda g, a: (g * in_numpy(a, 0.25),))  # fmt: skip
    return [a, b], lambda a, b: a * getattr(a, name)(b) + b * 0.0, lambda a, b: a * in_numpy(a, b), (
        lambda g, a, b: (fit(g * in_numpy(a, b), a), np.zeros_like(b)))  # fmt: skip


@covers("ATAN2")
def atan2(d):
    s, t = d.broadcasting()
    a, b = d.normal(s), d.positive(t) * d.choice((1, -1))
    a = np.where(np.abs(a) < 0.1, 0.3, a)
    return ([a, b], ember.atan2, np.arctan2,
            lambda g, a, b: (fit(g * b / (a**2 + b**2), a), fit(-g * a / (a**2 + b**2), b)))  # fmt: skip


@covers("REMAINDER")
def remainder(d):
    s, t = d.broadcasting()
    b = np.full(t, d.choice((1.5, -1.5, 2.25)))
    a = np.asarray(d.rng.integers(-3, 3, s) + d.rng.uniform(0.2, 0.8, s)) * 0.75  # never near a multiple of b
    a = np.where(np.abs(np.remainder(a, 0.75)) < 0.1, a + 0.2, a)
    return ([a, b], lambda a, b: a % b, np.remainder,
            lambda g, a, b: (fit(g + 0 * b, a), fit(-g * np.floor(a / b), b)))  # fmt: skip


@covers("MAXIMUM", "MINIMUM")
def extreme(d):
    name, in_numpy, greater = d.choice((("maximum", np.maximum, np.greater), ("minimum", np.minimum, np.less)))
    s, t = d.broadcasting()
    a, b = d.apart(s), d.apart(t) + 1 / 32
    return ([a, b], getattr(ember, name), in_numpy,
            lambda g, a, b: (fit(g * greater(a, b), a), fit(g * ~greater(a, b), b)))  # fmt: skip


@covers("POW_TENSOR")
def power_of_tensors(d):
    s, t = d.broadcasting()
    a, b = d.positive(s), d.normal(t)
    if d.choice((True, False)):
        return [b], lambda b: 1.5**b, lambda b: 1.5**b, lambda g, b: (g * 1.5**b * np.log(1.5),)
    return ([a, b], lambda a, b: a**b, lambda a, b: a**b,
            lambda g, a, b: (fit(g * b * a ** (b - 1), a), fit(g * a**b * np.log(a), b)))  # fmt: skip


@covers("WHERE", "GT")
def chosen(d):
    a, b = [d.apart(s) for s in d.broadcasting()]
    return ([a, b], lambda a, b: ember.where(a.detach() > 0, a, b), lambda a, b: np.where(a > 0, a, b),
            lambda g, a, b: (fit(g * (a > 0), a), fit(g * ~((a > 0) | (b != b)), b)))  # fmt: skip


@covers("WHERE")
def filled(d):
    x, k = d.apart(d.shape()), d.choice((0.0, -2.5, float("-inf")))
    return ([x], lambda x: ember.where(x.detach() > 0, x, x.masked_fill(x.detach() < 9, 0.0) + 1) if k else
            x.masked_fill(x.detach() > 0, k), lambda x: np.where(x > 0, x, 1.0) if k else np.where(x > 0, k, x),
            lambda g, x: (g * (x > 0) if k else g * (x <= 0),))  # fmt: skip


@covers("CLAMP")
def clamped(d):
    low, high = d.choice(((-0.5, 0.5), (None, 0.3), (0.2, None), (1.0, -1.0)))
    x = d.apart(d.shape())

    def inside(x):
        return (np.clip(x, low, high) == x) if low is None or high is None or low <= high else np.zeros(x.shape, bool)

    return ([x], lambda x: x.clamp(low, high), lambda x: np.minimum(x if low is None else np.maximum(x, low),
            np.inf if high is None else high), lambda g, x: (g * inside(x),))  # fmt: skip


@covers("MUL", "SUB", "ADD")
def interpolated(d):
    a, b = [d.normal(s) for s in d.broadcasting()]
    w = d.choice((0.25, 1.5, -0.75, None))
    if w is None:
        w = d.rng.uniform(-1.5, 1.5, size=np.broadcast_shapes(a.shape, b.shape)).astype("f4").astype("f8")
        return ([a, b, w], ember.lerp, lambda a, b, w: a + w * (b - a),
                lambda g, a, b, w: (fit(g * (1 - w), a), fit(g * w, b), g * (b - a)))  # fmt: skip
    return ([a, b], lambda a, b: ember.lerp(a, b, w), lambda a, b: a + w * (b - a),
            lambda g, a, b: (fit(g * (1 - w) + 0 * b, a), fit(g * w + 0 * a, b)))  # fmt: skip
