from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor
from . import Module

class Bilinear(Module):
    in1_features: int
    in2_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None
    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True) -> None: ...
    def __call__(self, x1: Tensor, x2: Tensor) -> Tensor: ...  # type: ignore[override]
    def forward(self, x1: Tensor, x2: Tensor) -> Tensor: ...
