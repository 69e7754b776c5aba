"""The op table, continued: activations in pieces, most of them straight. As in activation.py, a row keeps its input
alone. Where one has a corner, its slope there is PyTorch's.
"""

from ..base.check import not_negative, number, positive
from ..instructions import isa
from ..tensors.tensor import Tensor, apply
from . import rules
from .compare import clamp, gt, le, maximum, where
from .math import abs, row, tensor, two


def _below_and_above(x, below):
    """below where x is 0 or less, else 1."""
    above = gt(x, 0.0)
    if not isinstance(below, Tensor) and 0 <= below <= 1:
        return maximum(above, below)
    return above + (1.0 - above) * below


def _leaky(sink, y, x, slope):
    sink.map(rules.MINIMUM_FN, y, x, sink.scalar(0.0))
    sink.map(rules.MUL_FN, y, y, sink.scalar(slope))
    sink.map(rules.RELU_FN, y, x, None, isa.ADD)


def _prelu(sink, y, inputs, saved):
    x, weight = inputs
    dims, strides = y.dims, rules.strides_of(y.dims)
    sink.map(rules.MINIMUM_FN, y, x, sink.scalar(0.0))
    repeated = rules.broadcast_strides(weight.dims, dims)
    rules.strided(sink, rules.MUL_FN, isa.WRITE, dims, y, strides, y, strides, weight, repeated)
    sink.map(rules.RELU_FN, y, x, None, isa.ADD)


# elu, selu and celu: scale * (x above 0, else alpha * (exp(x / width) - 1)); below is alpha / width.


def _elu(sink, y, x, alpha, width, scale, below):
    sink.map(rules.MINIMUM_FN, y, x, sink.scalar(0.0))
    if width != 1:
        sink.map(rules.DIV_FN, y, y, sink.scalar(width))
    sink.map(rules.EXPM1_FN, y, y)
    if alpha != 1:
        sink.map(rules.MUL_FN, y, y, sink.scalar(alpha))
    sink.map(rules.RELU_FN, y, x, None, isa.ADD)
    if scale != 1:
        sink.map(rules.MUL_FN, y, y, sink.scalar(scale))


def _elu_slope(x, alpha, width, scale, below):
    t = clamp(x, None, 0.0)
    t = (t if width == 1 else t / width).exp()
    if below != 1:
        t = t * _below_and_above(x, below)
    return t if scale == 1 else t * scale


def _hardtanh(sink, y, x, low, high):
    sink.map(rules.MAXIMUM_FN, y, x, sink.scalar(low))
    sink.map(rules.MINIMUM_FN, y, y, sink.scalar(high))


def _between(x, low, high):
    return gt(x, low) * gt(high, x)


def _hardsigmoid(sink, y, x):
    sink.map(rules.ADD_FN, y, x, sink.scalar(3.0))
    _hardtanh(sink, y, y, 0.0, 6.0)
    sink.map(rules.DIV_FN, y, y, sink.scalar(6.0))


def _hardswish(sink, y, x):
    _hardsigmoid(sink, y, x)
    sink.map(rules.MAXIMUM_FN, y, x, sink.scalar(-3.0), isa.MULTIPLY)  # below y is 0, and x may be -inf


def _hardswish_slope(x):
    below = gt(3.0, x)
    return gt(x, -3.0) * below * (clamp(x, -3.0, 3.0) / 3.0 + 0.5) + (1.0 - below)


def _softshrink(sink, y, x, lambd):
    _hardtanh(sink, y, x, -lambd, lambd)
    sink.map(rules.SUB_FN, y, x, y)


def _hardshrink(sink, y, x, lambd):
    sink.map(rules.ABS_FN, y, x)
    sink.map(rules.GT_FN, y, y, sink.scalar(lambd))
    sink.map(rules.MUL_FN, y, y, x)


LEAKY_RELU = row(_leaky, _below_and_above)
PRELU = rules.Op(
    rules.same, _prelu, two(None, lambda x, w, y: _below_and_above(x, w), lambda x, w, y: clamp(x, None, 0.0)).grad
)
ELU = row(_elu, _elu_slope)
HARDTANH = row(_hardtanh, _between)
HARDSIGMOID = row(_hardsigmoid, lambda x: _between(x, -3.0, 3.0) / 6.0)
HARDSWISH = row(_hardswish, _hardswish_slope)
SOFTSHRINK = row(_softshrink, lambda x, lambd: gt(x, lambd) + gt(-lambd, x))
HARDSHRINK = row(_hardshrink, lambda x, lambd: gt(abs(x), lambd))


# As functions and methods.


def relu6(x):
    """x within 0 and 6."""
    return hardtanh(x, 0.0, 6.0)


def leaky_relu(x, negative_slope=0.01):
    """x above 0, negative_slope * x below (Maas et al., 2013)."""
    return apply(LEAKY_RELU, (tensor(x),), (number("negative_slope", negative_slope),))


def prelu(x, weight):
    """x above 0, weight * x below; weight is [1], or [C] for the last dimension of x (He et al., 2015)."""
    x, weight = tensor(x), tensor(weight)
    dims = weight.dims
    if len(dims) != 1 or not x.dims or dims[0] not in (1, x.dims[-1]):
        raise ValueError("weight has shape %s; for x of shape %s it may be (1,) or that of the last dimension"
                         % (weight.shape, x.shape))  # fmt: skip
    return apply(PRELU, (x, weight))


def elu(x, alpha=1.0):
    """x above 0, alpha * (exp(x) - 1) below (Clevert et al., 2016)."""
    return apply(ELU, (tensor(x),), (number("alpha", alpha), 1.0, 1.0, alpha))


def selu(x):
    """elu with the factors that keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017)."""
    return apply(ELU, (tensor(x),), (1.6732632423543772, 1.0, 1.0507009873554805, 1.6732632423543772))


def celu(x, alpha=1.0):
    """x above 0, alpha * (exp(x / alpha) - 1) below: smooth for every alpha (Barron, 2017)."""
    return apply(ELU, (tensor(x),), (positive("alpha", alpha), alpha, 1.0, 1.0))


def hardtanh(x, min_val=-1.0, max_val=1.0):
    """x within min_val and max_val."""
    return apply(HARDTANH, (tensor(x),), ordered(min_val, max_val))


def hardsigmoid(x):
    """relu6(x + 3) / 6"""
    return apply(HARDSIGMOID, (tensor(x),))


def hardswish(x):
    """x * relu6(x + 3) / 6 (Howard et al., 2019)."""
    return apply(HARDSWISH, (tensor(x),))


def softshrink(x, lambd=0.5):
    """x brought nearer to 0 by lambd, and 0 where it is no further than that."""
    return apply(SOFTSHRINK, (tensor(x),), (not_negative("lambd", lambd),))


def hardshrink(x, lambd=0.5):
    """x where it is further from 0 than lambd, else 0."""
    return apply(HARDSHRINK, (tensor(x),), (not_negative("lambd", lambd),))


def threshold(x, threshold, value):
    """x where it is above threshold, else value."""
    return where(le(x, threshold), value, x)


def ordered(min_val, max_val):
    if not number("min_val", min_val) < number("max_val", max_val):
        raise ValueError("min_val is %r; it may be a number below max_val, which is %r" % (min_val, max_val))
    return min_val, max_val
