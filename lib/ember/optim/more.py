"""The optimizers that are used less. Names, defaults and formulas are PyTorch's where it has them."""

from ..base.check import chance, flag, not_negative, number
from ..instructions import emit
from ..instructions.program import STEP
from ..tensors.sink import INTS
from . import Optimizer, betas

_ANY = float("inf")


def _common(values, *names):
    """The settings that may be any number from 0."""
    return [not_negative(name, values[name]) for name in names]


class RMSprop(Optimizer):
    """The gradient divided by the root of a moving mean of its squares (Hinton, 2012), or with centered by that of its
    variance (Graves, 2013)."""

    settings = ("lr", "alpha", "eps", "weight_decay", "momentum")

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
        self.centered, self.momentum = 1 if flag("centered", centered) else 0, 1 if momentum else 0
        self.states = 1 + self.centered + self.momentum
        Optimizer.__init__(self, params, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay,
                                          "momentum": momentum})  # fmt: skip

    def hyper(self, values):
        if values["momentum"] and not self.momentum:
            raise ValueError("a group sets momentum where the optimizer has none")
        lr, eps, decay, momentum = _common(values, "lr", "eps", "weight_decay", "momentum")
        return lr, chance("alpha", values["alpha"]), eps, decay, momentum

    def emit(self, sink, n, p, g, states, hyper, total):
        squares = states[0]
        means = states[1] if self.centered else squares
        moving = states[-1] if self.momentum else squares
        emit.rmsprop(sink, centered=self.centered, momentum=self.momentum, n=n, p=p, g=g, v=squares, a=means,
                     b=moving, hyper=hyper, total=total)  # fmt: skip


class Adagrad(Optimizer):
    """The gradient divided by the root of the sum of its squares so far (Duchi, Hazan and Singer, 2011)."""

    states = 1
    settings = ("lr", "lr_decay", "eps", "weight_decay")

    def __init__(self, params, lr=0.01, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
        number("initial_accumulator_value", initial_accumulator_value, 0, 0)  # a state begins as zeros
        Optimizer.__init__(self, params, {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay})

    def hyper(self, values):
        return _common(values, "lr", "lr_decay", "eps", "weight_decay")

    def emit(self, sink, n, p, g, states, hyper, total):
        emit.adagrad(sink, n=n, p=p, g=g, v=states[0], hyper=hyper, step=INTS + STEP, total=total)


class Adadelta(Optimizer):
    """Steps as large as the last ones were, by the gradient's size (Zeiler, 2012)."""

    states = 2
    settings = ("lr", "rho", "eps", "weight_decay")

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
        Optimizer.__init__(self, params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    def hyper(self, values):
        lr, eps, decay = _common(values, "lr", "eps", "weight_decay")
        return lr, chance("rho", values["rho"]), eps, decay

    def emit(self, sink, n, p, g, states, hyper, total):
        emit.adadelta(sink, n=n, p=p, g=g, v=states[0], a=states[1], hyper=hyper, total=total)


class Lion(Optimizer):
    """Steps of one size, in the direction of a moving mean of the gradient (Chen et al., 2023). Weight decay is
    decoupled. lr is about a tenth of Adam's."""

    states = 1
    settings = ("lr", "betas", "weight_decay")

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def hyper(self, values):
        lr, decay = _common(values, "lr", "weight_decay")
        return [lr] + betas(values, 2) + [decay]

    def emit(self, sink, n, p, g, states, hyper, total):
        emit.lion(sink, n=n, p=p, g=g, m=states[0], hyper=hyper, total=total)


class Adan(Optimizer):
    """Adam with the momentum of Nesterov, found from differences of gradients (Xie et al., 2022; betas as their code
    has them). Weight decay is decoupled."""

    states = 4
    settings = ("lr", "betas", "eps", "weight_decay")

    def __init__(self, params, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0):
        Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def hyper(self, values):
        lr, eps, decay = _common(values, "lr", "eps", "weight_decay")
        return [lr] + betas(values, 3) + [eps, decay]

    def emit(self, sink, n, p, g, states, hyper, total):
        means, drifts, sizes, before = states
        emit.adan(sink, n=n, p=p, g=g, m=means, v=drifts, s=sizes, before=before, hyper=hyper, step=INTS + STEP,
                  total=total)  # fmt: skip
