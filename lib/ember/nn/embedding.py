"""Embedding: a table of vectors, trained."""

from ..base.check import whole
from ..ops.index import embedding
from ..tensors.parameter import Parameter
from . import Module
from .init_draw import constant, normal


def _draw(weight, padding_idx):
    normal(weight, 0.0, 1.0)
    if padding_idx is not None:
        width = weight.dims[1]
        constant(weight.alias((width,), padding_idx * width), 0.0)


class Embedding(Module):
    """Row i of weight [num_embeddings, embedding_dim] for each whole number i: [...] to [..., embedding_dim].

    Its input is a tensor of any dtype or a list; a Trainer hands over whole numbers as they are where its input_scale
    is None. The row padding_idx starts as zeros and is not trained. The weight starts normal, mean 0 and variance 1.
    """

    decays = False  # for optim.decay_groups
    shown = "num_embeddings embedding_dim padding_idx=None"

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        self.num_embeddings = whole("num_embeddings", num_embeddings)
        self.embedding_dim = whole("embedding_dim", embedding_dim)
        self.weight = Parameter((num_embeddings, embedding_dim))
        self.padding_idx = padding_idx
        if padding_idx is not None:
            is_whole = isinstance(padding_idx, int) and not isinstance(padding_idx, bool)
            if not is_whole or not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError("padding_idx is %r; it may be a whole number from %d to %d"
                                 % (padding_idx, -num_embeddings, num_embeddings - 1))  # fmt: skip
            self.padding_idx = padding_idx % num_embeddings
        self.weight.initial = (_draw, self.padding_idx)

    def forward(self, x):
        return embedding(x, self.weight, self.padding_idx)
