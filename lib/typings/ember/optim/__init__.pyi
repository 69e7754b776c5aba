from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import TypeAlias

from ..tensors.parameter import Parameter
from ..train.trainer import Trainer

# Parameters, or groups of them: {"params": [...], "lr": ...}.
_Params: TypeAlias = Iterable[Parameter] | Iterable[Mapping[str, Any]]

class Optimizer:
    states: int
    scalars: int
    settings: tuple[str, ...]
    layerwise: bool
    searches: bool
    groups: list[Group]
    steps: int
    trainer: Trainer | None
    lr: float
    defaults: Mapping[str, Any]
    def __init__(self, params: _Params, defaults: Mapping[str, Any]) -> None: ...
    def add_param_group(self, given: Mapping[str, Any]) -> None: ...
    @property
    def param_groups(self) -> list[dict[str, Any]]: ...
    def zero_grad(self) -> None: ...
    def step(self) -> None: ...

class Group:
    params: list[Parameter]
    hyper: Any  # the settings as float32, in the order the update reads them
    def __init__(self, params: list[Parameter], hyper: Any) -> None: ...

class Adam(Optimizer):
    decoupled: int
    def __init__(
        self,
        params: _Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None: ...

# made by tools/stubs.py: begin
from ember.optim.average import EMA as EMA
from ember.optim.common import SGD as SGD
from ember.optim.common import AdamW as AdamW
from ember.optim.composed import Adamax as Adamax
from ember.optim.composed import NAdam as NAdam
from ember.optim.composed import RAdam as RAdam
from ember.optim.descent import ASGD as ASGD
from ember.optim.descent import Rprop as Rprop
from ember.optim.groups import decay_groups as decay_groups
from ember.optim.layerwise import LAMB as LAMB
from ember.optim.layerwise import Muon as Muon
from ember.optim.lbfgs import LBFGS as LBFGS
from ember.optim.more import Adadelta as Adadelta
from ember.optim.more import Adagrad as Adagrad
from ember.optim.more import Adan as Adan
from ember.optim.more import Lion as Lion
from ember.optim.more import RMSprop as RMSprop
# end
