"""Optimizers that know of a gradient its sign, or step by nothing else. Names, defaults and formulas are PyTorch's."""

from ..base.check import not_negative, number
from ..instructions.isa import ADD as INTO_ADD
from ..ops.rules import ADD_FN, COPY_FN, DIV_FN, EQ_FN, GT_FN, KEEP_FN, MAXIMUM_FN, MINIMUM_FN, MUL_FN, POW_FN, SUB_FN
from . import Optimizer
from .composed import Composed

_ANY = float("inf")


class Rprop(Composed):
    """Steps by the gradient's sign alone, of a size for each weight, which begins as lr: times etas[1] where the sign
    stays, times etas[0] where it changes, within step_sizes (Riedmiller and Braun, 1993). For whole batches."""

    states = 2
    settings = ("lr", "etas", "step_sizes")

    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        Optimizer.__init__(self, params, {"lr": lr, "etas": etas, "step_sizes": step_sizes})

    def hyper(self, values):
        for name in ("etas", "step_sizes"):
            if not isinstance(values[name], (tuple, list)) or len(values[name]) != 2:
                raise ValueError("%s is %r; it may be 2 numbers" % (name, values[name]))
        shrink, grow = values["etas"]
        return (not_negative("lr", values["lr"]), number("etas[0]", shrink, 0, 1, "low high"),
                number("etas[1]", grow, 1, _ANY, "low"), not_negative("step_sizes[0]", values["step_sizes"][0]),
                not_negative("step_sizes[1]", values["step_sizes"][1]))  # fmt: skip

    def numbers(self, sink, t, hyper, kept):
        """The size that is added at first."""
        begin = sink.new(())
        sink.map(EQ_FN, begin, t, sink.scalar(1.0))
        sink.map(MUL_FN, begin, begin, hyper.alias((), 0))
        return begin

    def change(self, sink, w, x, d, states, hyper, numbers):
        before, size = states
        zero = sink.scalar(0.0)
        sink.map(MUL_FN, d, x, before)
        sink.map(GT_FN, before, zero, d)  # the sign changed
        sink.map(GT_FN, d, d, zero)  # it stayed
        sink.map(MUL_FN, d, d, hyper.alias((), 2))
        sink.map(MUL_FN, d, before, hyper.alias((), 1), INTO_ADD)
        sink.map(EQ_FN, d, d, zero, INTO_ADD)
        sink.map(ADD_FN, size, size, numbers)
        sink.map(MUL_FN, size, size, d)
        sink.map(MAXIMUM_FN, size, size, hyper.alias((), 3))
        sink.map(MINIMUM_FN, size, size, hyper.alias((), 4))
        sink.map(EQ_FN, before, before, zero)
        sink.map(KEEP_FN, x, before, x)
        sink.map(COPY_FN, before, x)
        sink.map(GT_FN, d, x, zero)
        sink.map(GT_FN, x, zero, x)
        sink.map(SUB_FN, d, d, x)
        sink.map(MUL_FN, d, d, size)
        sink.map(SUB_FN, w, w, d)


class ASGD(Composed):
    """Gradient descent whose rate falls as lr / (1 + lambd * lr * t) ** alpha, and the mean of the weights from step t0
    on (Polyak and Juditsky, 1992): the first state of each. lambd also draws weights towards 0."""

    states = 1
    scalars = 1
    settings = ("lr", "lambd", "alpha", "t0", "weight_decay")
    decay = 4

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
        Optimizer.__init__(self, params, {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0,
                                          "weight_decay": weight_decay})  # fmt: skip

    def hyper(self, values):
        rest = [not_negative(name, values[name]) for name in self.settings[1:]]
        return [not_negative("lr", values["lr"])] + rest

    def numbers(self, sink, t, hyper, kept):
        """What is kept is the rate of the next step, as PyTorch has it: of a rate that is changed it learns late."""
        one, rate, lambd = sink.scalar(1.0), sink.new(()), hyper.alias((), 1)
        shrink, share, after = sink.new(()), sink.new(()), kept[0]
        sink.map(EQ_FN, rate, t, one)
        sink.map(MUL_FN, rate, rate, hyper.alias((), 0))
        sink.map(ADD_FN, rate, rate, after)
        sink.map(MUL_FN, shrink, rate, lambd)
        sink.map(SUB_FN, shrink, one, shrink)
        sink.map(MUL_FN, after, lambd, hyper.alias((), 0))
        sink.map(MUL_FN, after, after, t)
        sink.map(ADD_FN, after, after, one)
        sink.map(POW_FN, after, after, hyper.alias((), 2))
        sink.map(DIV_FN, after, hyper.alias((), 0), after)
        # How much of the mean stays: 1 - 1 / max(1, t - 1 - t0).
        sink.map(SUB_FN, share, t, one)
        sink.map(SUB_FN, share, share, hyper.alias((), 3))
        sink.map(MAXIMUM_FN, share, share, one)
        sink.map(DIV_FN, share, one, share)
        sink.map(SUB_FN, share, one, share)
        return rate, shrink, share

    def change(self, sink, w, x, d, states, hyper, numbers):
        rate, shrink, share = numbers
        mean = states[0]
        sink.map(MUL_FN, w, w, shrink)
        sink.map(MUL_FN, x, x, rate)
        sink.map(SUB_FN, w, w, x)
        sink.map(SUB_FN, mean, mean, w)
        sink.map(MUL_FN, mean, mean, share)
        sink.map(ADD_FN, mean, mean, w)
