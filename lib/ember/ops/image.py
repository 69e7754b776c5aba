"""The op table, continued: images, channels last.

N batch, H height, W width, C channels in, F channels out; weights [K_h, K_w, C / groups, F].
"""

from ..base.check import plain
from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from .rules import COPY_FN, Op, broadcast_strides, contribute, into_grad, strided, strides_of, summed_grad


def pair(value, name, least, most=32767):
    """An int, or two: for height and width."""
    both = tuple([plain(n) for n in (value if isinstance(value, (tuple, list)) else (value, value))])
    if len(both) != 2 or [n for n in both if isinstance(n, bool) or not isinstance(n, int) or not least <= n <= most]:
        raise ValueError("%s is %r; it may be an int or two from %d to %d" % (name, value, least, most))
    return both


def out_size(n, kernel, stride, padding, dilation=1, ceil=False):
    """How many windows there are. ceil: one more that ends outside, if it begins in the image or the padding before."""
    rest = n + 2 * padding - dilation * (kernel - 1) - 1
    out = rest // stride + 1
    return out + 1 if ceil and rest % stride and out * stride < n + padding else out


def _conv2d_shape(inputs, stride, padding, dilation, groups):
    x, w = inputs[0].dims, inputs[1].dims
    if len(x) != 4 or len(w) != 4 or x[3] != w[2] * groups or w[3] % groups:
        raise ValueError("conv2d of input %s and weight %s with groups=%d: [N, H, W, C] and [K_h, K_w, C / groups, F]"
                         % (inputs[0].shape, inputs[1].shape, groups))  # fmt: skip
    if len(inputs) > 2 and inputs[2].dims != w[3:]:
        raise ValueError("bias of shape %s for %d channels" % (inputs[2].shape, w[3]))
    out = [out_size(x[i + 1], w[i], stride[i], padding[i], dilation[i]) for i in (0, 1)]
    if out[0] < 1 or out[1] < 1:
        raise ValueError("conv2d: the kernel %s is larger than the input %s" % (inputs[1].shape, inputs[0].shape))
    return (x[0], out[0], out[1], w[3])


def _conv2d_words(x, w, y, stride, padding, dilation, groups):
    """What all three instructions are told before their operands: n to d_w."""
    n, h, width, _ = x.dims
    k_h, k_w, c, f = w.dims
    return [n, h, width, c, f // groups, groups, y.dims[1], y.dims[2], k_h, k_w, stride[0], stride[1],
            padding[0], padding[1], dilation[0], dilation[1]]  # fmt: skip


def _conv2d_emit(sink, y, inputs, saved):
    x, w = inputs[0], inputs[1]
    into = WRITE
    if len(inputs) > 2:  # the sum starts from the bias
        bias = inputs[2]
        strided(sink, COPY_FN, WRITE, y.dims, y, strides_of(y.dims), bias, broadcast_strides(bias.dims, y.dims))
        into = INTO_ADD
    emit.conv2d(sink, into, *_conv2d_words(x, w, y, *saved), y=y, x=x, weight=w)


def _conv2d_grad(sink, y, g, inputs, saved):
    x, w = inputs[0], inputs[1]
    words = _conv2d_words(x, w, y, *saved)
    if w.requires_grad:
        d, into = into_grad(sink, w)
        emit.conv2d_grad_weight(sink, into, *words, dw=d, x=x, g=g)
    if len(inputs) > 2 and inputs[2].requires_grad:
        contribute(sink, inputs[2], COPY_FN, y.dims, g, strides_of(y.dims))
    if x.requires_grad:
        d, into = into_grad(sink, x)
        emit.conv2d_grad_input(sink, into, *words, dx=d, g=g, weight=w)


CONV2D = Op(_conv2d_shape, _conv2d_emit, _conv2d_grad)


def pooled(x, kernel, stride, padding, ceil):
    """Height and width of what a window makes of [N, H, W, C], or ValueError."""
    if len(x.dims) != 4:
        raise ValueError("pooling of shape %s: [N, H, W, C]" % (x.shape,))
    out = [out_size(x.dims[i + 1], kernel[i], stride[i], padding[i], 1, ceil) for i in (0, 1)]
    if min(out) < 1:
        raise ValueError("pooling: the window %s is larger than the input %s" % (kernel, x.shape))
    return out


def _pool_shape(inputs, *args):
    x = inputs[0].dims
    out = pooled(inputs[0], *args)
    return (x[0], out[0], out[1], x[3])


def _pool_words(x, y, kernel, stride, padding, ceil):
    """n to p_w."""
    return list(x.dims) + [y.dims[1], y.dims[2]] + list(kernel) + list(stride) + list(padding)


def _pool_emit(sink, y, inputs, saved):
    emit.max_pool2d(sink, *_pool_words(inputs[0], y, *saved), y=y, x=inputs[0])


def _pool_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    d = summed_grad(sink, x)
    emit.max_pool2d_grad(sink, *_pool_words(x, y, *saved), dx=d, x=x, g=g)


MAX_POOL2D = Op(_pool_shape, _pool_emit, _pool_grad)
