from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from .parameter import Parameter
from .tensor import Tensor

def decay_of(name: str, value: float) -> float: ...
def follow(target: Any, average: Tensor, p: Tensor, decay: Tensor) -> None: ...

class EMA:
    params: list[Parameter]
    decay: float
    averages: list[Tensor]
    def __init__(self, params: Iterable[Parameter], decay: float = 0.999) -> None: ...
    def update(self) -> None: ...
    def averaged(self) -> AbstractContextManager[None]: ...
