"""The op table, continued: x[...] and x[...] = value, with whole numbers, slices, None and an Ellipsis."""

from ..base.check import plain
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors import tensor
from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor, apply, current_sink, numel, operand
from .rules import (
    COPY_FN,
    Op,
    broadcast_strides,
    contribute,
    grad_of_part,
    hand_on,
    same,
    strided,
    strides_of,
    summed_grad,
)


class _Index:
    def __getitem__(self, k):
        return k


ALL = _Index()[:]  # MicroPython makes slices of syntax only

# A window is what an index takes of a tensor: (dims of the result, dims of the block, first element, strides).


def window(x, index):
    """The window of an index. The block has a dimension for each of x, and the result those that are left."""
    index = _whole_index(x, index if isinstance(index, tuple) else (index,))
    block, result, strides, offset = [], [], strides_of(x.dims), 0
    for k in index:
        i = len(block)
        if k is None:
            result.append(1)
        elif isinstance(k, slice):
            start, count, step = _range(k, x, i)
            offset += start * strides[i]
            strides[i] *= step
            block.append(count)
            result.append(count)
        else:
            n = x.dims[i]
            if n < 0:
                raise ValueError("the batch is taken whole (:) while recording")
            if not -n <= k < n:
                raise IndexError("index %d of dimension %d of shape %s" % (k, i, x.shape))
            offset += (k % n) * strides[i]
            block.append(1)
    if [d for d in result[1:] if d < 0]:
        raise ValueError("the batch stays the first dimension: None cannot come before it")
    return tuple(result), tuple(block), offset, strides


def _whole_index(x, index):
    """An index with a part for every dimension, the Ellipsis written out."""
    taken, gap = 0, len(index)
    for i in range(len(index)):
        k = plain(index[i])
        if k is ...:
            if gap < len(index):
                raise ValueError("an index has at most one ...")
            gap = i
        elif isinstance(k, slice) or (isinstance(k, int) and not isinstance(k, bool)):
            taken += 1
        elif k is not None:
            raise TypeError("an index is a whole number, a slice, None or ..., not %r" % (k,))
    if taken > len(x.dims):
        raise ValueError("%d indices for shape %s" % (taken, x.shape))
    return index[:gap] + (ALL,) * (len(x.dims) - taken) + index[gap + 1 :]


def _range(k, x, i):
    """A slice of dimension i as (first, count, step), as Python's slice.indices, which MicroPython may lack."""
    n = x.dims[i]
    step = 1 if k.step is None else k.step
    if step == 0:
        raise ValueError("a slice with step 0; it may be any other whole number")
    if n < 0:
        if not (k.start is None and k.stop is None and step == 1):
            raise ValueError("the batch is taken whole (:) while recording")
        return 0, n, 1
    low, high = (0, n) if step > 0 else (-1, n - 1)
    start, stop = (low, high) if step > 0 else (high, low)
    if k.start is not None:
        start = max(low, min(high, k.start + n if k.start < 0 else k.start))
    if k.stop is not None:
        stop = max(low, min(high, k.stop + n if k.stop < 0 else k.stop))
    count = (stop - start + step - 1) // step if step > 0 else (start - stop - step - 1) // -step
    if count < 1:
        raise ValueError("an empty slice of dimension %d of shape %s" % (i, x.shape))
    return start, count, step


def _in_one_piece(block, strides):
    want = strides_of(block)
    for i in range(len(block)):
        if block[i] != 1 and strides[i] != want[i]:
            return False
    return True


# Elements that lie side by side are used where they are.


def _view_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    if numel(x.dims) == numel(y.dims):
        hand_on(sink, x, g)
    else:
        d = summed_grad(sink, x)
        sink.copy(d.alias(g.dims, saved[1]), g, INTO_ADD)


VIEW = Op(lambda inputs, dims, offset: tuple(dims), None, _view_grad, False)


def view(x, dims, offset=0):
    """The elements of x from offset on under these dimensions, which hold no more than there are."""
    y = apply(VIEW, (x,), (dims, offset))
    y.offset += offset
    return y


def has_list(index):
    """Whether an index names elements by a list or a tensor: see pick.py."""
    for k in index if isinstance(index, tuple) else (index,):
        if isinstance(k, (list, Tensor)):
            return True
    return False


# Others are copied.


def _slice_emit(sink, y, inputs, saved):
    x, (_, block, offset, strides) = inputs[0], saved
    strided(sink, COPY_FN, WRITE, block, y, strides_of(block), x.alias(x.dims, offset), strides)


def _slice_grad(sink, y, g, inputs, saved):
    x, (_, block, offset, strides) = inputs[0], saved
    d, into = grad_of_part(sink, x, block)
    strided(sink, COPY_FN, into, block, d.alias(d.dims, offset), strides, g, strides_of(block))


SLICE = Op(lambda inputs, dims, *block: dims, _slice_emit, _slice_grad, False)


def take(x, index):
    """x[index]. A block whose elements lie side by side shares the memory of x."""
    if has_list(index):
        from .pick import pick

        return pick(x, index)
    return _take(x, *window(x, index))


def cut(x, parts, dims=None):
    """A block of x: for each dimension (first, how many, step). dims: those of the result, if not the block's."""
    strides, offset = strides_of(x.dims), 0
    for i in range(len(parts)):
        first, _, step = parts[i]
        offset += first * strides[i]
        strides[i] *= step
    block = tuple([part[1] for part in parts])
    return _take(x, block if dims is None else dims, block, offset, strides)


def whole(x):
    """The parts of all of x, for cut()."""
    return [(0, n, 1) for n in x.dims]


def _take(x, dims, block, offset, strides):
    if _in_one_piece(block, strides):
        return view(x, dims, offset)
    if x.dtype != "f":
        raise ValueError("of integer tensors only elements that lie side by side are taken, not shape %s of %s"
                         % (dims, x.shape))  # fmt: skip
    return apply(SLICE, (x,), (dims, block, offset, strides))


# Assignment.


def _assign_shape(inputs, dims, block, offset, strides):
    x, value = inputs
    if len(value.dims) > len(dims) or [0 for n, m in zip(reversed(value.dims), reversed(dims)) if n not in (1, m)]:
        raise ValueError("a value of shape %s for elements of shape %s" % (value.shape, x.alias(dims).shape))
    return x.dims


def _overwrite(sink, y, value, dims, block, offset, strides):
    into = _spread(dims, block, strides)
    strided(sink, COPY_FN, WRITE, dims, y.alias(y.dims, offset), into, value, broadcast_strides(value.dims, dims))


def _assign_emit(sink, y, inputs, saved):
    sink.copy(y, inputs[0])
    _overwrite(sink, y, inputs[1], *saved)


def _spread(dims, block, strides):
    """The strides of the block for the result's dimensions: those that are not 1 come in the same order."""
    found, i = [], 0
    for n in dims:
        if n == 1:
            found.append(0)
            continue
        while block[i] == 1:
            i += 1
        found.append(strides[i])
        i += 1
    return found


def _assign_grad(sink, y, g, inputs, saved):
    x, value = inputs
    dims, block, offset, strides = saved
    into = _spread(dims, block, strides)
    part = g.alias(g.dims, offset)
    if value.requires_grad:
        contribute(sink, value, COPY_FN, dims, part, into)
    if x.requires_grad:  # what was written over has none
        strided(sink, COPY_FN, WRITE, dims, part, into, sink.scalar(0.0), [0] * len(dims))
        hand_on(sink, x, g)


ASSIGN = Op(_assign_shape, _assign_emit, _assign_grad, False)


def _earlier_grad(sink, y, g, inputs, saved):
    before, x = inputs[0], saved[0]
    for part in (g, x.grad):
        if part is not None:
            hand_on(sink, before, part)
    x.grad = None


# What x was before an assignment. Operations from before contribute to the gradient of x, as that is who they know;
# here, later than they and the assignment, it is handed on to what x was.
EARLIER = Op(same, None, _earlier_grad, False)
EARLIER.always = True


def _earlier(x):
    before = x.alias(x.dims)
    before.node, before.order, before.requires_grad = x.node, x.order, x.requires_grad
    if not x.requires_grad:
        return before
    y = x.alias(x.dims)
    y.node, y.order, y.requires_grad = (EARLIER, (before,), (x,)), x.order + 1, True
    return y


def _write(x, value, taken):
    """Into the memory of a leaf, such as a parameter."""
    sink = current_sink()
    if tensor.grad_enabled and x.requires_grad or sink.records:
        raise RuntimeError("x[...] = value: x is a parameter, or a leaf that requires a gradient; write to it in "
                           "no_grad(), and not while recording")  # fmt: skip
    _assign_shape((x, value), *taken)
    _overwrite(sink, x, value, *taken)
    sink.flush()


def put(x, index, value):
    """x[index] = value, a number or a tensor that broadcasts to x[index].

    The tensor becomes the result of an operation: its elements are copied, so views made before keep theirs. The
    gradient flows into value, and into what x was for the rest. Only a parameter, or another leaf that requires a
    gradient, is written to in place, in no_grad(), and a buffer.
    """
    if not isinstance(value, Tensor):
        value = operand(value)
    for t in (x, value):
        if t.dtype != "f":
            raise ValueError("this takes float32 tensors, got shape %s of dtype %r" % (t.shape, t.dtype))
    replace = None
    if has_list(index):
        from .pick import replace
    if x.node is None and (x.requires_grad or isinstance(x, Parameter)):
        if replace:
            value, index = replace(x.detach(), index, value), ...
        _write(x, value, window(x, index))
        return
    if x.pinned:
        raise RuntimeError("x[...] = value: the gradient of an operation needs x as it is; assign to x * 1")
    if replace:
        y = replace(_earlier(x), index, value)
    else:
        y = apply(ASSIGN, (_earlier(x), value), window(x, index))
    x.storage, x.place, x.offset = y.storage, y.place, y.offset
    x.node, x.order, x.requires_grad, x.pinned = y.node, y.order, y.requires_grad, False
