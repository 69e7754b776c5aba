from array import array
from collections.abc import Callable
from typing import Literal

from typing_extensions import TypeAlias

from .run.slots import Slots
from .sealed import File
from .train.trainer import Trainer

_Monitor: TypeAlias = Literal["loss", "accuracy"] | Callable[[Trainer], float]

class EarlyStopping:
    patience: int
    min_delta: float
    measure: Callable[[Trainer], float]
    sign: int
    best: float | None
    waited: int
    def __init__(self, patience: int = 5, min_delta: float = 0.0, monitor: _Monitor = "loss") -> None: ...
    def __call__(self, trainer: Trainer) -> bool: ...
    def state(self) -> tuple[float | None, int]: ...
    def load(self, state: tuple[float | None, int]) -> None: ...

class KeepBest:
    path: str | None
    kept: array[float] | None
    measure: Callable[[Trainer], float]
    sign: int
    best: float | None
    epoch: int
    def __init__(self, path: str | None = None, monitor: _Monitor = "loss") -> None: ...
    def __call__(self, trainer: Trainer) -> None: ...
    def state(self) -> tuple[float | None, int, array[float] | None]: ...
    def load(self, state: tuple[float | None, int, array[float] | None]) -> None: ...
    def restore(self, trainer: Trainer) -> None: ...

class Save:
    numbered: bool
    keep: int
    path: str | Slots | File
    every: int
    half: bool
    written: int
    called: int
    def __init__(self, path: str | Slots | File, every: int = 1, keep: int = 1, half: bool = False) -> None: ...
    def __call__(self, trainer: Trainer) -> None: ...
    def state(self) -> tuple[int, int]: ...
    def load(self, state: tuple[int, int]) -> None: ...
    def newest(self) -> str | None: ...
