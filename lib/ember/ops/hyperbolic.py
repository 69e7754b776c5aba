"""The op table, continued: hyperbolic functions, which overflow only where they must, and so with their slopes."""

from ..instructions import isa
from ..tensors.tensor import apply
from . import rules
from .math import row, tensor


def _sinh(target, y, x):
    """By expm1, so that it is good near 0: (s / 2) * (s + 2) - expm1(-|x|) / 2, s = expm1(|x| / 2)"""
    s, t, one = target.new(x.dims), target.new(x.dims), target.scalar(1.0)
    target.map(rules.ABS_FN, y, x)
    target.map(rules.MUL_FN, s, y, target.scalar(0.5))
    target.map(rules.EXPM1_FN, s, s)
    target.map(rules.NEG_FN, y, y)
    target.map(rules.EXPM1_FN, y, y)
    target.map(rules.MUL_FN, y, y, target.scalar(-0.5))
    target.map(rules.ADD_FN, t, s, target.scalar(2.0))
    target.map(rules.MUL_FN, s, s, target.scalar(0.5))
    target.map(rules.MUL_FN, y, s, t, isa.ADD)
    # The sign of x: 2 * (x > 0) - 1, of 0 no matter which, and of NaN there is a NaN.
    target.map(rules.GT_FN, t, x, target.scalar(0.0))
    target.map(rules.ADD_FN, t, t, t)
    target.map(rules.SUB_FN, t, t, one)
    target.map(rules.MUL_FN, y, y, t)


def _cosh(target, y, x):
    """(e / 2) * e + (1 / 2) / e / e, e = exp(|x| / 2)"""
    e, half = target.new(x.dims), target.scalar(0.5)
    target.map(rules.ABS_FN, e, x)
    target.map(rules.MUL_FN, e, e, half)
    target.map(rules.EXP_FN, e, e)
    target.map(rules.DIV_FN, y, half, e)
    target.map(rules.DIV_FN, y, y, e)
    t = target.new(x.dims)
    target.map(rules.MUL_FN, t, e, half)
    target.map(rules.MUL_FN, y, t, e, isa.ADD)


SINH = row(_sinh, lambda x: cosh(x))
COSH = row(_cosh, lambda x: sinh(x))


def sinh(x):
    """(exp(x) - exp(-x)) / 2, good near 0 too."""
    return apply(SINH, (tensor(x),))


def cosh(x):
    """(exp(x) + exp(-x)) / 2"""
    return apply(COSH, (tensor(x),))
