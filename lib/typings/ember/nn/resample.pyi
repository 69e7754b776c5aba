from typing import Literal

from ..tensors.tensor import Tensor
from . import Module

MODES: tuple[str, ...]

class Upsample(Module):
    size: tuple[int, int] | None
    scale_factor: tuple[float, float] | None
    mode: str
    align_corners: bool
    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
        mode: Literal["nearest", "linear", "bilinear"] = "nearest",
        align_corners: bool | None = None,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class PixelShuffle(Module):
    upscale_factor: int
    def __init__(self, upscale_factor: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
