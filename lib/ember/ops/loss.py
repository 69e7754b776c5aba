"""The op table, continued: what losses are made of, where composing it would keep more or lose digits."""

from ..instructions import isa
from ..tensors.tensor import sink
from . import rules
from .compare import clamp
from .math import log1p, row, two


def _huber(target, y, x, delta):
    """t * (|x| - t / 2), where t is |x|, but at most delta."""
    t = target.new(x.dims)
    target.map(rules.ABS_FN, y, x)
    target.map(rules.MINIMUM_FN, t, y, target.scalar(delta))
    target.map(rules.MUL_FN, y, t, target.scalar(-0.5), isa.ADD)
    target.map(rules.MUL_FN, y, y, t)


def _bce(target, y, inputs, saved):
    """-(t * log(x) + (1 - t) * log(1 - x)), no logarithm below -100."""
    x, t = inputs
    u, v = target.new(x.dims), target.new(x.dims)
    target.map(rules.NEG_FN, u, x)
    target.map(rules.LOG1P_FN, u, u)
    target.map(rules.MAXIMUM_FN, u, u, target.scalar(-100.0))
    target.map(rules.SUB_FN, v, t, target.scalar(1.0))
    target.map(rules.MUL_FN, v, v, u)
    target.map(rules.LOG_FN, y, x)
    target.map(rules.MAXIMUM_FN, y, y, target.scalar(-100.0))
    target.map(rules.MUL_FN, y, y, t)
    target.map(rules.SUB_FN, y, v, y)


def _bce_slope(x, t, y):
    return (x - t) / clamp(x * (1.0 - x), 1e-12)


def _bce_slope_of_target(x, t, y):
    return log1p(-x) - x.log()  # PyTorch's has no bounds


def _at_least(target, y, inputs, saved):
    target.map(rules.MAXIMUM_FN, y, inputs[0], target.scalar(saved[0]))


def _at_least_grad(target, y, g, inputs, saved):
    rules.hand_on(target, inputs[0], g)  # below the bound too


HUBER = row(_huber, lambda x, delta: clamp(x, -delta, delta))
AT_LEAST = rules.Op(rules.same, _at_least, _at_least_grad, False)
BCE = rules.Op(rules.broadcast, _bce, two(None, _bce_slope, _bce_slope_of_target).grad)


# The ways into each state of CTC, [N, W] to [N, 3, W]: of each the state two before it, the one before it, and itself.

NEVER = -1e30  # the logarithm of a chance of 0, but finite: differences of two are no NaN


def filled(dims, value, x, first, strides):
    """A tensor filled with the value, but for x, which lies from its element `first` on at these strides. Without a
    gradient."""
    target = sink()
    y = target.new(dims)
    target.fill(y, value)
    rules.strided(target, rules.COPY_FN, isa.WRITE, x.dims, y.alias(dims, first), strides, x, rules.strides_of(x.dims))
    target.flush()
    return y


def _ways_emit(target, y, inputs, saved):
    n, width = inputs[0].dims
    wide = filled((n, width + 2), NEVER, inputs[0], 2, [width + 2, 1])
    rules.strided(target, rules.COPY_FN, isa.WRITE, y.dims, y, rules.strides_of(y.dims), wide, [width + 2, 1, 1])


def _ways_grad(target, y, g, inputs, saved):
    n, width = inputs[0].dims
    d, into = rules.into_grad(target, inputs[0])
    wide = target.new((n, width + 2))
    target.fill(wide, 0.0)
    rules.strided(target, rules.COPY_FN, isa.ADD, y.dims, wide, [width + 2, 1, 1], g, rules.strides_of(y.dims))
    rules.strided(target, rules.COPY_FN, into, d.dims, d, [width, 1], wide.alias(wide.dims, 2), [width + 2, 1])


WAYS = rules.Op(lambda inputs: (inputs[0].dims[0], 3, inputs[0].dims[1]), _ways_emit, _ways_grad, False)
