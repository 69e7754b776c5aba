from . import callbacks as callbacks
from . import checkpoint as checkpoint
from . import data as data
from . import function as function
from . import isa as isa
from . import metrics as metrics
from . import metrics_more as metrics_more
from . import nn as nn
from . import optim as optim
from . import parameter as parameter
from . import plan as plan
from . import progress as progress
from . import recording as recording
from . import schedule as schedule
from . import schedule_more as schedule_more
from . import tensor as tensor
from . import trainer as trainer
from . import vm as vm
from .data import Batches as Batches
from .function import record as record
from .parameter import Parameter as Parameter
from .parameter import manual_seed as manual_seed
from .tensor import Tensor as Tensor
from .tensor import no_grad as no_grad
from .trainer import Trainer as Trainer

__version__: str

# made by tools/stubs.py: begin
from .ops import exp as exp
from .ops import log as log
from .ops import relu as relu
from .ops import sigmoid as sigmoid
from .ops import sqrt as sqrt
from .ops import tanh as tanh
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
from .ops_math import abs as abs
from .ops_math import acos as acos
from .ops_math import asin as asin
from .ops_math import atan as atan
from .ops_math import atan2 as atan2
from .ops_math import ceil as ceil
from .ops_math import cos as cos
from .ops_math import cosh as cosh
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
from .ops_math import sinh as sinh
from .ops_math import square as square
from .ops_math import tan as tan
from .ops_math import trunc as trunc
from .ops_reduce import log_softmax as log_softmax
from .ops_reduce import max as max
from .ops_reduce import mean as mean
from .ops_reduce import softmax as softmax
from .ops_reduce import sum as sum
from .ops_shape import cat as cat
from .ops_shape import flatten as flatten
from .ops_shape import permute as permute
from .ops_shape import reshape as reshape
from .ops_shape import transpose as transpose

add = Tensor.add
sub = Tensor.sub
mul = Tensor.mul
div = Tensor.div
neg = Tensor.neg
matmul = Tensor.matmul
# end
