from array import array
from typing import TypeVar, overload

from typing_extensions import Buffer, TypeAlias

from .running import Running

_Parts: TypeAlias = Buffer | tuple[Buffer, ...]
_Out = TypeVar("_Out", bound=_Parts)
_Found: TypeAlias = memoryview | array[float]

class Model(Running):
    names: str
    plan: None
    lr: float
    @overload
    def predict(self, x: _Parts, out: None = None) -> _Found | tuple[_Found, ...]: ...
    @overload
    def predict(self, x: _Parts, out: _Out) -> _Out: ...

def load(source: str | Buffer) -> Model: ...
