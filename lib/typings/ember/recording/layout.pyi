from array import array
from collections.abc import Iterator
from typing import Any

class Plan:
    head: int
    words: int
    kept: list[tuple[str, int, int]]
    start: int
    offsets: array[int] | None
    activations: int
    lower_bound: int
    arena: int
    constants: int
    floats: int
    ints: int
    buffers: int
    rows: int
    budget: str
    inputs: int
    mapped: int
    longest: int
    longest_us: float
    code: array[int] | None
    names: tuple[str, ...] | None
    outputs: list[tuple[int, tuple[int, ...]]] | tuple[()]
    def __init__(self, recording: Any) -> None: ...
    def total(self) -> int: ...
    def parts(self) -> list[tuple[str, int]]: ...
    def entries(self) -> Iterator[tuple[str, int, int, int, int, str]]: ...
    def table(self) -> str: ...
    def save_svg(self, path: str) -> None: ...
