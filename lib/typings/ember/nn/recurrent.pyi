from collections.abc import Sequence
from typing import TypeAlias

from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor
from . import Module

_Lengths: TypeAlias = Tensor | Sequence[int]

class Direction(Module):
    weight_ih: Parameter
    weight_hh: Parameter
    bias: Parameter | None
    bias_hh: Parameter | None
    reverse: int
    def __init__(self, features: int, hidden: int, gates: int, bias: bool, reverse: int) -> None: ...
    def inputs(self, x: Tensor) -> Tensor: ...

class _Recurrent(Module):
    gates: int
    batch_first: bool
    num_layers: int
    bias: bool
    dropout: float
    bidirectional: bool
    input_size: int
    hidden_size: int
    layers: list[list[Direction]]
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None: ...
    def forward(
        self, x: Tensor, state: Tensor | None = None, lengths: _Lengths | None = None
    ) -> tuple[Tensor, Tensor]: ...

class RNN(_Recurrent):
    relu: int
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None: ...

class GRU(_Recurrent): ...

class LSTM(_Recurrent):
    def forward(  # type: ignore[override]
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None, lengths: _Lengths | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]: ...

def zeros(*dims: int) -> Tensor: ...
def rnn(weights: Direction, x: Tensor, reverse: int, relu: int, start: Tensor) -> tuple[Tensor, tuple[()]]: ...
def gru(weights: Direction, x: Tensor, reverse: int, start: Tensor) -> tuple[Tensor, tuple[()]]: ...
def lstm(
    weights: Direction, x: Tensor, reverse: int, valid: object, start: Tensor, start_cell: Tensor
) -> tuple[Tensor, tuple[Tensor]]: ...
