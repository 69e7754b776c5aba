"""Cases of attention and of what tells where a step is: against loops over heads and steps in NumPy float64."""

import numpy as np

import ember
from ember import Tensor, nn
from op_cases import covers
from op_cases_layers import folded
from op_cases_recurrent import slopes


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(q, k, v, bias=0.0, scale=None):
    """[..., L, E], [..., S, E], [..., S, V]; bias is added to the scores."""
    return softmax(q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale) + bias) @ v


def attention_gradient(g, q, k, v, bias=0.0, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    w = softmax(q @ np.swapaxes(k, -1, -2) * scale + bias)
    dw = g @ np.swapaxes(v, -1, -2)
    ds = w * (dw - (dw * w).sum(-1, keepdims=True)) * scale
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(w, -1, -2) @ g


@covers("SCORES")
def scaled(d):
    """Each mask, alone; [L, E], [N, L, E] or [N, H, L, E]."""
    lead = d.choice(((), (2,), (2, 2), (1, 3)))
    length, source, e, v = d.choice((1, 2, 3)), d.choice((1, 2, 4)), d.choice((1, 2, 3)), d.choice((1, 2))
    asked = d.choice((lead, lead, lead[1:]))  # the same queries of each sample, or the same keys
    own = lead if len(asked) < len(lead) else d.choice((lead, lead[1:]))
    q, k, value = d.normal(asked + (length, e)), d.normal(own + (source, e)), d.normal(own + (source, v))
    kind, scale, bias, mask = d.choice(("none", "causal", "float", "bytes")), d.choice((None, 0.5)), 0.0, None
    if kind == "causal":
        bias = np.where(np.arange(length)[:, None] >= np.arange(source), 0.0, -1e30)
    elif kind == "float":
        bias = d.normal((length, source))
        mask = Tensor(bias.tolist())
    elif kind == "bytes":
        seen = d.rng.random((length, source)) < 0.6
        seen[:, 0] = True
        bias = np.where(seen, 0.0, -1e30)
        mask = Tensor(bytes(seen.ravel().tolist()), (length, source), dtype="B")
    options = {"attn_mask": mask, "is_causal": kind == "causal", "scale": scale}
    return ([q, k, value], lambda q, k, v: ember.scaled_dot_product_attention(q, k, v, **options),
            lambda q, k, v: attention(q, k, v, bias, scale),
            lambda g, q, k, v: [folded(part, x.shape) for part, x in
                                zip(attention_gradient(g, q, k, v, bias, scale), (q, k, v))])  # fmt: skip


def split(x, heads):
    """[N, L, E] to [N, H, L, D]"""
    n, length, e = x.shape
    return x.reshape(n, length, heads, e // heads).transpose(0, 2, 1, 3)


def multihead(heads, bias, q, k, v, wq, bq, wk, bk, wv, bv, wo, bo):
    y = attention(split(q @ wq + bq, heads), split(k @ wk + bk, heads), split(v @ wv + bv, heads), bias)
    return y.transpose(0, 2, 1, 3).reshape(q.shape[0], q.shape[1], -1) @ wo + bo


def set_to(layer, tensors):
    """The layer with these as its weight and bias."""
    vars(layer).update(weight=tensors[0], bias=tensors[1])
    return layer


@covers("SCORES", "PERMUTE")
def multihead_attention(d):
    heads, width = d.choice(((1, 2), (2, 2), (2, 4)))
    n, length, source = d.choice((1, 2)), d.choice((1, 2)), d.choice((1, 2, 3))
    k_size, v_size = d.choice(((width, width), (3, 1)))
    x = [d.normal((n, length, width)), d.normal((n, source, k_size)), d.normal((n, source, v_size))]
    weights = []
    for rows in (width, k_size, v_size, width):
        weights += [d.normal((rows, width)), d.normal((width,))]
    padding = d.rng.random((n, source)) < 0.4
    padding[:, -1] = False
    dtype = d.choice(("none", "B", "f"))
    bias = 0.0 if dtype == "none" else np.where(padding, -1e30, 0.0)[:, None, None, :]
    layer = nn.MultiheadAttention(width, heads, kdim=k_size, vdim=v_size)

    def run(q, k, v, *w):
        for i, part in enumerate((layer.q_proj, layer.k_proj, layer.v_proj, layer.out_proj)):
            set_to(part, w[2 * i : 2 * i + 2])
        mask = None if dtype == "none" else Tensor([float(p) if dtype == "f" else int(p) for p in padding.ravel()],
                                                   padding.shape, dtype=dtype)  # fmt: skip
        return layer(q, k, v, mask)[0]

    def f(*a):
        return multihead(heads, bias, *a)

    return x + weights, run, f, lambda g, *a: slopes(f, list(a), g)


def norm(x, w, b):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * w + b


@covers("SCORES", "NORMALIZE")
def encoder_layer(d):
    """All of a TransformerEncoderLayer, its order either way."""
    first, causal, name = d.choice((True, False)), d.choice((True, False)), d.choice(("relu", "gelu", "tanh"))
    heads, width, feed = 2, 4, d.choice((1, 3))
    n, length = d.choice((1, 2)), d.choice((1, 2))
    layer = nn.TransformerEncoderLayer(width, heads, feed, 0.0, (lambda x: x.tanh()) if name == "tanh" else name,
                                       norm_first=first)  # fmt: skip
    x = d.normal((n, length, width))
    weights = []
    for rows, columns in [(width, width)] * 4 + [(width, feed), (feed, width)]:
        weights += [d.normal((rows, columns)) * 0.7, d.normal((columns,)) + 0.1]
    norms = [d.normal((width,)) + 1.0 for _ in range(4)]
    later = np.where(np.arange(length)[:, None] >= np.arange(length), 0.0, -1e30) if causal else 0.0
    layers = (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj, layer.self_attn.out_proj,
              layer.linear1, layer.linear2, layer.norm1, layer.norm2)  # fmt: skip

    def run(x, *w):
        for i, part in enumerate(layers):
            set_to(part, w[2 * i : 2 * i + 2])
        return layer(x, is_causal=causal)

    def act(x):
        from math import erf

        return {"relu": lambda: np.maximum(x, 0), "tanh": lambda: np.tanh(x),
                "gelu": lambda: x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))}[name]()  # fmt: skip

    def f(x, *w):
        def attend(x):
            return multihead(heads, later, x, x, x, *w[:8])

        def feed(x):
            return act(x @ w[8] + w[9]) @ w[10] + w[11]

        if first:
            x = x + attend(norm(x, w[12], w[13]))
            return x + feed(norm(x, w[14], w[15]))
        x = norm(x + attend(x), w[12], w[13])
        return norm(x + feed(x), w[14], w[15])

    return [x] + weights + norms, run, f, lambda g, *a: slopes(f, list(a), g)


def angles(length, width, base):
    return np.arange(length)[:, None] / base ** (np.arange(0, width, 2) / width)


@covers("ADD")
def sinusoidal(d):
    n, length, width, base = d.choice((1, 2)), d.choice((1, 2, 3)), d.choice((2, 4)), d.choice((10, 10000))
    layer = nn.SinusoidalEncoding(width, length + d.choice((0, 2)), base=base)
    at = angles(length, width, base)
    table = np.stack([np.sin(at), np.cos(at)], 2).reshape(length, width)
    return [d.normal((n, length, width))], layer, lambda x: x + table, lambda g, x: (g,)


@covers("ROTARY")
def rotary(d):
    """A pair is a complex number, which is turned."""
    lead, length = d.choice(((1,), (2,), (2, 3))), d.choice((1, 2, 3))
    width, base = d.choice((2, 4, 6)), d.choice((10, 10000))
    layer = nn.RotaryEncoding(width, length + d.choice((0, 2)), base)

    def turn(x, sign):
        z = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(sign * 1j * angles(length, width, base))
        return np.stack([z.real, z.imag], -1).reshape(x.shape)

    return [d.normal(lead + (length, width))], layer, lambda x: turn(x, 1), lambda g, x: (turn(g, -1),)
