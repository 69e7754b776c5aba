from typing import Literal

from .nn import Module
from .tensor import Tensor

MODES: tuple[str, ...]

class Upsample(Module):
    scale_factor: tuple[float, float]
    mode: str
    align_corners: bool
    def __init__(
        self,
        scale_factor: float | tuple[float, float] = 2,
        mode: Literal["nearest", "linear", "bilinear"] = "nearest",
        align_corners: bool = False,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class PixelShuffle(Module):
    upscale_factor: int
    def __init__(self, upscale_factor: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
