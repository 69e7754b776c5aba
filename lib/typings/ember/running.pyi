from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, overload

from typing_extensions import Buffer, TypeAlias

from .front import Front
from .image import Image
from .metrics import Metric
from .schedule import Schedule
from .slices import Slices
from .tensor import Tensor, _Dtype, _Lists

_Values: TypeAlias = Buffer | Tensor | _Lists | tuple[Buffer | Tensor | _Lists, ...]
_Batches: TypeAlias = Iterable[tuple[_Values, _Values]]

_Parts: TypeAlias = Buffer | tuple[Buffer, ...]
_Out = TypeVar("_Out", bound=_Parts)
_Found: TypeAlias = memoryview | array[float]

class Runner:
    image: Image
    front: Front | None
    plan: Any  # a Plan, or None
    lr: float
    batch_size: int
    micro_batch: int
    input_dtype: _Dtype
    target_dtype: _Dtype
    sample_size: int
    target_size: int
    classes: int
    epoch: int
    schedule: Schedule | None
    validation: tuple[float, float | None] | None
    def __init__(self, image: Image, arena: array[float], run: Callable[..., int]) -> None: ...
    @property
    def names(self) -> str: ...
    @overload
    def predict(self, x: _Parts, out: None = None) -> _Found | tuple[_Found, ...]: ...
    @overload
    def predict(self, x: _Parts, out: _Out) -> _Out: ...
    def accumulate(self, x: _Values, y: _Values) -> None: ...
    def update(self) -> None: ...
    def step(self, x: _Values, y: _Values, budget_us: int | None = None) -> bool | None: ...
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
    def evaluate(self, batches: _Batches, metrics: Sequence[Metric] = ()) -> tuple[float, float | None]: ...
    def save(self, path: str) -> None: ...
    def load(self, path: str) -> None: ...
