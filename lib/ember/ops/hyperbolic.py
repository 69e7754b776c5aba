"""The op table, continued: hyperbolic functions, which overflow only where they must, and so with their slopes."""

from ..instructions import isa
from ..tensors.tensor import apply
from . import rules
from .math import row, tensor


def _sinh(sink, y, x):
    """By expm1, so that it is good near 0: (s / 2) * (s + 2) - expm1(-|x|) / 2, s = expm1(|x| / 2)"""
    s, t, one = sink.new(x.dims), sink.new(x.dims), sink.scalar(1.0)
    sink.map(rules.ABS_FN, y, x)
    sink.map(rules.MUL_FN, s, y, sink.scalar(0.5))
    sink.map(rules.EXPM1_FN, s, s)
    sink.map(rules.NEG_FN, y, y)
    sink.map(rules.EXPM1_FN, y, y)
    sink.map(rules.MUL_FN, y, y, sink.scalar(-0.5))
    sink.map(rules.ADD_FN, t, s, sink.scalar(2.0))
    sink.map(rules.MUL_FN, s, s, sink.scalar(0.5))
    sink.map(rules.MUL_FN, y, s, t, isa.ADD)
    # The sign of x: 2 * (x > 0) - 1, of 0 no matter which, and of NaN there is a NaN.
    sink.map(rules.GT_FN, t, x, sink.scalar(0.0))
    sink.map(rules.ADD_FN, t, t, t)
    sink.map(rules.SUB_FN, t, t, one)
    sink.map(rules.MUL_FN, y, y, t)


def _cosh(sink, y, x):
    """(e / 2) * e + (1 / 2) / e / e, e = exp(|x| / 2)"""
    e, half = sink.new(x.dims), sink.scalar(0.5)
    sink.map(rules.ABS_FN, e, x)
    sink.map(rules.MUL_FN, e, e, half)
    sink.map(rules.EXP_FN, e, e)
    sink.map(rules.DIV_FN, y, half, e)
    sink.map(rules.DIV_FN, y, y, e)
    t = sink.new(x.dims)
    sink.map(rules.MUL_FN, t, e, half)
    sink.map(rules.MUL_FN, y, t, e, isa.ADD)


SINH = row(_sinh, lambda x: cosh(x))
COSH = row(_cosh, lambda x: sinh(x))


def sinh(x):
    """(exp(x) - exp(-x)) / 2, good near 0 too."""
    return apply(SINH, (tensor(x),))


def cosh(x):
    """(exp(x) + exp(-x)) / 2"""
    return apply(COSH, (tensor(x),))
