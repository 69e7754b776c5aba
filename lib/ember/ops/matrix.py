"""Products of vectors and matrices, made of the matrix product (ops_reduce.MATMUL) and of element-wise ones."""

from ..tensors.tensor import apply
from .reduce import MATMUL
from .views import unsqueeze


def vector(x, name):
    if len(x.dims) != 1:
        raise ValueError("%s has shape %s; it may have one dimension" % (name, x.shape))
    return x


def outer(a, b):
    """[N] and [M] to [N, M]: each product of one of a and one of b."""
    return unsqueeze(vector(a, "a"), 1) * vector(b, "b")


def dot(a, b):
    """The sum of a * b, both [N]."""
    if vector(a, "a").dims != vector(b, "b").dims:
        raise ValueError("dot of shapes %s and %s" % (a.shape, b.shape))
    return a @ b


def bilinear(x1, x2, weight, bias=None):
    """y[o] = the sum of x1[i] * x2[j] * weight[i, j, o], plus bias[o]: [..., in1] and [..., in2] to [..., out].

    Weight is [in1, in2, out] (PyTorch has out first). Needs a scratch of in1 * in2 elements a row.
    """
    dims = weight.dims
    if len(dims) != 3 or x1.dims[-1:] != dims[:1] or x2.dims[-1:] != dims[1:2] or x1.dims[:-1] != x2.dims[:-1]:
        raise ValueError("bilinear of shapes %s and %s with weight %s; they may be [..., in1], [..., in2] and "
                         "[in1, in2, out]" % (x1.shape, x2.shape, weight.shape))  # fmt: skip
    if bias is not None and bias.dims != dims[2:]:
        raise ValueError("bias has shape %s for %d outputs" % (bias.shape, dims[2]))
    pairs = (unsqueeze(x1, -1) * unsqueeze(x2, -2)).flatten(-2)
    flat = weight.reshape(-1, dims[2])
    return apply(MATMUL, (pairs, flat) if bias is None else (pairs, flat, bias))
