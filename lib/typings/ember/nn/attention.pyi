from collections.abc import Callable
from typing import Literal

from ..tensors.parameter import Buffer
from ..tensors.tensor import Tensor
from . import Dropout, Linear, Module
from .norm import LayerNorm

_Activation = Literal["relu", "gelu"] | Callable[[Tensor], Tensor]

class MultiheadAttention(Module):
    embed_dim: int
    num_heads: int
    kdim: int
    vdim: int
    dropout: Dropout
    q_proj: Linear
    k_proj: Linear
    v_proj: Linear
    out_proj: Linear
    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = True,
    ) -> None: ...
    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = False,
        attn_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]: ...

class TransformerEncoderLayer(Module):
    self_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    norm1: LayerNorm
    norm2: LayerNorm
    dropout: Dropout
    dropout1: Dropout
    dropout2: Dropout
    activation: _Activation
    norm_first: bool
    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: _Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = True,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None: ...
    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor: ...

class TransformerEncoder(Module):
    layers: list[Module]
    norm: Module | None
    def __init__(self, encoder_layer: Callable[[], Module], num_layers: int, norm: Module | None = None) -> None: ...
    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor: ...

class SinusoidalEncoding(Module):
    d_model: int
    max_len: int
    table: Buffer
    dropout: Dropout
    def __init__(self, d_model: int, max_len: int, dropout: float = 0.0, base: float = 10000) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class RotaryEncoding(Module):
    dim: int
    max_len: int
    table: Buffer
    def __init__(self, dim: int, max_len: int, base: float = 10000) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
