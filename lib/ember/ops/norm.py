"""The op table, continued: normalization, one instruction for all its kinds.

layout: sizes n, m, h, w and their strides in elements. Each of n times m has a mean and a variance of its own, over h
times w elements (docs/vm.md).
"""

from ..instructions import emit
from .rules import Op, into_grad, same


def _normalize_emit(sink, y, inputs, saved):
    layout, center, eps, found = saved
    rows = (layout[0] * layout[1],)
    mean, var = sink.new(rows), sink.new(rows)
    found.extend((mean, var))
    emit.normalize(sink, center, *layout, y=y, mean=mean, var=var, x=inputs[0], eps=sink.constants((eps,)))


def _normalize_grad(sink, y, g, inputs, saved):
    layout, center, eps, found = saved
    d, into = into_grad(sink, inputs[0])
    emit.normalize_grad(sink, center, *layout, into=into, dx=d, y=y, g=g, var=found[1], eps=sink.constants((eps,)))


# Arguments: layout, whether to subtract the mean, eps, and a list that is given mean and variance, [n * m] each.
NORMALIZE = Op(same, _normalize_emit, _normalize_grad)
