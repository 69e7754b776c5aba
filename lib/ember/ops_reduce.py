"""The op table, continued: operations that sum: reductions, matrix multiply, softmax, cross entropy."""

from . import isa
from .isa import ADD as INTO_ADD
from .isa import MAXIMUM, WRITE
from .ops import COPY_FN, DIV_FN, EQ_FN, MUL_FN, Op, broadcast_strides, contribute, into_grad, same, strided, strides_of
from .tensor import axis, numel, sink

# Reductions over axes.


def axes_of(dims, dim):
    """Which dimensions a reduction takes, as a list of booleans. dim: None for all, an int, or a tuple."""
    taken = [dim is None] * len(dims)
    if dim is not None:
        for d in (dim,) if isinstance(dim, int) else dim:
            taken[axis(dims, d)] = True
    return taken


def reduced(dims, dim):
    """How many elements each result is made of; below zero: times rows."""
    taken = axes_of(dims, dim)
    return numel([dims[i] for i in range(len(dims)) if taken[i]])


def _reduce_shape(inputs, dim, keepdim):
    dims = inputs[0]._dims
    taken = axes_of(dims, dim)
    if keepdim:
        return tuple([1 if taken[i] else dims[i] for i in range(len(dims))])
    return tuple([dims[i] for i in range(len(dims)) if not taken[i]])


def _kept_strides(dims, dim):
    """Strides with which the result is read as the input: 0 along what was reduced."""
    taken = axes_of(dims, dim)
    kept = [1 if taken[i] else dims[i] for i in range(len(dims))]
    return broadcast_strides(kept, dims)


def _reduce(start, into):
    def emit(sink, y, inputs, saved):
        x = inputs[0]
        sink.fill(y, start)
        strided(sink, COPY_FN, into, x._dims, y, _kept_strides(x._dims, saved[0]), x, strides_of(x._dims))

    return emit


def _sum_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    contribute(sink, x, COPY_FN, x._dims, g, _kept_strides(x._dims, saved[0]))


def _max_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    dims, strides, kept = x._dims, strides_of(x._dims), _kept_strides(x._dims, saved[0])
    mask, ties = sink.new(dims), sink.new(y._dims)
    strided(sink, EQ_FN, WRITE, dims, mask, strides, x, strides, y, kept)
    sink.fill(ties, 0.0)
    strided(sink, COPY_FN, INTO_ADD, dims, ties, kept, mask, strides)
    share = sink.new(y._dims)
    sink.map(DIV_FN, share, g, ties)
    contribute(sink, x, MUL_FN, dims, mask, strides, share, kept)


SUM = Op(_reduce_shape, _reduce(0.0, INTO_ADD), _sum_grad)
MAX = Op(_reduce_shape, _reduce(-float("inf"), MAXIMUM), _max_grad)


# Matrix multiply, a [..., M, K] @ b [..., K, N] (+ bias [N]).


def _matmul_shape(inputs, *args):
    a, b = inputs[0]._dims, inputs[1]._dims
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2] or (len(b) > 2 and a[:-2] != b[:-2]):
        raise ValueError("matmul of shapes %s and %s: [..., M, K] and [K, N], or [..., K, N] with the same leading "
                         "dimensions" % (inputs[0].shape, inputs[1].shape))  # fmt: skip
    if len(inputs) > 2 and inputs[2]._dims != b[-1:]:
        raise ValueError("bias of shape %s for %d outputs" % (inputs[2].shape, b[-1]))
    return a[:-1] + b[-1:]


def _matmul_sizes(a, b):
    """batch, M, N, K, and the strides of a batch in c, a, b."""
    n, k = b[-1], b[-2]
    if len(b) == 2:
        return 1, numel(a[:-1]), n, k, 0, 0, 0
    m = a[-2]
    return numel(a[:-2]), m, n, k, m * n, m * k, k * n


def _matmul_emit(sink, y, inputs, saved):
    a, b = inputs[0], inputs[1]
    batch, m, n, k, c_batch, a_batch, b_batch = _matmul_sizes(a._dims, b._dims)
    into = WRITE
    if len(inputs) > 2:  # the sum starts from the bias
        bias = inputs[2]
        strided(sink, COPY_FN, WRITE, y._dims, y, strides_of(y._dims), bias, broadcast_strides(bias._dims, y._dims))
        into = INTO_ADD
    sink.emit(isa.MATMUL, into, batch, m, n, k, c_batch, n, a_batch, k, 1, b_batch, n, 1, y, a, b)


def _matmul_grad(sink, y, g, inputs, saved):
    a, b = inputs[0], inputs[1]
    batch, m, n, k, c_batch, a_batch, b_batch = _matmul_sizes(a._dims, b._dims)
    if b.requires_grad:
        d, into = into_grad(sink, b)
        sink.emit(isa.MATMUL, into, batch, k, n, m, b_batch, n, a_batch, 1, k, c_batch, n, 1, d, a, g)
    if len(inputs) > 2 and inputs[2].requires_grad:
        contribute(sink, inputs[2], COPY_FN, y._dims, g, strides_of(y._dims))
    if a.requires_grad:
        d, into = into_grad(sink, a)
        sink.emit(isa.MATMUL, into, batch, m, k, n, a_batch, k, c_batch, n, 1, b_batch, 1, n, d, g, b)


MATMUL = Op(_matmul_shape, _matmul_emit, _matmul_grad)


# Softmax and cross entropy.


def _softmax_emit(sink, y, inputs, saved):
    n, width = rows_and_width(y._dims)
    sink.emit(isa.SOFTMAX, saved[0], n, width, y, inputs[0])


def _softmax_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    n, width = rows_and_width(y._dims)
    sink.emit(isa.SOFTMAX_GRAD, saved[0], into, n, width, d, y, g)


def rows_and_width(dims):
    """A tensor as a matrix of its last dimension."""
    if not dims or dims[-1] < 0:
        raise ValueError("this takes a tensor whose last dimension is not the batch")
    return numel(dims[:-1]), dims[-1]


SOFTMAX = Op(same, _softmax_emit, _softmax_grad)


def _cross_entropy_shape(inputs):
    x, label = inputs[0]._dims, inputs[1]._dims
    if len(x) < 2 or x[:-1] != label or inputs[1].dtype == "f":
        raise ValueError("cross entropy takes logits [N, C] and integer labels [N], not shapes %s and %s (labels of "
                         "dtype %r)" % (inputs[0].shape, inputs[1].shape, inputs[1].dtype))  # fmt: skip
    return label


def _cross_entropy_emit(sink, y, inputs, saved):
    x, label = inputs
    n, width = rows_and_width(x._dims)
    p = sink.new(x._dims)
    saved.append(p)
    sink.emit(isa.CROSS_ENTROPY, n, width, y, p, x, label)


def _cross_entropy_grad(sink, y, g, inputs, saved):
    x, label = inputs
    d, into = into_grad(sink, x)
    n, width = rows_and_width(x._dims)
    sink.emit(isa.CROSS_ENTROPY_GRAD, into, n, width, d, saved[0], label, g)


CROSS_ENTROPY = Op(_cross_entropy_shape, _cross_entropy_emit, _cross_entropy_grad)


# As functions and methods.


def sum(x, dim=None, keepdim=False):
    """Over dim: one, several (a tuple) or all."""
    return x._op("SUM", (), (dim, keepdim))


def max(x, dim=None, keepdim=False):
    """The largest over dim (one, several or all). Elements that tie share the gradient evenly (PyTorch's amax)."""
    return x._op("MAX", (), (dim, keepdim))


def mean(x, dim=None, keepdim=False):
    """Over dim: one, several (a tuple) or all."""
    return sum(x, dim, keepdim)._op("DIV", (sink().count(reduced(x._dims, dim)),))


def _softmax(x, dim, log):
    if axis(x._dims, dim) == len(x._dims) - 1:
        return x._op("SOFTMAX", (), (log,))
    return x.transpose(dim, -1)._op("SOFTMAX", (), (log,)).transpose(dim, -1)


def softmax(x, dim):
    """exp(x) / sum(exp(x)) along dim."""
    return _softmax(x, dim, 0)


def log_softmax(x, dim):
    """log(softmax(x)), without going through numbers that vanish."""
    return _softmax(x, dim, 1)
