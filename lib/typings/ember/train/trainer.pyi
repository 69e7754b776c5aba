from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar, overload

from typing_extensions import Buffer

from ..nn import Module
from ..optim import Optimizer
from ..run.runner import Runner, _Batches, _Guard, _Values
from ..run.slots import Slots
from ..schedule import Schedule
from ..sealed import File
from ..tensors.tensor import Tensor, _Dtype, _Shape
from .predictor import Predictor

_Out = TypeVar("_Out", bound=Buffer | tuple[Buffer, ...])

class Trainer(Runner):
    model: Module
    criterion: Callable[[Any, Any], Tensor]
    optimizer: Optimizer
    optimizers: list[Optimizer]
    fused: bool
    state_dtype: str
    bounds: Any  # [clip_value, clip_norm, ema] as float32, where one of them is set
    input_shape: tuple[int, ...]
    input_scale: float | Sequence[Any] | None
    input_offset: float | Sequence[Any]
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
    def predictor(self, batch_size: int = 1, budget_us: int | None = None) -> Predictor: ...
    def averaged(self) -> AbstractContextManager[None]: ...
    @overload  # type: ignore[override]
    def predict(self, x: _Values, out: None = None) -> Tensor: ...
    @overload
    def predict(self, x: _Values, out: _Out) -> _Out: ...
    def fit(
        self,
        batches: _Batches,
        epochs: int,
        validation: _Batches | None = None,
        callbacks: Sequence[Callable[[Trainer], object]] = (),
        on_step: Callable[[Trainer], object] | None = None,
        schedule: Schedule | None = None,
        schedule_every: Literal["epoch", "step"] = "epoch",
    ) -> None: ...
    def release(self, names: dict[str, Any] | None = None) -> list[tuple[str, int]]: ...
    def export(self, path: str | Slots | File) -> int: ...
