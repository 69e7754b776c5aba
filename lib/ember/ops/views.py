"""Operations that cut a tensor apart or see it under other dimensions, by views where its elements lie side by side."""

from ..base.check import plain
from ..tensors.tensor import Tensor, axis, numel
from .shape import cat, permute
from .slice import cut, view, whole


def inner_axis(x, dim):
    """dim counted from the front; not the batch, whose samples stay together."""
    dim = axis(x.dims, dim)
    if x.dims[dim] < 0:
        raise ValueError("dim %d is the batch, which cannot be taken apart while recording" % dim)
    return dim


def axes(x, dims):
    """One or several dims, counted from the front, each named once."""
    found = [axis(x.dims, d) for d in ((dims,) if isinstance(plain(dims), int) else dims)]
    for i in range(len(found)):
        if found[i] in found[:i]:
            raise ValueError("dim %d is named twice in %s" % (found[i], tuple(dims)))
    return found


def squeeze(x, dim=None):
    """Without the dimensions of 1: all, or those of dim (one or several) that are 1."""
    taken = range(len(x.dims)) if dim is None else axes(x, dim)
    return view(x, [x.dims[i] for i in range(len(x.dims)) if i not in taken or x.dims[i] != 1])


def unsqueeze(x, dim):
    """A dimension of 1 more, at dim of the result."""
    dims = list(x.dims)
    dim = axis(dims + [1], dim)
    if dim == 0 and dims and dims[0] < 0:
        raise ValueError("the batch stays the first dimension: unsqueeze(0) would move it")
    dims.insert(dim, 1)
    return view(x, dims)


def movedim(x, source, destination):
    """The dimensions of source go to destination (one each, or several); the others keep their order."""
    source, destination = axes(x, source), axes(x, destination)
    if len(source) != len(destination):
        raise ValueError("source names %d dims and destination %d" % (len(source), len(destination)))
    rest = [i for i in range(len(x.dims)) if i not in source]
    order = []
    for i in range(len(x.dims)):
        order.append(source[destination.index(i)] if i in destination else rest.pop(0))
    return permute(x, tuple(order))


def unflatten(x, dim, sizes):
    """Dimension dim cut into sizes, of which one may be -1."""
    dim, sizes = axis(x.dims, dim), list(sizes)
    n = x.dims[dim]
    rest = abs(numel(sizes))
    if n < 0 and sizes and sizes[0] != -1:  # the batch stays first
        rest //= sizes[0]
        sizes[0] = -1
    if sizes.count(-1) == 1 and rest and n % rest == 0:
        sizes[sizes.index(-1)] = n // rest
    if numel(sizes) != n or not sizes or min(sizes[1:] + [1]) < 1:
        raise ValueError("unflatten of dimension %d of shape %s into %s" % (dim, x.shape, tuple(sizes)))
    return view(x, x.dims[:dim] + tuple(sizes) + x.dims[dim + 1 :])


def narrow(x, dim, start, length):
    """length elements of dimension dim from start on."""
    dim = inner_axis(x, dim)
    n = x.dims[dim]
    first = start + n if start < 0 else start
    if not 0 <= first < n or not 1 <= length <= n - first:
        raise ValueError("start is %r and length %r; of %d there are %d at the most" % (start, length, n, n - first))
    parts = whole(x)
    parts[dim] = (first, length, 1)
    return cut(x, parts)


def unbind(x, dim=0):
    """The slices along dim, as a tuple."""
    dim = inner_axis(x, dim)
    parts, dims, found = whole(x), x.dims[:dim] + x.dims[dim + 1 :], []
    for i in range(x.dims[dim]):
        parts[dim] = (i, 1, 1)
        found.append(cut(x, parts, dims))
    return tuple(found)


def split(x, split_size, dim=0):
    """Parts of split_size along dim, the last one shorter where it must be; or parts of the sizes in a list."""
    dim = inner_axis(x, dim)
    n = x.dims[dim]
    if isinstance(split_size, int):
        if split_size < 1:
            raise ValueError("split_size is %r; it may be a whole number from 1, or a list" % (split_size,))
        sizes = [min(split_size, n - i * split_size) for i in range((n + split_size - 1) // split_size)]
    else:
        sizes = list(split_size)
    if min(sizes + [1]) < 1 or sum(sizes) != n:
        raise ValueError("split_size is %s; its sum may be only %d, the size of dimension %d" % (sizes, n, dim))
    parts, start = [], 0
    for size in sizes:
        parts.append(narrow(x, dim, start, size))
        start += size
    return tuple(parts)


def chunk(x, chunks, dim=0):
    """At most so many parts along dim, equally long but for the last."""
    if not isinstance(chunks, int) or chunks < 1:
        raise ValueError("chunks is %r; it may be a whole number from 1" % (chunks,))
    return split(x, (x.dims[inner_axis(x, dim)] + chunks - 1) // chunks, dim)


def stack(tensors, dim=0):
    """Tensors of one shape side by side along a new dimension dim."""
    if not tensors or not all([isinstance(t, Tensor) for t in tensors]):
        raise ValueError("stack takes a list of at least one tensor")
    for t in tensors:
        if t.dims != tensors[0].dims:
            raise ValueError("stack of shapes %s" % ([t.shape for t in tensors],))
    return cat([unsqueeze(t, dim) for t in tensors], dim)
