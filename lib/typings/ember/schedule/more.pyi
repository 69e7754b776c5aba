from collections.abc import Callable, Sequence
from typing import Literal

from ..optim import Optimizer
from . import Schedule

class OneCycleLR(Schedule):
    total_steps: int
    linear: bool
    max_lr: list[float]
    momentum: int
    phases: tuple[tuple[float, float, float, float, float], ...]
    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None: ...

class CyclicLR(Schedule):
    low: list[float]
    high: list[float]
    up: int
    down: int
    mode: str
    gamma: float
    scale_fn: Callable[[int], float] | None
    scale_mode: str
    momentum: int
    momenta: list[list[float]] | None
    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[int], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
    ) -> None: ...
    def at(self, base: float, t: int) -> float: ...

class ReduceLROnPlateau(Schedule):
    factor: float
    sign: int
    relative: bool
    patience: int
    cooldown: int
    threshold: float
    eps: float
    min_lrs: list[float]
    rates: list[float]
    best: float
    num_bad_epochs: int
    cooldown_counter: int
    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None: ...
    def better(self, measure: float) -> bool: ...
    def step(self, measure: float) -> None: ...  # type: ignore[override]
