"""The op table, continued: average pooling, and transposed convolution.

N batch, H height, W width, C channels in, F channels out.
"""

from array import array

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors.tensor import Tensor
from .reduce import summed
from .rules import COPY_FN, DIV_FN, Op, broadcast_strides, contribute, into_grad, strided, strides_of, summed_grad

# Averages. One instruction for as many windows as are alike. A step of the gradient adds some of the output's to some
# of the input's.
# -> (dims, first element and strides in the output, first element and strides in the input)


def _taps(x, y, kernel, stride, padding):
    """A step for each place in the window."""
    (n, h, w, c), (_, out_h, out_w, _) = x, y
    for i in range(kernel[0]):
        top, rows = _inside(i - padding[0], stride[0], h, out_h)
        for j in range(kernel[1]):
            left, columns = _inside(j - padding[1], stride[1], w, out_w)
            if rows < 1 or columns < 1:
                continue
            row, column = top * stride[0] + i - padding[0], left * stride[1] + j - padding[1]
            yield ((n, rows, columns, c), (top * out_w + left) * c, strides_of(y), (row * w + column) * c,
                   (h * w * c, stride[0] * w * c, stride[1] * c, 1))  # fmt: skip


def _inside(offset, stride, size, out):
    """Of the outputs, the first whose input at this offset is inside the image, and how many are."""
    first = max(0, (stride - 1 - offset) // stride)
    last = min(out - 1, (size - 1 - offset) // stride)
    return first, last - first + 1


def _bins(x, y):
    """A step for each place in the output: from the floor of i * H / out to the ceiling of (i + 1) * H / out."""
    (n, h, w, c), (_, out_h, out_w, _) = x, y
    for i in range(out_h):
        top, rows = _bin(i, h, out_h)
        for j in range(out_w):
            left, columns = _bin(j, w, out_w)
            yield ((n, rows, columns, c), (i * out_w + j) * c, (out_h * out_w * c, 0, 0, 1), (top * w + left) * c,
                   strides_of(x))  # fmt: skip


def _bin(i, size, out):
    first = i * size // out
    return first, ((i + 1) * size + out - 1) // out - first


def _steps(x, y, saved):
    return _bins(x, y) if saved[0] is None else _taps(x, y, *saved[:3])


def _windows(size, out, kernel, stride, padding):
    """Along one axis, what each place in the output is made of, first and how many; kernel None: bins."""
    for i in range(out):
        if kernel is None:
            yield _bin(i, size, out)
        else:
            first = max(i * stride - padding, 0)
            yield first, min(i * stride - padding + kernel, size) - first


def _runs(size, out, kernel, stride, padding):
    """Windows that are alike: [first place in the output, how many, first in the input, how far apart, how long]."""
    runs, i = [], 0
    for first, length in _windows(size, out, kernel, stride, padding):
        run = runs[-1] if runs else None
        if run and run[4] == length and (run[1] == 1 or run[2] + run[1] * run[3] == first):
            run[1], run[3] = run[1] + 1, first - run[2] if run[1] == 1 else run[3]
        else:
            runs.append([i, 1, first, 0, length])
        i += 1
    return runs


def _counts(sink, x, y, saved):
    """By how much each sum is divided: a number, or [H, W, 1]."""
    kernel, stride, padding, include = saved
    (_, h, w, _), (_, out_h, out_w, _) = x, y
    counts = []
    for i in range(out_h):
        for j in range(out_w):
            if kernel is None:
                counts.append(_bin(i, h, out_h)[1] * _bin(j, w, out_w)[1])
                continue
            size = 1
            for at, k, s, p, n in ((i, kernel[0], stride[0], padding[0], h), (j, kernel[1], stride[1], padding[1], w)):
                first = at * s - p
                size *= min(first + k, n + p) - first if include else min(first + k, n) - max(first, 0)
            counts.append(size)
    if min(counts) == max(counts):
        return sink.scalar(counts[0])
    return Tensor(array("f", counts), (out_h, out_w, 1))


def _divide(sink, d, a, counts):
    strides = strides_of(d.dims)
    strided(sink, DIV_FN, WRITE, d.dims, d, strides, a, strides, counts, broadcast_strides(counts.dims, d.dims))


def _average_shape(inputs, out, *saved):
    return inputs[0].dims[:1] + tuple(out) + inputs[0].dims[3:]


def _average_emit(sink, y, inputs, saved):
    x, dims, saved = inputs[0], inputs[0].dims, saved[1:]
    (n, h, w, c), (_, out_h, out_w, _) = dims, y.dims
    kernel, stride, padding = saved[:3] if saved[0] else ((None, None),) * 3
    columns = _runs(w, out_w, kernel[1], stride[1], padding[1])
    for row, rows, top, down, tall in _runs(h, out_h, kernel[0], stride[0], padding[0]):
        for column, count, left, right, wide in columns:
            summed(sink, COPY_FN, (n, rows, count, c, tall, wide), y.alias(y.dims, (row * out_w + column) * c),
                   strides_of(y.dims) + [0, 0], x.alias(dims, (top * w + left) * c),
                   (h * w * c, down * w * c, right * c, 1, w * c, c))  # fmt: skip
    _divide(sink, y, y, _counts(sink, dims, y.dims, saved))


def _average_grad(sink, y, g, inputs, saved):
    x, dims, saved = inputs[0], inputs[0].dims, saved[1:]
    share = sink.new(y.dims)
    _divide(sink, share, g, _counts(sink, dims, y.dims, saved))
    d = summed_grad(sink, x)
    for block, to, to_strides, at, strides in _steps(dims, y.dims, saved):
        strided(sink, COPY_FN, INTO_ADD, block, d.alias(dims, at), strides, share.alias(y.dims, to), to_strides)


# Arguments: height and width of the result, then kernel, stride, padding, whether padding counts; or kernel None: bins.
AVERAGE = Op(_average_shape, _average_emit, _average_grad)


# Transposed convolution: what a convolution's gradient is, so its gradients are convolutions.


def _transposed_shape(inputs, stride, padding, output_padding, dilation, groups):
    x, w = inputs[0].dims, inputs[1].dims
    out = [(x[i + 1] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (w[i] - 1) + output_padding[i] + 1
           for i in (0, 1)]  # fmt: skip
    if min(out) < 1:
        raise ValueError("transposed convolution of shape %s: the result would be %d by %d"
                         % (inputs[0].shape, out[0], out[1]))  # fmt: skip
    return (x[0], out[0], out[1], w[2] * groups)


def _transposed_words(x, w, y, stride, padding, output_padding, dilation, groups):
    """Of the convolution that makes x's shape of y's."""
    n, h, width, _ = y.dims
    k_h, k_w, c, f = w.dims
    return [n, h, width, c, f // groups, groups, x.dims[1], x.dims[2], k_h, k_w, stride[0], stride[1],
            padding[0], padding[1], dilation[0], dilation[1]]  # fmt: skip


def _transposed_emit(sink, y, inputs, saved):
    x, w = inputs[0], inputs[1]
    into = WRITE
    if len(inputs) > 2:  # the sum starts from the bias
        bias = inputs[2]
        strided(sink, COPY_FN, WRITE, y.dims, y, strides_of(y.dims), bias, broadcast_strides(bias.dims, y.dims))
        into = INTO_ADD
    emit.conv2d_grad_input(sink, into, *_transposed_words(x, w, y, *saved), dx=y, g=x, weight=w)


def _transposed_grad(sink, y, g, inputs, saved):
    x, w = inputs[0], inputs[1]
    words = _transposed_words(x, w, y, *saved)
    if w.requires_grad:
        d, into = into_grad(sink, w)
        emit.conv2d_grad_weight(sink, into, *words, dw=d, x=g, g=x)
    if len(inputs) > 2 and inputs[2].requires_grad:
        contribute(sink, inputs[2], COPY_FN, y.dims, g, strides_of(y.dims))
    if x.requires_grad:
        d, into = into_grad(sink, x)
        emit.conv2d(sink, into, *words, y=d, x=g, weight=w)


CONV_TRANSPOSE2D = Op(_transposed_shape, _transposed_emit, _transposed_grad)
