"""The cases of instructions that go row by row: losses, random numbers, optimizers; see cases.py."""

import math

import numpy as np

from draws import case, held, normal, positive
from ember.instructions import isa
from programs import Size, instruction, most, word


def rows_of(m, r):
    """Rows and their width: beyond a hundred of either now and then, since kernels go by chunks."""
    n, widths = r.choice(((20, (1, 2, 3, 5, 7, 10, 40)),) * 3 + ((150, (1, 3)), (3, (65, 130))))
    return m.size(r, n), r.choice(widths)


def labels(m, r, n, high, segment=None):
    """n labels below high, in a segment of their own or among the integer slots."""
    values = [r.randrange(min(high, 128)) for _ in range(n)]
    if r.random() < 0.2:
        return m.put(isa.INTS, values + [0] * (most(n) - n))
    per_row = most(n) // m.max_rows
    shape = (0, per_row) if isinstance(n, Size) else (int(n), 0)
    return m.bind(r.choice("iBbhHI"), values, shape=shape)


def aliased(m, r, made, values, sizes):
    """Another operand's address where it is given, or a new operand."""
    return made if made is not None else m.operand(r, values, sizes, True)


@case
def softmax(m, r):
    n, width = rows_of(m, r)
    in_place = r.random() < 0.4
    form, values = r.randint(0, 2), normal(r, n * width, r.choice((1, 5)))
    if form == 2:  # rows of which some, or all, is hidden
        values = [-math.inf if i // width % 3 == 0 or r.random() < 0.3 else v for i, v in enumerate(values)]
    x = m.operand(r, values, [n, width], in_place)
    y = x if in_place else m.operand(r, held(r, n * width, 0), [n, width], True)
    return instruction("softmax", form=form, n=word(n), width=width, y=y, x=x)


@case
def softmax_grad(m, r):
    n, width = rows_of(m, r)
    into, which = r.randint(0, 1), r.choice(("", "y", "g"))
    y = m.operand(r, -positive(r, n * width), [n, width], which == "y")
    g = m.operand(r, normal(r, n * width), [n, width], which == "g")
    dx = {"y": y, "g": g}.get(which)
    dx = aliased(m, r, dx, held(r, n * width, into), [n, width])
    return instruction("softmax_grad", log=r.randint(0, 1), into=into, n=word(n), width=width, dx=dx, y=y, g=g)


@case
def cross_entropy(m, r):
    n, width = rows_of(m, r)
    in_place = r.random() < 0.4
    x = m.operand(r, normal(r, n * width, 3), [n, width], in_place)
    p = x if in_place else m.operand(r, held(r, n * width, 0), [n, width], True)
    loss = m.operand(r, held(r, n, 0), [n], True)
    return instruction("cross_entropy", n=word(n), width=width, loss=loss, p=p, x=x, label=labels(m, r, n, width))


@case
def cross_entropy_grad(m, r):
    n, width = rows_of(m, r)
    into, in_place = r.randint(0, 1), r.random() < 0.4
    p = m.operand(r, positive(r, n * width), [n, width], in_place)
    dx = aliased(m, r, p if in_place else None, held(r, n * width, into), [n, width])
    return instruction(
        "cross_entropy_grad",
        into=into,
        n=word(n),
        width=width,
        dx=dx,
        p=p,
        label=labels(m, r, n, width),
        g=m.operand(r, normal(r, n), [n]),
    )


@case
def check_index(m, r):
    n, high = m.size(r, 150), r.choice((1, 3, 10, 1 << 24))
    return instruction("check_index", n=word(n), high=high, index=labels(m, r, n, high))


@case
def count_correct(m, r):
    n, width = rows_of(m, r)
    x = normal(r, n * width)
    if r.random() < 0.2:
        x[::7] = np.nan
    return instruction(
        "count_correct",
        n=word(n),
        width=width,
        counter=m.put(isa.INTS, [r.randint(-9, 1000)]),
        x=m.operand(r, x, [n, width]),
        label=labels(m, r, n, width),
    )


def any_int(r):
    return r.choice((0, 1, -1, 2**31 - 1, -(2**31), r.randint(-(2**31), 2**31 - 1), r.randint(0, 1000)))


@case
def dropout(m, r):
    n, width = rows_of(m, r)
    into, in_place = r.randint(0, 1), r.random() < 0.4
    x = m.operand(r, normal(r, n * width), [n, width], in_place)
    y = x if in_place else m.operand(r, held(r, n * width, into), [n, width], True)
    key, step, sample = (m.put(isa.INTS, [any_int(r)]) for _ in range(3))
    return instruction(
        "dropout",
        into=into,
        n=word(n),
        width=width,
        stream=r.choice((0, 1, 2**30 - 1)),
        y=y,
        x=x,
        p=m.put(isa.FLOATS, [r.choice((0.0, 0.1, 0.5, 0.75))]),
        key=key,
        step=step,
        sample=sample,
    )


@case
def uniform(m, r):
    n, width = rows_of(m, r)
    key, step, sample = (m.put(isa.INTS, [any_int(r)]) for _ in range(3))
    return instruction(
        "uniform",
        fresh=r.randint(0, 1),
        n=word(n),
        width=width,
        stream=r.choice((0, 7, 2**30 - 1)),
        d=m.operand(r, held(r, n * width, 0), [n, width], True),
        range=m.put(isa.FLOATS, normal(r, 2, 4)),
        key=key,
        step=step,
        sample=sample,
    )


@case
def convert(m, r):
    typecode, channels = r.choice(isa.TYPES), r.choice((1, 1, 2, 3, 7, 40))
    n = m.size(r, 150 if channels == 1 else 9)
    limits = {"f": 0, "i": 2**31 - 1, "B": 255, "b": 127, "h": 32767, "H": 65535, "I": 2**32 - 1}[typecode]
    values = normal(r, n * channels, 1e3)
    if limits:
        lowest = 0 if typecode in "BHI" else -limits - 1
        values = [r.choice((limits, 0, r.randint(lowest, limits))) for _ in values]
    shape = (0, most(n) * channels // m.max_rows) if isinstance(n, Size) else None
    return instruction(
        "convert",
        n=word(n),
        channels=channels,
        d=m.operand(r, held(r, n * channels, 0), [n, channels], True),
        src=m.bind(typecode, values, shape=shape),
        affine=m.put(isa.FLOATS, normal(r, 2 * channels, 0.1)),
    )


@case
def count(m, r):
    n = m.size(r, 1000)
    return instruction(
        "count", keep=r.randint(0, 1), add=r.randint(0, 1), n=word(n), counter=m.put(isa.INTS, [any_int(r)])
    )


@case
def stop(m, r):
    """One that goes on; test_run.py has those that do not."""
    return instruction("stop", go=m.put(isa.ARENA, [r.choice((1, -0.5, 1e-45, np.inf, np.nan))]))


@case
def check_finite(m, r):
    """One that goes on; test_portable_update.py has those that do not."""
    n, squared = m.size(r, 150), r.randint(0, 1)
    a = m.operand(r, normal(r, n) * r.choice((1, 1e-40, 1e18)), [n])
    return instruction("check_finite", squared=squared, n=word(n), a=a,
                       total=m.put(isa.ARENA, [r.choice((1, -3, 0.5, np.inf))]))  # fmt: skip


@case
def sgd(m, r):
    n, momentum = m.size(r, 150), r.randint(0, 1)
    hyper = m.put(isa.FLOATS, [r.choice((0.1, 1.0)), r.choice((0.0, 0.9)), r.choice((0, 0.5)), r.choice((0, 0.01))])
    return instruction(
        "sgd",
        momentum=momentum,
        nesterov=r.randint(0, 1),
        n=word(n),
        p=m.operand(r, normal(r, n), [n], True),
        g=m.operand(r, normal(r, n), [n]),
        v=m.operand(r, normal(r, n), [n], True),
        hyper=hyper,
        step=m.put(isa.INTS, [r.choice((0, 1, 5))]),
        total=m.put(isa.FLOATS, [r.choice((1, 3, 32, 0.3))]),
    )


@case
def adam(m, r):
    n = m.size(r, 150)
    hyper = m.put(
        isa.FLOATS,
        [
            r.choice((0.001, 0.1)),
            r.choice((0.9, 0.5, 0.0)),
            r.choice((0.999, 0.9, 0.0)),
            r.choice((1e-8, 1e-3)),
            r.choice((0, 0.01)),
        ],
    )
    return instruction(
        "adam",
        decoupled=r.randint(0, 2),
        amsgrad=r.randint(0, 1),
        n=word(n),
        p=m.operand(r, normal(r, n), [n], True),
        g=m.operand(r, normal(r, n), [n]),
        m=m.operand(r, normal(r, n), [n], True),
        v=m.operand(r, positive(r, n), [n], True),
        most=m.operand(r, positive(r, n), [n], True),
        hyper=hyper,
        step=m.put(isa.INTS, [r.choice((0, 1, 5, 99, 1000))]),
        total=m.put(isa.FLOATS, [r.choice((1, 3, 32, 0.3))]),
    )


def update(name, m, r, states, hyper, **more):
    """An optimizer's instruction; states: what each holds, hyper: what each may be."""
    n = m.size(r, 150)
    operands = {state: m.operand(r, values(r, n), [n], True) for state, values in states.items()}
    if name in ("adagrad", "adan"):
        more["step"] = m.put(isa.INTS, [r.choice((0, 1, 5, 99))])
    return instruction(
        name,
        n=word(n),
        p=m.operand(r, normal(r, n), [n], True),
        g=m.operand(r, normal(r, n), [n]),
        hyper=m.put(isa.FLOATS, [r.choice(values) for values in hyper]),
        total=m.put(isa.FLOATS, [r.choice((1, 3, 32, 0.3))]),
        **operands,
        **more,
    )


RATES, EPS, DECAY = (0.001, 0.1), (1e-8, 1e-3), (0, 0.01)


@case
def rmsprop(m, r):
    # v is no less than a * a, or its root would be NaN
    states = {"v": lambda r, n: positive(r, n) + np.float32(16), "a": normal, "b": normal}
    return update("rmsprop", m, r, states, (RATES, (0.99, 0.5), EPS, DECAY, (0.9, 0)),
                  centered=r.randint(0, 1), momentum=r.randint(0, 1))  # fmt: skip


@case
def adagrad(m, r):
    return update("adagrad", m, r, {"v": positive}, (RATES, (0, 0.01), EPS, DECAY))


@case
def adadelta(m, r):
    return update("adadelta", m, r, {"v": positive, "a": positive}, ((1.0, 0.1), (0.9, 0.5), (1e-6, 1e-3), DECAY))


@case
def lion(m, r):
    return update("lion", m, r, {"m": normal}, (RATES, (0.9, 0.5), (0.99, 0), DECAY))


@case
def adan(m, r):
    states = {"m": normal, "v": normal, "s": positive, "before": normal}
    return update("adan", m, r, states, (RATES, (0.98, 0.5), (0.92, 0), (0.99, 0.9), EPS, DECAY))
