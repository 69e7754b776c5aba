"""Operations drawn at random: each is a function of a Draw and of shapes that there are. It gives (f, which of them it
takes): f(L, *tensors) is the same for both libraries, L being Ember's or PyTorch's (libraries.py)."""

import numpy as np

# Of one operand, element by element: what the operand must be, and the operation.
ANY, POSITIVE, WITHIN, ABOVE = "any", "positive", "within", "above 1"
ELEMENTS = {
    "relu": (ANY, ()), "tanh": (ANY, ()), "sigmoid": (ANY, ()), "abs": (ANY, ()), "sign": (ANY, ()), "neg": (ANY, ()),
    "exp": (WITHIN, ()), "log": (POSITIVE, ()), "sqrt": (POSITIVE, ()), "rsqrt": (POSITIVE, ()), "square": (ANY, ()),
    "reciprocal": (POSITIVE, ()), "expm1": (WITHIN, ()), "log1p": (POSITIVE, ()), "log2": (POSITIVE, ()),
    "sin": (ANY, ()), "cos": (ANY, ()), "tan": (WITHIN, ()), "asin": (WITHIN, ()), "acos": (WITHIN, ()),
    "atan": (ANY, ()), "sinh": (WITHIN, ()), "cosh": (WITHIN, ()), "erf": (ANY, ()), "floor": (ANY, ()),
    "ceil": (ANY, ()), "round": (ANY, ()), "trunc": (ANY, ()), "isnan": (ANY, ()), "isinf": (ANY, ()),
    "isfinite": (ANY, ()), "silu": (ANY, ()), "mish": (ANY, ()), "logsigmoid": (ANY, ()), "softsign": (ANY, ()),
    "tanhshrink": (ANY, ()), "relu6": (ANY, ()), "selu": (ANY, ()), "hardsigmoid": (ANY, ()), "hardswish": (ANY, ()),
    "gelu": (ANY, (("none", "tanh"),)), "softplus": (ANY, ((1.0, 0.5, 3.0), (20.0, 2.0))),
    "leaky_relu": (ANY, ((0.01, 0.2, -0.5),)), "elu": (ANY, ((1.0, 0.3),)), "celu": (ANY, ((1.0, 0.3, 2.0),)),
    "hardtanh": (ANY, ((-1.0, -0.25), (1.0, 0.75))), "softshrink": (ANY, ((0.5, 0.0, 0.2),)),
    "hardshrink": (ANY, ((0.5, 0.0, 0.2),)), "threshold": (ANY, ((0.0, 0.5), (0.0, -2.0))),
    "log10": (POSITIVE, ()), "exp2": (WITHIN, ()), "asinh": (ANY, ()), "acosh": (ABOVE, ()), "atanh": (WITHIN, ()),
    "nan_to_num": (ANY, ((0.0, 2.0),)), "clone": (ANY, ()),
    "clamp": (ANY, ((-0.5, None), (0.75, 1.5))), "pow": (POSITIVE, ((2, 3, 0.5, -1, 1.7, -0.5, 0, 1),)),
}  # fmt: skip
OPERATORS = {
    "add": lambda L, a, b: a + b, "sub": lambda L, a, b: a - b, "mul": lambda L, a, b: a * b,
    "div": lambda L, a, b: a / (L.abs(b) + 0.5), "maximum": lambda L, a, b: L.maximum(a, b),
    "minimum": lambda L, a, b: L.minimum(a, b), "atan2": lambda L, a, b: L.atan2(a, L.abs(b) + 0.25),
    "pow": lambda L, a, b: L.pow(L.abs(a) + 0.5, L.tanh(b)),
    "remainder": lambda L, a, b: L.remainder(a, L.abs(b) + 0.5),
    "hypot": lambda L, a, b: L.hypot(a, L.abs(b) + 0.25), "logaddexp": lambda L, a, b: L.logaddexp(a * 9.0, b),
    "fmod": lambda L, a, b: L.fmod(a * 3.0, L.abs(b) + 0.5),
    "floor_divide": lambda L, a, b: L.floor_divide(a * 9.0, L.abs(b) + 0.5),
    "logical_and": lambda L, a, b: L.logical_and(L.relu(a), L.relu(b)),
    "logical_or": lambda L, a, b: L.logical_or(L.relu(a), L.relu(b)),
    "logical_xor": lambda L, a, b: L.logical_xor(L.relu(a), L.relu(b)),
    "eq": lambda L, a, b: L.eq(a, b), "ne": lambda L, a, b: L.ne(a, b), "lt": lambda L, a, b: L.lt(a, b),
    "le": lambda L, a, b: L.le(a, b), "gt": lambda L, a, b: L.gt(a, b), "ge": lambda L, a, b: L.ge(a, b),
    "lerp": lambda L, a, b: L.lerp(a, b, 0.3), "lerp from the end": lambda L, a, b: L.lerp(a, b, 0.8),
    "where": lambda L, a, b: L.where(L.gt(a, 0.1), a, b),
    "masked_fill": lambda L, a, b: L.masked_fill(a, L.gt(a, 0.5), 2.0) + b,
}  # fmt: skip


def fitted(L, x, kind):
    if kind in (POSITIVE, ABOVE):
        return L.abs(x) + (0.4 if kind == POSITIVE else 1.2)
    return L.tanh(x) * 0.9 if kind == WITHIN else x


def one(d, shapes, ranks=range(9), test=lambda shape: True):
    """One of the shapes that are right, or None."""
    good = [i for i, s in enumerate(shapes) if len(s) in ranks and test(s)]
    return d.pick(*good) if good else None


def broadcast(a, b):
    """Whether they do."""
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def axis(d, shape):
    return d.whole(-len(shape), len(shape) - 1)


def elements(d, shapes):
    i, name = one(d, shapes), d.pick(*ELEMENTS)
    kind, options = ELEMENTS[name]
    arguments = tuple(d.pick(*values) for values in options)
    return name, (lambda L, x: getattr(L, name)(fitted(L, x, kind), *arguments)), (i,)


def operators(d, shapes):
    pairs = [(i, j) for i, a in enumerate(shapes) for j, b in enumerate(shapes) if broadcast(a, b)]
    name = d.pick(*OPERATORS)
    return name, OPERATORS[name], d.pick(*pairs)


def numbers(d, shapes):
    k = d.pick(2, -0.5, 3.25)
    name, f = d.pick(
        ("add", lambda L, x: k + x), ("sub", lambda L, x: k - x), ("div", lambda L, x: k / (L.abs(x) + 0.5)),
        ("mul", lambda L, x: x * k), ("div", lambda L, x: x / k), ("remainder", lambda L, x: x % k),
        ("pow", lambda L, x: L.pow(abs(k), L.tanh(x))),
    )  # fmt: skip
    return "%s with %s" % (name, k), f, (one(d, shapes),)


def dims_of(d, shape):
    """All, one, or some of its dimensions, and whether they stay."""
    some = tuple(sorted(int(k) for k in d.rng.permutation(len(shape))[: d.whole(1, len(shape))]))
    return d.pick(None, axis(d, shape), some), d.chance()


def reductions(d, shapes):
    i = one(d, shapes, range(1, 9))
    if i is None:
        return None
    name = d.pick(*"sum mean max min amax amin prod var std norm logsumexp any all argmax argmin".split())
    dim, keep = dims_of(d, shapes[i])
    if name in ("prod", "any", "all", "argmax", "argmin"):
        dim = axis(d, shapes[i]) if d.chance() else None
        keep = keep if dim is not None else False
    if name in ("var", "std"):
        correction = d.pick(0, 1)
        taken = range(len(shapes[i])) if dim is None else dim if isinstance(dim, tuple) else (dim,)
        if np.prod([shapes[i][k] for k in taken]) <= correction:
            return None
        return name, (lambda L, x: getattr(L, name)(x, dim, correction=correction, keepdim=keep)), (i,)
    if name == "norm":
        p = d.pick(2, 1, 3, 0.5, 0, float("inf"), -float("inf"), 1.5)
        return name, (lambda L, x: L.norm(x, p, dim, keep)), (i,)
    if name == "prod" and dim is None:
        return name, (lambda L, x: L.prod(x)), (i,)
    return name, (lambda L, x: getattr(L, name)(x, dim, keepdim=keep)), (i,)


def along(d, shapes):
    i = one(d, shapes, range(1, 9))
    if i is None:
        return None
    dim = axis(d, shapes[i])
    name = d.pick("softmax", "log_softmax", "softmin", "cumsum", "cumprod", "argsort", "sort", "topk", "glu", "swiglu",
                  "cummax", "median")  # fmt: skip
    if name in ("cummax", "median"):
        k = d.pick(0, 1)  # values, or where they are
        return name, (lambda L, x: L.floats(getattr(L, name)(x, dim)[k])), (i,)
    if name in ("glu", "swiglu"):
        return None if shapes[i][dim] % 2 else (name, (lambda L, x: getattr(L, name)(x, dim)), (i,))
    if name in ("argsort", "sort"):
        down = d.chance()
        f = (lambda L, x: L.argsort(x, dim, down)) if name == "argsort" else (lambda L, x: L.sort(x, dim, down)[0])
        return name, f, (i,)
    if name == "topk":
        k, largest = d.whole(1, shapes[i][dim]), d.chance()
        return name, (lambda L, x: L.topk(x, k, dim, largest)[0]), (i,)
    return name, (lambda L, x: getattr(L, name)(x, dim)), (i,)


def factors(d, n):
    k = d.pick(*[k for k in range(1, n + 1) if n % k == 0])
    return k, n // k


def shapings(d, shapes):
    name = d.pick("reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "movedim", "unflatten", "flip",
                  "roll", "expand", "repeat", "tril", "triu", "pad", "tile", "repeat_interleave", "diag",
                  "t")  # fmt: skip
    square = ("tril", "triu", "transpose", "permute", "movedim")
    i = one(d, shapes, range(2, 9) if name in square else range(1, 3) if name in ("diag", "t") else range(1, 6))
    if i is None:
        return None
    shape = shapes[i]
    rank, n, dim = len(shape), int(np.prod(shape)), axis(d, shape)
    if name == "reshape":
        to = d.pick((-1,), factors(d, n), (1, n), factors(d, n) + (1,))
        f = lambda L, x: L.reshape(x, *to)  # noqa: E731
    elif name == "flatten":
        first = d.whole(0, rank - 1)
        last = d.whole(first, rank - 1)
        f = lambda L, x: L.flatten(x, first, last)  # noqa: E731
    elif name == "squeeze":
        if rank > 1 and shape[dim] == 1 and d.chance(0.7):
            f = lambda L, x: L.squeeze(x, dim)  # noqa: E731
        else:
            f = lambda L, x: L.squeeze(x)  # noqa: E731
    elif name == "unsqueeze":
        f = lambda L, x: L.unsqueeze(x, dim)  # noqa: E731
    elif name == "permute":
        order = [int(k) - rank * d.pick(0, 1) for k in d.rng.permutation(rank)]
        f = lambda L, x: L.permute(x, *order)  # noqa: E731
    elif name in ("transpose", "movedim"):
        other = axis(d, shape)
        f = lambda L, x: getattr(L, name)(x, dim, other)  # noqa: E731
    elif name == "unflatten":
        to = factors(d, shape[dim])
        f = lambda L, x: L.unflatten(x, dim, to)  # noqa: E731
    elif name == "flip":
        dims = [int(k) for k in d.rng.permutation(rank)[: d.whole(1, rank)]]
        f = lambda L, x: L.flip(x, *dims)  # noqa: E731
    elif name == "roll":
        by = d.whole(-7, 7)
        f = lambda L, x: L.roll(x, by, dim)  # noqa: E731
    elif name == "expand":
        sizes = [d.whole(1, 3)] * d.pick(0, 1) + [d.whole(1, 4) if k == 1 else d.pick(k, -1) for k in shape]
        f = lambda L, x: L.expand(x, *sizes)  # noqa: E731
    elif name == "t":
        f = lambda L, x: L.t(x)  # noqa: E731
    elif name == "diag":
        k = d.whole(-2, 2) if rank == 1 else d.whole(1 - shape[0], shape[1] - 1)
        f = lambda L, x: L.diag(x, k)  # noqa: E731
    elif name == "repeat_interleave":
        k = d.whole(1, 3) if d.chance() else [d.whole(0, 2) for _ in range(shape[dim] - 1)] + [1]
        f = lambda L, x: L.repeat_interleave(x, k, dim)  # noqa: E731
    elif n > 200 and name in ("repeat", "tile"):
        return None
    elif name == "tile":
        sizes = [d.whole(1, 3) for _ in range(d.whole(1, rank))]
        f = lambda L, x: L.tile(x, *sizes)  # noqa: E731
    elif name == "repeat":
        sizes = [d.whole(1, 2)] * d.pick(0, 1) + [d.whole(1, 3) for _ in shape]
        f = lambda L, x: L.repeat(x, *sizes)  # noqa: E731
    elif name == "pad":
        before, after, mode = d.whole(0, 2), d.whole(0, 2), d.pick("constant", "reflect", "replicate")
        if mode != "constant" and (rank not in (2, 3) or max(before, after) >= shape[-1]):
            return None
        value = d.pick(0.0, 1.5) if mode == "constant" else 0.0
        more = (d.whole(0, 2), d.whole(0, 1)) if mode == "constant" and rank > 1 and d.chance() else ()
        f = lambda L, x: L.pad(x, (before, after) + more, mode, value)  # noqa: E731
    else:
        k = d.whole(-2, 2)
        f = lambda L, x: getattr(L, name)(x, k)  # noqa: E731
    return name, f, (i,)


def parts(d, shapes):
    name = d.pick(*"narrow split chunk unbind slice select list index_select gather take_along_dim scatter_add".split())
    i = one(d, shapes, range(1, 6))
    if i is None:
        return None
    shape = shapes[i]
    dim = axis(d, shape)
    n = shape[dim]
    if name == "narrow":
        start = d.whole(0, n - 1)
        length = d.whole(1, n - start)
        f = lambda L, x: L.narrow(x, dim, start, length)  # noqa: E731
    elif name in ("split", "chunk"):
        k = d.whole(1, n)
        of = d.whole(0, 9)
        f = lambda L, x: (lambda all: all[of % len(all)])(getattr(L, name)(x, k, dim))  # noqa: E731
    elif name == "unbind":
        k = d.whole(0, n - 1)
        f = lambda L, x: L.unbind(x, dim)[k]  # noqa: E731
    elif name == "slice":
        index = []
        for m in shape[: d.whole(1, len(shape))]:
            low = d.whole(0, m - 1)
            high, step = d.whole(low + 1, m + 2), d.pick(None, 1, 2)
            index.append(d.pick(low, low - m, slice(None), slice(low, high, step), slice(low - m, None, step)))
        index = tuple(index)
        f = lambda L, x: x[index]  # noqa: E731
    elif name == "select":
        k = d.whole(-n, n - 1)
        f = lambda L, x: L.select(x, dim, k)  # noqa: E731
    elif name == "list":
        index = (slice(None),) * (dim % len(shape)) + ([d.whole(-n, n - 1) for _ in range(d.whole(1, 4))],)
        f = lambda L, x: x[index]  # noqa: E731
    elif name == "index_select":
        index = [d.whole(0, n - 1) for _ in range(d.whole(1, 4))]
        f = lambda L, x: L.index_select(x, dim, index)  # noqa: E731
    elif name == "gather":
        index = d.rng.integers(n, size=tuple(d.whole(1, m) if k != dim % len(shape) else d.whole(1, 4)
                                             for k, m in enumerate(shape)))  # fmt: skip
        f = lambda L, x: L.gather(x, dim, L.index(index))  # noqa: E731
    elif name == "take_along_dim":
        index = d.rng.integers(
            n, size=tuple(m if k != dim % len(shape) else d.whole(1, 4) for k, m in enumerate(shape))
        )
        f = lambda L, x: L.take_along_dim(x, L.index(index), dim)  # noqa: E731
    else:
        j = one(d, shapes, (len(shape),), lambda s: all(a == b for k, (a, b) in enumerate(zip(s, shape))
                                                        if k != dim % len(shape)))  # fmt: skip
        index = d.rng.integers(n, size=shapes[j])
        return name, (lambda L, x, y: L.scatter_add(x, dim, L.index(index), y)), (i, j)
    return name, f, (i,)


def joints(d, shapes):
    i = one(d, shapes, range(1, 5))
    if i is None:
        return None
    shape = shapes[i]
    if d.chance(0.3):
        dim = d.whole(-len(shape) - 1, len(shape))
        same = [k for k, s in enumerate(shapes) if s == shape]
        taken = tuple(d.pick(*same) for _ in range(d.whole(1, 3)))
        return "stack", (lambda L, *x: L.stack(list(x), dim)), taken
    dim = axis(d, shape) % len(shape)
    same = [
        k
        for k, s in enumerate(shapes)
        if len(s) == len(shape) and s[:dim] + s[dim + 1 :] == shape[:dim] + shape[dim + 1 :]
    ]
    taken = tuple(d.pick(*same) for _ in range(d.whole(1, 3)))
    return "cat", (lambda L, *x: L.cat(list(x), dim)), taken


def products(d, shapes):
    name = d.pick("matmul", "matmul", "matmul", "outer", "dot", "bilinear", "prelu", "mm", "bmm")
    if name in ("mm", "bmm"):
        rank = 2 if name == "mm" else 3
        pairs = [(i, j) for i, a in enumerate(shapes) for j, b in enumerate(shapes)
                 if len(a) == len(b) == rank and a[:-2] == b[:-2] and a[-1] == b[-2]]  # fmt: skip
        return (name, (lambda L, a, b: getattr(L, name)(a, b)), d.pick(*pairs)) if pairs else None
    if name in ("outer", "dot"):
        i = one(d, shapes, (1,))
        j = None if i is None else one(d, shapes, (1,), lambda s: name == "outer" or s == shapes[i])
        return None if j is None else (name, (lambda L, a, b: getattr(L, name)(a, b)), (i, j))
    i = one(d, shapes, range(1, 5))
    if i is None:
        return None
    k = shapes[i][-1]
    if name == "bilinear":
        j = one(d, shapes, (len(shapes[i]),), lambda s: s[:-1] == shapes[i][:-1])
        w, b = d.normal(k, shapes[j][-1], 2) / 2, d.normal(2)
        return name, (lambda L, x, y: L.bilinear(x, y, L.constant(w), L.constant(b))), (i, j)
    if name == "prelu":
        w = d.normal(d.pick(1, k))
        return name, (lambda L, x: L.prelu(x, L.constant(w))), (i,)
    front = shapes[i][:-2]
    fits = [j for j, s in enumerate(shapes) if s == (k,) or len(s) > 1 and s[-2] == k and broadcast(s[:-2], front)]
    if fits and d.chance(0.8):
        return name, (lambda L, a, b: a @ b), (i, d.pick(*fits))
    w = d.normal(*((k, d.whole(1, 4)) if d.chance(0.8) else (k,))) / 2
    return name, (lambda L, a: a @ L.constant(w)), (i,)


def spectra(d, shapes):
    name, norm = d.pick("rfft", "irfft", "power_spectrum", "stft"), d.pick(None, "backward", "ortho", "forward")
    if name == "irfft":
        i = one(d, shapes, range(2, 5), lambda s: s[-1] == 2)
        n = None if i is None or shapes[i][-2] > 1 and d.chance() else d.whole(1, 12)
        return None if i is None else (name, (lambda L, x: L.irfft(x, n, norm)), (i,))
    i = one(d, shapes, range(1, 4))
    if i is None:
        return None
    if name == "stft":
        n = d.whole(1, shapes[i][-1])
        hop, window = d.whole(1, n), d.normal(n)
        mode = d.pick("reflect", "constant")
        center = len(shapes[i]) < 3 and n // 2 < shapes[i][-1] and d.chance()
        f = lambda L, x: L.stft(x, n, hop, None, L.constant(window), center, mode, norm == "ortho")  # noqa: E731
        return (name, f, (i,)) if len(shapes[i]) < 3 else None
    n = d.pick(None, d.whole(1, 12))
    off = 0.03 if name == "rfft" else 0.0  # a sum that cancels is not at a corner of what follows
    return name, (lambda L, x: getattr(L, name)(x, n, norm) + off), (i,)


FAMILIES = (elements, elements, elements, operators, operators, numbers, reductions, along, shapings, parts, joints,
            products, spectra)  # fmt: skip


def operation(d, shapes):
    """(its name, f, which it takes)"""
    while True:
        found = d.pick(*FAMILIES)(d, shapes)
        if found is not None and found[2][0] is not None:
            return found
