from collections.abc import Callable
from typing import Any

from typing_extensions import Buffer, TypeAlias

from ..machine.image import Image
from ..tensors.tensor import Tensor, _Lists, _Shape
from .layout import Plan

_Input: TypeAlias = Buffer | Tensor | _Lists

def record(function: Callable[..., Any], *examples: Tensor | _Shape, memory: int | None = None) -> Function: ...

class Function:
    batch_size: int
    plan: Plan
    image: Image
    def __init__(
        self, function: Callable[..., Any], examples: tuple[Tensor | _Shape, ...], memory: int | None
    ) -> None: ...
    def __call__(
        self,
        a: _Input,
        b: _Input | None = None,
        c: _Input | None = None,
        d: _Input | None = None,
    ) -> Any: ...
    mark: Any
    others: list[Any]
    given: list[Any]
    def among(self, k: int) -> Any: ...
    def join(self, recording: Any, p: Any) -> None: ...
    def lay(self, recording: Any, p: Any, offset: int) -> int: ...
    @property
    def steps(self) -> int: ...
