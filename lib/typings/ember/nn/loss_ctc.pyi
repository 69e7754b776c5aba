from collections.abc import Sequence

from ..tensors.tensor import Tensor
from .loss import Loss, _Reduction

class CTCLoss(Loss):
    blank: int
    zero_infinity: bool
    def __init__(self, blank: int = 0, reduction: _Reduction = "mean", zero_infinity: bool = False) -> None: ...
    def __call__(  # type: ignore[override]
        self,
        x: Tensor,
        targets: Tensor | Sequence[Sequence[int]],
        input_lengths: Tensor | Sequence[int] | None = None,
        target_lengths: Tensor | Sequence[int] | None = None,
    ) -> Tensor: ...
    def forward(
        self,
        x: Tensor,
        targets: Tensor | Sequence[Sequence[int]],
        input_lengths: Tensor | Sequence[int] | None = None,
        target_lengths: Tensor | Sequence[int] | None = None,
    ) -> Tensor: ...
