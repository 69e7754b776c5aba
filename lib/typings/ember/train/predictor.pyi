from typing import Any

from ..machine.executor import Executor
from ..machine.image import Image
from ..run.runner import Runner
from .trainer import Trainer

class Predictor(Runner):
    predictions: Any
    def __init__(self, trainer: Trainer, batch_size: int, budget_us: int | None) -> None: ...

class Beside(Executor):
    trainer: Trainer
    first: int
    last: int
    allowed: bool
    def __init__(self, image: Image, arena: Any, trainer: Trainer, budget_us: int | None) -> None: ...
    def beside(self) -> int: ...
    def within(self) -> bool: ...
    def finish(self) -> None: ...
