from array import array
from collections.abc import Iterable
from typing import Any, BinaryIO, Literal

from typing_extensions import Buffer

from .tensors.tensor import _Dtype, _Lists, _Shape

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
    train: Iterable[tuple[_Lists | Buffer, int]],
    test: Iterable[tuple[_Lists | Buffer, int]],
    shape: _Shape,
    classes: int,
    typecode: _Dtype = "B",
    scale: float = 1.0,
) -> None: ...
