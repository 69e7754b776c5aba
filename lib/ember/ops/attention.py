"""The op table, continued: attention.

N batch, H heads, L steps that ask, S steps that are asked, E elements of a query or key, V of a value.
"""

from array import array

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors.parameter import inverse_root
from ..tensors.tensor import Tensor, apply, current_sink, numel
from . import rules
from .common import DROPOUT, SOFTMAX
from .reduce import matmul_shape, matmul_sizes, product_grad, products

# Scores: query @ key transposed, which is read where it lies.


def _turned(key):
    return key.alias(key.dims[:-2] + (key.dims[-1], key.dims[-2]))


def _scores_shape(inputs):
    query, key = inputs
    if len(query.dims) < 2 or len(key.dims) < 2 or query.dims[-1] != key.dims[-1]:
        raise ValueError("query and key have shapes %s and %s; they may be [..., L, E] and [..., S, E]"
                         % (query.shape, key.shape))  # fmt: skip
    return matmul_shape((query, _turned(key)))


def _scores_sizes(inputs):
    return matmul_sizes(inputs[0].dims, _turned(inputs[1]).dims)


def _scores_emit(sink, y, inputs, saved):
    m, n, k, dims = _scores_sizes(inputs)
    products(sink, WRITE, dims, m, n, k, (y, 1, n, 1), (inputs[0], 2, k, 1), (inputs[1], 3, 1, k))


def _scores_grad(sink, y, g, inputs, saved):
    query, key = inputs
    m, n, k, dims = _scores_sizes(inputs)
    if key.requires_grad:
        d, into = product_grad(sink, key, 3, dims)
        products(sink, into, dims, n, k, m, (d, 3, k, 1), (g, 1, 1, n), (query, 2, k, 1))
    if query.requires_grad:
        d, into = product_grad(sink, query, 2, dims)
        products(sink, into, dims, m, k, n, (d, 2, k, 1), (g, 1, n, 1), (key, 3, k, 1))


SCORES = rules.Op(_scores_shape, _scores_emit, _scores_grad)


# Rotation of pairs: argument: the table, [L, E], of sines and cosines in turn.


def _rotate(sink, into, y, x, table, sign):
    """y (into) x with each pair (a, b) rotated: a cos - b sin, a sin + b cos; by the other way round if sign < 0."""
    dims = x.dims[:-1] + (x.dims[-1] // 2,)
    steps = rules.strides_of(x.dims)[:-1] + [2]
    angles = [0] * (len(dims) - 2) + [x.dims[-1], 2]
    minus = sink.new(dims[-2:])
    rules.strided(sink, rules.NEG_FN, WRITE, dims[-2:], minus, rules.strides_of(dims[-2:]), table, angles[-2:])
    plain = table, angles
    turned = minus, [0] * (len(dims) - 2) + rules.strides_of(dims[-2:])
    cosine = table.alias(table.dims, 1), angles
    if sign < 0:
        plain, turned = turned, plain
    for at, first, second in ((0, cosine, turned), (1, plain, cosine)):
        d = y.alias(y.dims, at)
        rules.strided(sink, rules.MUL_FN, into, dims, d, steps, x, steps, *first)
        rules.strided(sink, rules.MUL_FN, INTO_ADD, dims, d, steps, x.alias(x.dims, 1), steps, *second)


def _rotary_emit(sink, y, inputs, saved):
    _rotate(sink, WRITE, y, inputs[0], saved[0], 1)


def _rotary_grad(sink, y, g, inputs, saved):
    d, into = rules.into_grad(sink, inputs[0])
    _rotate(sink, into, d, g, saved[0], -1)


ROTARY = rules.Op(rules.same, _rotary_emit, _rotary_grad, False)


# Attention.


def hidden(mask):
    """0 where a mask, of any dtype, is 0, and -inf, which hides a score, where it is not."""
    return _hides(_floats(mask))


def _floats(mask):
    if mask.dtype != "f" and mask.storage is None:  # an input of a recording
        raw, mask = mask, current_sink().new(mask.dims)
        emit.convert(current_sink(), n=numel(mask.dims), channels=1, d=mask, src=raw,
                     affine=current_sink().constants((1.0, 0.0)))  # fmt: skip
    elif mask.dtype != "f":
        values = memoryview(mask.elements())[mask.offset : mask.offset + mask.numel()]
        mask = Tensor(array("f", list(values)), mask.dims)
    return mask


def _hides(mask):
    """0 where it is 0, else -inf. (A product would make NaN of 0.)"""
    sink = current_sink()
    y = sink.new(mask.dims)
    sink.map(rules.KEEP_FN, y, mask, sink.scalar(-float("inf")))
    sink.flush()
    return y


def _causal(length, source):
    """[L, S]: 0 where a step asks itself or one before, and -inf where it asks a later one."""
    from .compare import gt

    ramp = Tensor(array("f", range(max(length, source))))
    return _hides(gt(ramp.alias((1, source)), ramp.alias((length, 1))))


def attend(query, key, value, attn_mask, dropout_p, is_causal, scale):
    """(what scaled_dot_product_attention makes, the weights it is made with)"""
    length, source = query.dims[-2:-1], key.dims[-2:-1]
    if is_causal:
        if length + source == () or length[0] < 0 or source[0] < 0:
            raise ValueError("is_causal of shapes %s and %s; L and S may not be the batch" % (query.shape, key.shape))
        later = _causal(length[0], source[0])
    scores = apply(SCORES, (query * (inverse_root(query.dims[-1]) if scale is None else scale), key))
    if is_causal:
        scores = scores + later
    if attn_mask is not None:
        scores = scores + (attn_mask if attn_mask.dtype == "f" else hidden_not(attn_mask))
    weights = apply(SOFTMAX, (scores,), (2,))  # a step that sees nothing has none
    kept = apply(DROPOUT, (weights,), (dropout_p,)) if dropout_p else weights
    return kept @ value, weights


def hidden_not(mask):
    """The other way round: -inf where a mask is 0."""
    from .compare import logical_not

    return _hides(logical_not(_floats(mask)))


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
    """softmax(query @ key^T * scale + mask) @ value: [..., L, E], [..., S, E] and [..., S, V] to [..., L, V] (Vaswani
    et al., 2017).

    attn_mask   broadcasts to [..., L, S]: float32 is added to the scores; whole numbers (dtype "B") hide a step where
                they are 0, as False does in PyTorch. Answers of comparisons are float32: ember.where(seen, 0.0, -inf)
    dropout_p   of the weights, whatever mode a model is in
    is_causal   step i sees steps 0 to i: a sum with [L, S] more, not one for each head
    scale       by default 1 / sqrt(E)

    A step that sees nothing gets 0, and hands no gradient on. Backward keeps query, key, value and the weights,
    [..., L, S], twice with dropout. ValueError where shapes do not fit, or dropout_p is not from 0 to below 1.
    """
    if not isinstance(dropout_p, (int, float)) or not 0 <= dropout_p < 1:
        raise ValueError("dropout_p is %r; it may be from 0 to below 1" % (dropout_p,))
    return attend(query, key, value, attn_mask, dropout_p, is_causal, scale)[0]
