"""The op table, continued: what losses are made of, where composing it would keep more or lose digits."""

from . import isa, ops
from .ops_compare import clamp
from .ops_math import log1p, row, two


def _huber(target, y, x, delta):
    """t * (|x| - t / 2), where t is |x|, but at most delta."""
    t = target.new(x._dims)
    target.map(ops.ABS_FN, y, x)
    target.map(ops.MINIMUM_FN, t, y, target.scalar(delta))
    target.map(ops.MUL_FN, y, t, target.scalar(-0.5), isa.ADD)
    target.map(ops.MUL_FN, y, y, t)


def _bce(target, y, inputs, saved):
    """-(t * log(x) + (1 - t) * log(1 - x)), no logarithm below -100."""
    x, t = inputs
    u, v = target.new(x._dims), target.new(x._dims)
    target.map(ops.NEG_FN, u, x)
    target.map(ops.LOG1P_FN, u, u)
    target.map(ops.MAXIMUM_FN, u, u, target.scalar(-100.0))
    target.map(ops.SUB_FN, v, t, target.scalar(1.0))
    target.map(ops.MUL_FN, v, v, u)
    target.map(ops.LOG_FN, y, x)
    target.map(ops.MAXIMUM_FN, y, y, target.scalar(-100.0))
    target.map(ops.MUL_FN, y, y, t)
    target.map(ops.SUB_FN, y, v, y)


def _bce_slope(x, t, y):
    return (x - t) / clamp(x * (1.0 - x), 1e-12)


def _bce_slope_of_target(x, t, y):
    return clamp(log1p(-x), -100.0) - clamp(x.log(), -100.0)


HUBER = row(_huber, lambda x, delta: clamp(x, -delta, delta))
BCE = ops.Op(ops.broadcast, _bce, two(None, _bce_slope, _bce_slope_of_target).grad)
