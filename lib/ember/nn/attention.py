"""Attention and what Transformers are built of. Batch first: [N, L, E], as PyTorch's batch_first=True.

N batch, H heads, L steps that ask, S steps that are asked, E elements of a step, D = E / H.
"""

from array import array
from math import sqrt

from ..base.check import chance, flag, not_negative, number, only, whole
from ..instructions import isa
from ..ops import rules
from ..ops.attention import ROTARY, attend, hidden
from ..tensors.parameter import Buffer, Parameter
from ..tensors.tensor import Tensor, apply, use
from . import Linear, Module
from .common import Dropout
from .norm import LayerNorm


def _projection(features, out, together, bias):
    """Xavier uniform, of `together` outputs drawn as one matrix; the bias 0."""
    layer = Linear(features, out, bias)
    total = features + together
    bound = array("f", (sqrt(6 * total),))[0] / total
    layer.weight.initial = layer.weight.initial[:1] + (-bound, bound)
    if bias:
        layer.bias.initial = layer.bias.initial[:1] + (0.0, 0.0)
    return layer


class MultiheadAttention(Module):
    """H attentions side by side, each over D elements of projections of its own (Vaswani et al., 2017).

    output, weights = layer(query, key, value): [N, L, E], [N, S, kdim] and [N, S, vdim] to [N, L, E].

    key_padding_mask  [N, S]: a step is hidden where this is not 0, whatever its dtype
    attn_mask         broadcasts to [N, H, L, S]: float32 is added to the scores; whole numbers (dtype "B") hide a step
                      where they are not 0, as in PyTorch: in scaled_dot_product_attention it is the other way round
    need_weights      weights are [N, L, S], the mean over heads; else None. (PyTorch's default, True, costs memory and
                      time that few ask for)
    is_causal         step i sees steps 0 to i

    q_proj, k_proj, v_proj and out_proj are Linear. Backward keeps the inputs, their projections, and H * L * S weights
    a sample, twice with dropout. ValueError where embed_dim is no multiple of num_heads.
    """

    shown = "embed_dim num_heads kdim= vdim="

    def __init__(self, embed_dim, num_heads, dropout=0.0, bias=True, kdim=None, vdim=None, batch_first=True):
        only("batch_first", batch_first, True)
        self.embed_dim, self.num_heads = whole("embed_dim", embed_dim), whole("num_heads", num_heads)
        if embed_dim % num_heads:
            raise ValueError("num_heads is %d; it must divide embed_dim, %d" % (num_heads, embed_dim))
        self.dropout = Dropout(chance("dropout", dropout))
        self.kdim = embed_dim if kdim is None else whole("kdim", kdim)
        self.vdim = embed_dim if vdim is None else whole("vdim", vdim)
        together = 3 * embed_dim if self.kdim == self.vdim == embed_dim else embed_dim
        self.q_proj = _projection(embed_dim, embed_dim, together, bias)
        self.k_proj = _projection(self.kdim, embed_dim, together, bias)
        self.v_proj = _projection(self.vdim, embed_dim, together, bias)
        self.out_proj = Linear(embed_dim, embed_dim, bias)
        if bias:
            self.out_proj.bias = Parameter((embed_dim,))

    def _heads(self, project, x):
        """[N, L, E] to [N, H, L, D]"""
        heads = self.num_heads
        return project(x).reshape(-1, x.dims[1], heads, self.embed_dim // heads).permute(0, 2, 1, 3)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=False, attn_mask=None, is_causal=False):
        for x, size in ((query, self.embed_dim), (key, self.kdim), (value, self.vdim)):
            if len(x.dims) != 3 or x.dims[2] != size:
                self.refuse(x, "(N, L, %d)" % size)
        mask = attn_mask
        if mask is not None and mask.dtype != "f":
            mask = hidden(mask)
        if key_padding_mask is not None:
            if key_padding_mask.dims != key.dims[:2]:
                raise ValueError("key_padding_mask has shape %s; it may be %s" % (
                    key_padding_mask.shape, key.shape[:2]))  # fmt: skip
            padding = hidden(key_padding_mask).reshape(-1, 1, 1, key.dims[1])
            mask = padding if mask is None else padding + mask
        q, k, v = self._heads(self.q_proj, query), self._heads(self.k_proj, key), self._heads(self.v_proj, value)
        y, weights = attend(q, k, v, mask, self.dropout.p if self.training else 0.0, is_causal, None)
        y = self.out_proj(y.permute(0, 2, 1, 3).reshape(-1, query.dims[1], self.embed_dim))
        return y, weights.mean(1) if need_weights else None


_ACTIVATIONS = "relu gelu"


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers on each step, each with a residual connection and LayerNorm (Vaswani et
    al., 2017): [N, L, d_model] to [N, L, d_model].

    activation   "relu", "gelu", or a function of a tensor
    norm_first   normalize what goes into each part (Xiong et al., 2020), not what comes out of it

    layer(src, src_mask=None, src_key_padding_mask=None, is_causal=False): masks as MultiheadAttention takes them.
    """

    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation="relu", layer_norm_eps=1e-5,
                 batch_first=True, norm_first=False, bias=True):  # fmt: skip
        only("batch_first", batch_first, True)
        if not callable(activation) and activation not in _ACTIVATIONS.split():
            raise ValueError("activation is %r; it may be 'relu', 'gelu' or a function" % (activation,))
        not_negative("layer_norm_eps", layer_norm_eps)
        if whole("d_model", d_model) % whole("nhead", nhead):
            raise ValueError("nhead is %d; it must divide d_model, %d" % (nhead, d_model))
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias)
        self.linear1 = Linear(d_model, whole("dim_feedforward", dim_feedforward), bias)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.dropout, self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout), Dropout(dropout)
        self.activation, self.norm_first = activation, flag("norm_first", norm_first)

    def _attend(self, x, mask, padding, is_causal):
        return self.dropout1(self.self_attn(x, x, x, padding, False, mask, is_causal)[0])

    def _feed(self, x):
        x = self.linear1(x)
        x = self.activation(x) if callable(self.activation) else x.relu() if self.activation == "relu" else x.gelu()
        return self.dropout2(self.linear2(self.dropout(x)))

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        x = src
        if self.norm_first:
            x = x + self._attend(self.norm1(x), src_mask, src_key_padding_mask, is_causal)
            return x + self._feed(self.norm2(x))
        x = self.norm1(x + self._attend(x, src_mask, src_key_padding_mask, is_causal))
        return self.norm2(x + self._feed(x))


class TransformerEncoder(Module):
    """num_layers layers one after the other, then norm, if one is given.

    encoder_layer is a function that makes one, `lambda: nn.TransformerEncoderLayer(16, 2)`, where PyTorch copies one.
    """

    def __init__(self, encoder_layer, num_layers, norm=None):
        if isinstance(encoder_layer, Module) or not callable(encoder_layer):
            name = encoder_layer.__class__.__name__
            raise ValueError("encoder_layer is a %s; it may be a function that makes one: lambda: nn.%s(...)"
                             % (name, name))  # fmt: skip
        self.layers = [encoder_layer() for _ in range(whole("num_layers", num_layers))]
        self.norm = norm

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=False):
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


# Where a step is.


def _angles(t, base):
    """Into t, [L, D]: the sine and the cosine, in turn, of position / base ** (2 i / D). The VM's own, so the same bits
    everywhere."""
    from ..tensors.eager import Eager

    length, width = t.dims
    half, eager = (length, width // 2), Eager()
    with use(eager):
        rate = Tensor(array("f", (base,))).log() / float(width)
        frequencies = (Tensor(array("f", range(0, width, 2))) * rate * -1.0).exp()
        angles = Tensor(array("f", range(length)), (length, 1)) * frequencies
    for at, fn in enumerate((rules.SIN_FN, rules.COS_FN)):
        rules.strided(eager, fn, isa.WRITE, half, t.alias(t.dims, at), (width, 2), angles, (width // 2, 1))
    eager.flush()


def _table(length, width, base, name):
    if whole(name, width) % 2:
        raise ValueError("%s is %d; it may be an even number" % (name, width))
    number("base", base, 1, without="low")
    table = Buffer((whole("max_len", length), width))
    table.initial, table.fixed = (_angles, base), True
    return table


def _rows(module, x, length):
    """The rows of its table for so many steps."""
    if length < 1 or length > module.table.dims[0]:
        raise ValueError("x has shape %s; %r takes up to %d steps" % (x.shape, module, module.table.dims[0]))
    return module.table.alias((length, module.table.dims[1]))


class SinusoidalEncoding(Module):
    """x plus where each step is: [N, L, d_model], L up to max_len (Vaswani et al., 2017). Element 2 i of step p gets
    sin(p / base ** (2 i / d_model)), element 2 i + 1 the cosine; then dropout. The table is a buffer of
    max_len * d_model floats."""

    shown = "d_model max_len"

    def __init__(self, d_model, max_len, dropout=0.0, base=10000):
        self.d_model, self.max_len = d_model, max_len
        self.table, self.dropout = _table(max_len, d_model, base, "d_model"), Dropout(chance("dropout", dropout))

    def forward(self, x):
        if len(x.dims) != 3 or x.dims[2] != self.table.dims[1]:
            self.refuse(x, "(N, L, %d)" % self.table.dims[1])
        return self.dropout(x + _rows(self, x, x.dims[1]))


class RotaryEncoding(Module):
    """Rotates each pair of elements 2 i and 2 i + 1 of step p by p / base ** (2 i / dim), so that a product of query
    and key depends on how far apart they are (Su et al., 2021): [..., L, dim], as [N, H, L, D] before attention; L up
    to max_len. The table is a buffer of max_len * dim floats; backward keeps nothing."""

    shown = "dim max_len"

    def __init__(self, dim, max_len, base=10000):
        self.dim, self.max_len = dim, max_len
        self.table = _table(max_len, dim, base, "dim")

    def forward(self, x):
        if len(x.dims) < 3 or x.dims[-1] != self.table.dims[1]:
            self.refuse(x, "(N, H, L, %d)" % self.table.dims[1])
        return apply(ROTARY, (x,), (_rows(self, x, x.dims[-2]),))
