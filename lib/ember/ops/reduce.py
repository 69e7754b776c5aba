"""The op table, continued: operations that sum: sum and mean, matrix multiply, cross entropy."""

from ..base.check import plain
from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors.tensor import axis, current_sink, numel
from .rules import (
    COPY_FN,
    Op,
    broadcast,
    broadcast_strides,
    contribute,
    into_grad,
    strided,
    strides_of,
    summed_grad,
)

# Reductions over axes.


def axes_of(dims, dim):
    """Which dimensions a reduction takes, as a list of booleans. dim: None for all, an int, or a tuple."""
    dim = plain(dim)
    taken = [dim is None] * len(dims)
    if dim is not None:
        for d in (dim,) if isinstance(dim, int) else dim:
            if taken[axis(dims, d)]:
                raise ValueError("dim %s names a dimension twice" % (dim,))
            taken[axis(dims, d)] = True
        if dim == () or dim == []:
            raise ValueError("dim is %s; it may be None for all, a whole number, or several" % (dim,))
    return taken


def reduced(dims, dim):
    """How many elements each result is made of; below zero: times rows."""
    taken = axes_of(dims, dim)
    n = 1
    for i in range(len(dims)):
        if taken[i]:
            n *= dims[i]
    return n


def reduce_shape(inputs, dim, keepdim):
    dims = inputs[0].dims
    taken, kept = axes_of(dims, dim), ()
    for i in range(len(dims)):
        if keepdim or not taken[i]:
            kept += (1 if taken[i] else dims[i],)
    return kept


def kept_strides(dims, dim):
    """Strides with which the result is read as the input: 0 along what was reduced."""
    taken, kept = axes_of(dims, dim), list(dims)
    for i in range(len(dims)):
        if taken[i]:
            kept[i] = 1
    return broadcast_strides(kept, dims)


def _goes_on(last, step):
    """Whether two dimensions, each [size, stride, stride, stride], are stepped through as one."""
    return last[1] == step[1] * step[0] and last[2] == step[2] * step[0] and last[3] == step[3] * step[0]


def summed(sink, fn, dims, y, y_strides, a, a_strides, b=None, b_strides=None, square=0):
    """y = the sum of fn(a, b), or of its square, over those of dims along which y's stride is 0, in their order."""
    if b is None:
        b, b_strides = a, a_strides
    kept, gone = [], []  # [size, stride in y, in a, in b], as few as they can be
    for i in range(len(dims)):
        step = [dims[i], y_strides[i], a_strides[i], b_strides[i]]
        if step[0] == 1:
            continue
        part = kept if step[1] else gone
        if part and _goes_on(part[-1], step):
            step[0] *= part.pop()[0]
        part.append(step)
    if len(kept) > 4 or len(gone) > 2:  # what is summed side by side first; a batch stays in front
        parts = gone + kept if gone and gone[0][0] < 0 else kept + gone
        sizes, to, left, right = [[step[x] for step in parts] for x in range(4)]
        t = sink.new(sizes)
        strides = strides_of(sizes)
        strided(sink, fn, WRITE, sizes, t, strides, a, left, b, right)
        summed(sink, COPY_FN, sizes, y, to, t, strides, None, None, square)
        return
    one = [1, 0, 0, 0]
    parts = [one] * (4 - len(kept)) + kept + [one] * (2 - len(gone)) + gone
    sizes, to, left, right = [[step[x] for step in parts] for x in range(4)]
    emit.sum(sink, fn, square, *(sizes + to[:4] + left + right), y=y, a=a, b=b)


def _sum_emit(sink, y, inputs, saved):
    x = inputs[0]
    summed(sink, COPY_FN, x.dims, y, kept_strides(x.dims, saved[0]), x, strides_of(x.dims))


def _sum_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    contribute(sink, x, COPY_FN, x.dims, g, kept_strides(x.dims, saved[0]))


SUM = Op(reduce_shape, _sum_emit, _sum_grad, False)


# Matrix multiply, a [..., M, K] @ b [..., K, N] (+ bias [N]). An operand of one dimension is a row, or a column.


def matmul_shape(inputs, *args):
    a, b = inputs[0].dims, inputs[1].dims
    row, column = a[-2:-1], b[-1:] if len(b) > 1 else ()
    why = None
    if not a or not b or a[-1] != b[-2 if column else -1] or (a[-1] < 0 and len(a) > 1):
        why = "sums"
    elif len(inputs) > 2 and inputs[2].dims != column:
        why = "bias"
    else:
        try:
            lead = broadcast([x.alias(x.dims[:-2]) for x in inputs[:2]])
            if lead and min(row + column + (0,)) < 0:
                why = "batch"
        except ValueError:
            why = "front"
    if why:
        from .misfit import no_product

        raise no_product(inputs, why, column)
    return lead + row + column


def matmul_sizes(a, b):
    """M, N, K, and of each dimension in front: [size, stride in c, in a, in b], as few as they can be."""
    m, k = a[-2] if len(a) > 1 else 1, a[-1]
    n = b[-1] if len(b) > 1 else 1
    p, q = a[:-2], b[:-2]
    out = [1] * len(p if len(p) > len(q) else q)
    for part in (p, q):
        for i in range(-len(part), 0):
            if part[i] != 1:
                out[i] = part[i]
    dims = []
    steps = strides_of(out), broadcast_strides(p, out), broadcast_strides(q, out)
    for i in range(len(out)):
        if out[i] == 1:
            continue
        step = [out[i], steps[0][i] * m * n, steps[1][i] * m * k, steps[2][i] * k * n]
        if dims and _goes_on(dims[-1], step):
            step[0] *= dims.pop()[0]
        dims.append(step)
    if dims and dims[-1][3] == 0:  # more rows of a for the same b
        m *= dims.pop()[0]
    return m, n, k, dims


def products(sink, into, dims, m, n, k, c, a, b):
    """c += a @ b for all of dims. Of c, a and b: (tensor, which stride of dims is its own, row stride, column
    stride). The first of dims, which may be the batch, is within an instruction; the others are emitted one by one."""
    if len(dims) > 1:
        for i in range(dims[1][0]):
            parts = [(x.alias(x.dims, i * dims[1][own]), own, row, column) for x, own, row, column in (c, a, b)]
            products(sink, into, dims[:1] + dims[2:], m, n, k, *parts)
        return
    steps = dims[0] if dims else (1, 0, 0, 0)
    emit.matmul(sink, into=into, batch=steps[0], m=m, n=n, k=k, c_batch=steps[c[1]], c_m=c[2], a_batch=steps[a[1]],
                a_m=a[2], a_k=a[3], b_batch=steps[b[1]], b_k=b[2], b_n=b[3], c=c[0], a=a[0], b=b[0])  # fmt: skip


def _matmul_emit(sink, y, inputs, saved):
    a, b = inputs[0], inputs[1]
    m, n, k, dims = matmul_sizes(a.dims, b.dims)
    into = WRITE
    if len(inputs) > 2:  # the sum starts from the bias
        bias = inputs[2]
        strided(sink, COPY_FN, WRITE, y.dims, y, strides_of(y.dims), bias, broadcast_strides(bias.dims, y.dims))
        into = INTO_ADD
    products(sink, into, dims, m, n, k, (y, 1, n, 1), (a, 2, k, 1), (b, 3, n, 1))


def product_grad(sink, x, own, dims):
    """The gradient of an operand and how to meet it: where dims repeat it, it is a sum over them."""
    for step in dims:
        if step[own] == 0:
            return summed_grad(sink, x), INTO_ADD
    return into_grad(sink, x)


def _matmul_grad(sink, y, g, inputs, saved):
    a, b = inputs[0], inputs[1]
    m, n, k, dims = matmul_sizes(a.dims, b.dims)
    if b.requires_grad:
        d, into = product_grad(sink, b, 3, dims)
        products(sink, into, dims, k, n, m, (d, 3, n, 1), (a, 2, 1, k), (g, 1, n, 1))
    if len(inputs) > 2 and inputs[2].requires_grad:
        contribute(sink, inputs[2], COPY_FN, y.dims, g, strides_of(y.dims))
    if a.requires_grad:
        d, into = product_grad(sink, a, 2, dims)
        products(sink, into, dims, m, k, n, (d, 2, k, 1), (g, 1, n, 1), (b, 3, 1, n))


MATMUL = Op(matmul_shape, _matmul_emit, _matmul_grad)


# Cross entropy.


def rows_and_width(dims):
    """A tensor as a matrix of its last dimension."""
    if not dims or dims[-1] < 0:
        raise ValueError("this takes a tensor whose last dimension is not the batch")
    return numel(dims[:-1]), dims[-1]


def _cross_entropy_shape(inputs):
    x, label = inputs[0].dims, inputs[1].dims
    if len(x) < 2 or x[:-1] != label or inputs[1].dtype == "f":
        from .misfit import no_labels

        raise no_labels(inputs)
    return label


def _cross_entropy_emit(sink, y, inputs, saved):
    x, label = inputs
    n, width = rows_and_width(x.dims)
    p = sink.new(x.dims)
    saved.append(p)
    emit.cross_entropy(sink, n=n, width=width, loss=y, p=p, x=x, label=label)


def _cross_entropy_grad(sink, y, g, inputs, saved):
    x, label = inputs
    d, into = into_grad(sink, x)
    n, width = rows_and_width(x.dims)
    emit.cross_entropy_grad(sink, into=into, n=n, width=width, dx=d, p=saved[0], label=label, g=g)


CROSS_ENTROPY = Op(_cross_entropy_shape, _cross_entropy_emit, _cross_entropy_grad)


# As functions and methods.


def mean(x, dim=None, keepdim=False):
    """Over dim: one, several (a tuple) or all."""
    return x.op("SUM", (), (dim, keepdim)).op("DIV", (current_sink().count(reduced(x.dims, dim)),))
