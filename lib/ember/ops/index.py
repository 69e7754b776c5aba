"""The op table, continued: operations that take elements by index. An index is a tensor of whole numbers from 0, of any
dtype, or a list of them, in which negative ones count from the end. One out of range is an error where it is used.
"""

from array import array

from ..instructions import emit
from ..instructions.isa import WRITE
from ..tensors.tensor import Tensor, apply, axis, current_sink, numel
from .math import tensor
from .rules import Op, hand_on, into_grad, same, summed_grad

# What both rows are given says where everything lies: (outer, n, inner, high, strides of the index along the first
# three), as the instructions take it. n indices below high stand along the dimension.


def _gather_shape(inputs, dims, *args):
    return dims


def _gather_emit(sink, y, inputs, saved):
    x, index = inputs
    sink.indexes(index, saved[1][3])
    emit.gather(sink, WRITE, *saved[1], y=y, x=x, index=index)


def _gather_grad(sink, y, g, inputs, saved):
    x, index = inputs
    d, unchanged = summed_grad(sink, x), saved[2]
    if unchanged is not None:  # a row that is to have nothing of this gradient
        width = x.dims[-1]
        row, kept = d.alias((width,), unchanged * width), sink.new((width,))
        sink.copy(kept, row)
    emit.scatter_add(sink, *saved[1], y=d, x=g, index=index)
    if unchanged is not None:
        sink.copy(row, kept)


GATHER = Op(_gather_shape, _gather_emit, _gather_grad)


def _scatter_add_emit(sink, y, inputs, saved):
    x, source, index = inputs
    sink.indexes(index, saved[0][3])
    sink.copy(y, x)
    emit.scatter_add(sink, *saved[0], y=y, x=source, index=index)


def _scatter_add_grad(sink, y, g, inputs, saved):
    x, source, index = inputs
    if source.requires_grad:  # before x may be given g's memory
        d, into = into_grad(sink, source)
        emit.gather(sink, into, *saved[0], y=d, x=g, index=index)
    if x.requires_grad:
        hand_on(sink, x, g)


SCATTER_ADD = Op(same, _scatter_add_emit, _scatter_add_grad)


def _one_hot_emit(sink, y, inputs, saved):
    index = inputs[0]
    n, high = numel(index.dims), saved[0]
    ones = sink.new(index.dims)
    sink.indexes(index, high)
    sink.fill(ones, 1.0)
    sink.fill(y, 0.0)
    emit.scatter_add(sink, outer=n, n=1, inner=1, high=high, i_outer=1, i_n=0, i_inner=0, y=y, x=ones, index=index)


ONE_HOT = Op(lambda inputs, high: inputs[0].dims + (high,), _one_hot_emit, None)


# Indices.


def _is_whole(k):
    return k == k and k - k == 0 and k == int(k)


def checked_index(index, high):
    """What was given as an index, as a tensor."""
    if isinstance(index, Tensor):
        if index.dtype == "f" or index.place is not None or not current_sink().records:
            return index.detach()
        data, dims = index.elements(), index.dims
        return _constant(data[index.offset : index.offset + numel(dims)], dims)
    from ..tensors.values import read

    try:
        flat, dims = read(index)
    except TypeError:
        raise ValueError("index is %r; it may be a Tensor or a list of whole numbers" % (index,))  # noqa: B904
    flat = list(flat)
    for i in range(len(flat)):
        if not _is_whole(flat[i]) or not -high <= flat[i] < high:
            raise ValueError("index %r at position %d; it may be a whole number from %d to %d"
                             % (flat[i], i, -high, high - 1))  # fmt: skip
        flat[i] = int(flat[i]) % high
    return _constant(flat, (len(flat),) if dims is None else dims)


def _constant(values, dims):
    """Indices that are known now. As float32 they are exact: there are at most 2**24."""
    sink = current_sink()
    if not sink.records:
        return Tensor(array("f", values), dims)
    return sink.at(sink.constants([float(k) for k in values]), dims)


def along(name, x, dim):
    """dim from the front, and how many elements there are to choose from."""
    dim = axis(x.dims, dim)
    if x.dims[dim] < 0:
        raise ValueError("%s along the batch while recording: it would mix its samples" % name)
    return dim, x.dims[dim]


def _like(name, x, index, dim):
    """Refuse an index that has not the dimensions of x."""
    if len(index.dims) != len(x.dims):
        raise ValueError("%s along %d of shape %s by an index of shape %s: it has as many dimensions"
                         % (name, dim, x.shape, index.shape))  # fmt: skip


class _Slice:
    """MicroPython makes slices from their notation alone: AT[0:3]."""

    def __getitem__(self, part):
        return part


AT = _Slice()


def _cut(name, x, index, dim):
    """The part of x that the index has, in all dimensions but dim."""
    parts, same_size = [], True
    for i in range(len(x.dims)):
        have, want = x.dims[i], index.dims[i]
        if i == dim or have == want:
            parts.append(AT[:])
        elif have < want or want < 0:
            raise ValueError("%s of shape %s by an index of shape %s: it may not be larger%s"
                             % (name, x.shape, index.shape, "" if dim is None else " but along %d" % dim))  # fmt: skip
        else:
            parts.append(AT[0:want])
            same_size = False
    return x if same_size else x[tuple(parts)]


# As functions and methods.


def index_select(x, dim, index):
    """Of dimension dim the elements that a flat index names: [..., D, ...] to [..., n, ...]."""
    x = tensor(x)
    dim, high = along("index_select", x, dim)
    index = checked_index(index, high)
    if len(index.dims) != 1 or (dim and index.dims[0] < 0):
        raise ValueError("index_select along %d by an index of shape %s; it may be a list, the batch only along 0"
                         % (dim, index.shape))  # fmt: skip
    dims = x.dims
    where = (numel(dims[:dim]), index.dims[0], numel(dims[dim + 1 :]), high, 0, 1, 0)
    return apply(GATHER, (x, index), (dims[:dim] + index.dims + dims[dim + 1 :], where, None))


def gather(x, dim, index):
    """y[i, j, k] = x[i, index[i, j, k], k] for dim 1, and so for any number of dimensions: of the index's shape. Other
    dimensions of the index may be smaller than those of x."""
    x = tensor(x)
    dim, high = along("gather", x, dim)
    index = checked_index(index, high)
    _like("gather", x, index, dim)
    dims, inner = index.dims, numel(index.dims[dim + 1 :])
    x = _cut("gather", x, index, dim)
    where = (numel(dims[:dim]), dims[dim], inner, high, dims[dim] * inner, inner, 1)
    return apply(GATHER, (x, index), (dims, where, None))


def scatter_add(x, dim, index, src):
    """x with src[i, j, k] added at [i, index[i, j, k], k] for dim 1, and so for any number of dimensions. Other
    dimensions of the index are those of x; src may be larger than the index."""
    x, src = tensor(x), tensor(src)
    dim, high = along("scatter_add", x, dim)
    index = checked_index(index, high)
    _like("scatter_add", x, index, dim)
    _like("scatter_add", src, index, dim)
    dims, inner = index.dims, numel(index.dims[dim + 1 :])
    if dims[:dim] + dims[dim + 1 :] != x.dims[:dim] + x.dims[dim + 1 :]:  # what lies apart in y cannot be added to
        raise ValueError("scatter_add along %d to shape %s by an index of shape %s: other dimensions are the same"
                         % (dim, x.shape, index.shape))  # fmt: skip
    src = _cut("scatter_add", src, index, None)
    where = (numel(dims[:dim]), dims[dim], inner, high, dims[dim] * inner, inner, 1)
    return apply(SCATTER_ADD, (x, src, index), (where,))


def take_along_dim(x, indices, dim=None):
    """As gather, and the indices may be 1 in all dimensions before dim, or in all after it: the same for each. Without
    dim, of all elements in a row."""
    x = tensor(x)
    if dim is None:
        x, dim = x.reshape(-1), 0
        if isinstance(indices, Tensor):
            indices = indices.reshape(-1)
    dim, high = along("take_along_dim", x, dim)
    index = checked_index(indices, high)
    _like("take_along_dim", x, index, dim)
    dims, n = x.dims, index.dims[dim]
    before, after = index.dims[:dim], index.dims[dim + 1 :]
    inner, repeated = numel(after), after != dims[dim + 1 :]
    if (repeated and inner != 1) or (before != dims[:dim] and numel(before) != 1):
        raise ValueError("take_along_dim along %d of shape %s by indices of shape %s: the dimensions before it, and "
                         "those after it, are the same, or all 1" % (dim, x.shape, index.shape))  # fmt: skip
    where = (numel(dims[:dim]), n, numel(dims[dim + 1 :]), high, n * inner if before == dims[:dim] else 0, inner,
             0 if repeated else 1)  # fmt: skip
    return apply(GATHER, (x, index), (dims[:dim] + (n,) + dims[dim + 1 :], where, None))


def embedding(index, weight, padding_idx=None):
    """Rows of weight [V, D] by number: [...] to [..., D]. The row padding_idx has no gradient."""
    weight = tensor(weight)
    if len(weight.dims) != 2 or weight.dims[0] < 0:
        raise ValueError("embedding takes a weight (V, D), got shape %s" % (weight.shape,))
    high, width = weight.dims
    index = checked_index(index, high)
    if padding_idx is not None:
        if not isinstance(padding_idx, int) or not -high <= padding_idx < high:
            raise ValueError("padding_idx is %r; it may be a whole number from %d to %d"
                             % (padding_idx, -high, high - 1))  # fmt: skip
        padding_idx %= high
    where = (1, numel(index.dims), width, high, 0, 1, 0)
    return apply(GATHER, (weight, index), (index.dims + (width,), where, padding_idx))


def one_hot(index, num_classes=-1):
    """[...] to [..., num_classes]: 1 where the index says, else 0. -1: one class more than the greatest index, which
    cannot be known while recording."""
    if not isinstance(num_classes, int) or num_classes < 1:
        if num_classes != -1 or current_sink().records:
            raise ValueError("num_classes is %r; it may be a whole number from 1" % (num_classes,))
        index = index if isinstance(index, Tensor) else Tensor(index)
        data = index.elements()
        num_classes = 1 + max([0] + [int(data[index.offset + i]) for i in range(index.numel())])
    return apply(ONE_HOT, (checked_index(index, num_classes),), (num_classes,))
