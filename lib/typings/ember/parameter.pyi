from .tensor import Tensor, _Shape

class Parameter(Tensor):
    stream: int
    drawn: int
    def __init__(self, shape: _Shape, low: float = 0.0, high: float = 0.0) -> None: ...
    def draw(self) -> None: ...

class Buffer(Parameter):
    fixed: bool

seed: int

def manual_seed(value: int) -> None: ...
