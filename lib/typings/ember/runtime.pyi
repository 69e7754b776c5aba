from typing import TypeVar, overload

from typing_extensions import Buffer

from .running import Running, _Values

_Out = TypeVar("_Out", bound=Buffer)

class Model(Running):
    names: str
    plan: None
    lr: float
    @overload
    def predict(self, x: _Values, out: None = None) -> memoryview: ...
    @overload
    def predict(self, x: _Values, out: _Out) -> _Out: ...

def load(source: str | Buffer) -> Model: ...
