from .nn import Module
from .tensor import Tensor

class GaussianNoise(Module):
    std: float
    def __init__(self, std: float = 0.1) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
