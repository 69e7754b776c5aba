from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

from typing_extensions import Self

from . import functional as functional
from . import nn_init, nn_utils
from .parameter import Buffer, Parameter
from .tensor import Tensor

init = nn_init
utils = nn_utils

# What Module finds when it is first used: nn_module.py and nn_state.py.
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
from .loss import CrossEntropyLoss as CrossEntropyLoss
from .loss import MSELoss as MSELoss
from .loss_ctc import CTCLoss as CTCLoss
from .loss_label import MultiMarginLoss as MultiMarginLoss
from .loss_label import NLLLoss as NLLLoss
from .loss_multi import MultiLabelMarginLoss as MultiLabelMarginLoss
from .loss_multi import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from .loss_multi import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss
from .loss_pair import CosineEmbeddingLoss as CosineEmbeddingLoss
from .loss_pair import MarginRankingLoss as MarginRankingLoss
from .loss_pair import TripletMarginLoss as TripletMarginLoss
from .loss_value import BCELoss as BCELoss
from .loss_value import BCEWithLogitsLoss as BCEWithLogitsLoss
from .loss_value import GaussianNLLLoss as GaussianNLLLoss
from .loss_value import HingeEmbeddingLoss as HingeEmbeddingLoss
from .loss_value import HuberLoss as HuberLoss
from .loss_value import KLDivLoss as KLDivLoss
from .loss_value import L1Loss as L1Loss
from .loss_value import PoissonNLLLoss as PoissonNLLLoss
from .loss_value import SmoothL1Loss as SmoothL1Loss
from .loss_value import SoftMarginLoss as SoftMarginLoss
from .nn_activation import CELU as CELU
from .nn_activation import ELU as ELU
from .nn_activation import GELU as GELU
from .nn_activation import GLU as GLU
from .nn_activation import SELU as SELU
from .nn_activation import Hardshrink as Hardshrink
from .nn_activation import Hardsigmoid as Hardsigmoid
from .nn_activation import Hardswish as Hardswish
from .nn_activation import Hardtanh as Hardtanh
from .nn_activation import Identity as Identity
from .nn_activation import LeakyReLU as LeakyReLU
from .nn_activation import LogSigmoid as LogSigmoid
from .nn_activation import LogSoftmax as LogSoftmax
from .nn_activation import Mish as Mish
from .nn_activation import PReLU as PReLU
from .nn_activation import ReLU6 as ReLU6
from .nn_activation import SiLU as SiLU
from .nn_activation import Softmax as Softmax
from .nn_activation import Softmin as Softmin
from .nn_activation import Softplus as Softplus
from .nn_activation import Softshrink as Softshrink
from .nn_activation import Softsign as Softsign
from .nn_activation import SwiGLU as SwiGLU
from .nn_activation import Tanhshrink as Tanhshrink
from .nn_activation import Threshold as Threshold
from .nn_attention import MultiheadAttention as MultiheadAttention
from .nn_attention import RotaryEncoding as RotaryEncoding
from .nn_attention import SinusoidalEncoding as SinusoidalEncoding
from .nn_attention import TransformerEncoder as TransformerEncoder
from .nn_attention import TransformerEncoderLayer as TransformerEncoderLayer
from .nn_bilinear import Bilinear as Bilinear
from .nn_cell import GRUCell as GRUCell
from .nn_cell import LSTMCell as LSTMCell
from .nn_cell import RNNCell as RNNCell
from .nn_common import Dropout as Dropout
from .nn_common import Flatten as Flatten
from .nn_common import Sigmoid as Sigmoid
from .nn_common import Tanh as Tanh
from .nn_container import ModuleDict as ModuleDict
from .nn_container import ModuleList as ModuleList
from .nn_conv import Conv1d as Conv1d
from .nn_conv import ConvTranspose1d as ConvTranspose1d
from .nn_conv import ConvTranspose2d as ConvTranspose2d
from .nn_embedding import Embedding as Embedding
from .nn_image import Conv2d as Conv2d
from .nn_image import MaxPool2d as MaxPool2d
from .nn_noise import GaussianNoise as GaussianNoise
from .nn_norm import BatchNorm1d as BatchNorm1d
from .nn_norm import BatchNorm2d as BatchNorm2d
from .nn_norm import GroupNorm as GroupNorm
from .nn_norm import InstanceNorm1d as InstanceNorm1d
from .nn_norm import InstanceNorm2d as InstanceNorm2d
from .nn_norm import LayerNorm as LayerNorm
from .nn_norm import RMSNorm as RMSNorm
from .nn_pool import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from .nn_pool import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from .nn_pool import AvgPool1d as AvgPool1d
from .nn_pool import AvgPool2d as AvgPool2d
from .nn_pool import MaxPool1d as MaxPool1d
from .nn_recurrent import GRU as GRU
from .nn_recurrent import LSTM as LSTM
from .nn_recurrent import RNN as RNN
from .nn_resample import PixelShuffle as PixelShuffle
from .nn_resample import Upsample as Upsample
# end
