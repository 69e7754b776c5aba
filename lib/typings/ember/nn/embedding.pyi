from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor, _Indices
from . import Module

class Embedding(Module):
    decays: bool
    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    weight: Parameter
    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None) -> None: ...
    def __call__(self, x: _Indices) -> Tensor: ...
    def forward(self, x: _Indices) -> Tensor: ...
