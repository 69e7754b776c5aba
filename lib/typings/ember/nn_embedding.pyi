from .nn import Module
from .parameter import Parameter
from .tensor import Tensor, _Indices

class Embedding(Module):
    decays: bool
    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    weight: Parameter
    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None) -> None: ...
    def __call__(self, x: _Indices) -> Tensor: ...
    def forward(self, x: _Indices) -> Tensor: ...
