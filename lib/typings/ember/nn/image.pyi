from typing import Literal, TypeAlias

from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor
from . import Module

_Pair: TypeAlias = int | tuple[int, int] | list[int]

_Both: TypeAlias = tuple[int, int]
_PaddingMode: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]

PADDING_MODES: dict[str, str]

def padded(
    kernel: _Both, stride: _Both, padding: object, dilation: _Both, mode: str
) -> tuple[_Both, tuple[int, ...] | None]: ...
def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    arguments: tuple[_Both, _Both, _Both, int],
    more: tuple[int, ...] | None = None,
    mode: str = "zeros",
) -> Tensor: ...
def window(
    kernel_size: object, stride: object, padding: object, ceil_mode: object
) -> tuple[_Both, _Both, _Both, bool]: ...

class Conv2d(Module):
    stride: tuple[int, int]
    padding: tuple[int, int] | str
    dilation: tuple[int, int]
    groups: int
    padding_mode: str
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
        padding_mode: _PaddingMode = "zeros",
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class MaxPool2d(Module):
    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    ceil_mode: bool
    def __init__(
        self,
        kernel_size: _Pair,
        stride: _Pair | None = None,
        padding: _Pair = 0,
        dilation: Literal[1] = 1,
        return_indices: Literal[False] = False,
        ceil_mode: bool = False,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
