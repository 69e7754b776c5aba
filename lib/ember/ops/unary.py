"""The op table, continued: elementary functions of one operand."""

from .rules import (
    DIV_FN,
    EXP_FN,
    LOG_FN,
    MUL_FN,
    NEG_FN,
    POW_FN,
    SIGMOID_FN,
    SIGMOID_GRAD,
    SQRT_FN,
    SQRT_GRAD,
    TANH_FN,
    TANH_GRAD,
    Op,
    into_grad,
    same,
    summed_grad,
    unary,
)


def _neg_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    sink.map(NEG_FN, d, g, None, into)


NEG = Op(same, lambda sink, y, inputs, saved: sink.map(NEG_FN, y, inputs[0]), _neg_grad, False)
EXP = unary(EXP_FN, MUL_FN)
LOG = unary(LOG_FN, DIV_FN, True, True)
SQRT = unary(SQRT_FN, SQRT_GRAD)
TANH = unary(TANH_FN, TANH_GRAD)
SIGMOID = unary(SIGMOID_FN, SIGMOID_GRAD)


def _pow_emit(sink, y, inputs, saved):
    sink.map(POW_FN, y, inputs[0], sink.scalar(saved[0]))


def _pow_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    if saved[0] == 0:  # a constant, at 0 too
        summed_grad(sink, x)
        return
    t = sink.new(x.dims)
    sink.map(POW_FN, t, x, sink.scalar(saved[0] - 1.0))
    sink.map(MUL_FN, t, t, sink.scalar(saved[0]))
    d, into = into_grad(sink, x)
    sink.map(MUL_FN, d, t, g, into)


POW = Op(same, _pow_emit, _pow_grad)


# As functions and methods.


def tanh(x):
    """The hyperbolic tangent."""
    return x.op("TANH")


def sigmoid(x):
    """1 / (1 + exp(-x))"""
    return x.op("SIGMOID")


def exp(x):
    """e to the x."""
    return x.op("EXP")


def log(x):
    """The natural logarithm; -inf at 0, NaN below."""
    return x.op("LOG")


def sqrt(x):
    """The root, correctly rounded; NaN below 0."""
    return x.op("SQRT")
