"""Embedding: a table of vectors, trained."""

from .nn import Module, _positive
from .ops_index import embedding
from .parameter import Parameter


class Embedding(Module):
    """Row i of weight [num_embeddings, embedding_dim] for each whole number i: [...] to [..., embedding_dim].

    Its input is a tensor of any dtype or a list; a Trainer hands over whole numbers as they are where its input_scale
    is None. The row padding_idx starts as zeros and is not trained. The weight starts uniform with variance 1 (that of
    PyTorch's is normal).
    """

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        self.num_embeddings = _positive(num_embeddings, "num_embeddings")
        self.embedding_dim = _positive(embedding_dim, "embedding_dim")
        bound = 1.7320508  # the square root of 3
        self.weight = Parameter((num_embeddings, embedding_dim), -bound, bound)
        self.padding_idx = padding_idx
        if padding_idx is not None:
            if not isinstance(padding_idx, int) or not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError("padding_idx is %r; it may be a whole number from %d to %d"
                                 % (padding_idx, -num_embeddings, num_embeddings - 1))  # fmt: skip
            self.padding_idx = padding_idx % num_embeddings
            data = self.weight.elements()
            for i in range(embedding_dim):
                data[self.padding_idx * embedding_dim + i] = 0.0

    def forward(self, x):
        return embedding(x, self.weight, self.padding_idx)

    def __repr__(self):
        return "Embedding(%d, %d)" % (self.num_embeddings, self.embedding_dim)
