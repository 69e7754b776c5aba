from typing import Literal

from ..tensors.tensor import Tensor, _Lists
from .loss import CrossEntropyLoss, Loss, _Reduction, _Weights

class NLLLoss(CrossEntropyLoss):
    def __init__(
        self, weight: _Weights = None, ignore_index: int | None = -100, reduction: _Reduction = "mean"
    ) -> None: ...

class MultiMarginLoss(Loss):
    p: int
    margin: float
    weight: Tensor | None
    def __init__(
        self, p: Literal[1, 2] = 1, margin: float = 1.0, weight: _Weights = None, reduction: _Reduction = "mean"
    ) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

def hard(loss: CrossEntropyLoss, x: Tensor, target: Tensor | _Lists) -> Tensor: ...
def soft(loss: CrossEntropyLoss, x: Tensor, target: Tensor) -> Tensor: ...
