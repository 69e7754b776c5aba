from collections.abc import Iterable, Iterator
from typing import Any, Callable

from .container import KINDS as KINDS
from .container import Reader as Reader
from .container import Writer as Writer
from .key import Key as Key

class File:
    path: Any
    key: Key
    kind: str
    def __init__(self, path: Any, key: Key, kind: str) -> None: ...
    def replace(
        self, write: Callable[[Any, Any], object], what: Any, whole: Callable[[Any], bool] | None = None
    ) -> None: ...
    def replacing(self, pieces: Iterable[Any]) -> Iterator[int]: ...
    def open(self) -> Reader: ...
