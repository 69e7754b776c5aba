from collections.abc import Callable

from ..tensors.tensor import Tensor, _Lists
from .loss import Loss, _Reduction, _Weights
from .loss_pair import TripletMarginLoss

class MultiLabelMarginLoss(Loss):
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class MultiLabelSoftMarginLoss(Loss):
    weight: Tensor | None
    def __init__(self, weight: _Weights = None, reduction: _Reduction = "mean") -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class TripletMarginWithDistanceLoss(TripletMarginLoss):
    distance_function: Callable[[Tensor, Tensor], Tensor] | None
    def __init__(
        self,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: _Reduction = "mean",
    ) -> None: ...
