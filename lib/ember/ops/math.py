"""The op table, continued: functions of each element. Shapes stay; two operands broadcast, and may be numbers.

A gradient is g times a slope, and a slope is written in tensors, as one would on paper.
"""

from ..instructions import isa
from ..tensors.tensor import Tensor, apply, current_sink, no_grad, operand
from . import rules


def tensor(x):
    """x, or what is none as a tensor: a number as one without dimensions."""
    x = operand(x)
    if x.dtype != "f":
        raise ValueError("this takes float32 tensors, got shape %s of dtype %r" % (x.shape, x.dtype))
    return x


def one(fn, slope=None):
    """A row of one operand. slope(x, y) is a tensor; without it there is no gradient."""

    def emit(sink, y, inputs, saved):
        sink.map(fn, y, inputs[0])

    def grad(sink, y, g, inputs, saved):
        x = inputs[0]
        with no_grad():
            t = slope(x.detach(), y.detach())
        d, into = rules.into_grad(sink, x)
        sink.map(rules.MUL_FN, d, t, g, into)

    return rules.Op(rules.same, emit, slope and grad)


def two(fn, *slopes):
    """A row of two operands that broadcast. Each slope(a, b, y) is a tensor, or None for 1."""

    def emit(sink, y, inputs, saved):
        a, b = inputs
        out = y.dims
        rules.strided(sink, fn, isa.WRITE, out, y, rules.strides_of(out), a, rules.broadcast_strides(a.dims, out),
                b, rules.broadcast_strides(b.dims, out))  # fmt: skip

    def grad(sink, y, g, inputs, saved):
        out = y.dims
        for x, slope in zip(inputs, slopes):
            if not x.requires_grad:
                continue
            if slope is None:
                rules.contribute(sink, x, rules.COPY_FN, out, g, rules.strides_of(out))
                continue
            with no_grad():
                t = slope(inputs[0].detach(), inputs[1].detach(), y.detach())
            t_strides = rules.broadcast_strides(t.dims, out)
            rules.contribute(sink, x, rules.MUL_FN, out, g, rules.strides_of(out), t, t_strides)

    return rules.Op(rules.broadcast, emit, grad if slopes else None)


def row(write, slope):
    """write(sink, y, x, *arguments) makes y of x; slope(x, *arguments) is a tensor."""

    def emit(sink, y, inputs, saved):
        write(sink, y, inputs[0], *saved)

    def grad(sink, y, g, inputs, saved):
        x = inputs[0]
        with no_grad():
            t = slope(x.detach(), *saved)
        d, into = rules.into_grad(sink, x)
        sink.map(rules.MUL_FN, d, t, g, into)

    return rules.Op(rules.same, emit, grad)


ABS = one(rules.ABS_FN, lambda x, y: sign(x))
FLOOR = one(rules.FLOOR_FN)
ROUND = one(rules.ROUND_FN)
EXPM1 = one(rules.EXPM1_FN, lambda x, y: y + 1.0)
LOG1P = one(rules.LOG1P_FN, lambda x, y: 1.0 / (x + 1.0))
SIN = one(rules.SIN_FN, lambda x, y: cos(x))
COS = one(rules.COS_FN, lambda x, y: -sin(x))
ERF = one(rules.ERF_FN, lambda x, y: (-(x * x)).exp() * (9465531 / 8388608))  # 2 / sqrt(pi)


def _around(a, b):
    """b / (a * a + b * b), and 0 at the origin."""
    from .compare import where

    size = a * a + b * b
    return where(size, b / size, 0.0)


ATAN2 = two(rules.ATAN2_FN, lambda a, b, y: _around(a, b), lambda a, b, y: -_around(b, a))


def _remainder_slope(a, b, y):
    """-floor(a / b): where that quotient is too small for a float, what is left tells 0 from -1. NaN of infinities."""
    from .compare import eq, ne

    quotient = a / b
    return eq(quotient, 0.0) * ne(y, a) - floor(quotient) + (a - a)


REMAINDER = two(rules.REMAINDER_FN, None, _remainder_slope)


def _beside(sink, x):
    """sqrt(1 - x * x), good near 1 too: with x, the two sides of an angle."""
    t, u, one = sink.new(x.dims), sink.new(x.dims), sink.scalar(1.0)
    sink.map(rules.SUB_FN, t, one, x)
    sink.map(rules.ADD_FN, u, one, x)
    sink.map(rules.MUL_FN, t, t, u)
    sink.map(rules.SQRT_FN, t, t)
    return t


ASIN = row(lambda sink, y, x: sink.map(rules.ATAN2_FN, y, x, _beside(sink, x)),
           lambda x: 1.0 / ((1.0 - x) * (1.0 + x)).sqrt())  # fmt: skip
ACOS = row(lambda sink, y, x: sink.map(rules.ATAN2_FN, y, _beside(sink, x), x),
           lambda x: -1.0 / ((1.0 - x) * (1.0 + x)).sqrt())  # fmt: skip


def _power_slope(a, b, y):
    from .compare import where  # a ** 0 is a constant, at 0 too

    return where(b, b * pow(a, b - 1.0), 0.0)


def _log_slope(a, b, y):
    from .compare import eq, ge, where  # 0 ** b does not change with b, until that is below 0

    return where(eq(a, 0.0) * ge(b, 0.0), 0.0, y * a.log())


POW_TENSOR = two(rules.POW_FN, _power_slope, _log_slope)


def abs(x):
    """|x|; its gradient at 0 is 0."""
    return apply(ABS, (tensor(x),))


def sign(x):
    """1 above 0, -1 below, else 0, for NaN too. Without a gradient."""
    from .compare import gt

    return gt(x, 0.0) - gt(0.0, x)


def floor(x):
    """The greatest whole number not above x. Without a gradient, as all that goes in steps."""
    return apply(FLOOR, (tensor(x),))


def ceil(x):
    """The least whole number not below x."""
    return -floor(-tensor(x))


def round(x):
    """The nearest whole number, of two the even one."""
    return apply(ROUND, (tensor(x),))


def trunc(x):
    """x without its fraction."""
    return floor(abs(x)) * sign(x)


def sin(x):
    """Of any size, in radians."""
    return apply(SIN, (tensor(x),))


def cos(x):
    """Of any size, in radians."""
    return apply(COS, (tensor(x),))


def tan(x):
    """Of any size, in radians: sin(x) / cos(x)."""
    return sin(x) / cos(x)


def asin(x):
    """NaN outside -1 to 1. Its gradient at both ends is infinite."""
    return apply(ASIN, (tensor(x),))


def acos(x):
    """NaN outside -1 to 1. Its gradient at both ends is infinite."""
    return apply(ACOS, (tensor(x),))


def atan(x):
    """The angle whose tangent is x, from -pi / 2 to pi / 2."""
    return atan2(x, 1.0)


def atan2(y, x):
    """The angle of the point (x, y), from -pi to pi. Its gradient at (0, 0) is 0."""
    return apply(ATAN2, (tensor(y), tensor(x)))


def expm1(x):
    """exp(x) - 1, good near 0 too."""
    return apply(EXPM1, (tensor(x),))


def log1p(x):
    """log(1 + x), good near 0 too."""
    return apply(LOG1P, (tensor(x),))


def log2(x):
    """The logarithm to base 2."""
    return tensor(x).log() * 1.4426950408889634


def erf(x):
    """The error function, 2 / sqrt(pi) times the integral of exp(-t * t) from 0 to x."""
    return apply(ERF, (tensor(x),))


def rsqrt(x):
    """1 / sqrt(x)"""
    return 1.0 / tensor(x).sqrt()


def square(x):
    """x * x"""
    x = tensor(x)
    return x * x


def reciprocal(x):
    """1 / x"""
    return 1.0 / tensor(x)


def remainder(a, b):
    """a - floor(a / b) * b, with the sign of b, as Python's %; NaN where b is 0."""
    return apply(REMAINDER, (tensor(a), tensor(b)))


def pow(a, b):
    """a to the b; both may be tensors, or one of them a number."""
    if isinstance(a, Tensor) and not isinstance(b, Tensor):
        return a**b
    return apply(POW_TENSOR, (tensor(a), tensor(b)))


def lerp(a, b, weight):
    """a + weight * (b - a), counted from the nearer end, so that 0 gives a and 1 gives b exactly."""
    a, b = tensor(a), tensor(b)
    d = b - a
    if isinstance(weight, Tensor):
        from .compare import gt, where

        near = gt(0.5, abs(weight))  # the end is chosen first: of what is not chosen a gradient could be NaN
        return where(near, a, b) + d * (weight - (1.0 - near))
    return a + d * weight if -0.5 < weight < 0.5 else b - d * (1.0 - current_sink().scalar(weight))
