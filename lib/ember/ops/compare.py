"""The op table, continued: what asks about elements and chooses among them. The answers are 1.0 and 0.0."""

from ..instructions import isa
from ..tensors.tensor import apply
from . import rules
from .math import tensor, two


def _share(a, b):
    """What a has of the gradient of their maximum: none where it is less, half where they tie, all beside a NaN."""
    return 1.0 - gt(b, a) - eq(a, b) * 0.5


EQ = two(rules.EQ_FN)
GT = two(rules.GT_FN)
MAXIMUM = two(rules.MAXIMUM_FN, lambda a, b, y: _share(a, b), lambda a, b, y: _share(b, a))
MINIMUM = two(rules.MINIMUM_FN, lambda a, b, y: _share(b, a), lambda a, b, y: _share(a, b))


# Where a condition holds, a, else b.


def _where_shape(inputs):
    condition, a, b = inputs
    return rules.broadcast((condition, a.alias(rules.broadcast((a, b)))))


def _denied(sink, condition):
    """1 where the condition is 0, else 0."""
    t = sink.new(condition.dims)
    sink.map(rules.EQ_FN, t, condition, sink.scalar(0.0))
    return t


def _where_emit(sink, y, inputs, saved):
    condition, a, b = inputs
    out = y.dims
    strides = rules.strides_of(out)
    for mask, x, into in ((condition, a, isa.WRITE), (_denied(sink, condition), b, isa.ADD)):
        rules.strided(sink, rules.KEEP_FN, into, out, y, strides, mask, rules.broadcast_strides(mask.dims, out),
                x, rules.broadcast_strides(x.dims, out))  # fmt: skip


def _where_grad(sink, y, g, inputs, saved):
    condition, a, b = inputs
    out = y.dims
    for k, x in enumerate((a, b)):  # which may be one tensor
        if x.requires_grad:
            mask = _denied(sink, condition) if k else condition
            rules.contribute(
                sink, x, rules.KEEP_FN, out, mask, rules.broadcast_strides(mask.dims, out), g, rules.strides_of(out)
            )


WHERE = rules.Op(_where_shape, _where_emit, _where_grad)


# Within bounds.


def _clamp_emit(sink, y, inputs, saved):
    x, (low, high) = inputs[0], saved
    if low is not None:
        sink.map(rules.MAXIMUM_FN, y, x, sink.scalar(low))
        x = y
    if high is not None:
        sink.map(rules.MINIMUM_FN, y, x, sink.scalar(high))


def _clamp_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    kept = sink.new(x.dims)
    sink.map(rules.EQ_FN, kept, x, y)
    d, into = rules.into_grad(sink, x)
    sink.map(rules.KEEP_FN, d, kept, g, into)


CLAMP = rules.Op(rules.same, _clamp_emit, _clamp_grad)


def eq(a, b):
    """1 where a == b, else 0; the two broadcast. Without a gradient. (The operator == asks whether a is b: MicroPython
    makes a bool of whatever == returns, so that it cannot be a tensor. So with !=.)"""
    return apply(EQ, (tensor(a), tensor(b)))


def ne(a, b):
    """1 where a != b, else 0; the two broadcast. Without a gradient."""
    return 1.0 - eq(a, b)


def gt(a, b):
    """1 where a > b, else 0; the two broadcast. Without a gradient."""
    return apply(GT, (tensor(a), tensor(b)))


def lt(a, b):
    """1 where a < b, else 0; the two broadcast. Without a gradient."""
    return gt(b, a)


def ge(a, b):
    """1 where a >= b, else 0; the two broadcast. Without a gradient."""
    return gt(a, b) + eq(a, b)


def le(a, b):
    """1 where a <= b, else 0; the two broadcast. Without a gradient."""
    return ge(b, a)


def logical_not(x):
    """1 where x is 0, else 0. Without a gradient."""
    return eq(x, 0.0)


def isnan(x):
    """1 where x is NaN, else 0. Without a gradient."""
    return ne(x, x)


def isinf(x):
    """1 where x is inf or -inf, else 0. Without a gradient."""
    from .math import abs

    return eq(abs(x), float("inf"))


def isfinite(x):
    """1 where x is neither NaN nor infinite, else 0. Without a gradient."""
    from .math import abs

    return gt(float("inf"), abs(x))


def maximum(a, b):
    """The greater of each pair, NaN where one is. Where they tie, each has half of the gradient."""
    return apply(MAXIMUM, (tensor(a), tensor(b)))


def minimum(a, b):
    """The lesser of each pair, NaN where one is. Where they tie, each has half of the gradient."""
    return apply(MINIMUM, (tensor(a), tensor(b)))


def clamp(x, min=None, max=None):
    """x, no less than min and no more than max: numbers, or None for no bound. At a bound the gradient passes."""
    if min is None and max is None:
        raise ValueError("clamp takes min, max or both")
    for name, bound in (("min", min), ("max", max)):
        if bound is not None and not isinstance(bound, (int, float)):
            raise ValueError("%s is %r; it may be a number or None: of tensors take maximum or minimum" % (name, bound))
    return apply(CLAMP, (tensor(x),), (min, max))


def where(condition, a, b):
    """a where condition is not 0, else b. The three broadcast. What is not chosen may be anything, NaN too."""
    return apply(WHERE, (tensor(condition), tensor(a), tensor(b)))


def masked_fill(x, mask, value):
    """x, and value where mask is not 0."""
    return where(mask, value, x)
