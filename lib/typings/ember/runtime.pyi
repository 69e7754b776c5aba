from collections.abc import Callable

from typing_extensions import Buffer

from .machine.executor import Executor
from .machine.image import Image
from .run.runner import Runner
from .run.travel import averaged as averaged
from .run.travel import bounds as bounds

def load(source: str | Buffer, executor: Callable[[Image], Executor] | None = None) -> Runner: ...
