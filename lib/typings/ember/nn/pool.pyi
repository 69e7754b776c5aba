from typing import Literal, TypeAlias

from ..tensors.tensor import Tensor
from . import Module
from .image import MaxPool2d

_Pair: TypeAlias = int | tuple[int, int]

class MaxPool1d(MaxPool2d):
    def __init__(
        self,
        kernel_size: int,
        stride: int | None = None,
        padding: int = 0,
        dilation: Literal[1] = 1,
        return_indices: Literal[False] = False,
        ceil_mode: bool = False,
    ) -> None: ...

class AvgPool2d(Module):
    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    ceil_mode: bool
    count_include_pad: bool
    window: tuple[tuple[int, int], tuple[int, int], tuple[int, int], bool]
    def __init__(
        self,
        kernel_size: _Pair,
        stride: _Pair | None = None,
        padding: _Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class AvgPool1d(AvgPool2d):
    def __init__(
        self,
        kernel_size: int,
        stride: int | None = None,
        padding: int = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class AdaptiveAvgPool2d(Module):
    output_size: tuple[int | None, int | None]
    def __init__(self, output_size: int | tuple[int | None, int | None] | None) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class AdaptiveAvgPool1d(AdaptiveAvgPool2d):
    def __init__(self, output_size: int | None) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
