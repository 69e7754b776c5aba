"""The op table, continued: operations that only move elements."""

from ..base.check import plain
from ..instructions.isa import WRITE
from ..tensors.tensor import Tensor, apply, axis, current_sink, numel
from .rules import COPY_FN, Op, hand_on, into_grad, strided, strides_of


def _reshape_shape(inputs, shape):
    x = inputs[0]
    dims = list(shape)
    if x.dims and x.dims[0] < 0:  # the batch stays first: -1 or its size in full stands for it
        rows = current_sink().rows
        if not dims or not (dims[0] == -1 or (dims[0] > 0 and dims[0] % rows == 0)):
            raise ValueError("reshape of %s to %s: the batch is the first dimension" % (x.shape, tuple(shape)))
        if dims[0] > 0:
            dims[0] = -(dims[0] // rows)
        elif -1 not in dims[1:]:
            rest = numel(dims[1:])
            dims[0] = numel(x.dims) // rest if rest and numel(x.dims) % rest == 0 else 0
    unknown = [i for i in range(1 if dims and x.dims and x.dims[0] < 0 else 0, len(dims)) if dims[i] == -1]
    if len(unknown) == 1:
        rest = -numel(dims)
        dims[unknown[0]] = numel(x.dims) // rest if rest and numel(x.dims) % rest == 0 else 0
    wrong = [i for i in range(len(dims)) if dims[i] < 1 and (i or not x.dims or x.dims[0] > 0)]
    if len(unknown) > 1 or wrong or numel(dims) != numel(x.dims):
        raise ValueError(
            "reshape of %s to %s: as many elements are needed, and at most one -1" % (x.shape, tuple(shape))
        )
    return tuple(dims)


def _reshape_grad(sink, y, g, inputs, saved):
    hand_on(sink, inputs[0], g)


RESHAPE = Op(_reshape_shape, None, _reshape_grad, False)


def _permute_shape(inputs, order):
    dims = inputs[0].dims
    order = [axis(dims, i) for i in order]
    if sorted(order) != list(range(len(dims))):
        raise ValueError("permute of %d dimensions by %s" % (len(dims), tuple(order)))
    out = tuple([dims[i] for i in order])
    if [d for d in out[1:] if d < 0]:
        raise ValueError("the batch stays the first dimension: permute by %s moves it" % (tuple(order),))
    return out


def _permuted_strides(x, order):
    strides = strides_of(x.dims)
    return [strides[i % len(strides)] for i in order]


def _permute_emit(sink, y, inputs, saved):
    x = inputs[0]
    strided(sink, COPY_FN, WRITE, y.dims, y, strides_of(y.dims), x, _permuted_strides(x, saved[0]))


def _permute_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    d, into = into_grad(sink, x)
    strided(sink, COPY_FN, into, y.dims, d, _permuted_strides(x, saved[0]), g, strides_of(y.dims))


PERMUTE = Op(_permute_shape, _permute_emit, _permute_grad, False)


def _cat_shape(inputs, dim):
    first = inputs[0].dims
    dim = axis(first, dim)
    total = 0
    for x in inputs:
        dims = x.dims
        if len(dims) != len(first) or dims[:dim] + dims[dim + 1 :] != first[:dim] + first[dim + 1 :]:
            raise ValueError("cat along %d of shapes %s" % (dim, [t.shape for t in inputs]))
        if dims[dim] < 0:
            raise ValueError("cat along the batch while recording")
        total += dims[dim]
    return first[:dim] + (total,) + first[dim + 1 :]


def _parts(y, inputs, dim):
    """Each input with the first element of its block in y."""
    stride = strides_of(y.dims)[dim % len(y.dims)]
    offset = 0
    for x in inputs:
        yield x, offset
        offset += x.dims[dim] * stride


def _cat_emit(sink, y, inputs, saved):
    for x, offset in _parts(y, inputs, saved[0]):
        strided(sink, COPY_FN, WRITE, x.dims, y.alias(y.dims, offset), strides_of(y.dims), x, strides_of(x.dims))


def _cat_grad(sink, y, g, inputs, saved):
    for x, offset in _parts(y, inputs, saved[0]):
        if x.requires_grad:
            d, into = into_grad(sink, x)
            block = g.alias(g.dims, offset)
            strided(sink, COPY_FN, into, x.dims, d, strides_of(x.dims), block, strides_of(y.dims))


CAT = Op(_cat_shape, _cat_emit, _cat_grad, False)


def listed(numbers):
    """f(1, 2) and f((1, 2)) mean the same."""
    if len(numbers) == 1 and not isinstance(plain(numbers[0]), int):
        numbers = numbers[0]
    return tuple([plain(n) for n in numbers])


def reshape(x, *shape):
    """The same elements in the same order; -1 stands for what is left."""
    return apply(RESHAPE, (x,), (listed(shape),))


def flatten(x, start_dim=0, end_dim=-1):
    """The dimensions from start_dim to end_dim as one."""
    if not x.dims:
        return reshape(x, 1)
    start, end = axis(x.dims, start_dim), axis(x.dims, end_dim)
    if start > end:
        raise ValueError("start_dim %d comes after end_dim %d" % (start_dim, end_dim))
    if start == 0 and end == len(x.dims) - 1 and end and x.dims[0] < 0:
        raise ValueError("flatten(0) would mix the samples of a batch; flatten(1) keeps them apart")
    return apply(RESHAPE, (x,), (x.shape[:start] + (abs(numel(x.shape[start : end + 1])),) + x.shape[end + 1 :],))


def permute(x, *order):
    """Dimension i of the result is dimension order[i] of x."""
    return apply(PERMUTE, (x,), (listed(order),))


def transpose(x, a, b):
    """Dimensions a and b change places."""
    order = list(range(len(x.dims)))
    a, b = axis(x.dims, a), axis(x.dims, b)
    order[a], order[b] = order[b], order[a]
    return permute(x, tuple(order))


def cat(tensors, dim=0):
    """Tensors one after the other along dim; their other dimensions are the same."""
    if not tensors or not all([isinstance(t, Tensor) for t in tensors]):
        raise ValueError("cat takes a list of at least one tensor")
    for t in tensors:
        if t.dtype != "f":
            raise ValueError("cat takes float32 tensors, got shape %s of dtype %r" % (t.shape, t.dtype))
    return apply(CAT, tuple(tensors), (dim,))
