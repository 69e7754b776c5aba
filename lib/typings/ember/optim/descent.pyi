from collections.abc import Sequence
from typing import Any

from ..tensors.tensor import Tensor
from . import _Params
from .composed import Composed

class Rprop(Composed):
    def __init__(
        self,
        params: _Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
    ) -> None: ...
    def numbers(self, sink: Any, t: Tensor, hyper: Tensor, kept: Sequence[Tensor]) -> Any: ...
    def change(
        self, sink: Any, w: Tensor, x: Tensor, d: Tensor, states: Sequence[Tensor], hyper: Tensor, numbers: Any
    ) -> None: ...

class ASGD(Composed):
    def __init__(
        self,
        params: _Params,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
    ) -> None: ...
    def numbers(self, sink: Any, t: Tensor, hyper: Tensor, kept: Sequence[Tensor]) -> Any: ...
    def change(
        self, sink: Any, w: Tensor, x: Tensor, d: Tensor, states: Sequence[Tensor], hyper: Tensor, numbers: Any
    ) -> None: ...
