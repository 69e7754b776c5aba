"""The reference of what goes by index, and of sorting; see reference_memory.py."""

import math

import numpy as np

from ember.instructions import isa
from reference_memory import instruction


def rows_by_index(m, f):
    """Row by row: which it is, its block and its indices, or None where one is out of range."""
    index = m.read(f.index, (f.outer, f.i_outer), (f.n, f.i_n), (f.inner, f.i_inner))
    for o in range(f.outer):
        for i in range(f.n):
            good = (index[o, i] >= 0) & (index[o, i] < f.high) & (index[o, i] == np.floor(index[o, i]))
            yield o * f.n + i, o, index[o, i].astype(int) if good.all() else None


@instruction
def gather(m, f):
    x, (segment, y) = m.read(f.x, f.outer, f.high, f.inner), m.at(f.y, f.outer * f.n, f.inner)
    for row, o, index in rows_by_index(m, f):
        if index is None:
            return row
        m.meet((segment, y[row]), x[o, index, np.arange(f.inner)], 0.0, f.into)
    return None


@instruction
def scatter_add(m, f):
    x, (segment, y) = m.read(f.x, f.outer * f.n, f.inner), m.at(f.y, f.outer, f.high, f.inner)
    for row, o, index in rows_by_index(m, f):
        if index is None:
            return row
        m.meet((segment, y[o, index, np.arange(f.inner)]), x[row], 0.0, isa.ADD)
    return None


@instruction
def argsort(m, f):
    segment, y = m.at(f.y, f.n, f.width)
    for row, x in enumerate(m.read(f.x, f.n, f.width).tolist()):
        order = sorted(range(f.width), key=lambda i: (math.isnan(x[i]), 0 if math.isnan(x[i]) else x[i]))
        if f.descending:
            order = sorted(range(f.width), key=lambda i: (not math.isnan(x[i]), 0 if math.isnan(x[i]) else -x[i]))
        m.meet((segment, y[row]), np.array(order), 0.0)
