from ..tensors.tensor import Tensor
from . import Module

class GaussianNoise(Module):
    std: float
    def __init__(self, std: float = 0.1) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
