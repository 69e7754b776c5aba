"""The op table, continued: more functions of each element, made of those that are there.

A row's value and its slopes are written in tensors, as one would on paper: formula(value, slope, …).
"""

from ..instructions import isa
from ..tensors.tensor import apply, no_grad
from . import rules
from .compare import eq, gt, maximum, minimum, ne, where
from .math import abs, floor, log1p, remainder, sign, tensor, trunc

LARGE = 1e4  # from here up 1 + x * x is x * x to a float32


def formula(value, *slopes):
    """A row of as many operands as slopes. value(a, …) and each slope(a, …, y) are tensors; a slope of None is 1."""

    def emit(sink, y, inputs, saved):
        with no_grad():
            sink.copy(y, value(*[x.detach() for x in inputs]))

    def grad(sink, y, g, inputs, saved):
        out = y.dims
        for x, slope in zip(inputs, slopes):
            if x.requires_grad and slope is None:
                rules.contribute(sink, x, rules.COPY_FN, out, g, rules.strides_of(out))
            elif x.requires_grad:
                with no_grad():
                    t = slope(*([z.detach() for z in inputs] + [y.detach()]))
                rules.contribute(sink, x, rules.MUL_FN, out, g, rules.strides_of(out), t,
                               rules.broadcast_strides(t.dims, out))  # fmt: skip

    return rules.Op(rules.same if len(slopes) == 1 else rules.broadcast, emit, grad)


def _side(x):
    """1 where the sign of x is +, of 0 too, and -1 where it is -; 0 where x is NaN."""
    return sign(1.0 / minimum(maximum(x, -1e30), 1e30))


def _hypot(a, b):
    """By the greater side, so that no square overflows; infinite where one is, whatever the other."""
    a, b = abs(a), abs(b)
    most, least = maximum(a, b), minimum(a, b)
    ratio = where(most, least / most, 0.0)
    infinite = maximum(eq(a, float("inf")), eq(b, float("inf")))
    return where(infinite, float("inf"), most * (ratio * ratio + 1.0).sqrt())


def _asinh(x):
    a = abs(x)
    near = minimum(a, LARGE)
    near = log1p(near + near * (near / ((near * near + 1.0).sqrt() + 1.0)))
    return where(gt(a, LARGE), a.log() + 0.6931471805599453, near) * _side(x)


def _acosh(x):
    t = minimum(x, LARGE) - 1.0
    return where(gt(x, LARGE), x.log() + 0.6931471805599453, log1p(t + t.sqrt() * (t + 2.0).sqrt()))


def _atanh(x):
    a = abs(x)
    return log1p((a + a) / (1.0 - a)) * 0.5 * _side(x)


def _fmod(a, b):
    return remainder(abs(a), abs(b)) * _side(a)


def _logaddexp(a, b):
    return maximum(a, b) + log1p((-abs(where(eq(a, b), 0.0, a - b))).exp())


HYPOT = formula(_hypot, lambda a, b, y: a / y, lambda a, b, y: b / y)
EXP2 = rules.Op(
    rules.same,
    lambda sink, y, inputs, saved: sink.map(rules.POW_FN, y, sink.scalar(2.0), inputs[0]),
    formula(None, lambda x, y: y * 0.6931471805599453).grad,
)
ASINH = formula(_asinh, lambda x, y: 1.0 / _hypot(x, tensor(1.0)))
ACOSH = formula(_acosh, lambda x, y: 1.0 / ((x - 1.0).sqrt() * (x + 1.0).sqrt()))
ATANH = formula(_atanh, lambda x, y: 1.0 / ((1.0 - x) * (x + 1.0)))
FMOD = formula(_fmod, None, lambda a, b, y: -trunc(a / b))
LOGADDEXP = formula(_logaddexp, lambda a, b, y: (a - b).sigmoid(), lambda a, b, y: (b - a).sigmoid())


def hypot(a, b):
    """sqrt(a * a + b * b), which overflows only where it must; infinite where one of them is, even beside NaN. Its
    gradient at (0, 0) is NaN, as PyTorch's. Within 3 ulp."""
    return apply(HYPOT, (tensor(a), tensor(b)))


def log10(x):
    """The logarithm to base 10, within 3 ulp."""
    return tensor(x).log() * 0.4342944819032518


def exp2(x):
    """2 to the x, within 2 ulp, and exact where x is a whole number."""
    return apply(EXP2, (tensor(x),))


def asinh(x):
    """The number whose sinh is x: log(x + sqrt(x * x + 1)), good near 0 and far from it, within 5 ulp."""
    return apply(ASINH, (tensor(x),))


def acosh(x):
    """The number from 0 whose cosh is x: log(x + sqrt(x * x - 1)); NaN below 1. Within 5 ulp."""
    return apply(ACOSH, (tensor(x),))


def atanh(x):
    """The number whose tanh is x: log((1 + x) / (1 - x)) / 2, infinite at 1 and -1, NaN beyond. Within 5 ulp."""
    return apply(ATANH, (tensor(x),))


def fmod(a, b):
    """What is left of a after b was taken from it a whole number of times, with the sign of a, as C's fmod: exact. NaN
    where b is 0."""
    return apply(FMOD, (tensor(a), tensor(b)))


def floor_divide(a, b):
    """The greatest whole number not above a / b, as Python's //, which two tensors have too. By IEEE 754 where b is 0.
    Without a gradient."""
    with no_grad():
        a, b = tensor(a).detach(), tensor(b).detach()
        rest, ratio = fmod(a, b), a / b
        apart = ne(rest, 0.0) * ne(gt(0.0, rest), gt(0.0, b))  # the remainder has not b's sign
        y = (a - rest) / b - apart
        below = floor(y)
        y = abs(below + gt(y - below, 0.5))
        return where(eq(b, 0.0), abs(ratio), y) * _side(ratio)


def logaddexp(a, b):
    """log(exp(a) + exp(b)), without numbers that overflow."""
    return apply(LOGADDEXP, (tensor(a), tensor(b)))


# Replacing what is no number, bit for bit where it is one: x + 0 would make 0 of -0, so what is added there is -0.


def _number(sink, mask, x, bad):
    """mask = 1 where x is not NaN (for None), or not this infinity, else 0."""
    if bad is None:
        sink.map(rules.EQ_FN, mask, x, x)
    else:
        sink.map(rules.EQ_FN, mask, x, sink.scalar(bad))
        sink.map(rules.EQ_FN, mask, mask, sink.scalar(0.0))


def _replaced(sink, y, inputs, saved):
    x = inputs[0]
    mask, others = sink.new(x.dims), sink.new(x.dims)
    found = list(zip((None, float("inf"), -float("inf")), saved))
    sink.copy(y, x)
    for bad, value in found:
        if value == 0:
            _number(sink, mask, x, bad)
            sink.map(rules.KEEP_FN, y, mask, y)
    sink.map(rules.NEG_FN, y, y)
    sink.fill(others, 0.0)
    for bad, value in found:
        if value != 0:
            _number(sink, mask, x, bad)
            sink.map(rules.KEEP_FN, y, mask, y)  # +0 where it is dropped, which becomes -0
            sink.map(rules.EQ_FN, mask, mask, sink.scalar(0.0))
            sink.map(rules.KEEP_FN, others, mask, sink.scalar(-value), isa.ADD)
    sink.map(rules.NEG_FN, y, y)
    sink.map(rules.NEG_FN, y, others, None, isa.ADD)


NAN_TO_NUM = rules.Op(rules.same, _replaced, formula(None, lambda x, y: gt(float("inf"), abs(x))).grad)


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """x with numbers in place of NaN and the infinities; None: the greatest and the least float32. Where one was, the
    gradient is 0."""
    posinf = 3.4028234663852886e38 if posinf is None else posinf
    neginf = -3.4028234663852886e38 if neginf is None else neginf
    for name, value in (("nan", nan), ("posinf", posinf), ("neginf", neginf)):
        if not isinstance(value, (int, float)):
            raise ValueError("%s is %r; it may be a number or None" % (name, value))
    return apply(NAN_TO_NUM, (tensor(x),), (float(nan), float(posinf), float(neginf)))


# What holds: 1.0 and 0.0.


def logical_and(a, b):
    """1 where neither is 0 (NaN is not), else 0; the two broadcast. Without a gradient."""
    return ne(a, 0.0) * ne(b, 0.0)


def logical_or(a, b):
    """1 where one or both are not 0, else 0; the two broadcast. Without a gradient."""
    return maximum(ne(a, 0.0), ne(b, 0.0))


def logical_xor(a, b):
    """1 where one of them is 0 and the other is not, else 0; the two broadcast. Without a gradient."""
    return ne(ne(a, 0.0), ne(b, 0.0))
