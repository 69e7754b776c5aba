"""Cases of normalization, of pooling by means, of convolutions of other kinds, of larger images; see op_cases.py."""

import numpy as np

from ember import nn
from op_cases import covers
from op_cases_layers import conv_gradient, conv_reference, windows


def standardized(x, axes, eps, center=True):
    mean = x.mean(axes, keepdims=True) if center else 0.0
    factor = 1 / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + eps)
    return (x - mean) * factor, factor


def standardized_gradient(g, x, axes, eps, center=True):
    y, factor = standardized(x, axes, eps, center)
    middle = g.mean(axes, keepdims=True) if center else 0.0
    return (g - middle - y * (g * y).mean(axes, keepdims=True)) * factor


def normalizing(layer, x, scaled, axes, eps, shape=None, center=True):
    """A case of a layer that normalizes over axes of x under a shape; weight and bias are of the last dimensions."""
    shape = x.shape if shape is None else shape
    inputs = [x] + scaled
    kept = len(scaled[0].shape) if scaled else 0

    def ember(x, *scale):
        for name, value in zip(("weight", "bias"), scale):
            vars(layer)[name] = value
        return layer(x)

    def numpy(x, w=1.0, b=0.0):
        return standardized(x.reshape(shape), axes, eps, center)[0].reshape(x.shape) * w + b

    def gradient(g, x, w=1.0, b=None):
        dx = standardized_gradient((g * w).reshape(shape), x.reshape(shape), axes, eps, center).reshape(x.shape)
        over = tuple(range(x.ndim - kept))
        return (dx, (g * numpy(x)).sum(over), g.sum(over))[: len(inputs)]

    return inputs, ember, numpy, gradient


@covers("NORMALIZE")
def batch_norm(d):
    two = d.choice((True, False))
    rank = 4 if two else d.choice((2, 3))
    x = d.normal((d.choice((2, 3)), 2, 3, 2)[4 - rank :] if rank < 4 else (2, 2, 3, 2)) * 2 + 1
    c, eps = x.shape[-1], d.choice((1e-5, 0.5))
    make = nn.BatchNorm2d if two else nn.BatchNorm1d
    layer = make(c, eps=eps, affine=d.choice((True, False)), track_running_stats=False)
    scaled = [d.normal((c,)), d.normal((c,))] if layer.weight is not None else []
    return normalizing(layer, x, scaled, tuple(range(rank - 1)), eps)


@covers("NORMALIZE")
def layer_norm(d):
    shape = d.shape(d.choice((2, 3)))[:-1] + (d.choice((2, 3, 5)),)
    over, eps = d.choice((1, 1, 2)) if len(shape) == 3 else 1, d.choice((1e-5, 0.5))
    normal, bias = shape[len(shape) - over :], d.choice((True, False))
    layer = nn.LayerNorm(normal, eps, bias=bias)
    scaled = [d.normal(normal)] + ([d.normal(normal)] if bias else [])
    return normalizing(layer, d.normal(shape), scaled, tuple(range(len(shape) - over, len(shape))), eps)


@covers("NORMALIZE")
def rms_norm(d):
    shape = (d.size(), d.choice((1, 2, 5)))
    layer = nn.RMSNorm(shape[-1], d.choice((None, 0.25)))
    return normalizing(layer, d.normal(shape), [d.normal(shape[-1:])], (1,), layer.eps, center=False)


@covers("NORMALIZE")
def group_norm(d):
    groups, width = d.choice((1, 2, 3)), d.choice((2, 3))
    c = groups * width
    x = d.normal(d.choice(((2, c), (2, 3, c), (2, 2, 3, c))))
    layer = nn.GroupNorm(groups, c, affine=d.choice((True, False)))
    scaled = [d.normal((c,)), d.normal((c,))] if layer.weight is not None else []
    return normalizing(layer, x, scaled, (1, 3), 1e-5, (len(x), x[0].size // c, groups, width))


@covers("NORMALIZE")
def instance_norm(d):
    two, c = d.choice((True, False)), d.choice((1, 3))
    x = d.normal((2, 2, 3, c) if two else (2, 5, c))
    layer = (nn.InstanceNorm2d if two else nn.InstanceNorm1d)(c, affine=d.choice((True, False)))
    scaled = [d.normal((c,)), d.normal((c,))] if layer.weight is not None else []
    return normalizing(layer, x, scaled, tuple(range(1, x.ndim - 1)), 1e-5)


def shares(x, kernel, stride, padding, out, counts):
    """[out_h, out_w, h, w]: how much each pixel is of each mean."""
    h, w = x.shape[1:3]
    found = np.zeros(tuple(out) + (h, w))
    for i, j in np.ndindex(*out):
        top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
        rows, columns = slice(max(0, top), max(0, top + kernel[0])), slice(max(0, left), max(0, left + kernel[1]))
        found[i, j, rows, columns] = 1.0
        inside = found[i, j].sum()
        reach = [min(a + k, n + p) - a for a, k, n, p in zip((top, left), kernel, (h, w), padding)]
        found[i, j] /= np.prod(reach) if counts else inside
    return found


def by_shares(x, layer, share):
    """A case of a layer that is a sum of pixels with these shares."""
    return ([x], layer, lambda x: np.einsum("abhw,nhwc->nabc", share, x),
            lambda g, x: (np.einsum("abhw,nabc->nhwc", share, g),))  # fmt: skip


@covers("AVERAGE")
def avg_pool2d(d):
    kernel = (d.choice((1, 2, 3)), d.choice((2, 3)))
    padding = tuple(d.choice(range(k // 2 + 1)) for k in kernel)
    stride, counts = d.choice((None, (1, 2), (2, 3))), d.choice((True, False))
    x = d.normal((d.choice((1, 2)), kernel[0] + d.choice((0, 1, 4)), kernel[1] + d.choice((0, 1, 3)), d.choice((1, 3))))
    layer = nn.AvgPool2d(kernel, stride, padding, count_include_pad=counts)
    stride = stride or kernel
    out = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(x.shape[1:3], padding, kernel, stride)]
    return by_shares(x, layer, shares(x, kernel, stride, padding, out, counts))


@covers("AVERAGE")
def adaptive_avg_pool2d(d):
    x = d.normal((2, d.choice((1, 4, 5)), d.choice((2, 6, 7)), d.choice((1, 2))))
    size = (d.choice((None, 1, 2, 3)), d.choice((1, 2, 5)))
    (h, w), share = x.shape[1:3], []
    out_h, out_w = size[0] or h, size[1]
    for i, j in np.ndindex(out_h, out_w):
        one = np.zeros((h, w))
        one[i * h // out_h : -(-(i + 1) * h // out_h), j * w // out_w : -(-(j + 1) * w // out_w)] = 1
        share.append(one / one.sum())
    return by_shares(x, nn.AdaptiveAvgPool2d(size), np.reshape(share, (out_h, out_w, h, w)))


@covers("AVERAGE", "MAX_POOL2D", "RESHAPE")
def pool1d(d):
    length = d.choice((4, 7))
    x = d.apart((2, length, 2))
    name = d.choice(("avg", "adaptive", "max"))
    if name == "max":

        def numpy(x):
            return windows(x[:, None], (1, 2), (1, 2), (0, 0), (1, 1), (1, length // 2))[0].max((3, 4))[:, 0]

        def gradient(g, x):
            found = np.zeros_like(x)
            for n, i, c in np.ndindex(g.shape):
                found[n, 2 * i + x[n, 2 * i : 2 * i + 2, c].argmax(), c] += g[n, i, c]
            return (found,)

        return [x], nn.MaxPool1d(2), numpy, gradient
    if name == "avg":
        layer, share = nn.AvgPool1d(2, 1, 1), shares(x[:, None], (1, 2), (1, 1), (0, 1), (1, length + 1), True)
    else:
        layer, share = nn.AdaptiveAvgPool1d(1), np.full((1, 1, 1, length), 1 / length)
    return ([x], layer, lambda x: np.einsum("abhw,nhwc->nabc", share, x[:, None])[:, 0],
            lambda g, x: (np.einsum("abhw,nabc->nhwc", share, g[:, None])[:, 0],))  # fmt: skip


@covers("CONV2D", "RESHAPE")
def conv1d(d):
    k, stride, padding, dilation, groups = (d.choice(options) for options in ((1, 3), (1, 2), (0, 1), (1, 2), (1, 2)))
    x = d.normal((2, dilation * (k - 1) + 1 + d.choice((0, 3)), groups * d.choice((1, 2))))
    w, b = d.normal((1, k, x.shape[2] // groups, groups * 2)), d.normal((groups * 2,))
    layer = nn.Conv1d(x.shape[2], groups * 2, k, stride, padding, dilation, groups)
    settings = ((1, stride), (0, padding), (1, dilation), groups)

    def ember(x, w, b):
        vars(layer).update(weight=w, bias=b)
        return layer(x)

    def gradient(g, x, w, b):
        dx, dw, db = conv_gradient(g[:, None], x[:, None], w, *settings)
        return dx[:, 0], dw, db

    return [x, w, b], ember, lambda x, w, b: conv_reference(x[:, None], w, b, *settings)[:, 0], gradient


@covers("CONV_TRANSPOSE2D")
def conv_transpose2d(d):
    """The map that conv_reference is linear in, turned round: found by its gradient."""
    groups, biased, flat = d.choice((1, 2)), d.choice((True, False)), d.choice((True, False))
    kernel = (1 if flat else d.choice((1, 2, 3)), d.choice((1, 3)))
    stride, dilation = (1 if flat else d.choice((1, 2)), d.choice((1, 2, 3))), (1, d.choice((1, 2)))
    padding = (0 if flat else d.choice((0, kernel[0] // 2)), d.choice((0, kernel[1] // 2)))
    extra = (0, d.choice(range(max(stride[1], dilation[1]))))
    x = d.normal((2, 1 if flat else d.choice((2, 3)), d.choice((2, 4)), groups * d.choice((1, 2))))
    f = groups * d.choice((1, 2))
    out = [(n - 1) * s - 2 * p + e * (k - 1) + o + 1
           for n, s, p, e, k, o in zip(x.shape[1:3], stride, padding, dilation, kernel, extra)]  # fmt: skip
    settings = (stride, padding, dilation, groups)
    w = d.normal(kernel + (f // groups, x.shape[3]))
    inputs = [x, w] + ([d.normal((f,))] if biased else [])
    if flat:
        layer = nn.ConvTranspose1d(
            x.shape[3], f, kernel[1], stride[1], padding[1], extra[1], groups, biased, dilation[1]
        )
    else:
        layer = nn.ConvTranspose2d(x.shape[3], f, kernel, stride, padding, extra, groups, biased, dilation)

    def ember(x, w, b=None):
        vars(layer).update(weight=w, bias=b)
        return layer(x.reshape(2, x.shape[2], x.shape[3])).unsqueeze(1) if flat else layer(x)

    def numpy(x, w, b=None):
        image = np.zeros((2, *out, f))
        return conv_gradient(x, image, w, *settings)[0] + (0 if b is None else b)

    def gradient(g, x, w, b=None):
        dx = conv_reference(g, w, None, *settings)[:, : x.shape[1], : x.shape[2]]
        dw = conv_gradient(x, g, w, *settings)[1]
        return (dx, dw, g.sum((0, 1, 2)))[: len(inputs)]

    return inputs, ember, numpy, gradient


def between(n, out, scale, align):
    """[out, n] of linear interpolation, by np.interp of each unit vector."""
    at = np.arange(out) * (n - 1) / max(1, out - 1) if align else (np.arange(out) + 0.5) / scale - 0.5
    return np.stack([np.interp(at, np.arange(n), row) for row in np.eye(n)], 1)


@covers("MATMUL", "GATHER")
def upsample(d):
    mode, align = d.choice(("nearest", "bilinear", "linear")), d.choice((True, False))
    x = d.normal((2, d.choice((1, 3)), d.choice((1, 2)), 2)[: 4 if mode != "linear" else 3])
    align = align and mode != "nearest"
    name, given = d.choice((("scale_factor", 2), ("scale_factor", (2, 1)), ("scale_factor", (2.5, 1.3)), ("size", 5),
                            ("size", (1, 3))))  # fmt: skip
    layer = nn.Upsample(mode=mode, align_corners=align, **{name: given})
    parts = []
    for n, k in zip(x.shape[1:-1], given if isinstance(given, tuple) else (given, given)):
        out, scale = (k, k / n) if name == "size" else (int(n * k), k)
        nearest = np.minimum(np.arange(out) / scale + 1e-9, n - 1).astype(int)
        part = np.eye(n)[nearest] if mode == "nearest" else between(n, out, scale, align)
        parts.append(np.eye(n) if out == n else part)
    if mode == "linear":
        return ([x], layer, lambda x: np.einsum("ah,nhc->nac", parts[0], x),
                lambda g, x: (np.einsum("ah,nac->nhc", parts[0], g),))  # fmt: skip
    return by_shares(x, layer, np.einsum("ah,bw->abhw", *parts))


@covers("PERMUTE", "RESHAPE")
def pixel_shuffle(d):
    r, c = d.choice((1, 2, 3)), d.choice((1, 2))
    x = d.normal((2, 2, 3, c * r * r))

    def shuffled(x):
        found = np.zeros((2, 2 * r, 3 * r, c))
        for n, i, j, k in np.ndindex(found.shape):
            found[n, i, j, k] = x[n, i // r, j // r, k * r * r + i % r * r + j % r]
        return found

    def gradient(g, x):
        found = np.zeros_like(x)
        for n, i, j, k in np.ndindex(g.shape):
            found[n, i // r, j // r, k * r * r + i % r * r + j % r] = g[n, i, j, k]
        return (found,)

    return [x], nn.PixelShuffle(r), shuffled, gradient
