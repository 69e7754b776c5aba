from array import array
from typing import Any

from typing_extensions import Buffer

def word(code: Buffer, k: int) -> int: ...
def segment(code: Buffer, k: int) -> tuple[int, int, int]: ...
def zeros(dtype: str, n: int) -> Any: ...
def rows_in(part: Buffer, size: int, most: int) -> int: ...
def per_row(dims: tuple[int, ...]) -> int: ...

class Image:
    code: array[int] | memoryview
    sections: tuple[str, ...]
    constants: array[float]
    floats: array[float]
    ints: array[int]
    mapped: list[Buffer] | tuple[()]
    starts: tuple[int, ...]
    results: list[tuple[int, tuple[int, ...]]] | tuple[()]
    longest: int
    kept: int
    batch_size: int
    classes: int
    inputs: int
    targets: int
    statistics: int
    parameters: list[Any] | tuple[()]
    names: str | None
    def __init__(
        self,
        code: array[int] | memoryview,
        sections: tuple[str, ...],
        constants: array[float],
        floats: array[float],
        ints: array[int],
    ) -> None: ...
    def block(self, k: int) -> tuple[int, int]: ...
    def segments(self, arena: array[float]) -> list[Buffer | None]: ...
