"""Cases of shapes, of reductions beyond sum and max, and of products of matrices of any rank."""

import numpy as np

import ember
from op_cases import _axes, _spread, covers, fit


def moved(x, in_ember, in_numpy):
    """A case of what only moves elements: its gradient goes back where each came from, found by moving numbers."""
    places = in_numpy(np.arange(1.0, x.size + 1).reshape(x.shape))

    def gradient(g, x):
        z = np.zeros(x.size + 1)
        np.add.at(z, places.astype(int).ravel(), g.ravel())
        return (z[1:].reshape(x.shape),)

    return [x], in_ember, in_numpy, gradient


@covers("PERMUTE", "ADD", "SUM")
def many_dimensions(d):
    """More than the four of one instruction."""
    x = d.normal(tuple(d.choice((1, 2, 3, 2)) for _ in range(d.choice((5, 6)))))
    order = tuple(int(i) for i in d.rng.permutation(x.ndim))
    kind = d.choice(("permute", "slice", "broadcast", "reduce"))
    if kind == "permute":
        return moved(x, lambda x: x.permute(order), lambda x: x.transpose(order))
    if kind == "slice":
        index = tuple(slice(None, None, d.choice((-1, 2, -2))) for _ in x.shape)
        return moved(x, lambda x: x[index], lambda x: x[index])
    some = tuple(i for i in range(x.ndim) if d.choice((True, False))) or None
    if kind == "reduce":
        return [x], lambda x: x.sum(some), lambda x: x.sum(some), lambda g, x: (_spread(g, x, some, False),)
    b = d.normal(tuple(d.choice((1, n)) for n in x.shape))
    return ([x, b], lambda x, b: x * b, lambda x, b: x * b, lambda g, x, b: (g * b, fit(g * x, b)))


@covers("SLICE", "VIEW")
def indexed(d):
    """None, an Ellipsis, and steps below zero."""
    x = d.normal(d.shape(d.choice((1, 2, 3))))
    index, left = [], d.choice(range(x.ndim + 1))
    for n in x.shape[:left]:
        if d.choice((True, False, False)):
            index.append(None)
        low, high = sorted((d.choice(range(n)), d.choice(range(n))))
        step = d.choice((-1, -2, -3))
        index.append(d.choice((low, high - n, slice(None, None, step), slice(high, None, step),
                               slice(high, low - n - 1, step), slice(99, None, step), slice(-99, 99))))  # fmt: skip
    index.append(...)
    if left < x.ndim and d.choice((True, False)):
        index.append(slice(None, None, -1))
    if d.choice((True, False)):
        index.append(None)
    index = tuple(index)
    return moved(x, lambda x: x[index], lambda x: x[index])


@covers("ASSIGN", "EARLIER", "MUL")
def assigned(d):
    x = d.normal(d.shape(d.choice((1, 2, 3))))
    index = tuple(d.choice((-1, slice(None), slice(None, None, -1), slice(n // 2, None), slice(0, n, 2), None, ...))
                  for n in x.shape)  # fmt: skip
    if sum(k is ... for k in index) > 1 or x[index].size == 0:
        index = (..., 0)
    taken = x[index].shape
    v = d.normal(tuple(n if d.choice((True, True, False)) else 1 for n in taken)[d.choice((0, 0, 1)) :])
    with_number = d.choice((True, False, False))

    def in_ember(x, v):
        y = x * 2
        y[index] = 3.5 if with_number else v
        y[0] = y.shape[0]
        return y + v.sum() if with_number else y

    def in_numpy(x, v):
        y = x * 2
        y[index] = 3.5 if with_number else v
        y[0] = len(y)
        return y + v.sum() if with_number else y

    def gradient(g, x, v):
        rest = g.copy()
        rest[0] = 0
        into = rest[index] + 0 * x[index]
        rest[index] = 0
        return 2 * rest, np.full(v.shape, g.sum()) if with_number else fit(into, v)

    return [x, v], in_ember, in_numpy, gradient


@covers("RESHAPE", "VIEW", "PERMUTE")
def viewed(d):
    x = d.normal(d.choice(((2, 1, 3), (1, 4, 1), (1,), (1, 1), (3, 2, 1))))
    k = d.choice(range(-x.ndim, x.ndim))
    flat = d.choice(range(x.ndim))
    order = [0, *range(1, x.ndim)][::-1]
    in_ember, in_numpy = d.choice((
        (lambda x: x.squeeze(), np.squeeze),
        (lambda x: x.squeeze(k), lambda x: x.squeeze(k) if x.shape[k] == 1 else x),
        (lambda x: ember.squeeze(x, (0, -1)) if x.ndim > 1 else x, None),
        (lambda x: x.unsqueeze(k), lambda x: np.expand_dims(x, k)),
        (lambda x: x.movedim(k, 0), lambda x: np.moveaxis(x, k, 0)),
        (lambda x: x.movedim(order, tuple(range(len(order)))), lambda x: np.moveaxis(x, order, range(len(order)))),
        (lambda x: x.unflatten(k, (-1, 1)), lambda x: np.expand_dims(x, k % x.ndim + 1)),
        (lambda x: x.flatten(0, flat), lambda x: x.reshape((-1,) + x.shape[flat + 1 :])),
        (lambda x: x.flatten(flat, -1), lambda x: x.reshape(x.shape[:flat] + (-1,))),
    ))  # fmt: skip
    if in_numpy is None:
        ones = tuple(i for i in {0, x.ndim - 1} if x.shape[i] == 1)
        in_ember, in_numpy = lambda x: x.squeeze((0, -1) if len(x.shape) > 1 else 0), lambda x: x.squeeze(ones)
    return moved(x, in_ember, in_numpy)


@covers("PIECES", "SLICE")
def turned(d):
    x = d.normal(d.shape(d.choice((1, 2, 3))))
    dim = d.choice(range(-x.ndim, x.ndim))
    every = tuple(range(x.ndim))
    shift = d.choice((0, 1, -1, 2, -7, 10))
    in_ember, in_numpy = d.choice((
        (lambda x: x.flip(dim), lambda x: np.flip(x, dim)),
        (lambda x: x.flip(*every), lambda x: np.flip(x)),
        (lambda x: x.roll(shift), lambda x: np.roll(x, shift)),
        (lambda x: x.roll(shift, dim), lambda x: np.roll(x, shift, dim)),
        (lambda x: x.roll((shift,) * len(every), every), lambda x: np.roll(x, (shift,) * x.ndim, every)),
    ))  # fmt: skip
    return moved(x, in_ember, in_numpy)


@covers("EXPAND")
def repeated(d):
    shape = tuple(d.choice((1, 2, 3, 1)) for _ in range(d.choice((0, 1, 2, 3))))
    x = d.normal(shape)
    out = tuple(d.choice((1, 2)) for _ in range(d.choice((0, 1)))) + tuple(3 if n == 1 else n for n in shape)
    lead = len(out) - x.ndim
    signed = tuple(-1 if i >= lead and n == shape[i - lead] else n for i, n in enumerate(out))
    counts = tuple(d.choice((1, 2, 3)) for _ in out)
    in_ember, in_numpy = d.choice((
        (lambda x: x.expand(*signed), lambda x: np.broadcast_to(x, out)),
        (lambda x: x.broadcast_to(out), lambda x: np.broadcast_to(x, out)),
        (lambda x: x.expand_as(ember.Tensor([0.0] * int(np.prod(out)), out)), lambda x: np.broadcast_to(x, out)),
        (lambda x: x.repeat(*counts), lambda x: np.tile(x, counts)),
    ))  # fmt: skip
    return moved(x, in_ember, in_numpy)


@covers("PAD", "PIECES")
def padded(d):
    x = d.normal(d.shape(d.choice((1, 2, 3))))
    mode = d.choice(("constant", "reflect", "replicate"))
    pairs = []
    for n in x.shape[d.choice(range(x.ndim)) :]:
        most = min(n - 1, 3) if mode == "reflect" else 3
        least = -((n - 1) // 2) if mode == "constant" else 0
        pairs.append([d.choice(range(least, most + 1)) for _ in range(2)])
    pad = [k for pair in pairs[::-1] for k in pair]
    value = d.choice((0.0, 2.5))

    def in_numpy(x, value=value):
        before = [(0, 0)] * (x.ndim - len(pairs)) + pairs
        wide = [(max(p, 0), max(q, 0)) for p, q in before]
        if mode != "constant":
            return np.pad(x, wide, mode={"reflect": "reflect", "replicate": "edge"}[mode])
        y = np.pad(x, wide, constant_values=value)
        return y[tuple(slice(max(-p, 0), n - max(-q, 0)) for (p, q), n in zip(before, y.shape))]

    inputs, _, _, gradient = moved(x, None, lambda x: in_numpy(x, 0.0))
    return inputs, lambda x: x.pad(pad, mode, value), in_numpy, gradient


@covers("SLICE", "VIEW", "CAT")
def cut_apart(d):
    x = d.normal(d.shape(d.choice((1, 2, 3))))
    dim = d.choice(range(-x.ndim, x.ndim))
    n = x.shape[dim]
    k = d.choice(range(1, n + 2))
    first = d.choice(range(n))
    sizes = [first, n - first] if first else [n]
    kind = d.choice(("split", "sizes", "chunk", "unbind", "narrow"))
    if kind == "narrow":
        take = [slice(None)] * x.ndim
        take[dim] = slice(first, n)
        return moved(x, lambda x: x.narrow(dim, d.choice((first, first - n)), n - first), lambda x: x[tuple(take)])
    ways = {"split": lambda x: x.split(k, dim), "sizes": lambda x: x.split(sizes, dim),
            "chunk": lambda x: x.chunk(k, dim)}  # fmt: skip
    if kind == "unbind":
        return moved(x, lambda x: ember.stack(x.unbind(dim)[::-1], dim), lambda x: np.flip(x, dim))

    def in_numpy(x):
        size = {"split": k, "chunk": -(-n // k)}.get(kind)
        ends = list(range(size, n, size)) if size else list(np.cumsum(sizes)[:-1])
        return np.concatenate(np.split(x, ends, dim)[::-1], dim)

    return moved(x, lambda x: ember.cat(ways[kind](x)[::-1], dim), in_numpy)


@covers("CAT", "VIEW")
def stacked(d):
    parts = [d.normal(s) for s in [d.shape(d.choice((1, 2, 3)))] * d.choice((1, 2, 3))]
    dim = d.choice(range(-parts[0].ndim - 1, parts[0].ndim + 1))
    return (parts, lambda *p: ember.stack(p, dim), lambda *p: np.stack(p, dim),
            lambda g, *p: list(np.moveaxis(g, dim, 0)))  # fmt: skip


# Reductions.


def values(d, draw):
    return draw(d.shape(d.choice((1, 2, 3, 4))))


@covers("MIN")
def smallest(d):
    x = values(d, d.apart)
    dim, keep = _axes(d, x.ndim)
    return ([x], lambda x: x.min(dim, keep), lambda x: x.min(axis=dim, keepdims=keep),
            lambda g, x: (_spread(g, x, dim, keep) * (x == x.min(axis=dim, keepdims=True)),))  # fmt: skip


@covers("PROD")
def product(d):
    x = np.clip(values(d, d.normal), -2, 2)
    x = np.where(d.rng.random(x.shape) < d.choice((0.0, 0.2)), 0, x)
    dim, keep = _axes(d, x.ndim)

    def gradient(g, x):
        """Without each element in turn: no division."""
        slopes = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            z = x.copy()
            z[i] = 1
            slopes[i] = np.broadcast_to(z.prod(axis=dim, keepdims=True), x.shape)[i]
        return (_spread(g, x, dim, keep) * slopes,)

    return [x], lambda x: x.prod(dim, keep), lambda x: x.prod(axis=dim, keepdims=keep), gradient


@covers("VAR", "STD")
def spread(d):
    x = values(d, d.normal) + d.choice((0, 20))
    dim, keep = _axes(d, x.ndim)
    n = x.size // x.sum(axis=dim).size
    correction = d.choice((0, 1, 0.5, 1.5)) if n > 1 else 0
    root = n > 1 and d.choice((True, False))
    if root:  # an even spread, so that its root has a slope to speak of
        x = d.apart(x.shape)

    def gradient(g, x):
        apart = x - x.mean(axis=dim, keepdims=True)
        slope = 2 * apart / (n - correction)
        if root:
            slope = slope / (2 * x.std(axis=dim, ddof=correction, keepdims=True))
        return (_spread(g, x, dim, keep) * slope,)

    name = "std" if root else "var"
    return ([x], lambda x: getattr(x, name)(dim, correction=correction, keepdim=keep),
            lambda x: getattr(x, name)(axis=dim, ddof=correction, keepdims=keep), gradient)  # fmt: skip


@covers("STD")
def spread_of_equals(d):
    """Where nothing differs the root has a kink, and no gradient: differences to both sides are alike."""
    x = np.full((d.size(), d.choice((2, 3))), d.choice((0.0, 0.5, -2.0)))
    return [x], lambda x: x.std(1), lambda x: x.std(axis=1, ddof=1), lambda g, x: (np.zeros_like(x),)


@covers("NORM", "MAX", "MIN")
def norm(d):
    x = values(d, d.apart)
    dim, keep = _axes(d, x.ndim)
    p = d.choice((2, 1, 3, 1.5, 0.5, -1, float("inf"), float("-inf")))

    def in_numpy(x):
        size = np.abs(x)
        if np.isinf(p):
            return (np.max if p > 0 else np.min)(size, axis=dim, keepdims=keep)
        return (size**p).sum(axis=dim, keepdims=keep) ** (1 / p)

    def gradient(g, x):
        size = np.abs(x)
        if np.isinf(p):
            most = (np.max if p > 0 else np.min)(size, axis=dim, keepdims=True)
            slope = (size == most) / (size == most).sum(axis=dim, keepdims=True)
        else:
            slope = (size / (size**p).sum(axis=dim, keepdims=True) ** (1 / p)) ** (p - 1)
        return (_spread(g, x, dim, keep) * slope * np.sign(x),)

    if np.isinf(p):  # sizes that differ, too
        x = x + np.sign(x).clip(0) / 16
    return [x], lambda x: x.norm(p, dim, keep), in_numpy, gradient


@covers("LOGSUMEXP")
def logsumexp(d):
    x = values(d, d.normal) + d.choice((0, -90, 300))
    dim, keep = _axes(d, x.ndim)

    def in_numpy(x):
        most = x.max(axis=dim, keepdims=True)
        y = np.log(np.exp(x - most).sum(axis=dim, keepdims=True)) + most
        return y if keep else y.squeeze(tuple(range(x.ndim)) if dim is None else dim)

    def gradient(g, x):
        y = in_numpy(x)
        return (_spread(g, x, dim, keep) * np.exp(x - _spread(y, x, dim, keep)),)

    return [x], lambda x: x.logsumexp(dim, keep), in_numpy, gradient


@covers("MAX", "MIN", "EQ")
def asked(d):
    """Without gradients of their own: x times the answer has the answer."""
    x = np.where(d.rng.random(d.shape(2)) < 0.5, 0.0, 1.5)
    dim, keep = _axes(d, 2)
    name = d.choice(("any", "all"))

    def answer(x):
        return (np.any if name == "any" else np.all)(x != 0, axis=dim, keepdims=True)

    known = answer(x)
    return ([x], lambda x: x * getattr(x.detach(), name)(dim, True), lambda x: x * known,
            lambda g, x: (g * known,))  # fmt: skip


# Matrices.


@covers("MATMUL")
def products(d):
    """Dimensions in front that broadcast in any way, and operands of one dimension."""
    m, k, n = [d.choice((1, 2, 3)) for _ in range(3)]
    lead = tuple(d.choice((1, 2, 3)) for _ in range(d.choice((0, 1, 2, 3))))
    shapes = []
    for last in ((m, k), (k, n)):
        part = tuple(size if d.choice((True, True, False)) else 1 for size in lead)
        shapes.append(part[d.choice(range(len(part) + 1)) :] + last)
    if d.choice((True, False)):  # what takes more than one instruction
        fronts = d.choice((((2, 3), (3,)), ((3,), (2, 3)), ((2, 1, 3), (2, 3, 1)), ((2, 3, 2), (1, 3, 1)),
                           ((2, 3, 2, 2), (3, 1, 2))))  # fmt: skip
        shapes = [fronts[0] + (m, k), fronts[1] + (k, n)]
    if d.choice((True, False, False)):
        shapes[0] = (k,)
    if d.choice((True, False, False)):
        shapes[1] = (k,)
    a, b = d.normal(shapes[0]), d.normal(shapes[1])

    def gradient(g, a, b):
        left, right = a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
        if b.ndim == 1:
            g = g[..., None]
        if a.ndim == 1:
            g = np.expand_dims(g, -2)
        da, db = g @ np.swapaxes(right, -1, -2), np.swapaxes(left, -1, -2) @ g
        return fit(da, left).reshape(a.shape), fit(db, right).reshape(b.shape)

    return [a, b], lambda a, b: a @ b, lambda a, b: np.asarray(a @ b), gradient


@covers("MATMUL", "MUL")
def vectors(d):
    n, m = d.shape(2)
    a, b = d.normal((n,)), d.normal((m,))
    if d.choice((True, False)):
        return [a, b], ember.outer, np.outer, lambda g, a, b: (g @ b, a @ g)
    b = d.normal((n,))
    return [a, b], lambda a, b: a.dot(b), lambda a, b: np.asarray(a @ b), lambda g, a, b: (g * b, g * a)


@covers("MATMUL", "MUL", "RESHAPE")
def bilinear(d):
    lead, (i, j, o) = d.choice(((), (2,), (2, 3))), [d.choice((1, 2, 3)) for _ in range(3)]
    x, y, w, bias = d.normal(lead + (i,)), d.normal(lead + (j,)), d.normal((i, j, o)), d.normal((o,))
    if d.choice((True, False)):
        layer = ember.nn.Bilinear(i, j, o)

        def in_ember(x, y, w, bias):
            vars(layer).update(weight=w, bias=bias)
            return layer(x, y)
    else:
        in_ember = ember.bilinear

    def gradient(g, x, y, w, bias):
        return (np.einsum("...o,...j,ijo->...i", g, y, w), np.einsum("...o,...i,ijo->...j", g, x, w),
                np.einsum("no,ni,nj->ijo", g.reshape(-1, o), x.reshape(-1, i), y.reshape(-1, j)),
                g.reshape(-1, o).sum(0))  # fmt: skip

    return [x, y, w, bias], in_ember, lambda x, y, w, b: np.einsum("...i,...j,ijo->...o", x, y, w) + b, gradient
