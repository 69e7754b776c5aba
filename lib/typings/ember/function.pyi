from collections.abc import Callable
from typing import Any

from typing_extensions import Buffer

from .layout import Plan, Program
from .tensor import Tensor, _Shape

def record(function: Callable[..., Any], *examples: Tensor | _Shape, memory: int | None = None) -> Function: ...

class Function:
    batch_size: int
    plan: Plan
    program: Program
    def __init__(
        self, function: Callable[..., Any], examples: tuple[Tensor | _Shape, ...], memory: int | None
    ) -> None: ...
    def __call__(
        self,
        a: Buffer | Tensor,
        b: Buffer | Tensor | None = None,
        c: Buffer | Tensor | None = None,
        d: Buffer | Tensor | None = None,
    ) -> Any: ...
    @property
    def steps(self) -> int: ...
