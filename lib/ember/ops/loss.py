"""The op table, continued: what losses are made of, where composing it would keep more or lose digits."""

from ..instructions import isa
from ..tensors.tensor import current_sink
from . import rules
from .compare import clamp
from .math import log1p, row, two


def _huber(sink, y, x, delta):
    """t * (|x| - t / 2), where t is |x|, but at most delta."""
    t = sink.new(x.dims)
    sink.map(rules.ABS_FN, y, x)
    sink.map(rules.MINIMUM_FN, t, y, sink.scalar(delta))
    sink.map(rules.MUL_FN, y, t, sink.scalar(-0.5), isa.ADD)
    sink.map(rules.MUL_FN, y, y, t)


def _bce(sink, y, inputs, saved):
    """-(t * log(x) + (1 - t) * log(1 - x)), no logarithm below -100."""
    x, t = inputs
    u, v = sink.new(x.dims), sink.new(x.dims)
    sink.map(rules.NEG_FN, u, x)
    sink.map(rules.LOG1P_FN, u, u)
    sink.map(rules.MAXIMUM_FN, u, u, sink.scalar(-100.0))
    sink.map(rules.SUB_FN, v, t, sink.scalar(1.0))
    sink.map(rules.MUL_FN, v, v, u)
    sink.map(rules.LOG_FN, y, x)
    sink.map(rules.MAXIMUM_FN, y, y, sink.scalar(-100.0))
    sink.map(rules.MUL_FN, y, y, t)
    sink.map(rules.SUB_FN, y, v, y)


def _bce_slope(x, t, y):
    return (x - t) / clamp(x * (1.0 - x), 1e-12)


def _bce_slope_of_target(x, t, y):
    return log1p(-x) - x.log()  # PyTorch's has no bounds


def _at_least(sink, y, inputs, saved):
    sink.map(rules.MAXIMUM_FN, y, inputs[0], sink.scalar(saved[0]))


def _at_least_grad(sink, y, g, inputs, saved):
    rules.hand_on(sink, inputs[0], g)  # below the bound too


HUBER = row(_huber, lambda x, delta: clamp(x, -delta, delta))
AT_LEAST = rules.Op(rules.same, _at_least, _at_least_grad, False)
BCE = rules.Op(rules.broadcast, _bce, two(None, _bce_slope, _bce_slope_of_target).grad)


# The ways into each state of CTC, [N, W] to [N, 3, W]: of each the state two before it, the one before it, and itself.

NEVER = -1e30  # the logarithm of a chance of 0, but finite: differences of two are no NaN


def filled(dims, value, x, first, strides):
    """A tensor filled with the value, but for x, which lies from its element `first` on at these strides. Without a
    gradient."""
    sink = current_sink()
    y = sink.new(dims)
    sink.fill(y, value)
    rules.strided(sink, rules.COPY_FN, isa.WRITE, x.dims, y.alias(dims, first), strides, x, rules.strides_of(x.dims))
    sink.flush()
    return y


def _ways_emit(sink, y, inputs, saved):
    n, width = inputs[0].dims
    wide = filled((n, width + 2), NEVER, inputs[0], 2, [width + 2, 1])
    rules.strided(sink, rules.COPY_FN, isa.WRITE, y.dims, y, rules.strides_of(y.dims), wide, [width + 2, 1, 1])


def _ways_grad(sink, y, g, inputs, saved):
    n, width = inputs[0].dims
    d, into = rules.into_grad(sink, inputs[0])
    wide = sink.new((n, width + 2))
    sink.fill(wide, 0.0)
    rules.strided(sink, rules.COPY_FN, isa.ADD, y.dims, wide, [width + 2, 1, 1], g, rules.strides_of(y.dims))
    rules.strided(sink, rules.COPY_FN, into, d.dims, d, [width, 1], wide.alias(wide.dims, 2), [width + 2, 1])


WAYS = rules.Op(lambda inputs: (inputs[0].dims[0], 3, inputs[0].dims[1]), _ways_emit, _ways_grad, False)
