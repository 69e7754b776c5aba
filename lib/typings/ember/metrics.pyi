from collections.abc import Callable
from typing import Any

from typing_extensions import Buffer, TypeAlias

from .metrics_more import AUROC as AUROC
from .metrics_more import ConfusionMatrix as ConfusionMatrix
from .metrics_more import FBeta as FBeta
from .metrics_more import Precision as Precision
from .metrics_more import R2Score as R2Score
from .metrics_more import Recall as Recall
from .tensor import Tensor, _Dtype, _Lists

_Values: TypeAlias = Buffer | Tensor | _Lists

def whole(name: str, value: int, low: int = 1) -> int: ...
def numbers(n: int) -> Tensor: ...
def labelled(r: Any, y: Tensor, classes: int) -> Tensor: ...

class Metric:
    width: int
    labels: int
    sums: int
    batch_size: int
    target_dtype: _Dtype
    target_size: int
    def __init__(
        self, width: int, labels: int, sums: int, batch_size: int, target_dtype: _Dtype | None = None
    ) -> None: ...
    def update(self, output: _Values, target: _Values) -> None: ...
    def reset(self) -> None: ...

class Mean(Metric):
    loss: Callable[[Tensor, Tensor], Tensor]
    def __init__(
        self,
        loss: Callable[[Tensor, Tensor], Tensor],
        width: int,
        batch_size: int = 32,
        target_dtype: _Dtype | None = None,
    ) -> None: ...
    def record(self, r: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...

class Accuracy(Metric):
    threshold: float
    def __init__(
        self, classes: int, batch_size: int = 32, target_dtype: _Dtype | None = None, threshold: float = 0.5
    ) -> None: ...
    def record(self, r: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...

class TopKAccuracy(Metric):
    k: int
    def __init__(self, classes: int, k: int = 5, batch_size: int = 32, target_dtype: _Dtype | None = None) -> None: ...
    def record(self, r: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...

class _Error(Metric):
    def __init__(self, width: int = 1, batch_size: int = 32, target_dtype: _Dtype | None = "f") -> None: ...

class MAE(_Error):
    def record(self, r: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...

class RMSE(_Error):
    def record(self, r: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...
