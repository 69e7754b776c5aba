from typing import Literal, overload

from ..tensors.tensor import Tensor, _1

@overload
def biquad(
    x: Tensor,
    coefficients: Tensor | _1,
    state: Tensor | None = None,
    dim: int = -1,
    return_state: Literal[False] = False,
) -> Tensor: ...
@overload
def biquad(
    x: Tensor,
    coefficients: Tensor | _1,
    state: Tensor | None = None,
    dim: int = -1,
    *,
    return_state: Literal[True],
) -> tuple[Tensor, Tensor]: ...
