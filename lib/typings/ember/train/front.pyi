from array import array
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..machine.image import Image
from ..nn import Module
from ..optim import Optimizer
from ..recording.layout import Plan
from ..run.runner import _Guard
from ..schedule import Schedule
from ..tensors.tensor import Tensor, _Dtype, _Shape
from .trainer import Trainer

class Front:
    model: Module
    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Tensor],  # tensors, or tuples of them
        optimizer: Optimizer | Sequence[Optimizer],
        input_shape: _Shape | Sequence[_Shape],
        batch_size: int = 32,
        input_dtype: _Dtype | Sequence[_Dtype] = "f",
        input_scale: float | Sequence[float | Sequence[float] | None] | None = 1.0,
        target_dtype: _Dtype | Sequence[_Dtype] | None = None,
        memory: int | None = None,
        schedule: Schedule | None = None,
        micro_batch: int | None = None,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        ema: float | None = None,
        fused: bool = False,
        state_dtype: Literal["f", "bfloat16"] = "f",
        target_shape: _Shape | None = None,
        input_offset: float | Sequence[float | Sequence[float]] = 0.0,
        guard: _Guard = "raise",
    ) -> None: ...
    def image(self, runs: bool = True) -> tuple[Plan, Image, array[float] | None]: ...
    def record(self, recording: Any) -> bool | None: ...
    def settle(self, trainer: Trainer) -> None: ...
    def as_made(self, trainer: Trainer) -> None: ...
    def accept(self, binding: Any, x: Any, y: Any) -> tuple[Any, Any, int]: ...
    def names(self) -> str: ...
