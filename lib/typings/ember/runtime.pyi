from collections.abc import Callable

from typing_extensions import Buffer

from .machine.executor import Executor
from .machine.image import Image
from .run.averaged import averaged as averaged
from .run.averaged import bounds as bounds
from .run.runner import Runner
from .run.slots import Slots
from .sealed import File

def load(source: str | Buffer | Slots | File, executor: Callable[[Image], Executor] | None = None) -> Runner: ...
