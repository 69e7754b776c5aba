from collections.abc import Callable
from typing import Any

from .train.trainer import Trainer

class Memory:
    used: int | None
    free: int | None
    largest: int | None
    fragmentation: float | None
    peak: int | None
    stack: int | None
    arena: int | None
    program: int | None

def memory(trainer: Trainer | None = None) -> Memory: ...

class MemoryMonitor:
    below: int
    warn: Callable[[str], object]
    log: Any
    def __init__(self, below: int = 0, warn: Callable[[str], object] = ..., log: Any = None) -> None: ...
    def __call__(self, trainer: Trainer) -> None: ...
