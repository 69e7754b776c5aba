"""The op table, continued: more that is made of several elements: products, spread, norms, logsumexp.

As sum and max they go over dim: one dimension, several (a tuple), or all (None). What keepdim keeps has size 1.
"""

from array import array

from ..instructions.isa import MAXIMUM, MINIMUM, MULTIPLY, WRITE
from ..tensors.tensor import apply, no_grad
from . import rules
from .common import max, max_grad, reduce, sum
from .compare import eq, isfinite, ne, where
from .math import tensor
from .reduce import kept_strides, reduce_shape, reduced, summed
from .rules import Op, contribute, strided, strides_of

INF = float("inf")


def _with_each(sink, fn, x, dim, other):
    """A new tensor fn(x, other), other having the shape of x reduced over dim."""
    t = sink.new(x.dims)
    strides = strides_of(x.dims)
    strided(sink, fn, WRITE, x.dims, t, strides, x, strides, other, kept_strides(x.dims, dim))
    return t


# Minimum and product.

MIN = Op(reduce_shape, reduce(INF, MINIMUM), max_grad)


def _prod_grad(sink, y, g, inputs, saved):
    """To each element the product of the others: by division where no factor is 0, else to the only 0 alone; the rest
    gets the product, which is 0 or NaN then."""
    x, dim = inputs[0].detach(), saved[0]
    with no_grad():
        zero = eq(x, 0.0)
        rest = x + zero
        others = apply(PROD, (rest,), (dim, True)) / rest
        alone = eq(sum(zero, dim, True), zero)
        others = where(alone, others, apply(PROD, (x,), (dim, True)))
    strides = strides_of(x.dims)
    contribute(sink, inputs[0], rules.MUL_FN, x.dims, others, strides, g, kept_strides(x.dims, dim))


PROD = Op(reduce_shape, reduce(1.0, MULTIPLY), _prod_grad)


# Variance and standard deviation, in two passes: the mean first.


def _divisor(sink, dims, dim, correction):
    """How many elements there are, less the correction, not below 0."""
    t = sink.new(())
    sink.map(rules.SUB_FN, t, sink.count(reduced(dims, dim)), sink.scalar(correction))
    sink.map(rules.MAXIMUM_FN, t, t, sink.scalar(0.0))
    return t


def _scale(sink, x, dim, like):
    """A power of 4 near the largest |x| over dim, in a new tensor like `like`: squares of what is divided by it neither
    overflow nor vanish, and nothing is rounded."""
    dims, t = x.dims, sink.new(like.dims)
    sink.fill(t, 2.0**-120)
    strided(sink, rules.ABS_FN, MAXIMUM, dims, t, kept_strides(dims, dim), x, strides_of(dims))
    sink.map(rules.LOG_FN, t, t)
    sink.map(rules.MUL_FN, t, t, sink.scalar(0.7))  # a little less than 1 / log(4)
    sink.map(rules.FLOOR_FN, t, t)
    sink.map(rules.MINIMUM_FN, t, t, sink.scalar(62.0))  # of infinities too
    sink.map(rules.POW_FN, t, sink.scalar(4.0), t)
    return t


def _spread(root):
    """The rows of var and std."""

    def emit(sink, y, inputs, saved):
        x, dim, correction = inputs[0], saved[0], saved[2]
        dims, strides, kept = x.dims, strides_of(x.dims), kept_strides(x.dims, dim)
        count, middle, rest = sink.count(reduced(dims, dim)), sink.new(y.dims), sink.new(y.dims)
        if root:
            scale = _scale(sink, x, dim, y)
            x = _with_each(sink, rules.DIV_FN, x, dim, scale)
        summed(sink, rules.COPY_FN, dims, middle, kept, x, strides)
        sink.map(rules.DIV_FN, middle, middle, count)
        summed(sink, rules.SUB_FN, dims, y, kept, x, strides, middle, kept, 1)
        summed(sink, rules.SUB_FN, dims, rest, kept, x, strides, middle, kept)  # what the mean was rounded by
        sink.map(rules.MUL_FN, rest, rest, rest)
        sink.map(rules.DIV_FN, rest, rest, count)
        sink.map(rules.SUB_FN, y, y, rest)
        sink.map(rules.MAXIMUM_FN, y, y, sink.scalar(0.0))
        sink.map(rules.DIV_FN, y, y, _divisor(sink, dims, dim, correction))
        saved.append(middle)
        if root:
            spread = sink.new(y.dims)
            sink.map(rules.SQRT_FN, spread, y)
            sink.map(rules.MUL_FN, y, spread, scale)
            saved.extend((scale, spread))

    def grad(sink, y, g, inputs, saved):
        x, (dim, _, correction, middle) = inputs[0], saved[:4]
        share = sink.new(y.dims)
        if root:  # g / (y * divisor), and 0 where nothing differs, of x and y divided by the scale
            scale, spread = saved[4:]
            sink.map(rules.DIV_FN, share, g, spread)
            sink.map(rules.KEEP_FN, share, spread, share)
            x = _with_each(sink, rules.DIV_FN, x, dim, scale)
        else:  # 2 * g / divisor
            sink.map(rules.ADD_FN, share, g, g)
        sink.map(rules.DIV_FN, share, share, _divisor(sink, x.dims, dim, correction))
        apart = _with_each(sink, rules.SUB_FN, x, dim, middle)
        strides = strides_of(x.dims)
        contribute(sink, inputs[0], rules.MUL_FN, x.dims, apart, strides, share, kept_strides(x.dims, dim))

    return Op(lambda inputs, dim, keepdim, correction: reduce_shape(inputs, dim, keepdim), emit, grad)


VAR, STD = _spread(False), _spread(True)


# Norms.


def _norm_emit(sink, y, inputs, saved):
    x, (dim, _, p) = inputs[0], saved
    dims, strides, kept = x.dims, strides_of(x.dims), kept_strides(x.dims, dim)
    if p == 2:
        scale = _scale(sink, x, dim, y)
        summed(sink, rules.DIV_FN, dims, y, kept, x, strides, scale, kept, 1)
        sink.map(rules.SQRT_FN, y, y)
        sink.map(rules.MUL_FN, y, y, scale)
        return
    size = sink.new(dims)
    sink.map(rules.ABS_FN, size, x)
    summed(sink, rules.POW_FN, dims, y, kept, size, strides, sink.scalar(p), [0] * len(strides))
    sink.map(rules.POW_FN, y, y, sink.scalar(1.0 / p))


def _norm_grad(sink, y, g, inputs, saved):
    """g * sign(x) * (|x| / y) ** (p - 1), and 0 where x is 0 and y is a number."""
    x, (dim, _, p) = inputs[0], saved
    if p == 2:
        scale = sink.new(y.dims)
        sink.map(rules.DIV_FN, scale, g, y)
        sink.map(rules.KEEP_FN, scale, y, scale)
        contribute(sink, x, rules.MUL_FN, x.dims, x, strides_of(x.dims), scale, kept_strides(x.dims, dim))
        return
    size = sink.new(x.dims)
    sink.map(rules.ABS_FN, size, x)
    share = _with_each(sink, rules.DIV_FN, size, dim, y)
    sink.map(rules.POW_FN, share, share, sink.scalar(p - 1.0))
    sink.map(rules.DIV_FN, size, x, size)  # the sign, and NaN where x is 0
    sink.map(rules.MUL_FN, share, share, size)
    sink.map(rules.KEEP_FN, share, x, share)
    above = sink.new(y.dims)
    sink.map(rules.EQ_FN, above, y, y)
    sink.map(rules.DIV_FN, above, above, above)  # 1, and NaN where y is
    sink.map(rules.MUL_FN, above, above, g)
    contribute(sink, x, rules.MUL_FN, x.dims, share, strides_of(x.dims), above, kept_strides(x.dims, dim))


NORM = Op(lambda inputs, dim, keepdim, p: reduce_shape(inputs, dim, keepdim), _norm_emit, _norm_grad)


# The logarithm of a sum of exponentials.


def _logsumexp_emit(sink, y, inputs, saved):
    x, dim = inputs[0], saved[0]
    with no_grad():
        most = max(x.detach(), dim, True)
        sink.map(rules.KEEP_FN, most, isfinite(most), most)  # infinities need no help, and may not be subtracted
    t = _with_each(sink, rules.SUB_FN, x, dim, most)
    summed(sink, rules.EXP_FN, x.dims, y, kept_strides(x.dims, dim), t, strides_of(x.dims))
    sink.map(rules.LOG_FN, y, y)
    sink.map(rules.ADD_FN, y, y, most)


def _logsumexp_grad(sink, y, g, inputs, saved):
    """g * softmax(x)"""
    x = inputs[0]
    t = _with_each(sink, rules.SUB_FN, x, saved[0], y)
    sink.map(rules.EXP_FN, t, t)
    contribute(sink, x, rules.MUL_FN, x.dims, t, strides_of(x.dims), g, kept_strides(x.dims, saved[0]))


LOGSUMEXP = Op(reduce_shape, _logsumexp_emit, _logsumexp_grad)


# As functions and methods.


def min(x, dim=None, keepdim=False):
    """The smallest over dim. Elements that tie share the gradient evenly (PyTorch's amin)."""
    return apply(MIN, (tensor(x),), (dim, keepdim))


def prod(x, dim=None, keepdim=False):
    """The product over dim, in order."""
    return apply(PROD, (tensor(x),), (dim, keepdim))


def _correction(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise ValueError("correction is %r; it may be a number from 0" % (value,))
    return value


def var(x, dim=None, *, correction=1, keepdim=False):
    """The mean square of the distances from the mean; the sum is divided by n - correction (NaN where that is 0)."""
    return apply(VAR, (tensor(x),), (dim, keepdim, _correction(correction)))


def std(x, dim=None, *, correction=1, keepdim=False):
    """The square root of var. Where all elements are equal its gradient is 0."""
    return apply(STD, (tensor(x),), (dim, keepdim, _correction(correction)))


def norm(x, p=2, dim=None, keepdim=False):
    """(the sum of |x| ** p) ** (1 / p); for p = inf the largest |x|, for -inf the smallest, for 0 how many are not 0.
    Its gradient at an x of 0 is 0. It is as exact as the powers are; those of p other
    than 2 may overflow."""
    x = tensor(x)
    if isinstance(p, bool) or not isinstance(p, (int, float)) or p != p:
        raise ValueError("p is %r; it may be a number, or inf" % (p,))
    if p in (INF, -INF):
        return max(x.abs(), dim, keepdim) if p > 0 else min(x.abs(), dim, keepdim)
    if p == 0:
        return sum(ne(x, 0.0), dim, keepdim)
    if p == 1:
        return sum(x.abs(), dim, keepdim)
    return apply(NORM, (x,), (dim, keepdim, array("f", (p,))[0]))


def logsumexp(x, dim=None, keepdim=False):
    """log(sum(exp(x))) over dim, without numbers that overflow."""
    return apply(LOGSUMEXP, (tensor(x),), (dim, keepdim))


def any(x, dim=None, keepdim=False):
    """1 where an element is not 0 (NaN is not), else 0. Without a gradient."""
    return max(ne(x, 0.0), dim, keepdim)


def all(x, dim=None, keepdim=False):
    """1 where no element is 0, else 0. Without a gradient."""
    return min(ne(x, 0.0), dim, keepdim)
