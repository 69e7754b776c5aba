from collections.abc import Callable

from typing_extensions import Buffer

from .machine.executor import Executor
from .machine.image import Image
from .run.averaged import averaged as averaged
from .run.averaged import bounds as bounds
from .run.runner import Runner

def load(source: str | Buffer, executor: Callable[[Image], Executor] | None = None) -> Runner: ...
