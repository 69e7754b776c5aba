from ..tensors.parameter import Buffer, Parameter
from ..tensors.tensor import Tensor
from . import Module

class _BatchNorm(Module):
    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    num_batches_tracked: Buffer | None
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Buffer | None
    running_var: Buffer | None
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class BatchNorm1d(_BatchNorm):
    ranks: tuple[int, ...]
    takes: str

class BatchNorm2d(_BatchNorm):
    ranks: tuple[int, ...]
    takes: str

class _ByShape(Module):
    elementwise_affine: bool
    decays: bool
    normalized_shape: tuple[int, ...]
    eps: float
    weight: Parameter | None
    bias: Parameter | None
    def forward(self, x: Tensor) -> Tensor: ...

class LayerNorm(_ByShape):
    center: int
    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None: ...

class RMSNorm(_ByShape):
    center: int
    def __init__(
        self, normalized_shape: int | tuple[int, ...], eps: float | None = None, elementwise_affine: bool = True
    ) -> None: ...

class GroupNorm(Module):
    num_groups: int
    affine: bool
    num_channels: int
    eps: float
    weight: Parameter | None
    bias: Parameter | None
    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class _InstanceNorm(GroupNorm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
    ) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class InstanceNorm1d(_InstanceNorm):
    rank: int
    takes: str

class InstanceNorm2d(_InstanceNorm):
    rank: int
    takes: str
