from collections.abc import Callable

from typing_extensions import Buffer

from .executor import Executor
from .image import Image
from .running import Runner

def load(source: str | Buffer, executor: Callable[[Image], Executor] | None = None) -> Runner: ...
