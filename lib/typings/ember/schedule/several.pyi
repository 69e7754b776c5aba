from collections.abc import Callable, Sequence

from ..optim import Optimizer
from . import Schedule

class LambdaLR(Schedule):
    lambdas: list[Callable[[int], float]]
    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None: ...
    def at(self, base: float, t: int) -> float: ...

class MultiplicativeLR(LambdaLR):
    products: list[tuple[int, float]]
    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None: ...

class SequentialLR(Schedule):
    schedulers: list[Schedule]
    milestones: list[int]
    def __init__(self, optimizer: Optimizer, schedulers: Sequence[Schedule], milestones: Sequence[int]) -> None: ...
    def at(self, base: float, t: int) -> float: ...

class ChainedScheduler(Schedule):
    schedulers: list[Schedule]
    rates: list[float]
    def __init__(self, schedulers: Sequence[Schedule], optimizer: Optimizer | None = None) -> None: ...
    def at(self, base: float, t: int) -> float: ...
