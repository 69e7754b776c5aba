"""The op table, continued: order and sums along a dimension: argsort, argmax, cumsum, and what is made of them."""

from ..base.check import plain
from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import MAXIMUM, MINIMUM, MULTIPLY, WRITE
from ..tensors.tensor import apply, no_grad, numel
from .index import AT, along, gather
from .math import tensor
from .reduce import axes_of, reduce_shape
from .rules import ADD_FN, COPY_FN, EQ_FN, GT_FN, KEEP_FN, MUL_FN, Op, broadcast_strides, into_grad, same, strided
from .rules import strides_of as strides

# Sorting.


def _argsort_emit(sink, y, inputs, saved):
    dims = y.dims
    emit.argsort(sink, descending=saved[0], n=numel(dims[:-1]), width=dims[-1], y=y, x=inputs[0])


ARGSORT = Op(same, _argsort_emit, None)


def argsort(x, dim=-1, descending=False, stable=True):
    """The indices that sort x along dim. Of equal elements the first stays first; NaN is greater than all."""
    x = tensor(x).detach()
    dim = along("argsort", x, dim)[0]
    last = len(x.dims) - 1
    if dim == last:
        return apply(ARGSORT, (x,), (1 if descending else 0,))
    return apply(ARGSORT, (x.transpose(dim, last),), (1 if descending else 0,)).transpose(dim, last)


def sort(x, dim=-1, descending=False, stable=True):
    """(values, indices): x in order along dim, and where its elements were; see argsort."""
    indices = argsort(x, dim, descending)
    return gather(x, dim, indices), indices


def topk(x, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the k largest, or smallest, along dim, in order; of equal ones the first. NaN is the
    largest."""
    x = tensor(x)
    dim, n = along("topk", x, dim)
    k = plain(k)
    if not isinstance(k, int) or not 1 <= k <= n:
        raise ValueError("k is %r; it may be a whole number from 1 to %d" % (k, n))
    indices = argsort(x, dim, largest)[(AT[:],) * dim + (AT[0:k],) + (AT[:],) * (len(x.dims) - dim - 1)]
    return gather(x, dim, indices), indices


# Where the greatest is.


def _arg_shape(inputs, dim, keepdim, into):
    dims = inputs[0].dims
    taken = axes_of(dims, dim)
    if [d for d in range(len(dims)) if taken[d] and dims[d] < 0]:
        raise ValueError("argmax and argmin along the batch while recording: it would mix its samples")
    return reduce_shape(inputs, dim, keepdim)


def _arg_emit(sink, y, inputs, saved):
    """Each element that is not the best, and is a number, counts n more than its position: the least counts."""
    x, (dim, _, into) = inputs[0], saved
    dims = x.dims
    block = (numel(dims), 1) if dim is None else (dims[dim], numel(dims[dim % len(dims) + 1 :]))
    n, inner = block
    block = (1 if dim is None else numel(dims[: dim % len(dims)]), n, inner)
    full, kept = (n * inner, inner, 1), (inner, 0, 1)
    best, t = sink.new(y.dims), sink.new(dims)
    sink.fill(best, -float("inf") if into == MAXIMUM else float("inf"))
    strided(sink, COPY_FN, into, block, best, kept, x, full)
    strided(sink, EQ_FN, WRITE, block, t, full, x, full, best, kept)
    sink.map(EQ_FN, t, t, sink.scalar(0.0))
    sink.map(EQ_FN, t, x, x, MULTIPLY)
    sink.map(MUL_FN, t, t, sink.scalar(n))
    positions = sink.constants([float(i) for i in range(n)])
    strided(sink, COPY_FN, INTO_ADD, block, t, full, positions, (0, 1, 0))
    sink.fill(y, n)
    strided(sink, COPY_FN, MINIMUM, block, y, kept, t, full)


ARGMAX = Op(_arg_shape, _arg_emit, None)


def argmax(x, dim=None, keepdim=False):
    """Where the largest is along dim, or of all elements in a row: the first of equals, the first NaN before all. As
    float32, without a gradient."""
    return _arg(x, dim, keepdim, MAXIMUM)


def argmin(x, dim=None, keepdim=False):
    """Where the smallest is; see argmax: here, too, NaN comes before all."""
    return _arg(x, dim, keepdim, MINIMUM)


def _arg(x, dim, keepdim, into):
    if dim is not None and not isinstance(dim, int):
        raise ValueError("dim is %r; it may be a whole number or None" % (dim,))
    return apply(ARGMAX, (tensor(x).detach(),), (dim, keepdim, into))


# Sums and products so far.


def scan(sink, fn, reverse, dim, y, x):
    dims = x.dims
    emit.scan(sink, fn=fn, reverse=reverse, outer=numel(dims[:dim]), n=dims[dim], inner=numel(dims[dim + 1 :]), y=y,
              x=x)  # fmt: skip


def _cumsum_emit(sink, y, inputs, saved):
    scan(sink, ADD_FN, saved[1], saved[0], y, inputs[0])


def _cumsum_grad(sink, y, g, inputs, saved):
    """The sum from the other end."""
    x = inputs[0]
    d, into = into_grad(sink, x)
    t = d if into == WRITE else sink.new(x.dims)
    scan(sink, ADD_FN, 1 - saved[1], saved[0], t, g)
    if into != WRITE:
        sink.copy(d, t, into)


CUMSUM = Op(same, _cumsum_emit, _cumsum_grad)


def _cumprod_emit(sink, y, inputs, saved):
    scan(sink, MUL_FN, 0, saved[0], y, inputs[0])


def _cumprod_grad(sink, y, g, inputs, saved):
    """The sum of g * y from here on, divided by x: after a zero y is 0. At a zero the sum of g times the products
    without the first one: where another zero comes before, they are 0 too."""
    from .compare import eq, where

    x, dim = inputs[0], saved[0]
    with no_grad():
        a, g = x.detach(), g.detach()
        zero = eq(a, 0.0)
        first = zero * eq(cumsum(zero, dim), 1.0)
        at_zero = apply(CUMSUM, (g * cumprod(a + first, dim),), (dim, 1))
        before = apply(CUMSUM, (g * y.detach(),), (dim, 1)) / a
        t = where(zero, at_zero, before)
    d, into = into_grad(sink, x)
    sink.copy(d, t, into)


CUMPROD = Op(same, _cumprod_emit, _cumprod_grad)


def cumsum(x, dim):
    """The sum of the elements so far along dim."""
    x = tensor(x)
    return apply(CUMSUM, (x,), (along("cumsum", x, dim)[0], 0))


def cumprod(x, dim):
    """The product of the elements so far along dim. Its gradient is right where elements are 0 too."""
    x = tensor(x)
    return apply(CUMPROD, (x,), (along("cumprod", x, dim)[0],))


# Triangles of matrices.


def _kept(sink, d, x, diagonal, upper, into):
    """d = into(d, x on and below a diagonal, or above it, and 0 elsewhere)"""
    dims = x.dims
    rows, columns = dims[-2:]
    mask = sink.new((rows, columns))
    a = sink.constants([i + diagonal + (-0.5 if upper else 0.5) for i in range(rows)])
    b = sink.constants([float(j) for j in range(columns)])
    a_strides, b_strides = (1, 0), (0, 1)
    if upper:
        a, a_strides, b, b_strides = b, b_strides, a, a_strides
    strided(sink, GT_FN, WRITE, mask.dims, mask, strides(mask.dims), a, a_strides, b, b_strides)
    strided(sink, KEEP_FN, into, dims, d, strides(dims), mask, broadcast_strides(mask.dims, dims), x, strides(dims))


def _triangle_shape(inputs, diagonal, upper):
    dims = inputs[0].dims
    if len(dims) < 2 or dims[-2] < 0:
        raise ValueError("tril and triu take matrices [..., M, N], not shape %s" % (inputs[0].shape,))
    return dims


def _triangle_emit(sink, y, inputs, saved):
    _kept(sink, y, inputs[0], saved[0], saved[1], WRITE)


def _triangle_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    _kept(sink, d, g, saved[0], saved[1], into)


TRIANGLE = Op(_triangle_shape, _triangle_emit, _triangle_grad)


def tril(x, diagonal=0):
    """Matrices [..., M, N] with 0 above a diagonal: 0 is the main one, 1 the one above it."""
    return _triangle(x, diagonal, 0)


def triu(x, diagonal=0):
    """Matrices [..., M, N] with 0 below a diagonal: 0 is the main one, 1 the one above it."""
    return _triangle(x, diagonal, 1)


def _triangle(x, diagonal, upper):
    if not isinstance(diagonal, int):
        raise ValueError("diagonal is %r; it may be a whole number" % (diagonal,))
    return apply(TRIANGLE, (tensor(x),), (diagonal, upper))
