from typing import Literal

from typing_extensions import TypeAlias

from ..nn.loss import _Reduction
from ..tensors.tensor import Tensor, _Lists

_Pair: TypeAlias = int | tuple[int, ...]

def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor: ...
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _Pair = 1,
    padding: _Pair | Literal["valid", "same"] = 0,
    dilation: _Pair = 1,
    groups: int = 1,
) -> Tensor: ...
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _Pair = 1,
    padding: _Pair | Literal["valid", "same"] = 0,
    dilation: _Pair = 1,
    groups: int = 1,
) -> Tensor: ...
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _Pair = 1,
    padding: _Pair = 0,
    output_padding: _Pair = 0,
    groups: int = 1,
    dilation: _Pair = 1,
) -> Tensor: ...
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _Pair = 1,
    padding: _Pair = 0,
    output_padding: _Pair = 0,
    groups: int = 1,
    dilation: _Pair = 1,
) -> Tensor: ...
def max_pool1d(
    input: Tensor,
    kernel_size: _Pair,
    stride: _Pair | None = None,
    padding: _Pair = 0,
    dilation: Literal[1] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
def max_pool2d(
    input: Tensor,
    kernel_size: _Pair,
    stride: _Pair | None = None,
    padding: _Pair = 0,
    dilation: Literal[1] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
def avg_pool1d(
    input: Tensor,
    kernel_size: _Pair,
    stride: _Pair | None = None,
    padding: _Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor: ...
def avg_pool2d(
    input: Tensor,
    kernel_size: _Pair,
    stride: _Pair | None = None,
    padding: _Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor: ...
def adaptive_avg_pool1d(input: Tensor, output_size: int | tuple[int | None, int | None] | None) -> Tensor: ...
def adaptive_avg_pool2d(input: Tensor, output_size: int | tuple[int | None, int | None] | None) -> Tensor: ...
def interpolate(
    input: Tensor,
    size: _Pair | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: Literal["nearest", "linear", "bilinear"] = "nearest",
    align_corners: bool | None = None,
) -> Tensor: ...
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor: ...
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor: ...
def layer_norm(
    input: Tensor,
    normalized_shape: int | tuple[int, ...],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor: ...
def rms_norm(
    input: Tensor,
    normalized_shape: int | tuple[int, ...],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor: ...
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor: ...
def instance_norm(
    input: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor: ...
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor: ...
def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor: ...
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor: ...
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor: ...
def cross_entropy(
    input: Tensor,
    target: Tensor | _Lists,
    weight: Tensor | _Lists | None = None,
    ignore_index: int | None = -100,
    reduction: _Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Tensor: ...
def nll_loss(
    input: Tensor,
    target: Tensor | _Lists,
    weight: Tensor | _Lists | None = None,
    ignore_index: int | None = -100,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def multi_margin_loss(
    input: Tensor,
    target: Tensor | _Lists,
    p: Literal[1, 2] = 1,
    margin: float = 1.0,
    weight: Tensor | _Lists | None = None,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def mse_loss(input: Tensor, target: Tensor | _Lists, reduction: _Reduction = "mean") -> Tensor: ...
def l1_loss(input: Tensor, target: Tensor | _Lists, reduction: _Reduction = "mean") -> Tensor: ...
def smooth_l1_loss(
    input: Tensor,
    target: Tensor | _Lists,
    reduction: _Reduction = "mean",
    beta: float = 1.0,
) -> Tensor: ...
def huber_loss(
    input: Tensor,
    target: Tensor | _Lists,
    reduction: _Reduction = "mean",
    delta: float = 1.0,
) -> Tensor: ...
def binary_cross_entropy(
    input: Tensor,
    target: Tensor | _Lists,
    weight: Tensor | _Lists | None = None,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor | _Lists,
    weight: Tensor | _Lists | None = None,
    reduction: _Reduction = "mean",
    pos_weight: Tensor | _Lists | None = None,
) -> Tensor: ...
def kl_div(
    input: Tensor,
    target: Tensor | _Lists,
    reduction: _Reduction | Literal["batchmean"] = "mean",
    log_target: bool = False,
) -> Tensor: ...
def poisson_nll_loss(
    input: Tensor,
    target: Tensor | _Lists,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor | _Lists,
    var: Tensor | _Lists | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def soft_margin_loss(input: Tensor, target: Tensor | _Lists, reduction: _Reduction = "mean") -> Tensor: ...
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor | _Lists,
    margin: float = 1.0,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor | _Lists,
    margin: float = 0.0,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor | _Lists,
    margin: float = 0.0,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: _Reduction = "mean",
) -> Tensor: ...
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor | _Lists,
    input_lengths: Tensor | _Lists,
    target_lengths: Tensor | _Lists,
    blank: int = 0,
    reduction: _Reduction = "mean",
    zero_infinity: bool = False,
) -> Tensor: ...

# made by tools/stubs.py: begin
from ember.ops.activation import gelu as gelu
from ember.ops.activation import glu as glu
from ember.ops.activation import logsigmoid as logsigmoid
from ember.ops.activation import mish as mish
from ember.ops.activation import silu as silu
from ember.ops.activation import softmin as softmin
from ember.ops.activation import softplus as softplus
from ember.ops.activation import softsign as softsign
from ember.ops.activation import swiglu as swiglu
from ember.ops.activation import tanhshrink as tanhshrink
from ember.ops.arrange import broadcast_to as broadcast_to
from ember.ops.arrange import expand as expand
from ember.ops.arrange import expand_as as expand_as
from ember.ops.arrange import flip as flip
from ember.ops.arrange import pad as pad
from ember.ops.arrange import repeat as repeat
from ember.ops.arrange import roll as roll
from ember.ops.attention import scaled_dot_product_attention as scaled_dot_product_attention
from ember.ops.biquad import biquad as biquad
from ember.ops.common import log_softmax as log_softmax
from ember.ops.common import max as max
from ember.ops.common import softmax as softmax
from ember.ops.common import sum as sum
from ember.ops.compare import clamp as clamp
from ember.ops.compare import eq as eq
from ember.ops.compare import ge as ge
from ember.ops.compare import gt as gt
from ember.ops.compare import isfinite as isfinite
from ember.ops.compare import isinf as isinf
from ember.ops.compare import isnan as isnan
from ember.ops.compare import le as le
from ember.ops.compare import logical_not as logical_not
from ember.ops.compare import lt as lt
from ember.ops.compare import masked_fill as masked_fill
from ember.ops.compare import maximum as maximum
from ember.ops.compare import minimum as minimum
from ember.ops.compare import ne as ne
from ember.ops.compare import where as where
from ember.ops.create import arange as arange
from ember.ops.create import as_tensor as as_tensor
from ember.ops.create import empty as empty
from ember.ops.create import eye as eye
from ember.ops.create import full as full
from ember.ops.create import full_like as full_like
from ember.ops.create import linspace as linspace
from ember.ops.create import ones as ones
from ember.ops.create import ones_like as ones_like
from ember.ops.create import rand as rand
from ember.ops.create import rand_like as rand_like
from ember.ops.create import randn as randn
from ember.ops.create import randn_like as randn_like
from ember.ops.create import tensor as tensor
from ember.ops.create import zeros as zeros
from ember.ops.create import zeros_like as zeros_like
from ember.ops.fft import irfft as irfft
from ember.ops.fft import power_spectrum as power_spectrum
from ember.ops.fft import rfft as rfft
from ember.ops.fft import spectrogram as spectrogram
from ember.ops.fft import stft as stft
from ember.ops.hyperbolic import cosh as cosh
from ember.ops.hyperbolic import sinh as sinh
from ember.ops.index import embedding as embedding
from ember.ops.index import gather as gather
from ember.ops.index import index_select as index_select
from ember.ops.index import one_hot as one_hot
from ember.ops.index import scatter_add as scatter_add
from ember.ops.index import take_along_dim as take_along_dim
from ember.ops.math import abs as abs
from ember.ops.math import acos as acos
from ember.ops.math import asin as asin
from ember.ops.math import atan as atan
from ember.ops.math import atan2 as atan2
from ember.ops.math import ceil as ceil
from ember.ops.math import cos as cos
from ember.ops.math import erf as erf
from ember.ops.math import expm1 as expm1
from ember.ops.math import floor as floor
from ember.ops.math import lerp as lerp
from ember.ops.math import log1p as log1p
from ember.ops.math import log2 as log2
from ember.ops.math import pow as pow
from ember.ops.math import reciprocal as reciprocal
from ember.ops.math import remainder as remainder
from ember.ops.math import round as round
from ember.ops.math import rsqrt as rsqrt
from ember.ops.math import sign as sign
from ember.ops.math import sin as sin
from ember.ops.math import square as square
from ember.ops.math import tan as tan
from ember.ops.math import trunc as trunc
from ember.ops.matrix import bilinear as bilinear
from ember.ops.matrix import dot as dot
from ember.ops.matrix import outer as outer
from ember.ops.median import cummax as cummax
from ember.ops.median import median as median
from ember.ops.mel import log_mel as log_mel
from ember.ops.mel import mel_filterbank as mel_filterbank
from ember.ops.mel import mfcc as mfcc
from ember.ops.more import acosh as acosh
from ember.ops.more import asinh as asinh
from ember.ops.more import atanh as atanh
from ember.ops.more import exp2 as exp2
from ember.ops.more import floor_divide as floor_divide
from ember.ops.more import fmod as fmod
from ember.ops.more import hypot as hypot
from ember.ops.more import log10 as log10
from ember.ops.more import logaddexp as logaddexp
from ember.ops.more import logical_and as logical_and
from ember.ops.more import logical_or as logical_or
from ember.ops.more import logical_xor as logical_xor
from ember.ops.more import nan_to_num as nan_to_num
from ember.ops.order import argmax as argmax
from ember.ops.order import argmin as argmin
from ember.ops.order import argsort as argsort
from ember.ops.order import cumprod as cumprod
from ember.ops.order import cumsum as cumsum
from ember.ops.order import sort as sort
from ember.ops.order import topk as topk
from ember.ops.order import tril as tril
from ember.ops.order import triu as triu
from ember.ops.piecewise import celu as celu
from ember.ops.piecewise import elu as elu
from ember.ops.piecewise import hardshrink as hardshrink
from ember.ops.piecewise import hardsigmoid as hardsigmoid
from ember.ops.piecewise import hardswish as hardswish
from ember.ops.piecewise import hardtanh as hardtanh
from ember.ops.piecewise import leaky_relu as leaky_relu
from ember.ops.piecewise import prelu as prelu
from ember.ops.piecewise import relu6 as relu6
from ember.ops.piecewise import selu as selu
from ember.ops.piecewise import softshrink as softshrink
from ember.ops.piecewise import threshold as threshold
from ember.ops.reduce import mean as mean
from ember.ops.rules import relu as relu
from ember.ops.shape import cat as cat
from ember.ops.shape import flatten as flatten
from ember.ops.shape import permute as permute
from ember.ops.shape import reshape as reshape
from ember.ops.shape import transpose as transpose
from ember.ops.statistics import all as all
from ember.ops.statistics import any as any
from ember.ops.statistics import logsumexp as logsumexp
from ember.ops.statistics import min as min
from ember.ops.statistics import norm as norm
from ember.ops.statistics import prod as prod
from ember.ops.statistics import std as std
from ember.ops.statistics import var as var
from ember.ops.unary import exp as exp
from ember.ops.unary import log as log
from ember.ops.unary import sigmoid as sigmoid
from ember.ops.unary import sqrt as sqrt
from ember.ops.unary import tanh as tanh
from ember.ops.views import chunk as chunk
from ember.ops.views import movedim as movedim
from ember.ops.views import narrow as narrow
from ember.ops.views import split as split
from ember.ops.views import squeeze as squeeze
from ember.ops.views import stack as stack
from ember.ops.views import unbind as unbind
from ember.ops.views import unflatten as unflatten
from ember.ops.views import unsqueeze as unsqueeze
from ember.ops.views_more import amax as amax
from ember.ops.views_more import amin as amin
from ember.ops.views_more import bmm as bmm
from ember.ops.views_more import clip as clip
from ember.ops.views_more import clone as clone
from ember.ops.views_more import diag as diag
from ember.ops.views_more import dim as dim
from ember.ops.views_more import mm as mm
from ember.ops.views_more import repeat_interleave as repeat_interleave
from ember.ops.views_more import select as select
from ember.ops.views_more import size as size
from ember.ops.views_more import t as t
from ember.ops.views_more import tile as tile
from ember.ops.views_more import view as view
from ember.ops.window import hamming_window as hamming_window
from ember.ops.window import hann_window as hann_window
# end
