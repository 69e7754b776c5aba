"""The op table, continued: smooth activations. Shapes stay, but for glu and swiglu.

A row here keeps its input alone: its result is made in place, and its slope is computed when it is asked for.
"""

from ..base.check import positive
from ..instructions import isa
from ..tensors.tensor import apply, axis, current_sink, numel
from . import rules
from .compare import clamp, gt, where
from .math import abs, erf, row, tensor

# So far from 0 that exp(-x) is 0 in float32: going no further keeps infinities from meeting 0.
FAR = 128.0


def _softplus(sink, y, x):
    """max(x, 0) + log(1 + exp(-|x|))"""
    sink.map(rules.ABS_FN, y, x)
    for fn in (rules.NEG_FN, rules.EXP_FN, rules.LOG1P_FN):
        sink.map(fn, y, y)
    sink.map(rules.RELU_FN, y, x, None, isa.ADD)


def _logsigmoid(sink, y, x):
    """min(x, 0) - log(1 + exp(-|x|))"""
    sink.map(rules.ABS_FN, y, x)
    for fn in (rules.NEG_FN, rules.EXP_FN, rules.LOG1P_FN, rules.NEG_FN):
        sink.map(fn, y, y)
    sink.map(rules.MINIMUM_FN, y, x, sink.scalar(0.0), isa.ADD)


def _times_x(sink, y, x):
    """y times x, where y is 0 far below 0."""
    sink.map(rules.MAXIMUM_FN, y, x, sink.scalar(-FAR), isa.MULTIPLY)


def _silu(sink, y, x):
    sink.map(rules.SIGMOID_FN, y, x)
    _times_x(sink, y, x)


def _chain(fn, y, g):
    """g times the slope of a function whose result is y."""
    d = current_sink().new(y.dims)
    current_sink().map(fn, d, y, g)
    return d


def _silu_slope(x):
    x = clamp(x, -FAR, FAR)
    s = x.sigmoid()
    return s + _chain(rules.SIGMOID_GRAD, s, x)


def _mish(sink, y, x):
    _softplus(sink, y, x)
    sink.map(rules.TANH_FN, y, y)
    _times_x(sink, y, x)


def _mish_slope(x):
    x = clamp(x, -FAR, FAR)
    t = softplus(x).tanh()
    return t + _chain(rules.TANH_GRAD, t, x * x.sigmoid())


def _half_times_x(sink, y, x):
    """(1 + y) * x / 2"""
    sink.map(rules.ADD_FN, y, y, sink.scalar(1.0))
    sink.map(rules.MUL_FN, y, y, sink.scalar(0.5))
    _times_x(sink, y, x)


def _gelu(sink, y, x):
    sink.map(rules.MUL_FN, y, x, sink.scalar(0.7071067811865476))  # 1 / sqrt(2)
    sink.map(rules.ERF_FN, y, y)
    _half_times_x(sink, y, x)


def _gelu_slope(x):
    x = clamp(x, -FAR, FAR)
    bell = x * (x * x * -0.5).exp() * 0.3989422804014327  # 1 / sqrt(2 pi)
    return bell + (erf(x * 0.7071067811865476) + 1.0) * 0.5


def _gelu_tanh(sink, y, x):
    sink.map(rules.MUL_FN, y, x, x)
    sink.map(rules.MUL_FN, y, y, sink.scalar(0.044715))
    sink.map(rules.ADD_FN, y, y, sink.scalar(1.0))
    sink.map(rules.MUL_FN, y, y, x)
    sink.map(rules.MUL_FN, y, y, sink.scalar(6693141 / 8388608))  # sqrt(2 / pi)
    sink.map(rules.TANH_FN, y, y)
    _half_times_x(sink, y, x)


def _gelu_tanh_slope(x):
    x = clamp(x, -FAR, FAR)
    square = x * x * 0.044715
    t = ((square + 1.0) * x * (6693141 / 8388608)).tanh()
    return _chain(rules.TANH_GRAD, t, (square * 3.0 + 1.0) * x * 0.3989422804014327) + (t + 1.0) * 0.5


def _softsign(sink, y, x):
    sink.map(rules.ABS_FN, y, x)
    sink.map(rules.ADD_FN, y, y, sink.scalar(1.0))
    sink.map(rules.DIV_FN, y, x, y)


def _softsign_slope(x):
    t = 1.0 / (abs(x) + 1.0)
    return t * t


SOFTPLUS = row(_softplus, lambda x: x.sigmoid())
LOGSIGMOID = row(_logsigmoid, lambda x: (-x).sigmoid())
SILU = row(_silu, _silu_slope)
MISH = row(_mish, _mish_slope)
GELU = row(_gelu, _gelu_slope)
GELU_TANH = row(_gelu_tanh, _gelu_tanh_slope)
SOFTSIGN = row(_softsign, _softsign_slope)


# As functions and methods.


def gelu(x, approximate="none"):
    """x times the chance that a normal number is below x (Hendrycks and Gimpel, 2016); "tanh": that, nearly."""
    return apply(GELU_TANH if approximation(approximate) == "tanh" else GELU, (tensor(x),))


def approximation(name):
    if name not in ("none", "tanh"):
        raise ValueError("approximate is %r; it may be 'none' or 'tanh'" % (name,))
    return name


def silu(x):
    """x * sigmoid(x), also called swish (Ramachandran et al., 2017)."""
    return apply(SILU, (tensor(x),))


def mish(x):
    """x * tanh(softplus(x)) (Misra, 2019)."""
    return apply(MISH, (tensor(x),))


def softplus(x, beta=1.0, threshold=20.0):
    """log(1 + exp(beta * x)) / beta, and x where beta * x is above threshold."""
    x = tensor(x)
    scaled = x if positive("beta", beta) == 1 else x * beta
    y = apply(SOFTPLUS, (scaled,))
    y = y if beta == 1 else y / beta
    if threshold < 15 or beta > 1:  # else they are the same float32 above it, and beta * x does not overflow
        y = where(gt(scaled, threshold), x, y)
    return y


def logsigmoid(x):
    """log(sigmoid(x)), without going through numbers that vanish."""
    return apply(LOGSIGMOID, (tensor(x),))


def softsign(x):
    """x / (1 + |x|); NaN for infinities."""
    return apply(SOFTSIGN, (tensor(x),))


def tanhshrink(x):
    """x - tanh(x)"""
    x = tensor(x)
    return x - x.tanh()


def softmin(x, dim):
    """softmax(-x)"""
    return (-tensor(x)).softmax(dim)


def glu(x, dim=-1):
    """a * sigmoid(b), a and b the halves of dimension dim (Dauphin et al., 2017)."""
    a, b = _halves(x, dim)
    return a * b.sigmoid()


def swiglu(x, dim=-1):
    """silu(a) * b, a and b the halves of dimension dim (Shazeer, 2020)."""
    a, b = _halves(x, dim)
    return silu(a) * b


def _halves(x, dim):
    dim = axis(x.dims, dim)
    n, shape = x.dims[dim], x.shape
    if n < 0 or n % 2:
        raise ValueError("halves of dimension %d of shape %s; it may be even, and not the batch" % (dim, shape))
    half = numel(shape[dim:]) // 2
    x = x.reshape(-1, 2 * half) if dim else x.reshape(1, -1)
    shape = shape[:dim] + (n // 2,) + shape[dim + 1 :]
    return x[:, :half].reshape(shape), x[:, half:].reshape(shape)
