from typing import Literal

from . import Optimizer, _Params

class LAMB(Optimizer):
    slots: tuple[str, ...]
    def __init__(
        self,
        params: _Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 1e-2,
    ) -> None: ...

class Muon(Optimizer):
    nesterov: bool
    coefficients: tuple[float, ...]
    ns_steps: int
    adjust_lr_fn: str
    def __init__(
        self,
        params: _Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = ...,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = "original",
    ) -> None: ...
