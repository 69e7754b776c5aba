from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar, overload

from typing_extensions import Buffer, TypeAlias

from ..machine.executor import Executor
from ..machine.image import Image
from ..metrics import Metric
from ..schedule import Schedule
from ..sealed import File
from ..tensors.tensor import Tensor, _Dtype, _Lists
from ..train.front import Front
from .averaged import Averaged
from .slices import Slices
from .slots import Slots

_Guard: TypeAlias = (
    Literal["raise", "skip", "reduce", "rewind"]
    | tuple[Literal["reduce"], float]
    | tuple[Literal["rewind"], int]
    | tuple[Literal["rewind"], str]
)
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
    place: int
    metadata: Any  # what a script wants saved
    data: Any  # what fit trains on, if it has a place
    callbacks: Sequence[Any]
    moves: Any  # L-BFGS's
    loading: Any  # what is to take the place of the state
    saving: Iterator[int] | None  # a save in slices
    waiting: dict[str, Any] | None  # what was loaded for whoever comes
    resumed: bool
    schedule: Schedule | None
    validation: tuple[float, float | None] | None
    executor: Executor
    sizes: list[int] | None
    stretch: int
    binding: Any  # of several inputs, or targets
    cutter: Any  # of batches that come in parts
    sliced: Slices | None
    fresh: bool
    guard: _Guard
    skipped: int
    kept: Any  # a good state, where guard keeps one in memory
    unfinished: bool
    mark: Any  # empty while it runs
    changing: bool
    swapped: Averaged | None
    asked: list[Any]  # what the call that runs was given
    def __init__(self, image: Image, executor: Executor) -> None: ...
    @property
    def rows(self) -> int: ...
    def unbind(self, rows: int = 1) -> None: ...
    def bind(self, x: _Parts, y: _Parts) -> bool: ...
    def bind_input(self, x: _Parts) -> bool: ...
    def run(self, sections: int) -> None: ...
    def attempt(self, sections: int) -> bool: ...
    def idle(self, loading: bool = False) -> None: ...
    def fault(self) -> None: ...
    def predict_part(self, x: _Values, out: Any) -> Any: ...
    def foresee(self, x: _Values) -> bool: ...
    def result(self, address: int, dims: tuple[int, ...]) -> memoryview: ...
    def write(self, out: Buffer, view: memoryview) -> None: ...
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
    def jobs(self) -> Any: ...
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
    @overload
    def save(self, path: str | Slots | File, half: bool = False, budget_us: None = None) -> int: ...
    @overload
    def save(self, path: str | Slots | File, half: bool = False, *, budget_us: int) -> bool: ...
    def load(self, path: str | Slots | File, weights_only: bool = False, strict: bool = True) -> list[str] | None: ...
    def resume(self, path: str | Slots | File, data: Any = None) -> bool: ...
