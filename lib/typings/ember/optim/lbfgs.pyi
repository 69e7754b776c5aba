from collections.abc import Callable, Sequence
from typing import Literal

from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor
from . import Optimizer, _Params

def single(value: float) -> float: ...

class LBFGS(Optimizer):
    max_iter: int
    max_eval: int
    tolerance_grad: float
    tolerance_change: float
    line_search_fn: str | None
    history_size: int
    members: list[Parameter]
    history: list[list[Tensor | float]]
    known: int
    x: Tensor
    g: Tensor
    before: Tensor
    d: Tensor
    work: Tensor
    t: float
    diagonal: float
    moves: int
    evaluations: int
    count: int
    def largest(self, a: Tensor) -> float: ...
    def __init__(
        self,
        params: _Params,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: Literal["strong_wolfe"] | None = None,
    ) -> None: ...
    def step(self, closure: Callable[[], Tensor | Sequence[Tensor]]) -> float: ...  # type: ignore[override]
    def move_by(self, closure: Callable[[], Tensor | Sequence[Tensor]]) -> float: ...
    def gather(self) -> None: ...
    def back(self) -> None: ...
    def forget(self) -> None: ...
    def try_at(self, closure: Callable[[], Tensor | Sequence[Tensor]], t: float) -> tuple[float, float]: ...
    def move(self, t: float) -> None: ...
    def note(self, gradient: Tensor) -> None: ...
    def back_to(self, t: float) -> None: ...
