from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .run.runner import Runner, _Guard, _Values

def guard(runner: Runner, guard: _Guard) -> None: ...

class Screen:
    trainer: Runner
    dropped: int
    def __init__(
        self,
        trainer: Runner,
        batches: Iterable[tuple[Any, Any]],
        limit: float | None = None,
        target_limit: float | None = None,
    ) -> None: ...
    def __iter__(self) -> Iterator[tuple[Any, Any]]: ...
    def fits(self, x: _Values, y: _Values) -> bool: ...

class Watch:
    factor: float
    patience: int
    waited: int
    diverged: int
    mean: array[float]
    def __init__(
        self,
        trainer: Runner,
        factor: float = 10.0,
        patience: int = 3,
        beta: float = 0.98,
        then: Callable[[Runner], object] | None = None,
    ) -> None: ...
    def __call__(self, trainer: Runner) -> None: ...
