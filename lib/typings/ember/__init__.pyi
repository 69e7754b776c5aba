from . import checkpoint as checkpoint
from . import data as data
from . import isa as isa
from . import nn as nn
from . import ops_shape as ops_shape
from . import optim as optim
from . import parameter as parameter
from . import plan as plan
from . import progress as progress
from . import record as record
from . import tensor as tensor
from . import trainer as trainer
from . import vm as vm
from .data import Batches as Batches
from .ops_shape import cat as cat
from .parameter import Parameter as Parameter
from .parameter import manual_seed as manual_seed
from .tensor import Tensor as Tensor
from .tensor import no_grad as no_grad
from .trainer import Trainer as Trainer

__version__: str
