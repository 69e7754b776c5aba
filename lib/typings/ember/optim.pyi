from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import TypeAlias

from .parameter import Parameter
from .trainer import Trainer

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
from .optim_average import EMA as EMA
from .optim_common import SGD as SGD
from .optim_common import AdamW as AdamW
from .optim_composed import Adamax as Adamax
from .optim_composed import NAdam as NAdam
from .optim_composed import RAdam as RAdam
from .optim_descent import ASGD as ASGD
from .optim_descent import Rprop as Rprop
from .optim_groups import decay_groups as decay_groups
from .optim_layerwise import LAMB as LAMB
from .optim_layerwise import Muon as Muon
from .optim_lbfgs import LBFGS as LBFGS
from .optim_more import Adadelta as Adadelta
from .optim_more import Adagrad as Adagrad
from .optim_more import Adan as Adan
from .optim_more import Lion as Lion
from .optim_more import RMSprop as RMSprop
# end
