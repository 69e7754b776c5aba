from typing import Literal

from typing_extensions import TypeAlias

from .loss import _Reduction
from .tensor import Tensor, _Lists

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
from .ops import relu as relu
from .ops_activation import gelu as gelu
from .ops_activation import glu as glu
from .ops_activation import logsigmoid as logsigmoid
from .ops_activation import mish as mish
from .ops_activation import silu as silu
from .ops_activation import softmin as softmin
from .ops_activation import softplus as softplus
from .ops_activation import softsign as softsign
from .ops_activation import swiglu as swiglu
from .ops_activation import tanhshrink as tanhshrink
from .ops_arrange import broadcast_to as broadcast_to
from .ops_arrange import expand as expand
from .ops_arrange import expand_as as expand_as
from .ops_arrange import flip as flip
from .ops_arrange import pad as pad
from .ops_arrange import repeat as repeat
from .ops_arrange import roll as roll
from .ops_attention import scaled_dot_product_attention as scaled_dot_product_attention
from .ops_biquad import biquad as biquad
from .ops_common import log_softmax as log_softmax
from .ops_common import max as max
from .ops_common import softmax as softmax
from .ops_common import sum as sum
from .ops_compare import clamp as clamp
from .ops_compare import eq as eq
from .ops_compare import ge as ge
from .ops_compare import gt as gt
from .ops_compare import isfinite as isfinite
from .ops_compare import isinf as isinf
from .ops_compare import isnan as isnan
from .ops_compare import le as le
from .ops_compare import logical_not as logical_not
from .ops_compare import lt as lt
from .ops_compare import masked_fill as masked_fill
from .ops_compare import maximum as maximum
from .ops_compare import minimum as minimum
from .ops_compare import ne as ne
from .ops_compare import where as where
from .ops_create import arange as arange
from .ops_create import as_tensor as as_tensor
from .ops_create import empty as empty
from .ops_create import eye as eye
from .ops_create import full as full
from .ops_create import full_like as full_like
from .ops_create import linspace as linspace
from .ops_create import ones as ones
from .ops_create import ones_like as ones_like
from .ops_create import rand as rand
from .ops_create import rand_like as rand_like
from .ops_create import randn as randn
from .ops_create import randn_like as randn_like
from .ops_create import zeros as zeros
from .ops_create import zeros_like as zeros_like
from .ops_fft import irfft as irfft
from .ops_fft import power_spectrum as power_spectrum
from .ops_fft import rfft as rfft
from .ops_fft import spectrogram as spectrogram
from .ops_fft import stft as stft
from .ops_hyperbolic import cosh as cosh
from .ops_hyperbolic import sinh as sinh
from .ops_index import embedding as embedding
from .ops_index import gather as gather
from .ops_index import index_select as index_select
from .ops_index import one_hot as one_hot
from .ops_index import scatter_add as scatter_add
from .ops_index import take_along_dim as take_along_dim
from .ops_math import abs as abs
from .ops_math import acos as acos
from .ops_math import asin as asin
from .ops_math import atan as atan
from .ops_math import atan2 as atan2
from .ops_math import ceil as ceil
from .ops_math import cos as cos
from .ops_math import erf as erf
from .ops_math import expm1 as expm1
from .ops_math import floor as floor
from .ops_math import lerp as lerp
from .ops_math import log1p as log1p
from .ops_math import log2 as log2
from .ops_math import pow as pow
from .ops_math import reciprocal as reciprocal
from .ops_math import remainder as remainder
from .ops_math import round as round
from .ops_math import rsqrt as rsqrt
from .ops_math import sign as sign
from .ops_math import sin as sin
from .ops_math import square as square
from .ops_math import tan as tan
from .ops_math import trunc as trunc
from .ops_matrix import bilinear as bilinear
from .ops_matrix import dot as dot
from .ops_matrix import outer as outer
from .ops_median import cummax as cummax
from .ops_median import median as median
from .ops_mel import log_mel as log_mel
from .ops_mel import mel_filterbank as mel_filterbank
from .ops_mel import mfcc as mfcc
from .ops_more import acosh as acosh
from .ops_more import asinh as asinh
from .ops_more import atanh as atanh
from .ops_more import exp2 as exp2
from .ops_more import floor_divide as floor_divide
from .ops_more import fmod as fmod
from .ops_more import hypot as hypot
from .ops_more import log10 as log10
from .ops_more import logaddexp as logaddexp
from .ops_more import logical_and as logical_and
from .ops_more import logical_or as logical_or
from .ops_more import logical_xor as logical_xor
from .ops_more import nan_to_num as nan_to_num
from .ops_order import argmax as argmax
from .ops_order import argmin as argmin
from .ops_order import argsort as argsort
from .ops_order import cumprod as cumprod
from .ops_order import cumsum as cumsum
from .ops_order import sort as sort
from .ops_order import topk as topk
from .ops_order import tril as tril
from .ops_order import triu as triu
from .ops_piecewise import celu as celu
from .ops_piecewise import elu as elu
from .ops_piecewise import hardshrink as hardshrink
from .ops_piecewise import hardsigmoid as hardsigmoid
from .ops_piecewise import hardswish as hardswish
from .ops_piecewise import hardtanh as hardtanh
from .ops_piecewise import leaky_relu as leaky_relu
from .ops_piecewise import prelu as prelu
from .ops_piecewise import relu6 as relu6
from .ops_piecewise import selu as selu
from .ops_piecewise import softshrink as softshrink
from .ops_piecewise import threshold as threshold
from .ops_reduce import mean as mean
from .ops_shape import cat as cat
from .ops_shape import flatten as flatten
from .ops_shape import permute as permute
from .ops_shape import reshape as reshape
from .ops_shape import transpose as transpose
from .ops_statistics import all as all
from .ops_statistics import any as any
from .ops_statistics import logsumexp as logsumexp
from .ops_statistics import min as min
from .ops_statistics import norm as norm
from .ops_statistics import prod as prod
from .ops_statistics import std as std
from .ops_statistics import var as var
from .ops_unary import exp as exp
from .ops_unary import log as log
from .ops_unary import sigmoid as sigmoid
from .ops_unary import sqrt as sqrt
from .ops_unary import tanh as tanh
from .ops_views import chunk as chunk
from .ops_views import movedim as movedim
from .ops_views import narrow as narrow
from .ops_views import split as split
from .ops_views import squeeze as squeeze
from .ops_views import stack as stack
from .ops_views import unbind as unbind
from .ops_views import unflatten as unflatten
from .ops_views import unsqueeze as unsqueeze
from .ops_views_more import amax as amax
from .ops_views_more import amin as amin
from .ops_views_more import bmm as bmm
from .ops_views_more import clip as clip
from .ops_views_more import clone as clone
from .ops_views_more import diag as diag
from .ops_views_more import dim as dim
from .ops_views_more import mm as mm
from .ops_views_more import repeat_interleave as repeat_interleave
from .ops_views_more import select as select
from .ops_views_more import size as size
from .ops_views_more import t as t
from .ops_views_more import tile as tile
from .ops_views_more import view as view
from .ops_window import hamming_window as hamming_window
from .ops_window import hann_window as hann_window
# end
