from array import array
from typing import Any

from typing_extensions import Buffer

class Plan:
    head: int
    words: int
    kept: list[tuple[str, int, int]]
    start: int
    offsets: array[int]
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
    pace: float
    def __init__(self, recording: Any) -> None: ...
    def total(self) -> int: ...
    def parts(self) -> list[tuple[str, int]]: ...

class Program:
    code: array[int]
    names: tuple[str, ...]
    segments: list[Buffer]
    state: array[int]
    def __init__(self, code: array[int], names: tuple[str, ...], segments: list[Buffer]) -> None: ...
