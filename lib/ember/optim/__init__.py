"""Optimizers. Names, defaults and formulas are PyTorch's; the update of a group of parameters is one instruction."""

import gc
from array import array

from ..base.check import chance, flag, not_negative
from ..instructions import emit
from ..instructions.program import STEP
from ..tensors.parameter import Parameter
from ..tensors.sink import INTS, is_among


class Group:
    """Parameters that share their settings: hyper holds these, in the order the instruction reads them."""

    def __init__(self, params, hyper):
        self.params, self.hyper = params, hyper
        self.state = self.steps = None  # eager: for each parameter a list of tensors, and how often it was updated


def betas(values, n):
    betas = values["betas"]
    if not isinstance(betas, (tuple, list)) or len(betas) != n:
        raise ValueError("betas is %r; it may be %d numbers" % (betas, n))
    return [chance("beta%d" % (i + 1), betas[i]) for i in range(n)]


def _listed(params):
    if not isinstance(params, (Parameter, dict)):  # both are lists of something else
        try:
            return list(params)
        except (TypeError, AttributeError):  # the latter is MicroPython's, of a module
            pass
    raise ValueError("params is %r; it may be a list of parameters, or of groups" % (params,))


class Optimizer:
    """params: a list of parameters, or of dicts {"params": [...], "lr": ...} that each may set what differs."""

    states = 0  # tensors of state a parameter
    scalars = 0  # numbers of state beside them, for whatever one emit updates
    settings = ("lr",)
    layerwise = False  # its update is emitted a tensor at a time, not a group
    searches = False  # it looks at the loss again and again in a step

    def __init__(self, params, defaults):
        params = _listed(params)
        if not params:
            raise ValueError("the optimizer got no parameters")
        if not isinstance(params[0], dict):
            params = [{"params": params}]
        self.groups, self.defaults = [], defaults
        self.steps = 0
        self.trainer = None  # the one whose arena holds the state
        for given in params:
            self.add_param_group(given)

    def add_param_group(self, given):
        """More parameters: a dict {"params": [...], "lr": ...}, which may set what differs from the optimizer's own."""
        if self.trainer:
            raise RuntimeError("this optimizer belongs to a Trainer: make both anew")
        if not isinstance(given, dict) or "params" not in given:
            raise ValueError("a group is %r; it may be a dict with the key 'params'" % (given,))
        members = _listed(given["params"])
        seen = [p for group in self.groups for p in group.params]
        for p in members:
            if not isinstance(p, Parameter):
                raise ValueError("params has %r; it may have Parameters, or be a list of groups" % (p,))
            if is_among(p, seen):
                raise ValueError("a parameter of shape %s is given twice" % (p.shape,))
            seen.append(p)
        values = dict(self.defaults)
        for key in given:
            if key != "params":
                if key not in values:
                    raise ValueError("a group sets %r; it may set %s" % (key, ", ".join(self.settings)))
                values[key] = given[key]
        self.groups.append(Group(members, array("f", self.hyper(values))))

    @property
    def param_groups(self):
        """Its groups, each as a dict of its parameters and settings, which may be set: g["lr"] *= 0.1."""
        from .view import views

        return views(self)

    @property
    def lr(self):
        return self.groups[0].hyper[0]

    @lr.setter
    def lr(self, value):
        value = not_negative("lr", value)
        for group in self.groups:
            group.hyper[0] = value

    def zero_grad(self):
        for group in self.groups:
            for p in group.params:
                p.grad = None

    def step(self):
        """Update every parameter that has a gradient, eagerly, or within a recorded function."""
        if self.trainer:
            raise RuntimeError("this optimizer belongs to a Trainer: call trainer.update()")
        from .eager import step

        step(self)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): weight decay is added to the gradient. amsgrad divides by the largest mean of squares
    so far (Reddi, Kale and Kumar, 2018)."""

    settings = ("lr", "betas", "eps", "weight_decay")
    decoupled = 0

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False):
        self.states = 3 if flag("amsgrad", amsgrad) else 2
        Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def hyper(self, values):
        b1, b2 = betas(values, 2)
        return (not_negative("lr", values["lr"]), b1, b2, not_negative("eps", values["eps"]),
                not_negative("weight_decay", values["weight_decay"]))  # fmt: skip

    def emit(self, sink, n, p, g, states, hyper, total):
        amsgrad = self.states - 2
        emit.adam(sink, decoupled=self.decoupled, amsgrad=amsgrad, n=n, p=p, g=g, m=states[0], v=states[1],
                  most=states[1 + amsgrad], hyper=hyper, step=INTS + STEP, total=total)  # fmt: skip


def __getattr__(name):
    """The other optimizers: base/catalogue.py says where they are."""
    if name == "lr_scheduler":
        from .. import schedule

        return schedule
    from ..base.catalogue import find

    found = find(name, "OPTIMIZERS")
    if found is None:
        from ..base.names import Missing

        raise AttributeError(Missing("ember.optim", name))
    return found


if hasattr(gc, "freeze"):
    from ..base.names import of_optim as __dir__  # noqa: F401
