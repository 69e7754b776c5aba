"""One case an opcode: draws an instruction with ragged shapes and strides, and lays its operands into a Memory.

A case takes the memory, a random.Random (hypothesis may drive it) and perhaps fields it must keep to, and gives the
instruction's words. Values stay moderate: the edges are test_bits.py's. Those that go row by row are in
cases_rows.py, those that go by index in cases_index.py."""

import numpy as np

import bfloat16  # noqa: F401
import cases_index  # noqa: F401, for what it adds to CASES
import cases_recurrent  # noqa: F401
import cases_rows  # noqa: F401, for what it adds to CASES
import cases_signal  # noqa: F401
from draws import CASES, arguments, case, held, normal, positive
from ember.instructions import isa
from programs import FUNCTIONS, instruction, most, word

__all__ = ["CASES"]


@case
def map_(m, r, fn=None):
    fn = r.randrange(len(FUNCTIONS)) if fn is None else fn
    into, n = r.randint(0, 4), m.size(r, 150)
    steps = {x: r.choice((0, 1, 1)) for x in "ab"}
    aliased = r.choice(("", "", "a", "b", "ab"))
    place = {}
    for x in "ab":
        size = n if steps[x] else 1
        steps[x] = steps[x] or int(x in aliased)
        if x in aliased:
            size = n
        if x == "b" and aliased == "ab":
            place["b"] = place["a"]
        else:
            place[x] = m.operand(r, arguments(r, FUNCTIONS[fn], x)(size), [size], x in aliased)
    d = place[aliased[0]] if aliased else m.operand(r, held(r, n, into), [n], True)
    return instruction(
        "map", fn=fn, into=into, n=word(n), a_step=steps["a"], b_step=steps["b"], d=d, a=place["a"], b=place["b"]
    )


@case
def map_strided(m, r, fn=None):
    fn = r.randrange(len(FUNCTIONS)) if fn is None else fn
    into = r.randint(0, 4)
    highs = r.choice(([40, 5, 3, 2], [40, 5, 3, 2], [150, 2, 1, 1]))[:]
    r.shuffle(highs)
    sizes = [m.size(r, high) for high in highs]
    if into == isa.MULTIPLY:
        sizes = [min(size, 3) for size in sizes]
    place, strides = {}, {}
    aliased = r.choice(("", "", "a", "b"))
    for x in "ab":
        values = arguments(r, FUNCTIONS[fn], x)
        if x == aliased:
            place[x], strides[x] = m.strided(r, sizes, values, True, zeros=False)
        elif r.random() < 0.2:  # windows that slide over each other
            strides[x] = [r.randint(-4, 4) for _ in sizes]
            place[x] = m.spread(r, sizes, strides[x], values)
        else:
            place[x], strides[x] = m.strided(r, sizes, values)
    if aliased:
        place["d"], strides["d"] = place[aliased], strides[aliased]
    else:
        place["d"], strides["d"] = m.strided(r, sizes, lambda count: held(r, count, into), True)
    fields = {x + str(i): strides[x][i] for x in "dab" for i in range(4)}
    return instruction(
        "map_strided", fn=fn, into=into, **{"n%d" % i: word(sizes[i]) for i in range(4)}, **fields, **place
    )


@case
def sum_(m, r, fn=None):
    fn = r.randrange(len(FUNCTIONS)) if fn is None else fn
    highs = r.choice(
        ([30, 3, 2, 1, 2, 7], [1, 2, 1, 150, 3, 2], [1, 1, 2, 3, 5, 40], [2, 2, 2, 40, 3, 2], [1, 1, 1, 2, 1, 150])
    )[:]
    if r.random() < 0.3:
        r.shuffle(highs)
    sizes = [m.size(r, high) for high in highs]
    place, strides = {}, {}
    for x in "ab":
        values = arguments(r, FUNCTIONS[fn], x)
        if r.random() < 0.2:  # windows that slide over each other
            strides[x] = [r.randint(-4, 4) for _ in sizes]
            place[x] = m.spread(r, sizes, strides[x], values)
        else:
            place[x], strides[x] = m.strided(r, sizes, values)
    place["y"], strides["y"] = m.strided(r, sizes[:4], lambda count: held(r, count, 0), True)
    fields = {x + str(i): strides[x][i] for x in "yab" for i in range(4)}
    fields.update({x + "_" + "hw"[i]: strides[x][4 + i] for x in "ab" for i in range(2)})
    fields.update({name: word(size) for name, size in zip(("n0", "n1", "n2", "n3", "h", "w"), sizes)})
    return instruction("sum", fn=fn, square=r.randint(0, 1), **fields, **place)


@case
def matmul(m, r):
    into = r.randint(0, 1)
    batch = m.size(r, r.choice((1, 3)))
    rows, columns, k = (m.size(r, high) for high in r.choice(((40, 7, 9), (9, 40, 7), (7, 9, 40), (5, 12, 140))))
    a, a_strides = m.strided(r, [batch, rows, k], lambda count: normal(r, count))
    b, b_strides = m.strided(r, [batch, k, columns], lambda count: normal(r, count))
    width = most(columns) + r.choice((0, 0, 2))
    tall = r.random() < 0.3  # batches inside rows
    c_m, c_batch = (width * most(batch), width) if tall else (width, width * most(rows))
    c_m, c_batch = (stride * r.choice((1, 1, 1, -1, 0)) for stride in (c_m, c_batch))
    c = m.spread(r, [batch, rows, columns], [c_batch, c_m, 1], lambda count: held(r, count, into), True)
    return instruction(
        "matmul",
        into=into,
        batch=word(batch),
        m=word(rows),
        n=word(columns),
        k=word(k),
        c_batch=c_batch,
        c_m=c_m,
        a_batch=a_strides[0],
        a_m=a_strides[1],
        a_k=a_strides[2],
        b_batch=b_strides[0],
        b_k=b_strides[1],
        b_n=b_strides[2],
        c=c,
        a=a,
        b=b,
    )


def normalized(m, r):
    """Sizes and strides of what is normalized, its memory, and where its elements lie side by side in it."""
    sizes = [m.size(r, high) for high in r.choice(((4, 3, 5, 6), (20, 1, 1, 7), (1, 6, 9, 3), (3, 2, 70, 2)))]
    return sizes, {name: word(size) for name, size in zip("nmhw", sizes)}


def in_strides(strides):
    return {"s_" + name: stride for name, stride in zip("nmhw", strides)}


def least(m, r):
    """An eps."""
    return m.put(r.choice((isa.ARENA, isa.CONSTANTS)), [r.choice((1e-5, 0.25))])


@case
def normalize(m, r):
    sizes, fields = normalized(m, r)
    x, strides = m.strided(r, sizes, lambda count: normal(r, count) + 1, True, zeros=False)
    rows = sizes[0] * sizes[1]
    y = x
    if r.random() < 0.6:
        y = m.spread(r, sizes, strides, lambda count: held(r, count, 0), True)
    return instruction(
        "normalize",
        center=r.randint(0, 1),
        **fields,
        **in_strides(strides),
        y=y,
        mean=m.operand(r, held(r, rows, 0), sizes[:2], True),
        var=m.operand(r, held(r, rows, 0), sizes[:2], True),
        x=x,
        eps=least(m, r),
    )


@case
def normalize_grad(m, r):
    sizes, fields = normalized(m, r)
    into, which = r.randint(0, 1), r.choice(("", "y", "g"))
    y, strides = m.strided(r, sizes, lambda count: normal(r, count), True, zeros=False)
    g = m.spread(r, sizes, strides, lambda count: normal(r, count), True)
    dx = {"y": y, "g": g}.get(which)
    if dx is None:
        dx = m.spread(r, sizes, strides, lambda count: held(r, count, into), True)
    rows = sizes[0] * sizes[1]
    return instruction(
        "normalize_grad",
        center=r.randint(0, 1),
        into=into,
        **fields,
        **in_strides(strides),
        dx=dx,
        y=y,
        g=g,
        var=m.operand(r, positive(r, rows), sizes[:2]),
        eps=least(m, r),
    )


def window(r, size, dilation, across=False):
    """k, s, p, d and out of one axis: what a framework would give, sometimes anything."""
    k, s, p, d = r.randint(1, 4), r.randint(1, 3), r.randint(0, 3), r.choice((1, 1, 2, 3)) if dilation else 1
    kind = r.randint(0, 15)
    if kind == 15:  # far apart, to the largest that words may say
        s, p = r.choice((s, 256, 32767)), r.choice((p, 255, 256, 32767))
        d = r.choice((d, 256, 32767)) if dilation else 1
    if kind == 14 and across:
        k = 256
    out = (size + 2 * p - d * (k - 1) - 1) // s + 1
    if not 1 <= out <= 12 or r.random() < 0.15:
        out = r.randint(1, 6)
    return k, s, p, d, out


def image(m, r, dilation, wide=False):
    n, h, w, c = m.size(r, 3), r.randint(1, 7), r.randint(1, 7), r.choice((1, 1, 2, 3))
    rows, columns = window(r, h, dilation), window(r, w, dilation, True)
    if wide:  # few pixels of many channels
        n, h, w, c = 1, min(h, 3), r.choice((2, 6)), r.choice((1, 4, 5, 9))
        rows, columns = (min(rows[0], 2),) + rows[1:4] + (2,), (min(columns[0], 2), 1) + columns[2:4] + (5,)
    fields = {"n": word(n), "h": h, "w": w, "c": c}
    for axis, (k, s, p, d, out) in (("h", rows), ("w", columns)):
        fields.update({"k_" + axis: k, "s_" + axis: s, "p_" + axis: p, "out_" + axis: out})
        if dilation:
            fields["d_" + axis] = d
    return n, fields


def convolution(m, r, name, result, left, right):
    into = r.randint(0, 1)
    wide = r.random() < 0.25
    n, fields = image(m, r, True, wide)
    groups, f = r.choice(((1, 9), (1, 8), (2, 5), (13, 1)) if wide else ((1, 1), (1, 3), (2, 1), (3, 2)))
    c = fields["c"] = fields["c"] if groups < 3 else 1
    shapes = {
        "x": [n, fields["h"] * fields["w"] * groups * c],
        "g": [n, fields["out_h"] * fields["out_w"] * groups * f],
        "weight": [fields["k_h"] * fields["k_w"] * c * groups * f],
    }
    shapes.update(y=shapes["g"], dx=shapes["x"], dw=shapes["weight"])
    place = {x: m.operand(r, normal(r, int(np.prod(shapes[x]))), shapes[x]) for x in (left, right)}
    place[result] = m.operand(r, held(r, int(np.prod(shapes[result])), into), shapes[result], True)
    return instruction(name, into=into, f=f, groups=groups, **fields, **place)


@case
def conv2d(m, r):
    return convolution(m, r, "conv2d", "y", "x", "weight")


@case
def conv2d_grad_input(m, r):
    return convolution(m, r, "conv2d_grad_input", "dx", "g", "weight")


@case
def conv2d_grad_weight(m, r):
    return convolution(m, r, "conv2d_grad_weight", "dw", "x", "g")


def pool(m, r, name, grad):
    n, fields = image(m, r, False)
    inside = [n, fields["h"] * fields["w"] * fields["c"]]
    outside = [n, fields["out_h"] * fields["out_w"] * fields["c"]]
    x = normal(r, inside[0] * inside[1])
    if r.random() < 0.2:
        x[::3] = r.choice((np.nan, np.inf, -np.inf))
    place = {"x": m.operand(r, x, inside)}
    if grad:
        place["dx"] = m.operand(r, normal(r, len(x)), inside, True)
        place["g"] = m.operand(r, normal(r, outside[0] * outside[1]), outside)
    else:
        place["y"] = m.operand(r, held(r, outside[0] * outside[1], 0), outside, True)
    return instruction(name, **fields, **place)


@case
def max_pool2d(m, r):
    return pool(m, r, "max_pool2d", False)


@case
def max_pool2d_grad(m, r):
    return pool(m, r, "max_pool2d_grad", True)
