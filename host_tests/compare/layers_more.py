"""Recurrent layers, embeddings and attention drawn at random, of both."""

import numpy as np
import torch
from libraries import floats
from match import Match, affine, pair, same, turned
from measure import Useless
from torch.nn.utils import rnn

from ember import Tensor, nn


def direction(kind, own, theirs, end, bias):
    """The weights of one direction of a layer, or of a cell."""
    weights = [(own.weight_ih, getattr(theirs, "weight_ih" + end), turned),
               (own.weight_hh, getattr(theirs, "weight_hh" + end), turned)]  # fmt: skip
    if bias:  # Ember has one, but for that of GRU's n
        i, hh = getattr(theirs, "bias_ih" + end), getattr(theirs, "bias_hh" + end)
        h = own.weight_hh.shape[0]
        first = 2 * h if kind == "GRU" else len(hh)
        with torch.no_grad():
            hh[:first] = 0
        weights.append((own.bias, i, same))
        if kind == "GRU":
            weights.append((own.bias_hh, hh, lambda w: w[-h:]))
    return weights


def cell(d):
    kind, c, h, n = d.pick("RNN", "GRU", "LSTM"), d.whole(1, 4), d.whole(1, 4), d.whole(1, 3)
    options = {"bias": d.chance()}
    if kind == "RNN":
        options["nonlinearity"] = d.pick("tanh", "relu")
    text, ours, theirs = pair(kind + "Cell", c, h, **options)
    inputs = [d.normal(n, c)] + [d.normal(n, h) for _ in range(d.pick(0, 2 if kind == "LSTM" else 1))]

    def call(module, x, *state):
        return module(x, state if len(state) > 1 else state[0] if state else None)

    return Match(text, ours, theirs, inputs, weights=direction(kind, ours, theirs, "", options["bias"]), call=call)


def recurrent(d):
    kind = d.pick("RNN", "GRU", "LSTM")
    c, h, layers = d.whole(1, 4), d.whole(1, 4), d.whole(1, 2)
    options = {"num_layers": layers, "bias": d.chance(), "bidirectional": d.chance(0.3), "batch_first": True}
    if kind == "RNN":
        options["nonlinearity"] = d.pick("tanh", "relu")
    text, ours, theirs = pair(kind, c, h, **options)
    weights = []
    for k in range(layers):
        for back, one in enumerate(ours.layers[k]):
            weights += direction(kind, one, theirs, "_l%d%s" % (k, "_reverse" * back), options["bias"])
    n, length = d.whole(1, 3), d.whole(1, 5)
    inputs = [d.normal(n, length, c)]
    lengths = [d.whole(1, length) for _ in range(n)] if d.chance(0.4) else None
    states = 2 if kind == "LSTM" else 1
    if d.chance():
        many = layers * (2 if options["bidirectional"] else 1)
        inputs += [d.normal(many, n, h) for _ in range(states)]  # PyTorch's states have the batch second

    def call(module, x, *state):
        state = None if not state else state[0] if states == 1 else state
        if lengths is None:
            output, end = module(x, state)
        elif isinstance(x, Tensor):
            output, end = module(x, state, Tensor(lengths, dtype="i"))
        else:
            packed = rnn.pack_padded_sequence(x, torch.tensor(lengths), True, False)
            output, end = module(packed, state)
            output = rnn.pad_packed_sequence(output, True, total_length=length)[0]
        return (output, *end) if states == 2 else (output, end)

    def turn(x, k):
        return x if k == 0 else x.transpose(1, 0, 2)

    text += "" if lengths is None else " of lengths %s" % lengths
    match = Match(text, ours, theirs, inputs, weights=weights, call=call)
    match.turn = turn  # by which of the inputs, or of the outputs, it is
    return match


def embedding(d):
    v, c = d.whole(1, 6), d.whole(1, 4)
    text, ours, theirs = pair("Embedding", v, c, padding_idx=d.pick(None, 0, -1))
    index = d.rng.integers(v, size=d.shape(1, 3))
    match = Match(text, ours, theirs, [index], weights=affine(ours, theirs))
    return match


def attention(d):
    heads = d.whole(1, 3)
    e = heads * d.whole(1, 3)
    options = {"bias": d.chance(), "batch_first": True}
    if d.chance(0.4):
        options.update(kdim=d.whole(1, 5), vdim=d.whole(1, 5))
    text, ours, theirs = pair("MultiheadAttention", e, heads, **options)
    if options.get("kdim", e) == options.get("vdim", e) == e:
        match_weights = [(theirs.in_proj_weight, [ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight])]
    else:
        match_weights = [(theirs.q_proj_weight, [ours.q_proj.weight]), (theirs.k_proj_weight, [ours.k_proj.weight]),
                         (theirs.v_proj_weight, [ours.v_proj.weight])]  # fmt: skip
    weights = [(own, both, lambda w, k=k: w[k * e : (k + 1) * e].T)
               for both, owns in match_weights for k, own in enumerate(owns)]  # fmt: skip
    weights.append((ours.out_proj.weight, theirs.out_proj.weight, turned))
    if options["bias"]:
        owns = [ours.q_proj.bias, ours.k_proj.bias, ours.v_proj.bias]
        weights += [(own, theirs.in_proj_bias, lambda w, k=k: np.split(w, 3)[k]) for k, own in enumerate(owns)]
        weights.append((ours.out_proj.bias, theirs.out_proj.bias, same))
    n, length, source = d.whole(1, 3), d.whole(1, 4), d.whole(1, 4)
    inputs = [d.normal(n, length, e), d.normal(n, source, options.get("kdim", e)),
              d.normal(n, source, options.get("vdim", e))]  # fmt: skip
    float_mask = d.normal(length, source) if d.chance(0.3) else None
    padding = None
    if d.chance(0.4):
        padding = d.rng.integers(2, size=(n, source))
        padding[:, 0] = 0  # something is seen
    need = d.chance()

    def call(module, q, k, v):
        if isinstance(q, Tensor):
            masks = {"attn_mask": None if float_mask is None else floats(float_mask),
                     "key_padding_mask": None if padding is None else Tensor(padding.tolist(), dtype="B")}  # fmt: skip
        else:
            masks = {"attn_mask": None if float_mask is None else torch.tensor(float_mask, dtype=q.dtype),
                     "key_padding_mask": None if padding is None else torch.tensor(padding != 0)}  # fmt: skip
        y, w = module(q, k, v, need_weights=need, **masks)
        return (y, w) if need else y

    return Match(text, ours, theirs, inputs, weights=weights, call=call)


def encoder_layer(d):
    heads = d.whole(1, 2)
    e, f = heads * d.whole(1, 3), d.whole(1, 6)
    options = {"dropout": 0.0, "activation": d.pick("relu", "gelu"), "norm_first": d.chance(), "bias": d.chance(),
               "batch_first": True}  # fmt: skip
    if e < 3:
        raise Useless  # of two elements a norm leaves hardly more than signs
    text, ours, theirs = pair("TransformerEncoderLayer", e, heads, f, **options)
    weights, length = weights_of(ours, theirs), d.whole(1, 4)
    if d.chance(0.3):  # two of them, and a norm
        theirs = torch.nn.TransformerEncoder(theirs, 2, torch.nn.LayerNorm(e).double(), enable_nested_tensor=False)
        more = [nn.TransformerEncoderLayer(e, heads, f, **options) for _ in range(2)]
        stack = iter(more)
        ours, text = nn.TransformerEncoder(lambda: next(stack), 2, nn.LayerNorm(e)), "two of " + text
        weights = [w for own, other in zip(more, theirs.layers) for w in weights_of(own, other)]
        weights += affine(ours.norm, theirs.norm)
    return Match(text, ours, theirs, [d.normal(d.whole(1, 3), length, e)], weights=weights)


def weights_of(ours, theirs):
    """Of a TransformerEncoderLayer."""
    attn, own = theirs.self_attn, ours.self_attn
    weights = [(p.weight, attn.in_proj_weight, lambda w, k=k: np.split(w, 3)[k].T)
               for k, p in enumerate((own.q_proj, own.k_proj, own.v_proj))]  # fmt: skip
    weights.append((own.out_proj.weight, attn.out_proj.weight, turned))
    for name in ("linear1", "linear2"):
        weights += affine(getattr(ours, name), getattr(theirs, name), turned)
    for name in ("norm1", "norm2"):
        weights += affine(getattr(ours, name), getattr(theirs, name))
    if own.q_proj.bias is not None:
        weights += [(p.bias, attn.in_proj_bias, lambda w, k=k: np.split(w, 3)[k])
                    for k, p in enumerate((own.q_proj, own.k_proj, own.v_proj))]  # fmt: skip
        weights.append((own.out_proj.bias, attn.out_proj.bias, same))
    return weights
