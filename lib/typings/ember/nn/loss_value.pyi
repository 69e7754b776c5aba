from typing import Literal

from ..tensors.tensor import Tensor, _Lists
from .loss import Loss, _Reduction

class L1Loss(Loss):
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class HuberLoss(Loss):
    delta: float
    def __init__(self, reduction: _Reduction = "mean", delta: float = 1.0) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class SmoothL1Loss(Loss):
    beta: float
    def __init__(self, reduction: _Reduction = "mean", beta: float = 1.0) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class BCELoss(Loss):
    weight: Tensor | None
    def __init__(self, weight: Tensor | _Lists | None = None, reduction: _Reduction = "mean") -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class BCEWithLogitsLoss(Loss):
    weight: Tensor | None
    pos_weight: Tensor | None
    def __init__(
        self,
        weight: Tensor | _Lists | None = None,
        reduction: _Reduction = "mean",
        pos_weight: Tensor | _Lists | None = None,
    ) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class KLDivLoss(Loss):
    over_batch: bool
    log_target: bool
    def __init__(
        self, reduction: Literal["none", "sum", "mean", "batchmean"] = "mean", log_target: bool = False
    ) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class PoissonNLLLoss(Loss):
    log_input: bool
    full: bool
    eps: float
    def __init__(
        self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: _Reduction = "mean"
    ) -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class GaussianNLLLoss(Loss):
    full: bool
    eps: float
    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: _Reduction = "mean") -> None: ...
    def __call__(self, x: Tensor, target: Tensor | _Lists, var: Tensor | _Lists) -> Tensor: ...  # type: ignore[override]
    def forward(self, x: Tensor, target: Tensor | _Lists, var: Tensor | _Lists) -> Tensor: ...

class SoftMarginLoss(Loss):
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...

class HingeEmbeddingLoss(Loss):
    margin: float
    def __init__(self, margin: float = 1.0, reduction: _Reduction = "mean") -> None: ...
    def forward(self, x: Tensor, target: Tensor | _Lists) -> Tensor: ...
