"""Every instruction in NumPy float64, read from docs/vm.md alone: maps, products and images; the rest is in
reference_rows.py and reference_index.py, the memory that they share in reference_memory.py."""

import math

import numpy as np

import bfloat16  # noqa: F401
import reference_index  # noqa: F401, for what it adds to DO
import reference_recurrent  # noqa: F401
import reference_rows  # noqa: F401, for what it adds to DO
import reference_signal  # noqa: F401
from ember.instructions import isa, table
from reference_memory import DO, TINY, Reference, U, instruction, maximum, minimum

__all__ = ["DO", "MAP", "Reference"]

# Relative error of a map's function, in roundings; an ulp is at most two of them.
EXACT = {"copy", "neg", "abs", "relu", "maximum", "minimum", "eq", "gt", "relu_grad", "floor", "round", "keep"}
ROUNDINGS = {
    "sqrt": 1,
    "add": 1,
    "sub": 1,
    "mul": 1,
    "div": 1,
    "exp": 4,
    "log": 4,
    "tanh": 8,
    "sigmoid": 8,
    "pow": 140,
    "tanh_grad": 4,
    "sigmoid_grad": 4,
    "sqrt_grad": 3,
    "expm1": 8,
    "log1p": 4,
    "sin": 4,
    "cos": 4,
    "erf": 4,
    "remainder": 2,
    "atan2": 6,
}


ERF = np.frompyfunc(math.erf, 1, 1)
MAP = {
    "copy": lambda a, b: a,
    "neg": lambda a, b: -a,
    "abs": lambda a, b: np.abs(a),
    "sqrt": lambda a, b: np.sqrt(a),
    "exp": lambda a, b: np.exp(a),
    "log": lambda a, b: np.log(a),
    "tanh": lambda a, b: np.tanh(a),
    "sigmoid": lambda a, b: np.where(a < 0, np.exp(a) / (1 + np.exp(a)), 1 / (1 + np.exp(-a))),
    "relu": lambda a, b: np.where(a < 0, 0.0, a),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "maximum": maximum,
    "minimum": minimum,
    "pow": lambda a, b: np.power(a, b),
    "eq": lambda a, b: np.where(a == b, 1.0, 0.0),
    "gt": lambda a, b: np.where(a > b, 1.0, 0.0),
    "relu_grad": lambda a, b: np.where(a <= 0, 0.0, b),
    "tanh_grad": lambda a, b: b * (1 - a * a),
    "sigmoid_grad": lambda a, b: b * (a * (1 - a)),
    "sqrt_grad": lambda a, b: (0.5 * b) / a,
    "floor": lambda a, b: np.floor(a),
    "round": lambda a, b: np.round(a),
    "expm1": lambda a, b: np.expm1(a),
    "log1p": lambda a, b: np.log1p(a),
    "sin": lambda a, b: np.sin(a),
    "cos": lambda a, b: np.cos(a),
    "erf": lambda a, b: ERF(a).astype("f8"),
    "remainder": lambda a, b: np.remainder(a, b),
    "atan2": lambda a, b: np.arctan2(a, b),
    "keep": lambda a, b: np.where(a != 0, b, 0.0),
}
# What cancels: the bound is relative to this, not to the result.
MAGNITUDE = {
    "tanh_grad": lambda a, b: np.abs(b) * (1 + a * a),
    "sigmoid_grad": lambda a, b: np.abs(b * a) * (1 + np.abs(a)),
}


def mapped(m, f, d, a, b):
    name = table.FUNCTIONS[f.fn][0]
    a, b = m.values[a[0]][a[1]], m.values[b[0]][b[1]]
    value = MAP[name](a, b)
    size = MAGNITUDE[name](a, b) if name in MAGNITUDE else np.abs(value)
    exact = name in EXACT
    m.meet(d, value, np.zeros(d[1].shape) if exact else U * ROUNDINGS[name] * size + TINY, f.into)


@instruction
def map_(m, f):
    mapped(m, f, m.at(f.d, f.n), m.at(f.a, (f.n, f.a_step)), m.at(f.b, (f.n, f.b_step)))


@instruction
def map_strided(m, f):
    sizes = f.n0, f.n1, f.n2, f.n3
    strides = {x: [getattr(f, x + str(i)) for i in range(4)] for x in "dab"}
    mapped(m, f, *(m.at(getattr(f, x), *zip(sizes, strides[x])) for x in "dab"))


@instruction
def sum_(m, f):
    """In two floats a sum's error is 2 roundings of its terms' sizes together, however many they are, and one more."""
    name = table.FUNCTIONS[f.fn][0]
    sizes = f.n0, f.n1, f.n2, f.n3, f.h, f.w
    a, b = (
        m.read(getattr(f, x), *zip(sizes, [getattr(f, x + i) for i in ("0", "1", "2", "3", "_h", "_w")])) for x in "ab"
    )
    x = MAP[name](a, b)
    size = MAGNITUDE[name](a, b) if name in MAGNITUDE else np.abs(x)
    error = 0.0 * x if name in EXACT else U * ROUNDINGS[name] * size + TINY
    if f.square:
        x, error = x * x, 2 * np.abs(x) * error + error**2 + U * x * x + TINY
    size = np.abs(x).sum((4, 5))
    error = error.sum((4, 5)) + (U * 4 + U * U * f.h * f.w) * size + TINY
    m.meet(m.at(f.y, *zip(sizes[:4], (f.y0, f.y1, f.y2, f.y3))), x.sum((4, 5)), error)


@instruction
def scan(m, f):
    """One step has the function's own error; only functions whose error is easily followed go on from there."""
    name = table.FUNCTIONS[f.fn][0]
    x, error = m.read(f.x, f.outer, f.n, f.inner), np.zeros((f.outer, f.n, f.inner))
    y = x.copy()
    steps = range(f.n - 2, -1, -1) if f.reverse else range(1, f.n)
    total = np.abs(x[:, f.n - 1 if f.reverse else 0])
    for i in steps:
        before = i + 1 if f.reverse else i - 1
        a, b = y[:, before], x[:, i]
        y[:, i] = MAP[name](a, b)
        if name == "add":  # in two floats: the bound of Kahan's sum, and what their sum is rounded by
            total = total + np.abs(b)
            error[:, i] = U * (2 * total + np.abs(y[:, i])) + TINY
            continue
        size = MAGNITUDE[name](a, b) if name in MAGNITUDE else np.abs(y[:, i])
        error[:, i] = 0.0 if name in EXACT else U * ROUNDINGS[name] * size + TINY
        error[:, i] += error[:, before] * (np.abs(b) if name == "mul" else 1) * (1 + U)
    m.meet(m.at(f.y, f.outer, f.n, f.inner), y, error)


@instruction
def matmul(m, f):
    a = m.read(f.a, (f.batch, f.a_batch), (f.m, f.a_m), (f.k, f.a_k))
    b = m.read(f.b, (f.batch, f.b_batch), (f.k, f.b_k), (f.n, f.b_n))
    segment, c = m.at(f.c, (f.batch, f.c_batch), (f.m, f.c_m), (f.n, 1))
    value, size = a @ b, np.abs(a) @ np.abs(b)
    for i in range(f.batch):
        for row in range(f.m):  # row by row, since rows of c may be one
            held = np.abs(m.values[segment][c[i, row]]) if f.into else 0
            m.meet((segment, c[i, row]), value[i, row], U * (f.k + 1) * (size[i, row] + held), f.into)


def windows(m, f):
    """For each position of the window: the slices of output and input positions that exist."""
    d_h, d_w = getattr(f, "d_h", 1), getattr(f, "d_w", 1)
    for k_row in range(f.k_h):
        for k_col in range(f.k_w):
            out_r, out_c = np.arange(f.out_h), np.arange(f.out_w)
            in_r, in_c = out_r * f.s_h - f.p_h + k_row * d_h, out_c * f.s_w - f.p_w + k_col * d_w
            r, c = (in_r >= 0) & (in_r < f.h), (in_c >= 0) & (in_c < f.w)
            yield k_row, k_col, np.ix_(out_r[r], out_c[c]), np.ix_(in_r[r], in_c[c])


def convolution(m, f, left, right, result):
    """The sum all three convolutions are, over [n, rows, columns, groups, c, f]; result names the one sought."""
    shapes = {
        "x": (f.n, f.h, f.w, f.groups, f.c, 1),
        "g": (f.n, f.out_h, f.out_w, f.groups, 1, f.f),
        "weight": (f.k_h, f.k_w, f.c, f.groups, f.f),
    }
    place = {"x": getattr(f, "x", 0), "g": getattr(f, "g", 0), "weight": getattr(f, "weight", 0)}
    data = {name: m.read(place[name], *shapes[name]) for name in (left, right)}
    value, size, count = (np.zeros(shapes[result]) for _ in range(3))
    for k_row, k_col, outs, ins in windows(m, f):
        part = {}
        for name in (left, right):
            if name == "weight":
                part[name] = data[name][k_row, k_col].transpose(1, 0, 2)  # groups, c, f
            else:
                part[name] = data[name][(slice(None),) + (ins if name == "x" else outs)]
        term = part[left] * part[right]  # n, rows, columns, groups, c, f
        for total, x in ((value, term), (size, np.abs(term)), (count, np.ones(term.shape))):
            if result == "x":
                total[(slice(None),) + ins] += x.sum(5, keepdims=True)
            elif result == "g":
                total[(slice(None),) + outs] += x.sum(4, keepdims=True)
            else:
                total[k_row, k_col] = x.sum((0, 1, 2)).transpose(1, 0, 2)
    target = m.at(
        {"x": getattr(f, "dx", 0), "g": getattr(f, "y", 0), "weight": getattr(f, "dw", 0)}[result], *shapes[result]
    )
    held = np.abs(m.values[target[0]][target[1]]) if f.into else 0
    m.meet(target, value, U * (count + 1) * (size + held), f.into)


@instruction
def conv2d(m, f):
    convolution(m, f, "x", "weight", "g")


@instruction
def conv2d_grad_input(m, f):
    convolution(m, f, "g", "weight", "x")


@instruction
def conv2d_grad_weight(m, f):
    convolution(m, f, "x", "g", "weight")


def pooled(m, f):
    """The maximum of each window and the flat position in the image where it is, -1 where there is none."""
    x = m.read(f.x, f.n, f.h, f.w, f.c)
    best = np.full((f.n, f.out_h, f.out_w, f.c), -np.inf)
    found = np.full(best.shape, -1)
    for _, _, outs, ins in windows(m, f):
        outs, place = (slice(None),) + outs, ins[0] * f.w + ins[1]
        new, old = x[(slice(None),) + ins], best[outs]
        take = (found[outs] < 0) | (new > old) | (np.isnan(new) & ~np.isnan(old))
        best[outs] = np.where(take, new, old)
        found[outs] = np.where(take, place[None, :, :, None], found[outs])
    return best, found


@instruction
def max_pool2d(m, f):
    best, _ = pooled(m, f)
    m.meet(m.at(f.y, *best.shape), best, 0.0)


@instruction
def max_pool2d_grad(m, f):
    _, found = pooled(m, f)
    g = m.read(f.g, *found.shape)
    segment, dx = m.at(f.dx, f.n, f.h * f.w, f.c)
    image, _, _, channel = np.indices(found.shape)
    m.meet((segment, dx[image, found, channel][found >= 0]), g[found >= 0], 0.0, isa.ADD)
