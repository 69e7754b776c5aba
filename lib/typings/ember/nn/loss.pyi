from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypeAlias

from ..tensors.tensor import Tensor, _Lists
from . import Module

_Reduction: TypeAlias = Literal["none", "sum", "mean"]
_Weights: TypeAlias = Tensor | Sequence[float] | None

# A loss is called with two tensors, or more, where a module is called with one; `type: ignore` says that this is meant.
class Loss(Module):
    classes: bool
    sequences: bool
    reduction: _Reduction
    def __init__(self, reduction: _Reduction = "mean") -> None: ...
    def __call__(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...  # type: ignore[override]
    def reduce(self, loss: Tensor) -> Tensor: ...

class CrossEntropyLoss(Loss):
    weight: Tensor | None
    ignore_index: int | None
    label_smoothing: float
    def __init__(
        self,
        weight: _Weights = None,
        ignore_index: int | None = -100,
        reduction: _Reduction = "mean",
        label_smoothing: float = 0.0,
    ) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class MSELoss(Loss):
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

def floats(x: Tensor | _Lists) -> Tensor: ...
def elements(target: Tensor | _Lists) -> tuple[Sequence[float] | None, tuple[int, ...]]: ...
def labels(values: Sequence[float], classes: int, ignored: int | None = None) -> list[int]: ...
def class_weights(weight: _Weights) -> Tensor | None: ...
