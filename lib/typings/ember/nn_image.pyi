from typing import Literal, TypeAlias

from .nn import Module
from .parameter import Parameter
from .tensor import Tensor

_Pair: TypeAlias = int | tuple[int, int] | list[int]

def padding_by_name(
    name: str, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int | tuple[int, int], tuple[int, ...] | None]: ...

class Conv2d(Module):
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, int]
    weight: Parameter
    bias: Parameter | None
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Pair,
        stride: _Pair = 1,
        padding: _Pair | Literal["valid", "same"] = 0,
        dilation: _Pair = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class MaxPool2d(Module):
    def __init__(self, kernel_size: _Pair, stride: _Pair | None = None, padding: _Pair = 0) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
