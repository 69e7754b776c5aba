from array import array
from collections.abc import Callable
from typing import Literal

from typing_extensions import TypeAlias

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

class KeepBest:
    path: str | None
    kept: array[float] | None
    measure: Callable[[Trainer], float]
    sign: int
    best: float | None
    epoch: int
    def __init__(self, path: str | None = None, monitor: _Monitor = "loss") -> None: ...
    def __call__(self, trainer: Trainer) -> None: ...
    def restore(self, trainer: Trainer) -> None: ...
