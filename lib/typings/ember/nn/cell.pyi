from typing import Literal

from ..tensors.tensor import Tensor
from .recurrent import Direction

class _Cell(Direction):
    gates: int
    input_size: int
    hidden_size: int
    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None: ...

class RNNCell(_Cell):
    nonlinearity: str
    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: Literal["tanh", "relu"] = "tanh"
    ) -> None: ...
    def forward(self, x: Tensor, state: Tensor | None = None) -> Tensor: ...

class GRUCell(_Cell):
    def forward(self, x: Tensor, state: Tensor | None = None) -> Tensor: ...

class LSTMCell(_Cell):
    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]: ...
