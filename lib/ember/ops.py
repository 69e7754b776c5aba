"""The op table: per operation a shape rule, how it emits itself, how it emits its gradient.

    shape(inputs, *args) -> dims of the result
    emit(sink, y, inputs, saved)            None: the result is its input under other dims; saved starts as args,
                                            and what the gradient needs may be appended
    grad(sink, y, g, inputs, saved)         adds to the gradient of each input that requires one

N batch, H height, W width, C channels, K what a matrix multiply sums over. Tensors are contiguous; the batch, if
there is one, is the first dimension.
"""

from . import isa
from .isa import ADD as INTO_ADD
from .isa import WRITE
from .tensor import numel

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
    a, b = inputs[0]._dims, inputs[1]._dims
    rank = max(len(a), len(b))
    out = []
    for i in range(-rank, 0):
        p = a[i] if -i <= len(a) else 1
        q = b[i] if -i <= len(b) else 1
        if p != q and p != 1 and q != 1:
            batch = ": the first dimension is the batch of one of them, whatever it holds; a constant has 1 there"
            raise ValueError("shapes %s and %s do not broadcast%s"
                             % (inputs[0].shape, inputs[1].shape, batch if p < 0 or q < 0 else ""))  # fmt: skip
        out.append(q if p == 1 else p)
    if [d for d in out[1:] if d < 0]:
        raise ValueError("shapes %s and %s: broadcasting would move the batch from the first dimension"
                         % (inputs[0].shape, inputs[1].shape))  # fmt: skip
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
        sink.emit(isa.MAP, fn, into, 1, 1, 1, d, a, b)
    elif len(sizes) == 1 and ds[0] == 1 and as_[0] in (0, 1) and bs[0] in (0, 1):
        sink.emit(isa.MAP, fn, into, sizes[0], as_[0], bs[0], d, a, b)
    else:
        pad = 4 - len(sizes)
        if pad < 0:
            return _one_by_one(sink, fn, into, sizes, d, ds, a, as_, b, bs)
        ones, none = [1] * pad, [0] * pad
        words = ones + sizes + none + ds + none + as_ + none + bs
        sink.emit(isa.MAP_STRIDED, fn, into, *(words + [d, a, b]))


def _one_by_one(sink, fn, into, sizes, d, ds, a, as_, b, bs):
    """strided() for each index of one dimension: the smallest that leaves the order of every sum as it is."""
    best, sums = -1, False
    for i in range(len(sizes)):
        if sizes[i] > 0 and not (sums and ds[i] == 0) and (best < 0 or sizes[i] < sizes[best]):
            best = i
        sums = sums or ds[i] == 0
    if best < 0:  # all is summed, the batch first: no operation does so over operands in as many pieces
        raise ValueError("a sum over the batch and %d more separate dimensions; 3 is the most" % (len(sizes) - 1))
    rest = [[x for i, x in enumerate(part) if i != best] for part in (sizes, ds, as_, bs)]
    for i in range(sizes[best]):
        at_d, at_a, at_b = [x.alias(x._dims, i * step[best]) for x, step in ((d, ds), (a, as_), (b, bs))]
        strided(sink, fn, into, rest[0], at_d, rest[1], at_a, rest[2], at_b, rest[3])


def into_grad(sink, x):
    """The gradient of x and how to meet it: the first contribution writes, later ones accumulate."""
    if x.grad is None:
        x.grad = sink.new(x._dims)
        return x.grad, WRITE
    return x.grad, INTO_ADD


def summed_grad(sink, x):
    """The gradient of x to accumulate in, zeros if it is new: for contributions that do not cover it once."""
    if x.grad is None:
        x.grad = sink.new(x._dims)
        sink.fill(x.grad, 0.0)
    return x.grad


def grad_of_part(sink, x, dims):
    """The gradient of x and how to meet it, for a contribution of these dimensions: to all of x, each once, or not."""
    return into_grad(sink, x) if numel(dims) == numel(x._dims) else (summed_grad(sink, x), INTO_ADD)


def contribute(sink, x, fn, dims, a, a_strides, b=None, b_strides=None):
    """grad x += fn(a, b) over dims, summed over the dimensions along which x was broadcast."""
    strides = broadcast_strides(x._dims, dims)
    d, into = grad_of_part(sink, x, dims)
    strided(sink, fn, into, dims, d, strides, a, a_strides, b, b_strides)


def hand_on(sink, x, g):
    """grad x += g, of the same size. If x has none yet it gets g's memory, but only one input may."""
    if x.grad is None and not g._seen:
        g._seen = True
        x.grad = g.alias(x._dims)
    else:
        d, into = into_grad(sink, x)
        sink.copy(d, g, into)


# Element-wise, one operand: fn(x), and a gradient that is one function of (y or x) and g.


def same(inputs, *args):
    return inputs[0]._dims


def _unary(fn, grad_fn, uses_x=False, g_first=False):
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


def _neg_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    sink.map(NEG_FN, d, g, None, into)


NEG = Op(same, lambda sink, y, inputs, saved: sink.map(NEG_FN, y, inputs[0]), _neg_grad, False)
EXP = _unary(EXP_FN, MUL_FN)
LOG = _unary(LOG_FN, DIV_FN, True, True)
SQRT = _unary(SQRT_FN, SQRT_GRAD)
RELU = _unary(RELU_FN, RELU_GRAD)
TANH = _unary(TANH_FN, TANH_GRAD)
SIGMOID = _unary(SIGMOID_FN, SIGMOID_GRAD)


def _pow_emit(sink, y, inputs, saved):
    sink.map(POW_FN, y, inputs[0], sink.scalar(saved[0]))


def _pow_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    if saved[0] == 0:  # a constant, at 0 too
        summed_grad(sink, x)
        return
    t = sink.new(x._dims)
    sink.map(POW_FN, t, x, sink.scalar(saved[0] - 1.0))
    sink.map(MUL_FN, t, t, sink.scalar(saved[0]))
    d, into = into_grad(sink, x)
    sink.map(MUL_FN, d, t, g, into)


POW = Op(same, _pow_emit, _pow_grad)


# Element-wise, two operands that broadcast.


def _binary(fn, grad, values=True):
    def emit(sink, y, inputs, saved):
        a, b = inputs
        out = y._dims
        strided(sink, fn, WRITE, out, y, strides_of(out), a, broadcast_strides(a._dims, out),
                b, broadcast_strides(b._dims, out))  # fmt: skip

    return Op(broadcast, emit, grad, values)


def _add_grad(sink, y, g, inputs, saved):
    for x in inputs:
        if x.requires_grad:
            _pass_on(sink, x, g, COPY_FN)


def _sub_grad(sink, y, g, inputs, saved):
    a, b = inputs
    if b.requires_grad:  # before a may be given g's memory
        _pass_on(sink, b, g, NEG_FN)
    if a.requires_grad:
        _pass_on(sink, a, g, COPY_FN)


def _pass_on(sink, x, g, fn):
    if fn == COPY_FN and numel(x._dims) == numel(g._dims):
        hand_on(sink, x, g)
    else:
        contribute(sink, x, fn, g._dims, g, strides_of(g._dims))


def _mul_grad(sink, y, g, inputs, saved):
    out = y._dims
    for x, other in ((inputs[0], inputs[1]), (inputs[1], inputs[0])):
        if x.requires_grad:
            contribute(sink, x, MUL_FN, out, g, strides_of(out), other, broadcast_strides(other._dims, out))


def _div_grad(sink, y, g, inputs, saved):
    a, b = inputs
    out = y._dims
    strides, b_strides = strides_of(out), broadcast_strides(b._dims, out)
    if a.requires_grad:
        contribute(sink, a, DIV_FN, out, g, strides, b, b_strides)
    if b.requires_grad:  # -(g * y) / b
        t = sink.new(out)
        sink.map(MUL_FN, t, g, y)
        strided(sink, DIV_FN, WRITE, out, t, strides, t, strides, b, b_strides)
        contribute(sink, b, NEG_FN, out, t, strides)


ADD = _binary(ADD_FN, _add_grad, False)
SUB = _binary(SUB_FN, _sub_grad, False)
MUL = _binary(MUL_FN, _mul_grad)
DIV = _binary(DIV_FN, _div_grad)


# Noise.


def samples(dims):
    """How many samples, and elements of each, to draw for: so what is drawn is the same however a batch is cut."""
    n, width = (dims[0], numel(dims[1:])) if len(dims) > 1 else (numel(dims), 1)
    return (n, width) if n > 0 else (-1, -n * width)


def _dropout(sink, y, x, saved, into):
    n, width = samples(x._dims)
    sink.dropout(into, n, width, saved[1], y, x, saved[0])


def _dropout_emit(sink, y, inputs, saved):
    saved.append(sink.stream())
    _dropout(sink, y, inputs[0], saved, WRITE)


def _dropout_grad(sink, y, g, inputs, saved):
    d, into = into_grad(sink, inputs[0])
    _dropout(sink, d, g, saved, into)


DROPOUT = Op(same, _dropout_emit, _dropout_grad)


# As functions and methods.


def relu(x):
    """x where it is above 0, else 0."""
    return x._op("RELU")


def tanh(x):
    """The hyperbolic tangent."""
    return x._op("TANH")


def sigmoid(x):
    """1 / (1 + exp(-x))"""
    return x._op("SIGMOID")


def exp(x):
    """e to the x."""
    return x._op("EXP")


def log(x):
    """The natural logarithm; -inf at 0, NaN below."""
    return x._op("LOG")


def sqrt(x):
    """The root, correctly rounded; NaN below 0."""
    return x._op("SQRT")
