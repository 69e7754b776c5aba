"""The op table, continued: the median, and the greatest so far."""

from ..instructions.isa import ADD as INTO_ADD
from ..tensors.tensor import apply, no_grad
from . import rules
from .compare import eq, isnan, where
from .index import along, gather
from .math import tensor
from .order import AT, argmax, argsort, scan
from .reduce import kept_strides
from .rules import Op, contribute, same, strided, strides_of
from .statistics import any as _any

# The median of all elements: x flat, to one element.


def _flat_emit(sink, y, inputs, saved):
    with no_grad():
        sink.copy(y, median(inputs[0].detach(), 0)[0])


def _flat_grad(sink, y, g, inputs, saved):
    """Evenly to the elements that are the median, as PyTorch has it."""
    x = inputs[0]
    with no_grad():
        a, b = x.detach(), y.detach()
        mask = eq(a, b) + isnan(a) * isnan(b)
    ties, kept = sink.new(()), kept_strides(x.dims, None)
    sink.fill(ties, 0.0)
    strided(sink, rules.COPY_FN, INTO_ADD, x.dims, ties, kept, mask, strides_of(x.dims))
    sink.map(rules.DIV_FN, ties, g, ties)
    contribute(sink, x, rules.MUL_FN, x.dims, mask, strides_of(x.dims), ties, kept)


MEDIAN = Op(lambda inputs: (), _flat_emit, _flat_grad)


def median(x, dim=None, keepdim=False):
    """The element in the middle, of an even number the lesser of both; NaN where there is one. Without dim of all
    elements; else (values, indices) along dim, the gradient going to those of indices."""
    x = tensor(x)
    if dim is None:
        if [n for n in x.dims if n < 0]:
            raise ValueError("median of all elements while recording: it would mix the samples of the batch")
        return apply(MEDIAN, (x.reshape(-1),))
    dim, n = along("median", x, dim)
    middle = (n - 1) // 2
    with no_grad():
        a = x.detach()
        order = argsort(a, dim)[(AT[:],) * dim + (AT[middle : middle + 1],) + (AT[:],) * (len(x.dims) - dim - 1)]
        indices = where(_any(isnan(a), dim, True), argmax(a, dim, True), order)
    values = gather(x, dim, indices)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


CUMMAX = Op(same, lambda sink, y, inputs, saved: scan(sink, rules.MAXIMUM_FN, 0, saved[0], y, inputs[0]), None)


def cummax(x, dim):
    """(values, indices): the greatest element so far along dim, and where the last of those that are equal to it
    stands. From a NaN on all are NaN. The gradient goes to those of indices."""
    from .window import constant

    x = tensor(x)
    dim, n = along("cummax", x, dim)
    with no_grad():
        a = x.detach()
        y = apply(CUMMAX, (a,), (dim,))
        positions = constant([float(i) for i in range(n)], (n,) + (1,) * (len(x.dims) - dim - 1))
        indices = apply(CUMMAX, ((eq(a, y) + isnan(a)) * positions,), (dim,))
    return gather(x, dim, indices), indices
