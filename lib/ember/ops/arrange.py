"""The op table, continued: operations that arrange elements anew: turn, shift, repeat, pad."""

from ..instructions.isa import WRITE
from ..tensors.tensor import apply, numel
from .rules import (
    COPY_FN,
    Op,
    broadcast,
    broadcast_strides,
    contribute,
    grad_of_part,
    strided,
    strides_of,
)
from .shape import listed, reshape
from .slice import cut, view, whole
from .views import axes, inner_axis


def _sizes(sizes, name):
    """f(1, 2) and f((1, 2)) mean the same."""
    sizes = listed(sizes)
    for n in sizes:
        if not isinstance(n, int) or n < 1 and n != -1:
            raise ValueError("%s is %s; each may be a whole number from 1" % (name, sizes))
    return sizes


# Along one dimension, from pieces (first in y, how many, first in x, step in x).


def _pieces(dims, dim, pieces, y, x):
    """Each piece as (dims of the block, the block in y, the block in x, strides in x)."""
    outer, strides = strides_of(y.dims)[dim], strides_of(x.dims)
    for to, count, start, step in pieces:
        taken = list(strides)
        taken[dim] *= step
        block = dims[:dim] + (count,) + dims[dim + 1 :]
        yield block, y.alias(y.dims, to * outer), x.alias(x.dims, start * strides[dim]), taken


def _pieces_shape(inputs, dim, pieces):
    dims = inputs[0].dims
    return dims[:dim] + (sum([piece[1] for piece in pieces]),) + dims[dim + 1 :]


def _pieces_emit(sink, y, inputs, saved):
    for block, into, x, strides in _pieces(y.dims, saved[0], saved[1], y, inputs[0]):
        strided(sink, COPY_FN, WRITE, block, into, strides_of(y.dims), x, strides)


def _pieces_grad(sink, y, g, inputs, saved):
    d, how = grad_of_part(sink, inputs[0], y.dims)  # as many elements as in x are each of them once
    for block, part, at, strides in _pieces(y.dims, saved[0], saved[1], g, d):
        strided(sink, COPY_FN, how, block, at, strides, part, strides_of(y.dims))


PIECES = Op(_pieces_shape, _pieces_emit, _pieces_grad, False)


def flip(x, *dims):
    """The order of the elements along dims reversed."""
    dims = dims[0] if len(dims) == 1 else dims
    parts = whole(x)
    for i in axes(x, dims):
        n = x.dims[inner_axis(x, i)]
        parts[i] = (n - 1, n, -1)
    return cut(x, parts)


def roll(x, shifts, dims=None):
    """Elements move on by shifts along dims (an int each, or tuples), those at the end to the front. Without dims,
    as if x were flat."""
    if dims is None:
        if not isinstance(shifts, int):
            raise ValueError("shifts is %r; without dims it may be one whole number" % (shifts,))
        return view(roll(reshape(x, -1), shifts, 0), x.dims)
    shifts, dims = [(part,) if isinstance(part, int) else part for part in (shifts, dims)]
    if len(shifts) != len(dims):
        raise ValueError("shifts is %s and dims is %s; they may be equally long" % (tuple(shifts), tuple(dims)))
    for shift, dim in zip(shifts, dims):
        dim = inner_axis(x, dim)
        n = x.dims[dim]
        k = shift % n
        if k:
            x = apply(PIECES, (x,), (dim, ((0, k, n - k, 1), (k, n - k, 0, 1))))
    return x


# Repeating.


def _expand_shape(inputs, dims):
    return dims


def _expand_emit(sink, y, inputs, saved):
    x, out = inputs[0], y.dims
    strided(sink, COPY_FN, WRITE, out, y, strides_of(out), x, broadcast_strides(x.dims, out))


def _expand_grad(sink, y, g, inputs, saved):
    contribute(sink, inputs[0], COPY_FN, y.dims, g, strides_of(y.dims))


EXPAND = Op(_expand_shape, _expand_emit, _expand_grad, False)


def _expanded(x, dims):
    if numel(dims) == numel(x.dims):
        return view(x, dims)
    return apply(EXPAND, (x,), (dims,))


def expand(x, *sizes):
    """Dimensions of 1 repeated to these sizes, new ones in front; -1 keeps one as it is. A copy, not a view."""
    sizes = _sizes(sizes, "sizes")
    lead = len(sizes) - len(x.dims)
    dims = list(sizes[: lead if lead > 0 else 0])
    for n, full, size in zip(x.dims, x.shape, sizes[len(dims) :]):
        dims.append(n if size in (-1, full) else size)
        if n != 1 and dims[-1] != n:
            lead = -1
    if lead < 0 or [n for n in dims[:lead] if n < 0]:
        raise ValueError("expand of shape %s to %s" % (x.shape, sizes))
    if [n for n in dims[1:] if n < 0]:
        raise ValueError("the batch stays the first dimension: expand to %s moves it" % (sizes,))
    return _expanded(x, tuple(dims))


def broadcast_to(x, shape):
    """As expand(shape)."""
    return expand(x, tuple(shape))


def expand_as(x, other):
    """x repeated to the shape of other; while recording, to its batch."""
    dims = broadcast((x, other))
    if dims != other.dims:
        raise ValueError("expand of shape %s to %s" % (x.shape, other.shape))
    return _expanded(x, dims)


def repeat(x, *sizes):
    """x so many times along each dimension, counted from the last; more sizes than dimensions put new ones in front."""
    sizes = _sizes(sizes, "sizes")
    if -1 in sizes or len(sizes) < len(x.dims):
        raise ValueError("repeat of shape %s is %s; it takes a whole number from 1 for each dimension"
                         % (x.shape, sizes))  # fmt: skip
    x = view(x, (1,) * (len(sizes) - len(x.dims)) + x.dims)
    apart, more, dims = [], [], []
    for k, n in zip(sizes, x.dims):
        if n < 0 and k > 1:
            raise ValueError("the batch cannot be repeated while recording")
        apart += [n] if k == 1 else [1, n]
        more += [n] if k == 1 else [k, n]
        dims.append(k * n)
    return view(_expanded(view(x, apart), tuple(more)), dims)


# Padding.


def _padded_block(y, x, before):
    """What y and x have in common: (its dims, where it begins in y, and in x). Padding below zero cuts."""
    in_y, in_x, dims = 0, 0, []
    for i in range(len(before)):
        n, m, k = x.dims[i], y.dims[i], before[i]
        dims.append(n if n < 0 else min(m - max(k, 0), n + min(k, 0)))
        in_y += max(k, 0) * strides_of(y.dims)[i]
        in_x += max(-k, 0) * strides_of(x.dims)[i]
    return dims, in_y, in_x


def _pad_emit(sink, y, inputs, saved):
    x = inputs[0]
    dims, in_y, in_x = _padded_block(y, x, saved[1])
    sink.fill(y, saved[2])
    strided(sink, COPY_FN, WRITE, dims, y.alias(y.dims, in_y), strides_of(y.dims),
            x.alias(x.dims, in_x), strides_of(x.dims))  # fmt: skip


def _pad_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    dims, in_y, in_x = _padded_block(y, x, saved[1])
    d, into = grad_of_part(sink, x, dims)
    strided(sink, COPY_FN, into, dims, d.alias(d.dims, in_x), strides_of(x.dims),
            g.alias(g.dims, in_y), strides_of(y.dims))  # fmt: skip


PAD = Op(lambda inputs, dims, before, value: dims, _pad_emit, _pad_grad, False)


def pad(x, pad, mode="constant", value=0.0):
    """pad: (before, after) of the last dimension, then of the one in front of it, and so on, as PyTorch has it: in
    channels last the first pair is that of the channels. mode: "constant" puts value there (a number below zero
    cuts instead), "reflect" mirrors at the outermost element, "replicate" repeats it, "circular" goes on at the other
    end."""
    pad, rank = tuple(pad), len(x.dims)
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ValueError("mode is %r; it may be 'constant', 'reflect', 'replicate' or 'circular'" % (mode,))
    if len(pad) % 2 or len(pad) > 2 * rank or [k for k in pad if not isinstance(k, int)]:
        raise ValueError("pad is %s; it may be pairs of whole numbers, at most one for each dimension of shape %s"
                         % (pad, x.shape))  # fmt: skip
    before, after = [0] * rank, [0] * rank
    for i in range(len(pad) // 2):
        before[rank - 1 - i], after[rank - 1 - i] = pad[2 * i], pad[2 * i + 1]
    dims = list(x.dims)
    for i in range(rank):
        if before[i] or after[i]:
            n = dims[inner_axis(x, i)]
            most = n - 1 if mode == "reflect" else n if mode == "circular" else 1 << 24
            least = -n if mode == "constant" else 0
            if min(before[i], after[i]) < least or max(before[i], after[i]) > most:
                raise ValueError("pad of dimension %d of shape %s is %s; it may be from %d to %d"
                                 % (i, x.shape, (before[i], after[i]), least, most))  # fmt: skip
            dims[i] += before[i] + after[i]
            if dims[i] < 1 or n + min(before[i], 0) + min(after[i], 0) < 1:
                raise ValueError("pad is %s; nothing is left of dimension %d of shape %s" % (pad, i, x.shape))
    if tuple(dims) == x.dims and not [k for k in pad if k]:
        return x
    if mode == "constant":
        return apply(PAD, (x,), (tuple(dims), before, float(value)))
    step = -1 if mode == "reflect" else 1 if mode == "circular" else 0
    for i in range(rank):
        n, p, q = x.dims[i], before[i], after[i]
        first, last = (p, n - 2) if step < 0 else (n - p, 0) if step else (0, n - 1)
        pieces = [(0, p, first, step), (p, n, 0, 1), (p + n, q, last, step)]
        if p or q:
            x = apply(PIECES, (x,), (i, [piece for piece in pieces if piece[1]]))
    return x
