"""Special values through the operations, and through their gradients: zeros of both signs, numbers too small for their
precision, numbers at the end of the range, infinities, NaN. Each element is measured by itself.

What is right is what PyTorch says in float32, in its vectors or in the loop over what is left of them, or in float64:
they are not the same everywhere (the gradient of hardtanh at NaN). Where it makes NaN of inputs that are none
(silu(-inf), the gradient of gelu at inf), nothing is compared: Ember often has the limit.
"""

import itertools

import numpy as np
import torch
from drawn import ELEMENTS
from libraries import Ember, Torch, floats, gradient, numpy
from measure import TINY, Pair

TITLE = "special values through operations and their gradients"
TOLERANCE = 2e-5

POSITIVE = (0.0, 1e-45, 1e-40, 1.2e-38, 1e-30, 1e-7, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 20.0, 50.0, 88.0, 89.5, 104.0, 1e4,
            1e19, 3e19, 3e38, float("inf"))  # fmt: skip
SPECIAL = np.array(POSITIVE + tuple(-v for v in POSITIVE) + (float("nan"),), "f4")
FEW = np.array([0.0, -0.0, 1e-40, 1e-30, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 90.0, -90.0, 1e30, -1e30, 3e38,
                float("inf"), -float("inf"), float("nan")], "f4")  # fmt: skip


def unary():
    for name, (_, options) in ELEMENTS.items():
        for arguments in itertools.product(*options):
            yield "%s%s" % (name, arguments), (lambda L, x, name=name, a=arguments: getattr(L, name)(x, *a)), (SPECIAL,)


BINARY = {
    "add": lambda L, a, b: a + b, "sub": lambda L, a, b: a - b, "mul": lambda L, a, b: a * b,
    "div": lambda L, a, b: a / b, "pow": lambda L, a, b: L.pow(a, b), "remainder": lambda L, a, b: L.remainder(a, b),
    "atan2": lambda L, a, b: L.atan2(a, b), "maximum": lambda L, a, b: L.maximum(a, b),
    "minimum": lambda L, a, b: L.minimum(a, b), "lerp": lambda L, a, b: L.lerp(a, b, 0.25),
    "where": lambda L, a, b: L.where(a, a, b), "masked_fill": lambda L, a, b: L.masked_fill(a, L.gt(b, 0.0), 1.0),
}  # fmt: skip
BINARY.update({name: (lambda L, a, b, name=name: getattr(L, name)(a, b)) for name in "eq ne lt le gt ge".split()})


def binary():
    a, b = np.meshgrid(FEW, FEW)
    for name, f in BINARY.items():
        yield name, f, (a.ravel().copy(), b.ravel().copy())


ROWS = {
    "sum": lambda L, x: L.sum(x, 1), "mean": lambda L, x: L.mean(x, 1), "max": lambda L, x: L.max(x, 1),
    "min": lambda L, x: L.min(x, 1), "prod": lambda L, x: L.prod(x, 1), "softmax": lambda L, x: L.softmax(x, 1),
    "log_softmax": lambda L, x: L.log_softmax(x, 1), "logsumexp": lambda L, x: L.logsumexp(x, 1),
    "cumsum": lambda L, x: L.cumsum(x, 1), "cumprod": lambda L, x: L.cumprod(x, 1),
    "argmax": lambda L, x: L.argmax(x, 1), "argmin": lambda L, x: L.argmin(x, 1), "any": lambda L, x: L.any(x, 1),
    "all": lambda L, x: L.all(x, 1), "sort": lambda L, x: L.sort(x, 1)[0], "topk": lambda L, x: L.topk(x, 2, 1)[0],
    "norm 1": lambda L, x: L.norm(x, 1, 1), "norm inf": lambda L, x: L.norm(x, float("inf"), 1),
    "var": lambda L, x: L.var(x, 1), "std": lambda L, x: L.std(x, 1), "norm 2": lambda L, x: L.norm(x, 2, 1),
}  # fmt: skip


def rows():
    values = np.array([0.0, -0.0, 1.0, -1.0, 2.0, 1e-30, 1e20, -1e20, float("inf"), -float("inf"), float("nan")], "f4")
    triples = np.array(list(itertools.product(values, repeat=3)), "f4")
    for name, f in ROWS.items():
        # PyTorch's float32 products are made in float64, and so do not overflow on their way.
        given = np.clip(triples, -1e10, 1e10) if "prod" in name else triples
        yield "%s of rows" % name, f, (given,)


def strange(x):
    return ~np.isfinite(x).all(1)


# Where they are to differ: docs/differences.md says how.
KNOWN = {
    **dict.fromkeys(["pow(0.5,)", "pow(-0.5,)"], lambda x: (x == 0) & np.signbit(x)),
    "acosh()": lambda x: x < 1, "remainder": lambda a, b: np.isinf(a) & (b == 0),
    "prod of rows": strange, "cumprod of rows": strange, "norm inf of rows": lambda x: np.isnan(x).any(1),
}  # fmt: skip
VECTORS = 33  # so many times the inputs: all but the last of them are in vectors
CASES = list(unary()) + list(binary()) + list(rows())
COUNT = len(CASES)


def in_torch(f, inputs, dtype):
    tensors = [torch.tensor(x, dtype=dtype, requires_grad=True) for x in inputs]
    y = f(Torch(dtype), *tensors)
    if y.requires_grad:
        y.sum().backward()
    with np.errstate(all="ignore"):
        return [np.asarray(numpy(y), "f4").astype("f8")] + [gradient(t).astype("f4").astype("f8") for t in tensors]


def answers(f, inputs):
    """Of the result and each gradient, what PyTorch has in float32 in two ways, and in float64."""
    many = in_torch(f, [np.concatenate([x] * VECTORS) for x in inputs], torch.float32)
    vectors = [y[: len(inputs[0])] for y in many]
    return zip(in_torch(f, inputs, torch.float32), vectors, in_torch(f, inputs, torch.float64))


def nearest(own, wanted):
    """Of some answers, element by element, the one that is nearest; NaN is near to NaN."""
    wanted = np.stack(wanted)
    with np.errstate(all="ignore"):
        apart = np.where(np.isnan(own), np.where(np.isnan(wanted), 0, np.inf), np.abs(own - wanted))
    apart[np.isnan(apart)] = np.inf
    apart[own == wanted] = 0
    return np.take_along_axis(wanted, apart.argmin(0)[None], 0)[0]


def case(d):
    name, f, inputs = CASES[d.number % COUNT]
    tensors = [floats(x) for x in inputs]
    for t in tensors:
        t.requires_grad = True
    y = f(Ember(), *tensors)
    found = [numpy(y)]
    if y.requires_grad:
        y.sum().backward()
    found += [gradient(t) for t in tensors]
    pairs, labels = [], [", ".join("%g" % v for v in np.ravel(point)) for point in zip(*inputs)]
    skipped = KNOWN[name](*inputs) if name in KNOWN else np.zeros(len(labels), bool)
    none = ~np.any([np.isnan(x).reshape(len(x), -1).any(1) for x in inputs], 0)  # of the inputs is NaN
    for k, (own, wanted) in enumerate(zip(found, answers(f, inputs))):
        wide = (len(labels),) + (1,) * (own.ndim - 1)
        apart = np.isnan(wanted).any(0) & none.reshape(wide) | skipped.reshape(wide)
        least = TINY if not k else 1e-2 if "rows" in name else 1e-30
        own, expected = np.where(apart, 0, own), np.where(apart, 0, nearest(own, wanted))
        named = "gradient of %d" % (k - 1) if k else "result"
        pairs.append(Pair(named, own, expected, alone=least, labels=np.repeat(labels, own.size // len(labels))))
    return name, pairs
