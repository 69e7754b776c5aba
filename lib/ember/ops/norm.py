"""The op table, continued: normalization, one instruction for all its kinds.

layout: sizes n, m, h, w and their strides in elements. Each of n times m has a mean and a variance of its own, over h
times w elements (docs/vm.md).
"""

from ..instructions import isa
from .rules import Op, into_grad, same


def _normalize_emit(target, y, inputs, saved):
    layout, center, eps, found = saved
    rows = (layout[0] * layout[1],)
    mean, var = target.new(rows), target.new(rows)
    found.extend((mean, var))
    target.emit(isa.NORMALIZE, center, *(layout + (y, mean, var, inputs[0], target.constants((eps,)))))


def _normalize_grad(target, y, g, inputs, saved):
    layout, center, eps, found = saved
    d, into = into_grad(target, inputs[0])
    target.emit(isa.NORMALIZE_GRAD, center, *(layout + (into, d, y, g, found[1], target.constants((eps,)))))


# Arguments: layout, whether to subtract the mean, eps, and a list that is given mean and variance, [n * m] each.
NORMALIZE = Op(same, _normalize_emit, _normalize_grad)
