"""Cases of what is composition: more functions of elements, other names, medians, and what is made of nothing."""

import numpy as np

import ember
from ember import Tensor
from op_cases import covers, fit

LN2, LN10 = np.log(2), np.log(10)

# name: where to draw from, what NumPy has for it, its derivative
SMOOTH = {
    "log10": ("positive", np.log10, lambda x: 1 / (x * LN10)),
    "exp2": ("normal", np.exp2, lambda x: np.exp2(x) * LN2),
    "asinh": ("normal", np.arcsinh, lambda x: 1 / np.hypot(1, x)),
    "acosh": ("above", np.arccosh, lambda x: 1 / np.sqrt(x * x - 1)),
    "atanh": ("inside", np.arctanh, lambda x: 1 / (1 - x * x)),
}


@covers("EXP2", "ASINH", "ACOSH", "ATANH")
def more_functions(d):
    name = d.choice(sorted(SMOOTH))
    where, in_numpy, slope = SMOOTH[name]
    shape = d.shape()
    if where == "above":
        x = d.rng.uniform(1.3, 9, size=shape).astype("f4").astype("f8")
    elif where == "inside":
        x = d.rng.uniform(-0.9, 0.9, size=shape).astype("f4").astype("f8")
    else:
        x = getattr(d, where)(shape)
    in_ember = d.choice((lambda x: getattr(x, name)(), getattr(ember, name)))
    return [x], in_ember, in_numpy, lambda g, x: (g * slope(x),)


@covers("HYPOT")
def hypot(d):
    a, b = [d.normal(s) + 4 for s in d.broadcasting()]
    return ([a, b], ember.hypot, np.hypot,
            lambda g, a, b: (fit(g * a / np.hypot(a, b), a), fit(g * b / np.hypot(a, b), b)))  # fmt: skip


@covers("LOGADDEXP")
def logaddexp(d):
    a, b = [d.normal(s) * 3 for s in d.broadcasting()]
    return ([a, b], ember.logaddexp, np.logaddexp,
            lambda g, a, b: (fit(g / (1 + np.exp(b - a)), a), fit(g / (1 + np.exp(a - b)), b)))  # fmt: skip


@covers("FMOD")
def fmod(d):
    s, t = d.broadcasting()
    b = np.full(t, d.choice((1.5, -1.5, 2.25)))
    a = (d.rng.integers(-3, 3, s) + d.rng.uniform(0.2, 0.8, s)) * 0.75  # never near a multiple of b
    return [a, b], ember.fmod, np.fmod, lambda g, a, b: (fit(g + 0 * b, a), fit(-g * np.trunc(a / b), b))


@covers("NAN_TO_NUM")
def nan_to_num(d):
    x = d.normal(d.shape())
    odd = d.rng.random(x.shape) < 0.3
    named = d.choice(({}, {"nan": 1.5, "posinf": 2.0, "neginf": -3.0}))

    def bad(x):
        return np.where(odd, d.choice((np.nan, np.inf, -np.inf)), x)

    holes = bad(np.zeros_like(x))
    return ([x], lambda x: (x + Tensor(holes.tolist())).nan_to_num(**named).clamp(-9, 9),
            lambda x: np.clip(np.nan_to_num(np.where(odd, holes, x), **named), -9, 9),
            lambda g, x: (g * ~odd,))  # fmt: skip


@covers("EQ")
def logical(d):
    """Without a gradient of their own: x times what is asked of two others has that."""
    name, in_numpy = d.choice((
        ("logical_and", np.logical_and), ("logical_or", np.logical_or), ("logical_xor", np.logical_xor),
        ("floor_divide", lambda a, b: np.floor_divide(a, b)),
    ))  # fmt: skip
    a, b = [np.round(d.normal(s)) for s in d.broadcasting()]
    b = b + 0.25 if name == "floor_divide" else b
    found = in_numpy(a, b)
    p, q = [Tensor(v.ravel().tolist(), v.shape) for v in (a, b)]
    return ([d.normal(found.shape)], lambda x: x * getattr(ember, name)(p, q), lambda x: x * found,
            lambda g, x: (g * found,))  # fmt: skip


# Other names.


@covers("CLONE", "RESHAPE", "CLAMP")
def other_names(d):
    x = d.apart(d.shape(2))
    n, m = x.shape
    k = d.choice(range(-m, m))
    f, in_numpy, gradient = d.choice((
        (lambda x: x.clone(), lambda x: x * 1, lambda g, x: g),
        (lambda x: x.view(-1), lambda x: x.ravel(), lambda g, x: g.reshape(x.shape)),
        (lambda x: x.t(), lambda x: x.T, lambda g, x: g.T),
        (lambda x: x.clip(-0.3, 0.6), lambda x: np.clip(x, -0.3, 0.6), lambda g, x: g * ((x >= -0.3) & (x <= 0.6))),
        (lambda x: x.select(1, k), lambda x: x[:, k], lambda g, x: g[:, None] * (np.arange(m) == k % m)),
        (lambda x: x.amax(1), lambda x: x.max(1), lambda g, x: g[:, None] * (x == x.max(1, keepdims=True))),
        (lambda x: x.amin((0,)), lambda x: x.min(0), lambda g, x: g * (x == x.min(0))),
        (lambda x: x.amax(), lambda x: x.max(), lambda g, x: g * (x == x.max())),
        (lambda x: x.tile(2), lambda x: np.tile(x, 2), lambda g, x: g[:, :m] + g[:, m:]),
        (lambda x: x.repeat_interleave(3, 1), lambda x: x.repeat(3, 1), lambda g, x: g.reshape(n, m, 3).sum(2)),
        (lambda x: x.repeat_interleave(2), lambda x: x.repeat(2), lambda g, x: g.reshape(n, m, 2).sum(2)),
        (lambda x: x.repeat_interleave([i % 3 for i in range(1, n + 1)], 0),
         lambda x: x.repeat([i % 3 for i in range(1, n + 1)], 0),
         lambda g, x: np.stack([p.sum(0) for p in np.split(g, np.cumsum([i % 3 for i in range(1, n)]))])),
    ))  # fmt: skip
    return [x], f, in_numpy, lambda g, x: (gradient(g, x),)


@covers("MATMUL")
def products_by_name(d):
    if d.choice((True, False)):
        a, b = d.normal((d.size(), 3)), d.normal((3, d.size()))
        return [a, b], ember.mm, np.matmul, lambda g, a, b: (g @ b.T, a.T @ g)
    n = d.size()
    a, b = d.normal((n, d.size(), 3)), d.normal((n, 3, d.size()))
    return ([a, b], ember.bmm, np.matmul,
            lambda g, a, b: (g @ b.transpose(0, 2, 1), a.transpose(0, 2, 1) @ g))  # fmt: skip


@covers("DIAGONAL", "DIAGONAL_MATRIX")
def diag(d):
    x = d.normal(d.shape(d.choice((1, 2))))
    k = d.choice((-2, -1, 0, 1, 2) if x.ndim == 1 else range(1 - x.shape[0], x.shape[1]))
    n = x.shape[0] + abs(k) if x.ndim == 1 else 0

    def gradient(g, x):
        if n:
            return (np.diag(g, k),)
        found = np.zeros_like(x)
        for i, value in enumerate(g):
            found[i + max(-k, 0), i + max(k, 0)] = value
        return (found,)

    return [x], lambda x: ember.diag(x, k), lambda x: np.diag(x, k), gradient


# In order.


@covers("MEDIAN", "GATHER")
def median(d):
    x = d.apart(d.shape())
    if d.choice((True, False)):
        middle = np.sort(x, None)[(x.size - 1) // 2]
        return (
            [x],
            lambda x: x.median(),
            lambda x: np.sort(x, None)[(x.size - 1) // 2],
            lambda g, x: (g * (x == middle),),
        )
    dim = d.choice(range(-x.ndim, x.ndim))
    keep = d.choice((True, False))

    def f(x):
        return np.sort(x, dim).take([(x.shape[dim] - 1) // 2], dim)

    return ([x], lambda x: x.median(dim, keep)[0], lambda x: f(x) if keep else f(x).squeeze(dim),
            lambda g, x: ((g if keep else np.expand_dims(g, dim)) * (x == f(x)),))  # fmt: skip


@covers("CUMMAX", "GATHER")
def cummax(d):
    x = d.apart(d.shape())
    dim = d.choice(range(-x.ndim, x.ndim))

    def gradient(g, x):
        found, y = np.zeros_like(x), np.maximum.accumulate(x, dim)
        for i in np.ndindex(x.shape):
            at = list(i)
            while x[tuple(at)] != y[i]:
                at[dim] -= 1
            found[tuple(at)] += g[i]
        return (found,)

    return [x], lambda x: x.cummax(dim)[0], lambda x: np.maximum.accumulate(x, dim), gradient


@covers("FULL", "DRAWN")
def made_of_nothing(d):
    x = d.normal(d.shape())
    f = d.choice(
        (lambda x: x * ember.full_like(x, 2.5) + ember.randn_like(x) * 0.0, lambda x: x * 2.5 + ember.zeros(1))
    )
    return [x], f, lambda x: x * 2.5, lambda g, x: (g * 2.5,)


# By a list or a mask.


@covers("GATHER", "WHERE", "EARLIER")
def picked(d):
    x = d.apart(d.shape(2))
    n, m = x.shape
    rows = [d.choice(range(-n, n)) for _ in range(d.size())]
    columns = [d.choice(range(-m, m)) for _ in range(d.size())]
    mask = d.rng.random(x.shape) < 0.6
    mask.flat[0] = True
    as_tensor = Tensor(mask.astype("f4").ravel().tolist(), mask.shape)

    def scattered(g, index):
        found = np.zeros_like(x)
        np.add.at(found, index, g)
        return found

    kind = d.choice(("rows", "columns", "tensor", "mask", "rows of a mask", "assigned", "assigned by a mask"))
    if kind == "rows":
        return [x], lambda x: x[rows], lambda x: x[rows], lambda g, x: (scattered(g, (rows,)),)
    if kind == "columns":
        return (
            [x],
            lambda x: x[:, columns],
            lambda x: x[:, columns],
            lambda g, x: (scattered(g, (slice(None), columns)),),
        )
    if kind == "tensor":
        index = Tensor(rows, dtype="i")
        return [x], lambda x: x[index], lambda x: x[rows], lambda g, x: (scattered(g, (rows,)),)
    if kind == "mask":
        return [x], lambda x: x[as_tensor], lambda x: x[mask], lambda g, x: (scattered(g, mask),)
    if kind == "rows of a mask":
        part = mask[:, 0].tolist()
        return [x], lambda x: x[part], lambda x: x[part], lambda g, x: (scattered(g, part),)

    def assigned(x):
        y = x * 2
        if kind == "assigned":
            y[rows] = x[0]
        else:
            y[as_tensor if isinstance(x, Tensor) else mask] = -1.0
        return y

    def gradient(g, x):
        found = 2 * g
        if kind == "assigned":
            taken = sorted({i % n for i in rows})
            found[taken] = 0
            found[0] += g[taken].sum(0)
        else:
            found[mask] = 0
        return (found,)

    return [x], assigned, assigned, gradient
