from collections.abc import Callable, Iterable, Sequence

from typing_extensions import Buffer, TypeAlias

from .nn import Module
from .optim import Optimizer
from .record import Plan, Program
from .tensor import Tensor, _Dtype, _Lists, _Shape

_Values: TypeAlias = Buffer | Tensor | _Lists
_Batches: TypeAlias = Iterable[tuple[_Values, _Values]]

class Trainer:
    model: Module
    criterion: Callable[[Tensor, Tensor], Tensor]
    optimizer: Optimizer
    batch_size: int
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
    def __init__(
        self,
        model: Module,
        loss: Callable[[Tensor, Tensor], Tensor],
        optimizer: Optimizer,
        input_shape: _Shape,
        batch_size: int = 32,
        input_dtype: _Dtype = "f",
        input_scale: float | None = 1.0,
        target_dtype: _Dtype | None = None,
        memory: int | None = None,
    ) -> None: ...
    def accumulate(self, x: _Values, y: _Values) -> None: ...
    def update(self) -> None: ...
    def step(self, x: _Values, y: _Values) -> None: ...
    @property
    def loss(self) -> float: ...
    @property
    def running_loss(self) -> float: ...
    def reset_running(self) -> None: ...
    @property
    def steps(self) -> int: ...
    def predict(self, x: _Values) -> Tensor: ...
    def evaluate(self, batches: _Batches) -> tuple[float, float | None]: ...
    def fit(
        self,
        batches: _Batches,
        epochs: int,
        validation: _Batches | None = None,
        callbacks: Sequence[Callable[[Trainer], object]] = (),
        on_step: Callable[[Trainer], object] | None = None,
    ) -> None: ...
    def save(self, path: str) -> None: ...
    def load(self, path: str) -> None: ...
