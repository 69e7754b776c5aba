from typing import Literal, TypeAlias

from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor
from . import Module
from .image import Conv2d

_Pair: TypeAlias = int | tuple[int, int]

def one(value: object, name: str, least: int) -> int: ...
def as_image(layer: Module, x: Tensor, channels: int | None = None) -> Tensor: ...
def as_sequence(y: Tensor) -> Tensor: ...
def flat(value: object, name: str, least: int) -> tuple[int, int]: ...

class Conv1d(Conv2d):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int | Literal["valid", "same"] = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros",
    ) -> None: ...

def transposed(x: Tensor, weight: Tensor, bias: Tensor | None, arguments: tuple[object, ...]) -> Tensor: ...

class ConvTranspose2d(Module):
    stride: tuple[int, int]
    padding: tuple[int, int]
    output_padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
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
        padding: _Pair = 0,
        output_padding: _Pair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Pair = 1,
        padding_mode: Literal["zeros"] = "zeros",
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class ConvTranspose1d(ConvTranspose2d):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        output_padding: int = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int = 1,
        padding_mode: Literal["zeros"] = "zeros",
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
