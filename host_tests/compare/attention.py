"""Attention with masks: of bytes, of floats with -inf, causal, padding; steps that see nothing among them. As a
function, with the gradients of query, key, value and of a float mask, and as layers."""

import numpy as np
import torch
from libraries import floats, gradient, numpy
from measure import NOISE, Pair, noise

import ember
from ember import Tensor, nn

TITLE = "attention with masks of every kind, steps that see nothing included: forward and gradients"
COUNT = 500
TOLERANCE = 1e-5


def mask_of(d, *shape):
    """(kind, values): of bytes 1 is seen; of floats they are added."""
    kind = d.pick("none", "bytes", "floats", "floats with -inf", "causal")
    if kind == "bytes":
        return kind, d.rng.integers(2, size=shape) | d.rng.integers(2, size=shape)
    if kind.startswith("floats"):
        values = d.normal(*shape)
        if kind != "floats":
            values[d.rng.random(shape) < 0.4] = -np.inf
        return kind, values
    return kind, None


def function(d):
    """scaled_dot_product_attention"""
    front = d.shape(0, 2, 3)
    length, source, e, v = d.whole(1, 5), d.whole(1, 5), d.whole(1, 4), d.whole(1, 4)
    shape = d.pick((length, source), (1,) * len(front) + (length, source), front + (length, source))
    kind, mask = mask_of(d, *shape)
    if kind in ("bytes", "floats with -inf") and d.chance(0.4):
        mask[..., d.whole(0, length - 1), :] = 0 if kind == "bytes" else -np.inf  # it sees nothing
    scale = d.pick(None, 0.3)
    inputs = [d.normal(*front, length, e), d.normal(*front, source, e), d.normal(*front, source, v)]
    learned = kind == "floats" and d.chance()

    def ours(q, k, v, m=None):
        if m is None and mask is not None:
            m = Tensor(mask.tolist(), dtype="B") if kind == "bytes" else floats(mask)
        return ember.scaled_dot_product_attention(q, k, v, m, 0.0, kind == "causal", scale)

    def theirs(q, k, v, m=None):
        if m is None and mask is not None:
            m = torch.tensor(mask != 0) if kind == "bytes" else torch.tensor(mask, dtype=q.dtype)
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, m, 0.0, kind == "causal", scale=scale)

    text = "scaled_dot_product_attention of %s, mask %s%s" % (
        [x.shape for x in inputs],
        kind,
        "" if mask is None else mask.shape,
    )
    return text, ours, theirs, inputs + ([mask] if learned else [])


def layer(d):
    """MultiheadAttention, with the parameters of PyTorch's."""
    heads = d.whole(1, 2)
    e, n, length = heads * d.whole(1, 3), d.whole(1, 3), d.whole(1, 4)
    a, b = nn.MultiheadAttention(e, heads), torch.nn.MultiheadAttention(e, heads, batch_first=True).double()
    with torch.no_grad():
        for p in b.parameters():
            p.copy_(torch.tensor(d.normal(*p.shape)))
    weights = np.split(b.in_proj_weight.detach().numpy(), 3) + [b.out_proj.weight.detach().numpy()]
    biases = np.split(b.in_proj_bias.detach().numpy(), 3) + [b.out_proj.bias.detach().numpy()]
    for own, w, bias in zip((a.q_proj, a.k_proj, a.v_proj, a.out_proj), weights, biases):
        for k, value in enumerate(w.T.ravel()):
            own.weight.elements()[k] = value
        for k, value in enumerate(bias):
            own.bias.elements()[k] = value
    kind, mask = mask_of(d, length, length)
    padding = d.rng.integers(2, size=(n, length)) & d.rng.integers(2, size=(n, length)) if d.chance() else None
    if padding is not None and d.chance(0.3):
        padding[d.whole(0, n - 1)] = 1  # nothing is seen
    if kind == "bytes":
        mask = 1 - mask  # here what is not 0 is hidden
    if kind == "causal":
        mask = np.triu(np.ones((length, length), int), 1)
        kind = "bytes, causal"
    byte = kind.startswith("bytes")

    def ours(x):
        m = None if mask is None else Tensor(mask.tolist(), dtype="B") if byte else floats(mask)
        p = None if padding is None else Tensor(padding.tolist(), dtype="B")
        return a(x, x, x, key_padding_mask=p, attn_mask=m)[0]

    def theirs(x):
        m = None if mask is None else torch.tensor(mask != 0) if byte else torch.tensor(mask, dtype=x.dtype)
        p = None if padding is None else torch.tensor(padding != 0)
        if p is not None and m is not None and m.dtype != torch.bool:  # PyTorch wants both of one type
            p = torch.zeros(p.shape, dtype=x.dtype).masked_fill(p, -np.inf)
        module = b if x.dtype == torch.float64 else b.float()
        y = module(x, x, x, key_padding_mask=p, attn_mask=m, need_weights=False)[0]
        b.double()
        return y

    text = "MultiheadAttention(%d, %d) of (%d, %d), mask %s, padding %s" % (
        e, heads, n, length, kind, None if padding is None else padding.tolist())  # fmt: skip
    return text, ours, theirs, [d.normal(n, length, e)]


def in_torch(f, inputs, weights, dtype=torch.float64):
    tensors = [torch.tensor(x, dtype=dtype, requires_grad=True) for x in inputs]
    y = f(*tensors)
    if weights is None:
        return tuple(y.shape)
    (y * torch.tensor(weights, dtype=dtype)).sum().backward()
    return [numpy(y)] + [gradient(t) for t in tensors]


def case(d):
    text, ours, theirs, inputs = d.pick(function, function, layer)(d)
    weights = d.normal(*in_torch(theirs, inputs, None))
    expected = in_torch(theirs, inputs, weights)
    others = [in_torch(theirs, inputs, weights, torch.float32)]
    others.append(in_torch(theirs, [x * (1 + NOISE * d.rng.uniform(-1, 1, size=x.shape)) for x in inputs], weights))
    much = noise(expected, *others)
    tensors = [floats(x) for x in inputs]
    for t in tensors:
        t.requires_grad = True
    y = ours(*tensors)
    value = numpy(y)
    (y * floats(weights)).sum().backward()
    names = ["output", "gradient of query", "gradient of key", "gradient of value", "gradient of mask"]
    return text, [Pair(name, f, e, much)
                  for name, f, e in zip(names, [value] + [gradient(t) for t in tensors], expected)]  # fmt: skip
