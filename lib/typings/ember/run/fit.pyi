from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..metrics import Metric
from ..schedule import Schedule
from .runner import Runner, _Batches

def evaluate(trainer: Runner, batches: _Batches, metrics: Sequence[Metric]) -> tuple[float, float | None]: ...
def fit(
    trainer: Runner,
    batches: _Batches,
    epochs: int,
    validation: _Batches | None = None,
    callbacks: Sequence[Callable[[Any], object]] = (),
    on_step: Callable[[Any], object] | None = None,
    schedule: Schedule | None = None,
    schedule_every: Literal["epoch", "step"] = "epoch",
) -> None: ...
