"""What Ember makes of the cases of singular.py, and where it is not PyTorch's."""

from pathlib import Path

import numpy as np

import ember
import singular
from ember import Tensor, nn

STORED = np.load(Path(__file__).with_name("singular.npz"))


def _nan(x):
    return np.isnan(x).any(-1)


def _strange(x):
    return ~np.isfinite(x).all(-1)


# Where Ember differs, by the inputs; docs/differences.md says how. For most, PyTorch has NaN, and Ember the limit.
OTHERWISE = {
    **dict.fromkeys(["silu", "mish", "gelu", "hardswish"], np.isinf),
    "softsign": lambda x: abs(x) >= 1e19,  # PyTorch subtracts two slopes that are nearly the same
    "acosh": lambda x: x < 1,  # PyTorch's slope goes on where there is no value
    "hypot": lambda x, y: (abs(x) < 1e-37) & (abs(y) < 1e-37),  # of a result that is rounded to few digits
    "atan2": lambda y, x: np.maximum(abs(x), abs(y)) >= 1e19,
    "power_by_number": lambda x: x == -np.inf,  # PyTorch takes roots for the exponents 0.5 and -0.5
    "prod": _strange, "prod_of_few": _strange, "cumprod": _strange,
    "greatest_norm": _nan,
    "BCEWithLogitsLoss": lambda x, t: np.isinf(x),
    "SoftMarginLoss": lambda x, t: abs(x) > 88,
    "KLDivLoss": lambda x, t: (t <= 0) | np.isinf(t),
}  # fmt: skip


class Functions:
    """Ember's, under PyTorch's names where those are others."""

    amax, amin = staticmethod(ember.max), staticmethod(ember.min)

    def __getattr__(self, name):
        return getattr(ember, name)


def pool(layer, x):
    return layer(x.reshape(-1, singular.WIDTH, 1)).reshape(-1, singular.WIDTH // 2)


def function(case, draw):
    """(x, y, z, labels where there are any, gradient from above) -> (result, the gradient of each)."""

    def run(*tensors):
        *tensors, seed = tensors
        wanted = tensors.pop() if len(tensors) > case.inputs else None
        for i, t in enumerate(tensors):
            t.requires_grad = i not in case.still
        space = {"T": Functions(), "nn": nn, "pool": pool, "number": Tensor, "labels": lambda x: wanted,
                 **draw.options, **dict(zip("xyz", tensors))}  # fmt: skip
        y = eval(case.expression, space)
        if y.requires_grad and seed is not None:
            y.backward(seed)
        zeros = [ember.where(t.detach() * 0.0 > 0.0, 1.0, 0.0) for t in tensors]
        return (y.detach(), *(zero if t.grad is None else t.grad for t, zero in zip(tensors, zeros)))

    return run


def stored(name, variant, shapes):
    """What PyTorch has for the result and each gradient: in float32, in its scalar loops, in float64."""
    bits = STORED["%s %d" % (name, variant)]
    flat, found = np.stack([bits[0], bits[0] ^ bits[1], bits[0] ^ bits[2]]).view("f4"), []
    for shape in shapes:
        n = int(np.prod(shape))
        found.append(flat[:, :n].reshape(3, *shape))
        flat = flat[:, n:]
    assert flat.size == 0
    return found


def agree(found, wanted, scaled):
    """Where it is one of PyTorch's: NaN is NaN, infinities are themselves. scaled: what cancels is near 0."""
    found = np.where(np.abs(found) > singular.GREATEST, np.copysign(np.inf, found), found)  # of a portable VM
    with np.errstate(invalid="ignore", over="ignore"):
        room = 2e-5 * np.abs(wanted) + 1e-43
        if scaled:
            size = np.where(np.isfinite(wanted), np.abs(wanted), 0)
            room = room + 3e-7 * (np.max(size, -1, keepdims=True, initial=1) if wanted.ndim > 2 else 1)
        near = np.abs(found - wanted) <= room
    return (near | (found == wanted) | (np.isnan(found) & np.isnan(wanted))).any(0)


def tensor(a):
    return Tensor([float(v) for v in a.ravel()], a.shape)


def wrong(name, variant, recorded):
    """A line for each row that is not PyTorch's."""
    case, draw = singular.CASES[name], singular.Draw(name, variant)
    run, given = function(case, draw), [tensor(a) for a in draw.inputs]
    if "labels" in case.expression:
        given.append(Tensor([i % singular.WIDTH for i in range(draw.rows)], dtype="i"))
    shape = run(*[t.detach() for t in given], None)[0].shape
    seed = draw.seed(shape)
    given.append(tensor(seed))
    found = (ember.record(run, *given) if recorded else run)(*given)
    found = [np.array(t.tolist(), "f8").reshape(t.shape) for t in found]
    lines, otherwise = [], np.zeros(draw.rows, bool)
    if name in OTHERWISE:
        otherwise |= OTHERWISE[name](*draw.inputs)
    for what, a, b in zip(("value", "x", "y", "z"), found, stored(name, variant, [a.shape for a in found])):
        same = agree(a, b, case.scaled)
        none = (seed.reshape(draw.rows, -1) == 0).any(-1).reshape((-1,) + (1,) * (a.ndim - 1))
        same |= (what != "value") & none & (a == 0) & np.isnan(b[0])  # 0 times an infinite slope is 0
        for i in np.nonzero(~same.reshape(draw.rows, -1).all(1) & ~otherwise)[0]:
            lines.append("%s of %s, options %s: f(%s) with %s from above: %s, PyTorch has %s" % (
                what, name, draw.options, "; ".join(str(x[i]) for x in draw.inputs), seed[i], a[i],
                b[0, i]))  # fmt: skip
    return lines
