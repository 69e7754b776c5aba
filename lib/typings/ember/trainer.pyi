from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar, overload

from typing_extensions import Buffer, TypeAlias

from .layout import Plan, Program
from .metrics import Metric
from .nn import Module
from .optim import Optimizer
from .schedule import Schedule
from .slices import Slices
from .tensor import Tensor, _Dtype, _Lists, _Shape

_Values: TypeAlias = Buffer | Tensor | _Lists | tuple[Buffer | Tensor | _Lists, ...]
_Out = TypeVar("_Out", bound=Buffer | tuple[Buffer, ...])
_Batches: TypeAlias = Iterable[tuple[_Values, _Values]]

class Trainer:
    model: Module
    criterion: Callable[[Any, Any], Tensor]
    optimizer: Optimizer
    optimizers: list[Optimizer]
    bounds: Any  # [clip_value, clip_norm, ema] as float32, where one of them is set
    batch_size: int
    micro_batch: int
    input_shape: tuple[int, ...]
    input_dtype: _Dtype
    input_scale: float | None
    target_dtype: _Dtype
    sample_size: int
    target_size: int
    classes: int
    epoch: int
    plan: Plan
    program: Program
    validation: tuple[float, float | None] | None
    schedule: Schedule | None
    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Tensor],  # tensors, or tuples of them
        optimizer: Optimizer | Sequence[Optimizer],
        input_shape: _Shape | Sequence[_Shape],
        batch_size: int = 32,
        input_dtype: _Dtype | Sequence[_Dtype] = "f",
        input_scale: float | Sequence[float | None] | None = 1.0,
        target_dtype: _Dtype | Sequence[_Dtype] | None = None,
        memory: int | None = None,
        schedule: Schedule | None = None,
        micro_batch: int | None = None,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        ema: float | None = None,
    ) -> None: ...
    def averaged(self) -> AbstractContextManager[None]: ...
    def accumulate(self, x: _Values, y: _Values) -> None: ...
    def update(self) -> None: ...
    def step(self, x: _Values, y: _Values, budget_us: int | None = None) -> bool: ...
    def poll(self, budget_us: int) -> bool: ...
    @property
    def slices(self) -> Slices: ...
    @property
    def loss(self) -> float: ...
    @property
    def running_loss(self) -> float: ...
    def reset_running(self) -> None: ...
    @property
    def steps(self) -> int: ...
    @overload
    def predict(self, x: _Values, out: None = None) -> Tensor: ...
    @overload
    def predict(self, x: _Values, out: _Out) -> _Out: ...
    def evaluate(self, batches: _Batches, metrics: Sequence[Metric] = ()) -> tuple[float, float | None]: ...
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
    def save(self, path: str) -> None: ...
    def load(self, path: str) -> None: ...
