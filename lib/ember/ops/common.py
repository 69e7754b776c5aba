"""The op table, continued: what most people use, but not every net: arithmetic, maxima, softmax, dropout."""

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import MAXIMUM, WRITE
from ..instructions.program import COUNT, KEY, STEP
from ..tensors.sink import INTS
from ..tensors.tensor import axis, numel
from .reduce import kept_strides, reduce_shape, rows_and_width
from .rules import (
    ADD_FN,
    COPY_FN,
    DIV_FN,
    EQ_FN,
    MUL_FN,
    NEG_FN,
    SUB_FN,
    Op,
    binary,
    broadcast_strides,
    contribute,
    hand_on,
    into_grad,
    same,
    strided,
    strides_of,
)

# Element-wise, two operands.


def _add_grad(sink, y, g, inputs, saved):
    for x in inputs:
        if x.requires_grad:
            _pass_on(sink, x, g, COPY_FN)


def _sub_grad(sink, y, g, inputs, saved):
    a, b = inputs
    if b.requires_grad:  # before a may be given g's memory
        _pass_on(sink, b, g, NEG_FN)
    if a.requires_grad:
        _pass_on(sink, a, g, COPY_FN)


def _pass_on(sink, x, g, fn):
    if fn == COPY_FN and numel(x.dims) == numel(g.dims):
        hand_on(sink, x, g)
    else:
        contribute(sink, x, fn, g.dims, g, strides_of(g.dims))


def _mul_grad(sink, y, g, inputs, saved):
    out = y.dims
    for x, other in ((inputs[0], inputs[1]), (inputs[1], inputs[0])):
        if x.requires_grad:
            contribute(sink, x, MUL_FN, out, g, strides_of(out), other, broadcast_strides(other.dims, out))


ADD = binary(ADD_FN, _add_grad, False)
MUL = binary(MUL_FN, _mul_grad)
SUB = binary(SUB_FN, _sub_grad, False)


def one_by_one(sink, fn, into, sizes, d, ds, a, as_, b, bs):
    """ops.strided() for each index of one dimension: the smallest that leaves the order of every sum as it is."""
    best, sums = -1, False
    for i in range(len(sizes)):
        if sizes[i] > 0 and not (sums and ds[i] == 0) and (best < 0 or sizes[i] < sizes[best]):
            best = i
        sums = sums or ds[i] == 0
    if best < 0:  # all is summed, the batch first: no operation does so over operands in as many pieces
        raise ValueError("a sum over the batch and %d more separate dimensions; 3 is the most" % (len(sizes) - 1))
    rest = [[x for i, x in enumerate(part) if i != best] for part in (sizes, ds, as_, bs)]
    for i in range(sizes[best]):
        at_d, at_a, at_b = [x.alias(x.dims, i * step[best]) for x, step in ((d, ds), (a, as_), (b, bs))]
        strided(sink, fn, into, rest[0], at_d, rest[1], at_a, rest[2], at_b, rest[3])


# Maxima.


def reduce(start, into):
    def emit(sink, y, inputs, saved):
        x = inputs[0]
        sink.fill(y, start)
        strided(sink, COPY_FN, into, x.dims, y, kept_strides(x.dims, saved[0]), x, strides_of(x.dims))

    return emit


def max_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    dims, strides, kept = x.dims, strides_of(x.dims), kept_strides(x.dims, saved[0])
    mask, ties = sink.new(dims), sink.new(y.dims)
    strided(sink, EQ_FN, WRITE, dims, mask, strides, x, strides, y, kept)
    sink.fill(ties, 0.0)
    strided(sink, COPY_FN, INTO_ADD, dims, ties, kept, mask, strides)
    share = sink.new(y.dims)
    sink.map(DIV_FN, share, g, ties)
    contribute(sink, x, MUL_FN, dims, mask, strides, share, kept)


MAX = Op(reduce_shape, reduce(-float("inf"), MAXIMUM), max_grad)


# Softmax.


# Softmax and cross entropy.


def _softmax_emit(sink, y, inputs, saved):
    n, width = rows_and_width(y.dims)
    emit.softmax(sink, form=saved[0], n=n, width=width, y=y, x=inputs[0])


def _softmax_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    n, width = rows_and_width(y.dims)
    emit.softmax_grad(sink, log=saved[0] & 1, into=into, n=n, width=width, dx=d, y=y, g=g)


SOFTMAX = Op(same, _softmax_emit, _softmax_grad)


# Noise.


def samples(dims):
    """How many samples, and elements of each, to draw for: so what is drawn is the same however a batch is cut."""
    n, width = (dims[0], numel(dims[1:])) if len(dims) > 1 else (numel(dims), 1)
    return (n, width) if n > 0 else (-1, -n * width)


def _dropout(sink, y, x, saved, into):
    n, width = samples(x.dims)
    p = sink.constants((saved[0],))
    emit.dropout(sink, into=into, n=n, width=width, stream=saved[1], y=y, x=x, p=p, key=INTS + KEY, step=INTS + STEP,
                 sample=INTS + COUNT)  # fmt: skip


def _dropout_emit(sink, y, inputs, saved):
    saved.append(sink.stream())
    _dropout(sink, y, inputs[0], saved, WRITE)


def _dropout_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    _dropout(sink, d, g, saved, into)


DROPOUT = Op(same, _dropout_emit, _dropout_grad)


# As functions and methods.


def sum(x, dim=None, keepdim=False):
    """Over dim: one, several (a tuple) or all."""
    return x.op("SUM", (), (dim, keepdim))


def max(x, dim=None, keepdim=False):
    """The largest over dim (one, several or all). Elements that tie share the gradient evenly (PyTorch's amax)."""
    return x.op("MAX", (), (dim, keepdim))


def _softmax(x, dim, log):
    if axis(x.dims, dim) == len(x.dims) - 1:
        return x.op("SOFTMAX", (), (log,))
    return x.transpose(dim, -1).op("SOFTMAX", (), (log,)).transpose(dim, -1)


def softmax(x, dim):
    """exp(x) / sum(exp(x)) along dim."""
    return _softmax(x, dim, 0)


def log_softmax(x, dim):
    """log(softmax(x)), without going through numbers that vanish."""
    return _softmax(x, dim, 1)
