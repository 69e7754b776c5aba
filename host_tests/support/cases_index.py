"""The cases of what goes by index, and along one dimension; see cases.py."""

import numpy as np

from draws import arguments, case, held, normal
from ember.instructions import isa
from programs import FUNCTIONS, instruction, most, word

# What may be done again and again and still be told from float64 by a bound.
TAME = ("copy", "neg", "abs", "add", "sub", "mul", "maximum", "minimum")


def block(m, r):
    """outer, n, high, inner: ragged, inner beyond a chunk of the kernels' now and then."""
    return m.size(r, 6), m.size(r, 8), m.size(r, 9), r.choice((1, 1, 2, 3, 5, 70))


def indices(m, r, sizes, high):
    """Indices below high over sizes, of any type and with any strides: their address and strides."""
    order, strides, step = [0, 1, 2], [0, 0, 0], 1
    r.shuffle(order)
    for axis in order:
        if r.random() < 0.4:
            continue
        strides[axis] = -step if r.random() < 0.2 else step
        step *= most(sizes[axis])
    reach = [(most(size) - 1) * stride for size, stride in zip(sizes, strides)]
    low, count = sum(min(0, x) for x in reach), 1 + sum(abs(x) for x in reach)
    values, typecode = [r.randrange(high) for _ in range(count)], r.choice("iBbhHIff")
    if typecode == "f" and r.random() < 0.5:
        return m.put(r.choice((0, 1, 2, 4)), values) - low, strides
    return m.bind(typecode, values) - low, strides


@case
def gather(m, r):
    outer, n, high, inner = block(m, r)
    into = r.randint(0, 1)
    index, strides = indices(m, r, (outer, n, inner), high)
    return instruction(
        "gather",
        into=into,
        outer=word(outer),
        n=word(n),
        inner=inner,
        high=word(high),
        **dict(zip(("i_outer", "i_n", "i_inner"), strides)),
        y=m.operand(r, held(r, outer * n * inner, into), [outer, n, inner], True),
        x=m.operand(r, normal(r, outer * high * inner), [outer, high, inner]),
        index=index,
    )


@case
def scatter_add(m, r):
    outer, n, high, inner = block(m, r)
    index, strides = indices(m, r, (outer, n, inner), high)
    return instruction(
        "scatter_add",
        outer=word(outer),
        n=word(n),
        inner=inner,
        high=word(high),
        **dict(zip(("i_outer", "i_n", "i_inner"), strides)),
        y=m.operand(r, normal(r, outer * high * inner), [outer, high, inner], True),
        x=m.operand(r, normal(r, outer * n * inner), [outer, n, inner]),
        index=index,
    )


@case
def scan(m, r, fn=None):
    fn = r.randrange(len(FUNCTIONS)) if fn is None else fn
    outer, n, _, inner = block(m, r)
    if FUNCTIONS[fn] not in TAME:
        n = 1 + int(r.random() < 0.9)
    in_place = r.random() < 0.4
    count = outer * n * inner
    values = arguments(r, FUNCTIONS[fn], "a")(count)
    second = arguments(r, FUNCTIONS[fn], "b")(count)
    reverse = r.randint(0, 1)
    start = n - 1 if reverse else 0
    first = np.arange(count) // inner % n == start  # what is an argument a, the rest are b
    x = m.operand(r, np.where(first, values, second), [outer, n, inner], in_place)
    y = x if in_place else m.operand(r, held(r, count, 0), [outer, n, inner], True)
    return instruction("scan", fn=fn, reverse=reverse, outer=word(outer), n=word(n), inner=inner, y=y, x=x)


@case
def argsort(m, r):
    n, width = m.size(r, 10), r.choice((1, 2, 3, 4, 5, 8, 17, 70))
    x = normal(r, n * width)
    if r.random() < 0.3:
        odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
        x = np.array([odd[r.randrange(5)] if r.random() < 0.6 else v for v in x], np.float32)
    return instruction(
        "argsort",
        descending=r.randint(0, 1),
        n=word(n),
        width=width,
        y=m.operand(r, held(r, n * width, isa.WRITE), [n, width], True),
        x=m.operand(r, x, [n, width]),
    )
