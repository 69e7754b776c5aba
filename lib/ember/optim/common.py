"""The optimizers that most people use beside Adam."""

from ..base.check import chance, flag, not_negative
from ..instructions import emit
from ..instructions.program import STEP
from ..tensors.sink import INTS
from . import Adam, Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Sutskever et al., 2013)."""

    settings = ("lr", "momentum", "dampening", "weight_decay")

    def __init__(self, params, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        self.nesterov = 1 if flag("nesterov", nesterov) else 0
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("nesterov needs a momentum above 0 and no dampening")
        self.states = 1 if momentum else 0
        Optimizer.__init__(self, params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                          "weight_decay": weight_decay})  # fmt: skip

    def hyper(self, values):
        if values["momentum"] and not self.states:
            raise ValueError("a group sets momentum where the optimizer has none")
        return (not_negative("lr", values["lr"]), chance("momentum", values["momentum"]),
                chance("dampening", values["dampening"]),
                not_negative("weight_decay", values["weight_decay"]))  # fmt: skip

    def emit(self, sink, n, p, g, states, hyper, total):
        v = states[0] if states else p
        emit.sgd(sink, momentum=self.states, nesterov=self.nesterov, n=n, p=p, g=g, v=v, hyper=hyper,
                 step=INTS + STEP, total=total)  # fmt: skip


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019). cautious_weight_decay: only of weights that the
    update takes towards 0 (Chen et al., 2025, "Cautious Weight Decay")."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False,
                 cautious_weight_decay=False):  # fmt: skip
        self.decoupled = 2 if flag("cautious_weight_decay", cautious_weight_decay) else 1
        Adam.__init__(self, params, lr, betas, eps, weight_decay, amsgrad)
