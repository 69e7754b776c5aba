"""The catalogue of operations as cases (see op_cases.py), continued: matrices, losses, images and noise."""

import numpy as np

from ember import nn
from op_cases import covers, soft


def folded(g, shape):
    """Summed over what was broadcast from this shape."""
    g = g.sum(tuple(range(g.ndim - len(shape))))
    return g.sum(tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1), keepdims=True)


@covers("MATMUL")
def matmul(d):
    m, k, n = d.shape(3)
    lead_a, lead_b = d.choice((((), ()), ((3,), ()), ((2, 3), ()), ((3,), (3,)), ((2, 3), (2, 3)), ((), (3,)),
                               ((1,), (3,)), ((2, 1), (2, 3)), ((2, 3), (1, 3))))  # fmt: skip
    a, b = d.normal(lead_a + (m, k)), d.normal(lead_b + (k, n))

    def gradient(g, a, b):
        return (folded(np.einsum("...mn,...kn->...mk", g, b), a.shape),
                folded(np.einsum("...mk,...mn->...kn", a, g), b.shape))  # fmt: skip

    return [a, b], lambda a, b: a @ b, lambda a, b: a @ b, gradient


@covers("MATMUL")
def linear(d):
    n, i, o = d.shape(3)
    x = d.normal(d.choice(((n, i), (2, n, i))))
    layer = nn.Linear(i, o)

    def ember(x, w, b):
        vars(layer).update(weight=w, bias=b)
        return layer(x)

    def gradient(g, x, w, b):
        flat = g.reshape(-1, o)
        return g @ w.T, x.reshape(-1, i).T @ flat, flat.sum(0)

    return [x, d.normal((i, o)), d.normal((o,))], ember, lambda x, w, b: x @ w + b, gradient


def windows(x, kernel, stride, padding, dilation, out, fill=0.0):
    """[N, out_h, out_w, k_h, k_w, C] and the padded place each came from, as index arrays."""
    x = np.pad(x, ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0)), constant_values=fill)
    rows = np.arange(out[0])[:, None] * stride[0] + np.arange(kernel[0]) * dilation[0]
    columns = np.arange(out[1])[:, None] * stride[1] + np.arange(kernel[1]) * dilation[1]
    r, c = rows[:, None, :, None], columns[None, :, None, :]
    return x[:, r, c], (r, c), x.shape


def unpad(x, padding):
    (h, w), (p, q) = x.shape[1:3], padding
    return x[:, p : h - p, q : w - q]


def conv_reference(x, w, b, stride, padding, dilation, groups):
    n, h, width, channels = x.shape
    k, f = w.shape[:2], w.shape[3]
    out = [(s + 2 * p - d * (q - 1) - 1) // t + 1 for s, p, d, q, t in zip((h, width), padding, dilation, k, stride)]
    views, _, _ = windows(x, k, stride, padding, dilation, out)
    views = views.reshape(views.shape[:5] + (groups, channels // groups))
    y = np.einsum("nabijgc,ijcgf->nabgf", views, w.reshape(w.shape[:3] + (groups, f // groups)))
    return y.reshape(n, out[0], out[1], f) + (0 if b is None else b)


def conv_gradient(g, x, w, stride, padding, dilation, groups):
    (n, a, b, f), k = g.shape, w.shape[:2]
    views, (r, c), padded = windows(x, k, stride, padding, dilation, (a, b))
    views = views.reshape(views.shape[:5] + (groups, -1))
    split = g.reshape(n, a, b, groups, f // groups)
    dw = np.einsum("nabijgc,nabgf->ijcgf", views, split).reshape(w.shape)
    spread = np.einsum("nabgf,ijcgf->nabijgc", split, w.reshape(w.shape[:3] + (groups, f // groups)))
    dx = np.zeros(padded)
    np.add.at(dx, (slice(None), r, c), spread.reshape(spread.shape[:5] + (-1,)))
    return unpad(dx, padding), dw, g.sum((0, 1, 2))


@covers("CONV2D")
def conv2d(d):
    groups, biased = d.choice((1, 1, 2, 3)), d.choice((True, False))
    kernel, dilation = (d.choice((1, 2, 3)), d.choice((1, 3))), (d.choice((1, 1, 2)), d.choice((1, 2)))
    stride, padding = (d.choice((1, 2, 3)), d.choice((1, 2))), (d.choice((0, 1, 2)), d.choice((0, 1)))
    h, w = [max(1, e * (k - 1) + 1 - 2 * p) + d.choice((0, 1, 2, 4)) for e, k, p in zip(dilation, kernel, padding)]
    channels, f = groups * d.choice((1, 2, 3)), groups * d.choice((1, 3))
    layer = nn.Conv2d(channels, f, kernel, stride, padding, dilation, groups, biased)
    inputs = [d.normal((d.choice((1, 3)), h, w, channels)), d.normal(kernel + (channels // groups, f))]
    inputs += [d.normal((f,))] if biased else []
    settings = (stride, padding, dilation, groups)

    def ember(x, w, b=None):
        vars(layer).update(weight=w, bias=b)
        return layer(x)

    return (inputs, ember, lambda x, w, b=None: conv_reference(x, w, b, *settings),
            lambda g, x, w, b=None: conv_gradient(g, x, w, *settings)[: len(inputs)])  # fmt: skip


def pool_reference(x, kernel, stride, padding):
    out = [(s + 2 * p - k) // t + 1 for s, p, k, t in zip(x.shape[1:3], padding, kernel, stride)]
    return windows(x, kernel, stride, padding, (1, 1), out, -np.inf)[0].max((3, 4))


def pool_gradient(g, x, kernel, stride, padding):
    views, (r, c), padded = windows(x, kernel, stride, padding, (1, 1), g.shape[1:3], -np.inf)
    flat = views.reshape(views.shape[:3] + (-1, x.shape[3]))
    first = flat.argmax(3)
    hit = np.arange(flat.shape[3])[:, None] == first[:, :, :, None, :]
    dx = np.zeros(padded)
    np.add.at(dx, (slice(None), r, c), (hit * g[:, :, :, None, :]).reshape(views.shape))
    return unpad(dx, padding)


@covers("MAX_POOL2D")
def max_pool2d(d):
    kernel = (d.choice((1, 2, 3)), d.choice((2, 3)))
    padding = tuple(d.choice(range(k // 2 + 1)) for k in kernel)
    stride = d.choice((None, (1, 2), (2, 3)))
    x = d.apart((d.choice((1, 3)), kernel[0] + d.choice((0, 1, 4)), kernel[1] + d.choice((0, 1, 3)), d.choice((1, 3))))
    layer = nn.MaxPool2d(kernel, stride, padding)
    settings = (kernel, stride or kernel, padding)
    return [x], layer, lambda x: pool_reference(x, *settings), lambda g, x: (pool_gradient(g, x, *settings),)


@covers("DROPOUT")
def dropout(d):
    x, p = d.positive(d.shape()), d.choice((0.25, 0.5, 0.9))
    seen = []

    def ember(x):
        y = nn.Dropout(p)(x)
        seen[:] = [np.array(y.tolist()) != 0]
        return y

    return [x], ember, lambda x: x * seen[0] / (1 - p), lambda g, x: (g * seen[0] / (1 - p),)


@covers("CROSS_ENTROPY")
def cross_entropy(d):
    n, c = d.size(), d.size()
    label = d.rng.integers(c, size=n)
    loss = nn.CrossEntropyLoss(reduction=d.choice(("mean", "sum", "none")))

    def numpy(x):
        each = -np.log(soft(x, 1))[np.arange(n), label]
        return {"mean": each.mean, "sum": each.sum, "none": lambda: each}[loss.reduction]()

    def gradient(g, x):
        g = np.broadcast_to(g / (n if loss.reduction == "mean" else 1), (n,))
        return ((soft(x, 1) - np.eye(c)[label]) * g[:, None],)

    return [d.normal((n, c))], lambda x: loss(x, [int(k) for k in label]), numpy, gradient


@covers("SUB", "MUL", "SUM", "DIV")
def squared_error(d):
    x = d.normal(d.shape())
    t = d.normal(x.shape)
    loss = nn.MSELoss(d.choice(("mean", "sum", "none")))

    def numpy(x, t):
        each = (x - t) ** 2
        return {"mean": each.mean, "sum": each.sum, "none": lambda: each}[loss.reduction]()

    def gradient(g, x, t):
        r = 2 * (x - t) * g / (x.size if loss.reduction == "mean" else 1)
        return r, -r

    return [x, t], loss, numpy, gradient
