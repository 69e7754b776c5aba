"""Operations that people know from PyTorch by other names, or that are made of one or two of those that are there."""

from array import array

from ..instructions.isa import WRITE
from ..tensors.tensor import Tensor, apply, axis, current_sink, numel
from .arrange import expand, repeat
from .common import max as _max
from .compare import clamp
from .index import index_select
from .math import tensor
from .rules import COPY_FN, Op, grad_of_part, hand_on, into_grad, same, strided, strides_of
from .shape import reshape, transpose
from .slice import cut, whole
from .slice import view as _view
from .statistics import min as _min
from .views import inner_axis


def _clone_grad(sink, y, g, inputs, saved):
    hand_on(sink, inputs[0], g)


CLONE = Op(same, lambda sink, y, inputs, saved: sink.copy(y, inputs[0]), _clone_grad, False)


def clone(x):
    """The same elements in memory of their own. The gradient passes."""
    if x.dtype != "f" and not current_sink().records:
        return Tensor(array(x.dtype, x.elements()[x.offset : x.offset + numel(x.dims)]), x.dims, False, x.dtype)
    return apply(CLONE, (tensor(x),))


def view(x, *shape):
    """As reshape: the same memory under other dimensions, -1 for what is left."""
    return reshape(x, *shape)


def size(x, dim=None):
    """The shape, or how large dim is."""
    return x.shape if dim is None else x.shape[axis(x.dims, dim)]


def dim(x):
    """How many dimensions there are."""
    return len(x.dims)


def clip(x, min=None, max=None):
    """As clamp."""
    return clamp(x, min, max)


def select(x, dim, index):
    """The slice number index along dim, without that dimension."""
    dim = inner_axis(x, dim)
    n = x.dims[dim]
    if not isinstance(index, int) or not -n <= index < n:
        raise IndexError("index %r of dimension %d of shape %s" % (index, dim, x.shape))
    parts = whole(x)
    parts[dim] = (index % n, 1, 1)
    return cut(x, parts, x.dims[:dim] + x.dims[dim + 1 :])


def t(x):
    """A matrix turned: [M, N] to [N, M]. With fewer dimensions as it is."""
    if len(x.dims) > 2:
        raise ValueError(
            "t of shape %s; it takes at most two dimensions, transpose and permute any number" % (x.shape,)
        )
    return transpose(x, 0, 1) if len(x.dims) == 2 else x


def _product(name, rank, a, b):
    if len(a.dims) != rank or len(b.dims) != rank or (rank == 3 and a.dims[0] != b.dims[0]):
        dims = "[M, K] and [K, N]" if rank == 2 else "[B, M, K] and [B, K, N]"
        raise ValueError("%s of shapes %s and %s; they may be %s (matmul broadcasts)" % (name, a.shape, b.shape, dims))
    return a @ b


def mm(a, b):
    """[M, K] and [K, N] to [M, N], and nothing else."""
    return _product("mm", 2, a, b)


def bmm(a, b):
    """[B, M, K] and [B, K, N] to [B, M, N], and nothing else."""
    return _product("bmm", 3, a, b)


def amax(x, dim=(), keepdim=False):
    """The largest over dim: one, several, or all for None or (). Elements that tie share the gradient evenly."""
    return _max(x, None if dim == () else dim, keepdim)


def amin(x, dim=(), keepdim=False):
    """The smallest over dim: one, several, or all for None or (). Elements that tie share the gradient evenly."""
    return _min(x, None if dim == () else dim, keepdim)


def repeat_interleave(x, repeats, dim=None):
    """Each element, or each slice along dim, repeats times in a row; of a list of numbers each its own. Without dim, of
    all elements in a row."""
    if dim is None:
        x, dim = reshape(x, -1), 0
    dim = inner_axis(x, dim)
    n = x.dims[dim]
    if isinstance(repeats, Tensor):
        repeats = [int(k) for k in repeats.tolist()]
    each = [repeats] * n if isinstance(repeats, int) else list(repeats)
    if len(each) != n or [k for k in each if not isinstance(k, int) or k < 0] or not sum(each):
        raise ValueError(
            "repeats is %r; it may be a whole number from 1, or %d of them from 0, not all 0" % (repeats, n)
        )
    if isinstance(repeats, int):
        dims = x.dims[: dim + 1] + (repeats,) + x.dims[dim + 1 :]
        apart = _view(x, x.dims[: dim + 1] + (1,) + x.dims[dim + 1 :])
        y = expand(apart, *[-1 if i != dim + 1 else repeats for i in range(len(dims))])
        return _view(y, x.dims[:dim] + (n * repeats,) + x.dims[dim + 1 :])
    return index_select(x, dim, [i for i in range(n) for _ in range(each[i])])


def tile(x, *dims):
    """As repeat, and fewer dims than dimensions count from the last: those in front stay."""
    dims = tuple(dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims)
    return repeat(x, (1,) * (len(x.dims) - len(dims)) + dims)


# Diagonals. Arguments: (how many, the first element in the matrix, step), and the dimensions of the result.


def _matrix_emit(sink, y, inputs, saved):
    (n, first, step), _ = saved
    sink.fill(y, 0.0)
    strided(sink, COPY_FN, WRITE, (n,), y.alias(y.dims, first), (step,), inputs[0], (1,))


def _matrix_grad(sink, y, g, inputs, saved):
    (n, first, step), _ = saved
    d, into = into_grad(sink, inputs[0])
    strided(sink, COPY_FN, into, (n,), d, (1,), g.alias(g.dims, first), (step,))


def _diagonal_emit(sink, y, inputs, saved):
    (n, first, step), _ = saved
    x = inputs[0]
    strided(sink, COPY_FN, WRITE, (n,), y, (1,), x.alias(x.dims, first), (step,))


def _diagonal_grad(sink, y, g, inputs, saved):
    (n, first, step), _ = saved
    d, into = grad_of_part(sink, inputs[0], y.dims)
    strided(sink, COPY_FN, into, (n,), d.alias(d.dims, first), (step,), g, strides_of((n,)))


DIAGONAL_MATRIX = Op(lambda inputs, where, dims: dims, _matrix_emit, _matrix_grad, False)
DIAGONAL = Op(lambda inputs, where, dims: dims, _diagonal_emit, _diagonal_grad, False)


def diag(x, diagonal=0):
    """Of [N] the matrix with x on a diagonal (0: the main one, 1: the one above it) and 0 elsewhere; of a matrix its
    diagonal."""
    x = tensor(x)
    dims = x.dims
    if not isinstance(diagonal, int) or len(dims) not in (1, 2) or dims[0] < 0:
        raise ValueError("diag of shape %s, diagonal %r; it takes one or two dimensions without the batch, and a whole "
                         "number" % (x.shape, diagonal))  # fmt: skip
    below, above = (-diagonal, 0) if diagonal < 0 else (0, diagonal)
    if len(dims) == 1:
        n, width = dims[0], dims[0] + below + above
        where = n, below * width + above, width + 1
        return apply(DIAGONAL_MATRIX, (x,), (where, (width, width)))
    rows, columns = dims[0] - below, dims[1] - above
    n = rows if rows < columns else columns
    if n < 1:
        raise ValueError("diagonal is %d; shape %s has none there" % (diagonal, x.shape))
    return apply(DIAGONAL, (x,), ((n, below * dims[1] + above, dims[1] + 1), (n,)))
