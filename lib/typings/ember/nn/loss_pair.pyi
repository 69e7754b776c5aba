from ..tensors.tensor import Tensor, _Lists
from .loss import Loss, _Reduction

class MarginRankingLoss(Loss):
    margin: float
    def __init__(self, margin: float = 0.0, reduction: _Reduction = "mean") -> None: ...
    def __call__(self, a: Tensor, b: Tensor, target: Tensor | _Lists) -> Tensor: ...  # type: ignore[override]
    def forward(self, a: Tensor, b: Tensor, target: Tensor | _Lists) -> Tensor: ...

class CosineEmbeddingLoss(Loss):
    margin: float
    def __init__(self, margin: float = 0.0, reduction: _Reduction = "mean") -> None: ...
    def __call__(self, a: Tensor, b: Tensor, target: Tensor | _Lists) -> Tensor: ...  # type: ignore[override]
    def forward(self, a: Tensor, b: Tensor, target: Tensor | _Lists) -> Tensor: ...

class TripletMarginLoss(Loss):
    margin: float
    p: float
    eps: float
    swap: bool
    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: _Reduction = "mean"
    ) -> None: ...
    def __call__(self, anchor: Tensor, near: Tensor, far: Tensor) -> Tensor: ...  # type: ignore[override]
    def forward(self, anchor: Tensor, near: Tensor, far: Tensor) -> Tensor: ...
