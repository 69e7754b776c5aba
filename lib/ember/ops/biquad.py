"""The op table, continued: filters of the second order, along time. filters.py designs them."""

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..tensors.tensor import Tensor, apply, axis, current_sink, numel
from .math import tensor
from .rules import ADD_FN, MUL_FN, NEG_FN, Op, hand_on, same, strided, strides_of, summed_grad

# Inputs x, coefficients [5] and, where the filter goes on from there, its state. Arguments: (outer, n, inner); a list
# that gets the state at the end, or None.


def _biquad(sink, transposed, sizes, y, x, coefficients, start=None, end=None):
    """One instruction. In place of operands that are not there stands something that it does not touch."""
    given, kept = 0 if start is None else 1, 0 if end is None else 1
    start = start if given else sink.constants((0.0,))
    outer, n, inner = sizes
    emit.biquad(sink, transposed=transposed, given=given, kept=kept, outer=outer, n=n, inner=inner, y=y, x=x,
                coefficients=coefficients, start=start, end=end if kept else y)  # fmt: skip


def _state(sink, x, sizes):
    """Of every sample and channel two numbers, in the place of its samples."""
    outer, _, inner = sizes
    return sink.new((outer, 2, inner))


def _emit(sink, y, inputs, saved):
    sizes, found = saved
    start = inputs[2] if len(inputs) > 2 else None
    end = None
    if start is not None or found is not None:
        end = _state(sink, y, sizes)
    if found is not None:
        found.append(end)
    _biquad(sink, 0, sizes, y, inputs[0], inputs[1], start, end)


def _grad(sink, y, g, inputs, saved):
    x, coefficients = inputs[:2]
    sizes = saved[0]
    if coefficients.requires_grad:
        _coefficients_grad(sink, y, g, x, coefficients, sizes)
    start = inputs[2] if len(inputs) > 2 and inputs[2].requires_grad else None
    if x.requires_grad or start is not None:
        d, end = sink.new(x.dims), None
        if start is not None:
            end = _state(sink, x, sizes)
        _biquad(sink, 1, sizes, d, g, coefficients, None, end)
        if start is not None:
            hand_on(sink, start, end)
        if x.requires_grad:
            hand_on(sink, x, d)


def _coefficients_grad(sink, y, g, x, coefficients, sizes):
    """g goes backward through the poles alone; then each coefficient's gradient is its sum of products with what the
    coefficient is multiplied with: x, now, one and two steps later, and -y."""
    poles, u = sink.new((5,)), sink.new(x.dims)
    mask, one = sink.constants((0.0, 0.0, 0.0, 1.0, 1.0)), sink.constants((1.0, 0.0, 0.0, 0.0, 0.0))
    emit.map(sink, fn=MUL_FN, into=0, n=5, a_step=1, b_step=1, d=poles, a=coefficients, b=mask)
    emit.map(sink, fn=ADD_FN, into=0, n=5, a_step=1, b_step=1, d=poles, a=poles, b=one)
    _biquad(sink, 1, sizes, u, g, poles)
    d = summed_grad(sink, coefficients)
    outer, n, inner = sizes
    strides = strides_of((outer, n, inner))
    for k, (other, late) in enumerate(((x, 0), (x, 1), (x, 2), (y, 1), (y, 2))):
        if k == 3:
            sink.map(NEG_FN, u, u)
        if n > late:  # the sum goes on from what is there, in the order of the samples
            dims = (outer, n - late, inner)
            later = u.alias(u.dims, late * inner)
            strided(sink, MUL_FN, INTO_ADD, dims, d.alias((), k), (0, 0, 0), later, strides, other, strides)


BIQUAD = Op(same, _emit, _grad)


def _given(coefficients):
    if isinstance(coefficients, Tensor):
        c = tensor(coefficients)
    else:
        values = [float(value) for value in coefficients]
        sink = current_sink()
        c = sink.at(sink.constants(values), (len(values),)) if sink.records else Tensor(values)
    if c.dims != (5,):
        raise ValueError("coefficients have shape %s; they may be b0, b1, b2, a1, a2" % (c.shape,))
    return c


def biquad(x, coefficients, state=None, dim=-1, return_state=False):
    """A filter of the second order along dim, each sample and channel by itself, as from silence:

        y[t] = b0 x[t] + b1 x[t - 1] + b2 x[t - 2] - a1 y[t - 1] - a2 y[t - 2]

    coefficients   b0, b1, b2, a1, a2: a tensor [5], which may be trained, or numbers (see ember.filters)
    state          what an earlier call returned, to go on from there: x with 2 in place of dim's size
    return_state   return (y, state). The state has no gradient; the one that is given may have.

    In the transposed direct form II: y = b0 x + s1, s1 = b1 x - a1 y + s2, s2 = b2 x - a2 y.
    """
    x = tensor(x)
    dim = axis(x.dims, dim)
    dims = x.dims
    if dims[dim] < 0:
        raise ValueError("biquad along the batch while recording: it would mix its samples")
    sizes = numel(dims[:dim]), dims[dim], numel(dims[dim + 1 :])
    of_state = dims[:dim] + (2,) + dims[dim + 1 :]
    inputs, found = [x, _given(coefficients)], [] if return_state else None
    if state is not None:
        if tensor(state).dims != of_state:
            raise ValueError("state has shape %s; it may be %s" % (state.shape, x.alias(of_state).shape))
        inputs.append(state)
    y = apply(BIQUAD, tuple(inputs), (sizes, found))
    return (y, found[0].alias(of_state)) if return_state else y
