from typing import Any, NoReturn

from typing_extensions import Self

from .tensor import Tensor, _Shape

class Parameter(Tensor):
    stream: int
    made: int
    drawn: int
    first: int
    def __init__(self, shape: _Shape | Tensor, low: float = 0.0, high: float = 0.0) -> None: ...
    def __iadd__(self, other: Tensor | float) -> Self: ...
    def __isub__(self, other: Tensor | float) -> Self: ...
    def __imul__(self, other: Tensor | float) -> NoReturn: ...
    def __itruediv__(self, other: Tensor | float) -> NoReturn: ...
    def draw(self) -> None: ...

PIECEWISE: list[Any]

class Buffer(Parameter):
    fixed: bool

seed: int

def inverse_root(n: int) -> float: ...
def manual_seed(value: int) -> None: ...
