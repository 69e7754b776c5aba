from typing import Any, Literal

from typing_extensions import TypeAlias

from ..tensors.tensor import Tensor, _Dtype
from . import Metric

_Average: TypeAlias = Literal["macro", "micro", "none"]

class ConfusionMatrix(Metric):
    def __init__(self, classes: int, batch_size: int = 32, target_dtype: _Dtype | None = None) -> None: ...
    def record(self, recording: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> list[list[int]]: ...

class FBeta(Metric):
    average: _Average
    beta: float
    threshold: float
    def __init__(
        self,
        classes: int,
        beta: float = 1.0,
        average: _Average = "macro",
        batch_size: int = 32,
        target_dtype: _Dtype | None = None,
        threshold: float = 0.5,
    ) -> None: ...
    def record(self, recording: Any, x: Tensor, y: Tensor) -> None: ...
    def measure(self, right: float, chosen: float, actual: float) -> float: ...
    def compute(self) -> Any: ...  # a number, or with average="none" a list of them

class Precision(FBeta):
    def __init__(
        self,
        classes: int,
        average: _Average = "macro",
        batch_size: int = 32,
        target_dtype: _Dtype | None = None,
        threshold: float = 0.5,
    ) -> None: ...

class Recall(FBeta):
    def __init__(
        self,
        classes: int,
        average: _Average = "macro",
        batch_size: int = 32,
        target_dtype: _Dtype | None = None,
        threshold: float = 0.5,
    ) -> None: ...

class R2Score(Metric):
    def __init__(self, width: int = 1, batch_size: int = 32, target_dtype: _Dtype | None = "f") -> None: ...
    def record(self, recording: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...

class AUROC(Metric):
    bins: int
    low: float
    high: float
    def __init__(
        self,
        bins: int = 100,
        low: float = 0.0,
        high: float = 1.0,
        batch_size: int = 32,
        target_dtype: _Dtype | None = "B",
    ) -> None: ...
    def record(self, recording: Any, x: Tensor, y: Tensor) -> None: ...
    def compute(self) -> float: ...
    def error(self) -> float: ...
