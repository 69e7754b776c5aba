from array import array
from collections.abc import Sequence
from typing import Any, BinaryIO, Literal

from .tensor import _Dtype, _Shape

class Batches:
    samples: int
    shape: tuple[int, ...]
    classes: int
    scale: float
    typecode: _Dtype
    batch_size: int
    shuffle: bool
    seed: int
    epoch: int
    def __init__(
        self,
        source: str | BinaryIO,
        batch_size: int,
        split: Literal["train", "test"] = "train",
        shuffle: bool | None = None,
        seed: int = 0,
    ) -> None: ...
    def check(self) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Batches: ...
    def __next__(self) -> tuple[bytearray | array[Any] | memoryview, bytearray | memoryview]: ...
    def close(self) -> None: ...

def write(
    path: str,
    train: Sequence[tuple[Sequence[float], int]],
    test: Sequence[tuple[Sequence[float], int]],
    shape: _Shape,
    classes: int,
    typecode: _Dtype = "B",
    scale: float = 1.0,
) -> None: ...
