"""The catalogue of operations as cases: what Ember computes, the same in NumPy, and its gradient by a formula.

A case is a function of a `Draw`; it returns (inputs, ember, numpy, gradient): the arrays, how Ember and NumPy make
the result from them, and gradient(g, *inputs) -> one array an input. Beside it stands which rows of the op table it
covers.
"""

import gc
from importlib import import_module
from pathlib import Path

import numpy as np

from checkout import ROOT
from ember import cat, vm
from ember.ops import rules

SIZES = (1, 3, 5, 7, 2, 4)

gc.freeze()  # each Trainer collects garbage: not again and again what pytest and NumPy have loaded


def vms():
    """The VMs that are there. Tests name them as parameters."""
    found = []
    for name in ("native", "portable"):
        try:
            vm.select(name)
            found.append(name)
        except ImportError:
            pass
    vm.select()
    return found


def table():
    """The rows of the op table: name -> Op."""
    found = {}
    for path in sorted((ROOT / "lib" / "ember").glob("ops/*.py")):
        for name, value in vars(import_module("ember.ops." + path.stem)).items():
            if isinstance(value, rules.Op):
                found[name] = value
    return found


class Draw:
    """Where a case takes its choices from: choice(options) -> one of them."""

    def __init__(self, choice):
        self.choice = choice
        self.rng = np.random.default_rng(choice(range(1 << 20)))

    def size(self):
        return self.choice(SIZES)

    def shape(self, rank=None):
        rank = self.choice((1, 2, 3)) if rank is None else rank
        return tuple(self.size() for _ in range(rank))

    def normal(self, shape):
        return self.rng.normal(size=shape).astype("f4").astype("f8")

    def positive(self, shape):
        return self.rng.uniform(0.3, 3, size=shape).astype("f4").astype("f8")

    def apart(self, shape):
        """Values that differ by enough, none near zero: for what has kinks."""
        n = int(np.prod(shape))
        return ((self.rng.permutation(n) - n // 2 + 0.5) / 8).reshape(shape)

    def broadcasting(self):
        """Two shapes that broadcast, with 1s and missing dimensions in any place."""
        out = self.shape(self.choice((0, 1, 2, 3)))
        shapes = []
        for _ in range(2):
            dims = [n if self.choice((True, True, False)) else 1 for n in out]
            shapes.append(tuple(dims[self.choice(range(len(dims) + 1)) :]))
        return shapes


def fit(g, x):
    """g summed to the shape from which x was broadcast."""
    while g.ndim > x.ndim:
        g = g.sum(0)
    for axis, n in enumerate(x.shape):
        if n == 1 and g.shape[axis] != 1:
            g = g.sum(axis, keepdims=True)
    return g


CASES = {}


def everything():
    """CASES, with those of every op_cases_*.py beside this file."""
    for path in sorted(Path(__file__).parent.glob("op_cases_*.py")):
        import_module(path.stem)
    return CASES


def covers(*rows):
    def keep(function):
        assert function.__name__ not in CASES, "two cases are called %s" % function.__name__
        CASES[function.__name__] = (rows, function)
        return function

    return keep


@covers("ADD")
def add(d):
    a, b = [d.normal(s) for s in d.broadcasting()]
    return [a, b], lambda a, b: a + b, lambda a, b: a + b, lambda g, a, b: (fit(g, a), fit(g, b))


@covers("SUB")
def sub(d):
    a, b = [d.normal(s) for s in d.broadcasting()]
    return [a, b], lambda a, b: a - b, lambda a, b: a - b, lambda g, a, b: (fit(g, a), fit(-g, b))


@covers("MUL")
def mul(d):
    a, b = [d.normal(s) for s in d.broadcasting()]
    return [a, b], lambda a, b: a * b, lambda a, b: a * b, lambda g, a, b: (fit(g * b, a), fit(g * a, b))


@covers("DIV")
def div(d):
    s, t = d.broadcasting()
    a, b = d.normal(s), d.positive(t)
    return [a, b], lambda a, b: a / b, lambda a, b: a / b, lambda g, a, b: (fit(g / b, a), fit(-g * a / b**2, b))


@covers("ADD", "SUB", "MUL", "DIV")
def with_number(d):
    k = d.choice((2, -0.5, 3.25))
    f, gradient = d.choice((
        (lambda x: x + k, lambda g, x: (g,)), (lambda x: k + x, lambda g, x: (g,)),
        (lambda x: x - k, lambda g, x: (g,)), (lambda x: k - x, lambda g, x: (-g,)),
        (lambda x: x * k, lambda g, x: (g * k,)), (lambda x: k * x, lambda g, x: (g * k,)),
        (lambda x: x / k, lambda g, x: (g / k,)), (lambda x: k / x, lambda g, x: (-g * k / x**2,)),
    ))  # fmt: skip
    return [d.positive(d.shape())], f, f, gradient


@covers("NEG")
def neg(d):
    return [d.normal(d.shape())], lambda x: -x, lambda x: -x, lambda g, x: (-g,)


@covers("RELU")
def relu(d):
    x = d.apart(d.shape())
    return [x], lambda x: x.relu(), lambda x: np.where(x > 0, x, 0), lambda g, x: (g * (x > 0),)


@covers("TANH")
def tanh(d):
    return [d.normal(d.shape())], lambda x: x.tanh(), np.tanh, lambda g, x: (g / np.cosh(x) ** 2,)


@covers("SIGMOID")
def sigmoid(d):
    return ([d.normal(d.shape())], lambda x: x.sigmoid(), lambda x: 1 / (1 + np.exp(-x)),
            lambda g, x: (g * np.exp(-x) / (1 + np.exp(-x)) ** 2,))  # fmt: skip


@covers("EXP")
def exp(d):
    return [d.normal(d.shape())], lambda x: x.exp(), np.exp, lambda g, x: (g * np.exp(x),)


@covers("LOG")
def log(d):
    return [d.positive(d.shape())], lambda x: x.log(), np.log, lambda g, x: (g / x,)


@covers("SQRT")
def sqrt(d):
    return [d.positive(d.shape())], lambda x: x.sqrt(), np.sqrt, lambda g, x: (g / (2 * np.sqrt(x)),)


@covers("POW", "MUL")
def power(d):
    k = d.choice((2, 3, 0.5, -1, 1.7, -2.5, 1, 0))
    x = d.positive(d.shape())
    return [x], lambda x: x**k, lambda x: x**k, lambda g, x: (g * k * x ** (k - 1.0),)


def _axes(d, rank):
    choices = [None] + list(range(-rank, rank)) + [(0, rank - 1)] * (rank > 1) + [tuple(range(rank))]
    return d.choice(choices), d.choice((False, True))


def _spread(g, x, dim, keep):
    """The gradient of a reduction, repeated over what was reduced."""
    if not keep:
        g = np.expand_dims(g, tuple(range(x.ndim)) if dim is None else dim)
    return np.broadcast_to(g, x.shape)


@covers("SUM")
def total(d):
    x = d.normal(d.shape(d.choice((1, 2, 3, 4))))
    dim, keep = _axes(d, x.ndim)
    return ([x], lambda x: x.sum(dim, keep), lambda x: x.sum(axis=dim, keepdims=keep),
            lambda g, x: (_spread(g, x, dim, keep),))  # fmt: skip


@covers("SUM", "DIV")
def mean(d):
    x = d.normal(d.shape(d.choice((1, 2, 3, 4))))
    dim, keep = _axes(d, x.ndim)
    return ([x], lambda x: x.mean(dim, keepdim=keep), lambda x: x.mean(axis=dim, keepdims=keep),
            lambda g, x: (_spread(g, x, dim, keep) * (g.size / x.size),))  # fmt: skip


@covers("MAX")
def largest(d):
    x = d.apart(d.shape(d.choice((1, 2, 3, 4))))
    dim, keep = _axes(d, x.ndim)

    def gradient(g, x):
        return (_spread(g, x, dim, keep) * (x == x.max(axis=dim, keepdims=True)),)

    return [x], lambda x: x.max(dim, keep), lambda x: x.max(axis=dim, keepdims=keep), gradient


@covers("RESHAPE")
def reshape(d):
    x = d.normal(d.shape(3))
    a, b, c = x.shape
    to = d.choice(((a * b, c), (-1,), (a, -1), (c, b, a), (1, a, b, 1, c)))
    return [x], lambda x: x.reshape(*to), lambda x: x.reshape(to), lambda g, x: (g.reshape(x.shape),)


@covers("RESHAPE")
def flatten(d):
    x = d.normal(d.shape(3))
    start = d.choice((0, 1, 2, -1, -2))
    return ([x], lambda x: x.flatten(start), lambda x: x.reshape(x.shape[:start] + (-1,)),
            lambda g, x: (g.reshape(x.shape),))  # fmt: skip


@covers("PERMUTE")
def permute(d):
    x = d.normal(d.shape(d.choice((2, 3, 4))))
    order = tuple(int(i) for i in d.rng.permutation(x.ndim))
    signed = tuple(i - x.ndim * d.choice((0, 1)) for i in order)
    back = np.argsort(order)
    return [x], lambda x: x.permute(*signed), lambda x: x.transpose(order), lambda g, x: (g.transpose(back),)


@covers("PERMUTE")
def transpose(d):
    x = d.normal(d.shape(3))
    a, b = d.choice((0, 1, 2, -1)), d.choice((0, 1, -2))
    return ([x], lambda x: x.transpose(a, b), lambda x: np.swapaxes(x, a, b),
            lambda g, x: (np.swapaxes(g, a, b),))  # fmt: skip


@covers("SLICE", "VIEW")
def sliced(d):
    x = d.normal(d.shape(d.choice((1, 2, 3, 4))))
    index = []
    for n in x.shape[: d.choice(range(1, x.ndim + 1))]:
        low = d.choice(range(n))
        high = d.choice(range(low + 1, n + 1))
        step = d.choice((None, 1, 2, 3))
        index.append(d.choice((low, low - n, slice(None), slice(low, high, step), slice(low - n, None, step),
                               slice(None, high, step), slice(low, high + 9))))  # fmt: skip
    index = index[0] if len(index) == 1 else tuple(index)

    def gradient(g, x):
        z = np.zeros_like(x)
        z[index] = g
        return (z,)

    return [x], lambda x: x[index], lambda x: x[index], gradient


@covers("CAT")
def joined(d):
    s = d.shape(d.choice((1, 2, 3)))
    dim = d.choice(range(-len(s), len(s)))
    axis = dim % len(s)
    parts = [d.normal(s[:axis] + (d.size(),) + s[axis + 1 :]) for _ in range(d.choice((1, 2, 3)))]
    ends = np.cumsum([p.shape[axis] for p in parts])[:-1]
    return (parts, lambda *p: cat(list(p), dim), lambda *p: np.concatenate(p, dim),
            lambda g, *p: np.split(g, ends, axis))  # fmt: skip


def soft(x, dim):
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


@covers("SOFTMAX", "PERMUTE")
def softmax(d):
    x = d.normal(d.shape())
    dim = d.choice(range(-x.ndim, x.ndim))

    def gradient(g, x):
        y = soft(x, dim)
        return (y * g - y * (y * g).sum(dim, keepdims=True),)

    return [x], lambda x: x.softmax(dim), lambda x: soft(x, dim), gradient


@covers("SOFTMAX", "PERMUTE")
def log_softmax(d):
    x = d.normal(d.shape())
    dim = d.choice(range(-x.ndim, x.ndim))
    return ([x], lambda x: x.log_softmax(dim), lambda x: np.log(soft(x, dim)),
            lambda g, x: (g - soft(x, dim) * g.sum(dim, keepdims=True),))  # fmt: skip
