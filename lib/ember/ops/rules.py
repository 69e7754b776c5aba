"""The op table: per operation a shape rule, how it emits itself, how it emits its gradient.

    shape(inputs, *args) -> dims of the result
    emit(sink, y, inputs, saved)            None: the result is its input under other dims; saved starts as args,
                                            and what the gradient needs may be appended
    grad(sink, y, g, inputs, saved)         adds to the gradient of each input that requires one

N batch, H height, W width, C channels, K what a matrix multiply sums over. Tensors are contiguous; the batch, if
there is one, is the first dimension.
"""

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors.tensor import apply, numel, operand

(
    COPY_FN, NEG_FN, ABS_FN, SQRT_FN, EXP_FN, LOG_FN, TANH_FN, SIGMOID_FN, RELU_FN, FLOOR_FN, ROUND_FN, EXPM1_FN,
    LOG1P_FN, SIN_FN, COS_FN, ERF_FN, ADD_FN, SUB_FN, MUL_FN, DIV_FN, MAXIMUM_FN, MINIMUM_FN, POW_FN, EQ_FN, GT_FN,
    RELU_GRAD, TANH_GRAD, SIGMOID_GRAD, SQRT_GRAD, REMAINDER_FN, ATAN2_FN, KEEP_FN,
) = range(32)  # fmt: skip


class Op:
    values = True  # whether the gradient needs the inputs' elements, not their shapes alone
    always = False  # whether grad is to be called where no gradient has come, with None

    def __init__(self, shape, emit, grad, values=True):
        self.shape, self.emit, self.grad = shape, emit, grad
        if not values:
            self.values = False


# What several rows need.


def strides_of(dims):
    """Row-major strides in elements."""
    strides = [1] * len(dims)
    for i in range(len(dims) - 2, -1, -1):
        strides[i] = strides[i + 1] * dims[i + 1]
    return strides


def broadcast_strides(dims, out):
    """Strides with which a tensor of `dims` is read as one of `out`: 0 where it is repeated."""
    lead = len(out) - len(dims)
    strides = strides_of(dims)
    return [0 if i < lead or dims[i - lead] == 1 else strides[i - lead] for i in range(len(out))]


def broadcast(inputs):
    """The shape of an element-wise result: dimensions agree from the right, or one of them is 1."""
    a, b = inputs[0].dims, inputs[1].dims
    rank = max(len(a), len(b))
    out = []
    for i in range(-rank, 0):
        p = a[i] if -i <= len(a) else 1
        q = b[i] if -i <= len(b) else 1
        if p != q and p != 1 and q != 1:
            from .misfit import different

            raise different(inputs, p < 0 or q < 0)
        out.append(q if p == 1 else p)
    if [d for d in out[1:] if d < 0]:
        from .misfit import moved

        raise moved(inputs)
    return tuple(out)


def strided(sink, fn, into, dims, d, d_strides, a, a_strides, b=None, b_strides=None):
    """One element-wise instruction over `dims`, in the short form where every operand is contiguous; several where
    more than four dimensions stay apart. Each element of d is met in the order of dims."""
    if b is None:
        b, b_strides = a, a_strides
    sizes, ds, as_, bs = [], [], [], []
    for i in range(len(dims)):
        n, sd, sa, sb = dims[i], d_strides[i], a_strides[i], b_strides[i]
        if n == 1:
            continue
        if sizes and ds[-1] == sd * n and as_[-1] == sa * n and bs[-1] == sb * n:
            sizes[-1] *= n
            ds[-1], as_[-1], bs[-1] = sd, sa, sb
        else:
            sizes.append(n)
            ds.append(sd)
            as_.append(sa)
            bs.append(sb)
    if not sizes:
        emit.map(sink, fn=fn, into=into, n=1, a_step=1, b_step=1, d=d, a=a, b=b)
    elif len(sizes) == 1 and ds[0] == 1 and as_[0] in (0, 1) and bs[0] in (0, 1):
        emit.map(sink, fn=fn, into=into, n=sizes[0], a_step=as_[0], b_step=bs[0], d=d, a=a, b=b)
    else:
        pad = 4 - len(sizes)
        if pad < 0:
            from .common import one_by_one

            return one_by_one(sink, fn, into, sizes, d, ds, a, as_, b, bs)
        ones, none = [1] * pad, [0] * pad
        words = ones + sizes + none + ds + none + as_ + none + bs  # n0 to b3
        emit.map_strided(sink, fn, into, *words, d=d, a=a, b=b)


def into_grad(sink, x):
    """The gradient of x and how to meet it: the first contribution writes, later ones accumulate."""
    if x.grad is None:
        x.grad = sink.new(x.dims)
        return x.grad, WRITE
    return x.grad, INTO_ADD


def summed_grad(sink, x):
    """The gradient of x to accumulate in, zeros if it is new: for contributions that do not cover it once."""
    if x.grad is None:
        x.grad = sink.new(x.dims)
        sink.fill(x.grad, 0.0)
    return x.grad


def grad_of_part(sink, x, dims):
    """The gradient of x and how to meet it, for a contribution of these dimensions: to all of x, each once, or not."""
    return into_grad(sink, x) if numel(dims) == numel(x.dims) else (summed_grad(sink, x), INTO_ADD)


def contribute(sink, x, fn, dims, a, a_strides, b=None, b_strides=None):
    """grad x += fn(a, b) over dims, summed over the dimensions along which x was broadcast."""
    strides = broadcast_strides(x.dims, dims)
    d, into = grad_of_part(sink, x, dims)
    strided(sink, fn, into, dims, d, strides, a, a_strides, b, b_strides)


def hand_on(sink, x, g):
    """grad x += g, of the same size. If x has none yet it gets g's memory, but only one input may."""
    if x.grad is None and not g.handed:
        g.handed = True
        x.grad = g.alias(x.dims)
    else:
        d, into = into_grad(sink, x)
        sink.copy(d, g, into)


# Element-wise, one operand: fn(x), and a gradient that is one function of (y or x) and g.


def same(inputs, *args):
    return inputs[0].dims


def unary(fn, grad_fn, uses_x=False, g_first=False):
    def emit(sink, y, inputs, saved):
        sink.map(fn, y, inputs[0])

    def grad(sink, y, g, inputs, saved):
        x = inputs[0]
        d, into = into_grad(sink, x)
        a = x if uses_x else y
        if g_first:
            sink.map(grad_fn, d, g, a, into)
        else:
            sink.map(grad_fn, d, a, g, into)

    return Op(same, emit, grad)


RELU = unary(RELU_FN, RELU_GRAD)


# Element-wise, two operands that broadcast.


def binary(fn, grad, values=True):
    def emit(sink, y, inputs, saved):
        a, b = inputs
        out = y.dims
        strided(sink, fn, WRITE, out, y, strides_of(out), a, broadcast_strides(a.dims, out),
                b, broadcast_strides(b.dims, out))  # fmt: skip

    return Op(broadcast, emit, grad, values)


def _div_grad(sink, y, g, inputs, saved):
    a, b = inputs
    out = y.dims
    strides, b_strides = strides_of(out), broadcast_strides(b.dims, out)
    if a.requires_grad:
        contribute(sink, a, DIV_FN, out, g, strides, b, b_strides)
    if b.requires_grad:  # -(g * y) / b
        t = sink.new(out)
        sink.map(MUL_FN, t, g, y)
        strided(sink, DIV_FN, WRITE, out, t, strides, t, strides, b, b_strides)
        contribute(sink, b, NEG_FN, out, t, strides)


DIV = binary(DIV_FN, _div_grad)


# As functions and methods.


def op(x, name, others=(), args=()):
    """The operation whose row has that name: x.op("ADD", (other,)), or x.op("SUM", (), (dim, False))."""
    from . import rules as home

    if not hasattr(home, name):
        from . import reduce as home
    if not hasattr(home, name):
        from . import unary as home
    if not hasattr(home, name):
        from . import common as home
    inputs = [x]
    for other in others:
        inputs.append(operand(other))
    for t in inputs:
        if t.dtype != "f":
            raise ValueError("this takes float32 tensors, got shape %s of dtype %r" % (t.shape, t.dtype))
    return apply(getattr(home, name), tuple(inputs), args)


def relu(x):
    """x where it is above 0, else 0."""
    return x.op("RELU")
