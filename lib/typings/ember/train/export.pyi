from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from ..machine.image import Image
from ..nn import Module
from ..optim import Optimizer
from ..run.runner import Runner
from ..run.slots import Slots
from ..schedule import Schedule
from ..sealed import File
from ..tensors.tensor import Tensor, _Dtype, _Shape

def exported(runner: Runner) -> int: ...
def export(runner: Runner, path: str | Slots | File) -> int: ...
def compile(
    model: Module,
    loss: Callable[[Any, Any], Tensor],  # tensors, or tuples of them
    optimizer: Optimizer | Sequence[Optimizer],
    input_shape: _Shape | Sequence[_Shape],
    batch_size: int = 32,
    path: str | None = None,
    *,
    input_dtype: _Dtype | Sequence[_Dtype] = "f",
    input_scale: float | Sequence[float | Sequence[float] | None] | None = 1.0,
    target_dtype: _Dtype | Sequence[_Dtype] | None = None,
    memory: int | None = None,
    schedule: Schedule | None = None,
    micro_batch: int | None = None,
    clip_value: float | None = None,
    clip_norm: float | None = None,
    ema: float | None = None,
    fused: bool = False,
    state_dtype: Literal["f", "bfloat16"] = "f",
    target_shape: _Shape | None = None,
    input_offset: float | Sequence[float | Sequence[float]] = 0.0,
) -> int: ...
def write(
    image: Image,
    names: str,
    path: str | Slots | File,
    make: Callable[..., Iterable[Any]],
    kept: Sequence[tuple[Any, ...]],
    floats: Any,
    ints: Any,
) -> int: ...
