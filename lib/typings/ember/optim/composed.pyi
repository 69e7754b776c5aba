from collections.abc import Sequence
from typing import Any

from ..tensors.tensor import Tensor
from . import Optimizer, _Params

class Composed(Optimizer):
    decay: int
    decoupled: bool

class Adamax(Composed):
    def __init__(
        self,
        params: _Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None: ...
    def numbers(self, sink: Any, t: Tensor, hyper: Tensor, kept: Sequence[Tensor]) -> Any: ...
    def change(
        self, sink: Any, w: Tensor, x: Tensor, d: Tensor, states: Sequence[Tensor], hyper: Tensor, numbers: Any
    ) -> None: ...

class NAdam(Adamax):
    def __init__(
        self,
        params: _Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
    ) -> None: ...

class RAdam(Adamax):
    def __init__(
        self,
        params: _Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
    ) -> None: ...
