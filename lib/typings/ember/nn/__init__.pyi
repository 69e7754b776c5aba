from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

from typing_extensions import Self

from .. import functional as functional
from ..tensors.parameter import Buffer, Parameter
from ..tensors.tensor import Tensor
from . import init as init
from . import utils as utils

# What Module finds when it is first used: named.py and state.py.
class _Methods:
    shown: str
    def named_parameters(self) -> list[tuple[str, Parameter]]: ...
    def named_buffers(self) -> list[tuple[str, Buffer]]: ...
    def named_modules(self) -> list[tuple[str, Module]]: ...
    def named_children(self) -> list[tuple[str, Module]]: ...
    def children(self) -> list[Module]: ...
    def apply(self, fn: Callable[[Module], object]) -> Self: ...
    def zero_grad(self) -> None: ...
    def requires_grad_(self, requires_grad: bool = True) -> Self: ...
    def extra_repr(self) -> str: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> tuple[list[str], list[str]]: ...

class _Sequential:
    names: tuple[str, ...]
    def append(self, layer: Module) -> Self: ...
    def extend(self, layers: Iterable[Module]) -> Self: ...
    def insert(self, index: int, layer: Module) -> None: ...

# Module itself has no `forward`: what is derived from it says what it takes.
class Module(_Methods):
    training: bool
    mixes_samples: bool
    def __call__(self, x: Tensor) -> Tensor: ...
    def modules(self) -> list[Module]: ...
    def parameters(self) -> list[Parameter]: ...
    def buffers(self) -> list[Buffer]: ...
    def train(self, mode: bool = True) -> Self: ...
    def eval(self) -> Self: ...

class Sequential(Module, _Sequential):
    layers: tuple[Module, ...]
    @overload
    def __init__(self, layers: Mapping[str, Module], /) -> None: ...
    @overload
    def __init__(self, *layers: Module) -> None: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def forward(self, x: Tensor) -> Tensor: ...

class Linear(Module):
    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class ReLU(Module):
    def forward(self, x: Tensor) -> Tensor: ...

# made by tools/stubs.py: begin
from ember.nn.activation import CELU as CELU
from ember.nn.activation import ELU as ELU
from ember.nn.activation import GELU as GELU
from ember.nn.activation import GLU as GLU
from ember.nn.activation import SELU as SELU
from ember.nn.activation import Hardshrink as Hardshrink
from ember.nn.activation import Hardsigmoid as Hardsigmoid
from ember.nn.activation import Hardswish as Hardswish
from ember.nn.activation import Hardtanh as Hardtanh
from ember.nn.activation import Identity as Identity
from ember.nn.activation import LeakyReLU as LeakyReLU
from ember.nn.activation import LogSigmoid as LogSigmoid
from ember.nn.activation import LogSoftmax as LogSoftmax
from ember.nn.activation import Mish as Mish
from ember.nn.activation import PReLU as PReLU
from ember.nn.activation import ReLU6 as ReLU6
from ember.nn.activation import SiLU as SiLU
from ember.nn.activation import Softmax as Softmax
from ember.nn.activation import Softmin as Softmin
from ember.nn.activation import Softplus as Softplus
from ember.nn.activation import Softshrink as Softshrink
from ember.nn.activation import Softsign as Softsign
from ember.nn.activation import SwiGLU as SwiGLU
from ember.nn.activation import Tanhshrink as Tanhshrink
from ember.nn.activation import Threshold as Threshold
from ember.nn.attention import MultiheadAttention as MultiheadAttention
from ember.nn.attention import RotaryEncoding as RotaryEncoding
from ember.nn.attention import SinusoidalEncoding as SinusoidalEncoding
from ember.nn.attention import TransformerEncoder as TransformerEncoder
from ember.nn.attention import TransformerEncoderLayer as TransformerEncoderLayer
from ember.nn.bilinear import Bilinear as Bilinear
from ember.nn.cell import GRUCell as GRUCell
from ember.nn.cell import LSTMCell as LSTMCell
from ember.nn.cell import RNNCell as RNNCell
from ember.nn.common import Dropout as Dropout
from ember.nn.common import Flatten as Flatten
from ember.nn.common import Sigmoid as Sigmoid
from ember.nn.common import Tanh as Tanh
from ember.nn.container import ModuleDict as ModuleDict
from ember.nn.container import ModuleList as ModuleList
from ember.nn.conv import Conv1d as Conv1d
from ember.nn.conv import ConvTranspose1d as ConvTranspose1d
from ember.nn.conv import ConvTranspose2d as ConvTranspose2d
from ember.nn.embedding import Embedding as Embedding
from ember.nn.image import Conv2d as Conv2d
from ember.nn.image import MaxPool2d as MaxPool2d
from ember.nn.loss import CrossEntropyLoss as CrossEntropyLoss
from ember.nn.loss import MSELoss as MSELoss
from ember.nn.loss_ctc import CTCLoss as CTCLoss
from ember.nn.loss_label import MultiMarginLoss as MultiMarginLoss
from ember.nn.loss_label import NLLLoss as NLLLoss
from ember.nn.loss_multi import MultiLabelMarginLoss as MultiLabelMarginLoss
from ember.nn.loss_multi import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from ember.nn.loss_multi import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss
from ember.nn.loss_pair import CosineEmbeddingLoss as CosineEmbeddingLoss
from ember.nn.loss_pair import MarginRankingLoss as MarginRankingLoss
from ember.nn.loss_pair import TripletMarginLoss as TripletMarginLoss
from ember.nn.loss_value import BCELoss as BCELoss
from ember.nn.loss_value import BCEWithLogitsLoss as BCEWithLogitsLoss
from ember.nn.loss_value import GaussianNLLLoss as GaussianNLLLoss
from ember.nn.loss_value import HingeEmbeddingLoss as HingeEmbeddingLoss
from ember.nn.loss_value import HuberLoss as HuberLoss
from ember.nn.loss_value import KLDivLoss as KLDivLoss
from ember.nn.loss_value import L1Loss as L1Loss
from ember.nn.loss_value import PoissonNLLLoss as PoissonNLLLoss
from ember.nn.loss_value import SmoothL1Loss as SmoothL1Loss
from ember.nn.loss_value import SoftMarginLoss as SoftMarginLoss
from ember.nn.noise import GaussianNoise as GaussianNoise
from ember.nn.norm import BatchNorm1d as BatchNorm1d
from ember.nn.norm import BatchNorm2d as BatchNorm2d
from ember.nn.norm import GroupNorm as GroupNorm
from ember.nn.norm import InstanceNorm1d as InstanceNorm1d
from ember.nn.norm import InstanceNorm2d as InstanceNorm2d
from ember.nn.norm import LayerNorm as LayerNorm
from ember.nn.norm import RMSNorm as RMSNorm
from ember.nn.pool import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from ember.nn.pool import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from ember.nn.pool import AvgPool1d as AvgPool1d
from ember.nn.pool import AvgPool2d as AvgPool2d
from ember.nn.pool import MaxPool1d as MaxPool1d
from ember.nn.recurrent import GRU as GRU
from ember.nn.recurrent import LSTM as LSTM
from ember.nn.recurrent import RNN as RNN
from ember.nn.resample import PixelShuffle as PixelShuffle
from ember.nn.resample import Upsample as Upsample
# end
