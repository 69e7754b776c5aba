"""Cases of cells, of sequences of unequal length, of windows that end outside, of padding that is no zeros; see
op_cases.py."""

import numpy as np

from ember import cat, nn
from op_cases import covers
from op_cases_layers import conv_gradient, conv_reference
from op_cases_recurrent import GATES, STEP, run, slopes


def weights_of(d, name, width, hidden):
    gates = GATES[name]
    found = [d.normal((width, gates * hidden)), d.normal((hidden, gates * hidden)), d.normal((gates * hidden,))]
    return found + ([d.normal((hidden,))] if name == "GRU" else [])


def hand(direction, weights):
    for key, value in zip(("weight_ih", "weight_hh", "bias", "bias_hh"), weights):
        vars(direction)[key] = value


@covers("RNN", "GRU", "LSTM")
def cell(d):
    name, relu = d.choice(("RNN", "GRU", "LSTM")), d.choice((0, 1))
    n, features, hidden = d.choice((1, 3)), d.choice((1, 2)), d.choice((1, 2))
    more = {"nonlinearity": "relu" if relu else "tanh"} if name == "RNN" else {}
    layer = getattr(nn, name + "Cell")(features, hidden, **more)
    inputs = [d.normal((n, features)), d.normal((n, hidden))] + [d.normal((n, hidden))] * (name == "LSTM")

    def in_ember(x, h, *rest):
        if name == "LSTM":
            hand(layer, rest[1:])
            return cat(layer(x, (h, rest[0])), 1)
        hand(layer, rest)
        return layer(x, h)

    def in_numpy(x, h, *rest):
        c, given = (rest[0], rest[1:]) if name == "LSTM" else (h, rest)
        w, u, *b = given
        h, c = STEP[name](x, h, c, w, u, b if name == "GRU" else b[0], relu)
        return np.concatenate([h, c], 1) if name == "LSTM" else h

    inputs += weights_of(d, name, features, hidden)
    return inputs, in_ember, in_numpy, lambda g, *inputs: slopes(in_numpy, [np.array(a) for a in inputs], g)


@covers("RNN", "GRU", "LSTM", "LAST_CELL", "GATHER", "WHERE")
def lengths(d):
    """Each sequence alone, of the steps that it has, beside zeros."""
    name, directions = d.choice(("RNN", "GRU", "LSTM")), d.choice((1, 2))
    n, steps, features, hidden = d.choice((1, 3)), d.choice((1, 2, 3)), d.choice((1, 2)), d.choice((1, 2))
    layer = getattr(nn, name)(features, hidden, bidirectional=directions == 2)
    given = [d.choice(range(1, steps + 1)) for _ in range(n)]
    each, cells = 4 if name == "GRU" else 3, 1 + (name == "LSTM")
    inputs = [d.normal((n, steps, features))] + [d.normal((n, directions, hidden)) for _ in range(cells)]

    def in_ember(x, *rest):
        for k in range(directions):
            hand(layer.layers[0][k], rest[cells + each * k : cells + each * k + each])
        output, end = layer(x, rest[0] if cells == 1 else rest[:2], given)
        ends = [end] if cells == 1 else list(end)
        return cat([output.flatten(1)] + [e[:, k] for k in range(directions) for e in ends], 1)

    def in_numpy(x, *rest):
        start, start_c, found = rest[0], rest[cells - 1], []
        for i, k in enumerate(given):
            alone = run(name, 0, (directions,), x[i : i + 1, :k], start[i : i + 1], start_c[i : i + 1], rest[cells:])
            at = k * directions * hidden
            padding = np.zeros((1, (steps - k) * directions * hidden))
            found.append(np.concatenate([alone[:, :at], padding, alone[:, at:]], 1))
        return np.concatenate(found)

    for _ in range(directions):
        inputs += weights_of(d, name, features, hidden)
    return inputs, in_ember, in_numpy, lambda g, *inputs: slopes(in_numpy, [np.array(a) for a in inputs], g)


MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@covers("CONV2D", "PIECES")
def conv2d_padded(d):
    mode, padding = d.choice(sorted(MODES)), (d.choice((0, 1, 2)), d.choice((1, 2)))
    x = d.normal((2, d.choice((3, 5)), d.choice((3, 4)), 2))
    w, b = d.normal((d.choice((1, 3)), d.choice((1, 2)), 2, 3)), d.normal((3,))
    layer = nn.Conv2d(2, 3, w.shape[:2], padding=padding, padding_mode=mode)
    around = ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0))
    came = np.pad(np.arange(x[0, :, :, 0].size).reshape(x.shape[1:3]), around[1:3], MODES[mode])
    settings = ((1, 1), (0, 0), (1, 1), 1)

    def in_ember(x, w, b):
        vars(layer).update(weight=w, bias=b)
        return layer(x)

    def gradient(g, x, w, b):
        wide, dw, db = conv_gradient(g, np.pad(x, around, MODES[mode]), w, *settings)
        dx = np.zeros((2, x[0, :, :, 0].size, 2))
        np.add.at(dx, (slice(None), came.ravel()), wide.reshape(2, -1, 2))
        return dx.reshape(x.shape), dw, db

    return ([x, w, b], in_ember, lambda x, w, b: conv_reference(np.pad(x, around, MODES[mode]), w, b, *settings),
            gradient)  # fmt: skip


def ceil_size(n, kernel, stride, padding):
    """PyTorch's: windows that begin in the image or the padding before it."""
    most = min(n + padding, n + 2 * padding - kernel + stride)
    return len([i for i in range(n + padding) if i * stride < most])


@covers("MAX_POOL2D", "AVERAGE")
def ceil_pool(d):
    kernel, stride = (d.choice((1, 2, 3)), d.choice((2, 3))), (d.choice((1, 2)), d.choice((2, 3)))
    padding, counts = tuple(d.choice(range(k // 2 + 1)) for k in kernel), d.choice((True, False))
    x = d.apart((2, kernel[0] + d.choice((0, 1, 2)), kernel[1] + d.choice((0, 1, 2, 4)), 2))
    out = [ceil_size(*four) for four in zip(x.shape[1:3], kernel, stride, padding)]
    average = d.choice((True, False))
    if average:
        layer = nn.AvgPool2d(kernel, stride, padding, True, counts)
    else:
        layer = nn.MaxPool2d(kernel, stride, padding, ceil_mode=True)

    def each(x):
        for n, i, j, c in np.ndindex(len(x), *out, x.shape[3]):
            top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
            low, high = max(top, 0), min(top + kernel[0], x.shape[1])
            first, last = max(left, 0), min(left + kernel[1], x.shape[2])
            size = (high - low) * (last - first)
            if counts:
                size = (min(top + kernel[0], x.shape[1] + padding[0]) - top) * (
                    min(left + kernel[1], x.shape[2] + padding[1]) - left)  # fmt: skip
            yield (n, i, j, c), (n, slice(low, high), slice(first, last), c), size

    def in_numpy(x):
        y = np.zeros((2, *out, 2))
        for to, at, size in each(x):
            y[to] = x[at].sum() / size if average else x[at].max()
        return y

    def gradient(g, x):
        dx = np.zeros_like(x)
        for to, at, size in each(x):
            dx[at] += g[to] / size if average else g[to] * (x[at] == x[at].max())
        return (dx,)

    return [x], layer, in_numpy, gradient


@covers("CONV2D", "MAX_POOL2D")
def wide_windows(d):
    """Windows, strides and dilations above 255."""
    far, three = d.choice((256, 400)), d.choice((2, 3))
    if d.choice((True, False)):
        x, layer = d.apart((1, 2 * far, 1)), nn.MaxPool1d(far)

        def gradient(g, x):
            dx = np.zeros_like(x)
            for i in (0, 1):
                part = x[0, i * far : (i + 1) * far, 0]
                dx[0, i * far + part.argmax(), 0] = g[0, i, 0]
            return (dx,)

        return [x], layer, lambda x: x.reshape(1, 2, far, 1).max(2), gradient
    x, w, b = d.normal((1, 2 * far + 3, 1)), d.normal((1, three, 1, 2)), d.normal((2,))
    layer = nn.Conv1d(1, 2, three, 300, 1, far)
    settings = ((1, 300), (0, 1), (1, far), 1)

    def in_ember(x, w, b):
        vars(layer).update(weight=w, bias=b)
        return layer(x)

    def conv_slopes(g, x, w, b):
        dx, dw, db = conv_gradient(g[:, None], x[:, None], w, *settings)
        return dx[:, 0], dw, db

    return [x, w, b], in_ember, lambda x, w, b: conv_reference(x[:, None], w, b, *settings)[:, 0], conv_slopes
