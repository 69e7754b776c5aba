"""The op table, continued: operations that only move elements."""

from .isa import ADD as INTO_ADD
from .isa import WRITE
from .ops import COPY_FN, Op, hand_on, into_grad, strided, strides_of, summed_grad
from .tensor import Tensor, apply, axis, numel, sink


def _reshape_shape(inputs, shape):
    x = inputs[0]
    dims = list(shape)
    if x._dims and x._dims[0] < 0:  # the batch stays first: -1 or its size in full stands for it
        rows = sink().rows
        if not dims or not (dims[0] == -1 or (dims[0] > 0 and dims[0] % rows == 0)):
            raise ValueError("reshape of %s to %s: the batch is the first dimension" % (x.shape, tuple(shape)))
        if dims[0] > 0:
            dims[0] = -(dims[0] // rows)
        elif -1 not in dims[1:]:
            rest = numel(dims[1:])
            dims[0] = numel(x._dims) // rest if rest and numel(x._dims) % rest == 0 else 0
    unknown = [i for i in range(1 if dims and x._dims and x._dims[0] < 0 else 0, len(dims)) if dims[i] == -1]
    if len(unknown) == 1:
        rest = -numel(dims)
        dims[unknown[0]] = numel(x._dims) // rest if rest and numel(x._dims) % rest == 0 else 0
    wrong = [i for i in range(len(dims)) if dims[i] < 1 and (i or not x._dims or x._dims[0] > 0)]
    if len(unknown) > 1 or wrong or numel(dims) != numel(x._dims):
        raise ValueError("reshape of %s to %s" % (x.shape, tuple(shape)))
    return tuple(dims)


def _reshape_grad(target, y, g, inputs, saved):
    hand_on(target, inputs[0], g)


RESHAPE = Op(_reshape_shape, None, _reshape_grad)


def _permute_shape(inputs, order):
    dims = inputs[0]._dims
    order = [axis(dims, i) for i in order]
    if sorted(order) != list(range(len(dims))):
        raise ValueError("permute of %d dimensions by %s" % (len(dims), tuple(order)))
    out = tuple([dims[i] for i in order])
    if [d for d in out[1:] if d < 0]:
        raise ValueError("the batch stays the first dimension: permute by %s moves it" % (tuple(order),))
    return out


def _permuted_strides(x, order):
    strides = strides_of(x._dims)
    return [strides[i % len(strides)] for i in order]


def _permute_emit(target, y, inputs, saved):
    x = inputs[0]
    strided(target, COPY_FN, WRITE, y._dims, y, strides_of(y._dims), x, _permuted_strides(x, saved[0]))


def _permute_grad(target, y, g, inputs, saved):
    x = inputs[0]
    d, into = into_grad(target, x)
    strided(target, COPY_FN, into, y._dims, d, _permuted_strides(x, saved[0]), g, strides_of(y._dims))


PERMUTE = Op(_permute_shape, _permute_emit, _permute_grad)


def _window(x, index):
    """A basic index as (dims of the block, dims of the result, first element, strides in x)."""
    if len(index) > len(x._dims):
        raise ValueError("%d indices for shape %s" % (len(index), x.shape))
    block, result, strides, offset = [], [], strides_of(x._dims), 0
    for i in range(len(x._dims)):
        n = x._dims[i]
        k = index[i] if i < len(index) else slice(None)
        if isinstance(k, int):
            if not -n <= k < n:
                raise IndexError("index %d of dimension %d of shape %s" % (k, i, x.shape))
            offset += (k % n) * strides[i]
            block.append(1)
        else:
            if not isinstance(k, slice):
                raise TypeError("an index is a whole number or a slice, not %r" % (k,))
            if n < 0:
                if not (k.start is None and k.stop is None and k.step is None):
                    raise ValueError("the batch is taken whole (:) while recording")
                start, count, step = 0, n, 1
            else:
                start, count, step = _range(k, n)
            if count == 0:
                raise ValueError("an empty slice of dimension %d of shape %s" % (i, x.shape))
            offset += start * strides[i]
            strides[i] *= step
            block.append(count)
            result.append(count)
    return block, tuple(result), offset, strides


def _range(k, n):
    """A slice of n elements as (first, count, step), as Python's slice.indices, which MicroPython may lack."""
    step = 1 if k.step is None else k.step
    if step < 1:
        raise ValueError("a slice with step %d; it may be 1 or more" % step)
    start = 0 if k.start is None else max(0, k.start + n if k.start < 0 else k.start)
    stop = n if k.stop is None else min(n, k.stop + n if k.stop < 0 else k.stop)
    return start, max(0, (stop - start + step - 1) // step), step


def _slice_shape(inputs, index):
    return _window(inputs[0], index)[1]


def _slice_emit(target, y, inputs, saved):
    x = inputs[0]
    block, _, offset, strides = _window(x, saved[0])
    strided(target, COPY_FN, WRITE, block, y, strides_of(block), x.alias(x._dims, offset), strides)


def _slice_grad(target, y, g, inputs, saved):
    x = inputs[0]
    block, _, offset, strides = _window(x, saved[0])
    d = summed_grad(target, x)
    strided(target, COPY_FN, INTO_ADD, block, d.alias(d._dims, offset), strides, g, strides_of(block))


SLICE = Op(_slice_shape, _slice_emit, _slice_grad)


def _cat_shape(inputs, dim):
    first = inputs[0]._dims
    dim = axis(first, dim)
    total = 0
    for x in inputs:
        dims = x._dims
        if len(dims) != len(first) or dims[:dim] + dims[dim + 1 :] != first[:dim] + first[dim + 1 :]:
            raise ValueError("cat along %d of shapes %s" % (dim, [t.shape for t in inputs]))
        if dims[dim] < 0:
            raise ValueError("cat along the batch while recording")
        total += dims[dim]
    return first[:dim] + (total,) + first[dim + 1 :]


def _parts(y, inputs, dim):
    """Each input with the first element of its block in y."""
    stride = strides_of(y._dims)[dim % len(y._dims)]
    offset = 0
    for x in inputs:
        yield x, offset
        offset += x._dims[dim] * stride


def _cat_emit(target, y, inputs, saved):
    for x, offset in _parts(y, inputs, saved[0]):
        strided(target, COPY_FN, WRITE, x._dims, y.alias(y._dims, offset), strides_of(y._dims), x, strides_of(x._dims))


def _cat_grad(target, y, g, inputs, saved):
    for x, offset in _parts(y, inputs, saved[0]):
        if x.requires_grad:
            d, into = into_grad(target, x)
            block = g.alias(g._dims, offset)
            strided(target, COPY_FN, into, x._dims, d, strides_of(x._dims), block, strides_of(y._dims))


CAT = Op(_cat_shape, _cat_emit, _cat_grad)


def _listed(numbers):
    """f(1, 2) and f((1, 2)) mean the same."""
    return numbers[0] if len(numbers) == 1 and not isinstance(numbers[0], int) else numbers


def reshape(x, *shape):
    """The same elements in the same order; -1 stands for what is left."""
    return apply(RESHAPE, (x,), (_listed(shape),))


def flatten(x, start_dim=0):
    """The dimensions from start_dim on as one."""
    if start_dim == 0 and len(x._dims) > 1 and x._dims[0] < 0:
        raise ValueError("flatten(0) would mix the samples of a batch; flatten(1) keeps them apart")
    return reshape(x, x.shape[:start_dim] + (-1,))


def permute(x, *order):
    """Dimension i of the result is dimension order[i] of x."""
    return apply(PERMUTE, (x,), (_listed(order),))


def transpose(x, a, b):
    """Dimensions a and b change places."""
    order = list(range(len(x._dims)))
    a, b = axis(x._dims, a), axis(x._dims, b)
    order[a], order[b] = order[b], order[a]
    return permute(x, tuple(order))


def cat(tensors, dim=0):
    """Tensors one after the other along dim; their other dimensions are the same."""
    if not tensors or not all([isinstance(t, Tensor) for t in tensors]):
        raise ValueError("cat takes a list of at least one tensor")
    return apply(CAT, tuple(tensors), (dim,))
