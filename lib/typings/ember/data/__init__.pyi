from array import array
from collections.abc import Iterable
from typing import Any, BinaryIO, Literal, TypeAlias

from typing_extensions import Buffer

from ..tensors.tensor import _Lists, _Shape

_Typecode: TypeAlias = Literal["f", "i", "B", "b", "h", "H", "I"]
_Affine: TypeAlias = float | list[float] | None
_Part: TypeAlias = bytearray | array[Any] | memoryview
_Values: TypeAlias = float | _Lists | Buffer | tuple[float | _Lists | Buffer, ...]
_State: TypeAlias = tuple[int, int, int, int, int, int]
_Dims: TypeAlias = tuple[int, ...]
_Names: TypeAlias = tuple[str, ...]

class Part:
    size: int
    typecode: _Typecode
    whole: _Part
    record: memoryview
    checksum: memoryview
    buffer: _Part | None
    slots: list[memoryview] | None
    def keep(self, row: int) -> None: ...

class Batches:
    samples: int
    shape: _Dims | tuple[_Dims, ...]
    typecode: _Typecode | tuple[_Typecode, ...]
    scale: Any  # _Affine, or a tuple of them
    offset: Any
    target_shape: _Dims | tuple[_Dims, ...]
    target_typecode: _Typecode | tuple[_Typecode, ...]
    classes: Any  # int, or a tuple of them
    names: Any  # _Names | None, or a tuple of them
    batch_size: int
    rows: int
    shuffle: bool
    seed: int
    epoch: int
    skipped: int
    split: Literal["train", "test"]
    on_damage: Literal["raise", "skip"]
    grows: bool
    parts: list[Part]
    def __init__(
        self,
        source: str | BinaryIO | Buffer,
        batch_size: int,
        split: Literal["train", "test"] = "train",
        shuffle: bool | None = None,
        seed: int = 0,
        on_damage: Literal["raise", "skip"] = "raise",
    ) -> None: ...
    def check(self) -> None: ...
    def state(self) -> _State: ...
    def load(self, state: _State) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Batches: ...
    def __next__(self) -> tuple[Any, Any]: ...  # _Part, or where there are several a tuple of them
    def take(self, i: int) -> bool: ...
    def read(self, i: int) -> bool: ...
    def pair(self, found: list[Any]) -> tuple[Any, Any]: ...
    def close(self) -> None: ...

class Appender:
    samples: int
    def __init__(self, path: str) -> None: ...
    def append(self, x: _Values, y: _Values) -> None: ...
    def extend(self, samples: Iterable[tuple[_Values, _Values]]) -> None: ...
    def __len__(self) -> int: ...
    def __enter__(self) -> Appender: ...
    def __exit__(self, kind: object, error: object, trace: object) -> None: ...
    def close(self) -> None: ...

def write(
    path: str,
    train: Iterable[tuple[_Values, _Values]],
    test: Iterable[tuple[_Values, _Values]],
    shape: _Shape | list[_Shape],
    classes: int | tuple[int, ...] = 0,
    typecode: _Typecode | tuple[_Typecode, ...] = "B",
    scale: _Affine | tuple[_Affine, ...] = 1.0,
    offset: _Affine | tuple[_Affine, ...] = 0.0,
    target_typecode: _Typecode | tuple[_Typecode, ...] | None = None,
    target_shape: _Shape | list[_Shape] = (),
    names: Iterable[str] | tuple[Iterable[str] | None, ...] | None = None,
    chunk: int | None = None,
) -> None: ...
def create(
    path: str,
    shape: _Shape | list[_Shape],
    classes: int | tuple[int, ...] = 0,
    typecode: _Typecode | tuple[_Typecode, ...] = "f",
    scale: _Affine | tuple[_Affine, ...] = 1.0,
    offset: _Affine | tuple[_Affine, ...] = 0.0,
    target_typecode: _Typecode | tuple[_Typecode, ...] | None = None,
    target_shape: _Shape | list[_Shape] = (),
    names: Iterable[str] | tuple[Iterable[str] | None, ...] | None = None,
    chunk: int = 64,
    test: Iterable[tuple[_Values, _Values]] = (),
) -> Appender: ...
