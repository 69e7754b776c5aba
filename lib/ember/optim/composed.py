"""Optimizers that are written in the instructions of any model. Names, defaults and formulas are PyTorch's."""

from ..base.check import flag, not_negative
from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.program import STEP
from ..ops.rules import (
    ABS_FN,
    ADD_FN,
    COPY_FN,
    DIV_FN,
    EXPM1_FN,
    GT_FN,
    KEEP_FN,
    LOG1P_FN,
    MAXIMUM_FN,
    MINIMUM_FN,
    MUL_FN,
    NEG_FN,
    POW_FN,
    SQRT_FN,
    SUB_FN,
    TANH_FN,
)  # fmt: skip
from ..tensors.sink import INTS
from . import Optimizer, betas

_ANY = float("inf")
_PART = 512  # elements that are updated at once: scratch is for so many


def _rates(sink, betas, t):
    """1 - beta, log(beta) and 1 - beta ** t, without what cancels where beta is near 1."""
    rest, log, bias = [sink.new(betas.dims) for _ in range(3)]
    sink.map(SUB_FN, rest, sink.scalar(1.0), betas)
    sink.map(NEG_FN, log, rest)
    sink.map(LOG1P_FN, log, log)
    sink.map(MUL_FN, bias, log, t)
    sink.map(EXPM1_FN, bias, bias)
    sink.map(NEG_FN, bias, bias)
    return rest, log, bias


def _follow(sink, mean, x, d, share):
    """mean += share * (x - mean), by way of d."""
    sink.map(SUB_FN, d, x, mean)
    sink.map(MUL_FN, mean, d, share, INTO_ADD)


def _follow_square(sink, mean, x, d, beta, share):
    """mean = beta * mean + share * x * x, by way of d."""
    sink.map(MUL_FN, mean, mean, beta)
    sink.map(MUL_FN, d, x, x)
    sink.map(MUL_FN, mean, d, share, INTO_ADD)


class Composed(Optimizer):
    """numbers(sink, t, hyper, kept) emits what is one number for all, in step t, a tensor, from 1; kept: the numbers of
    state. change(sink, w, x, d, states, hyper, numbers) changes some weights w by their gradient x; d is scratch."""

    decay = 0  # where weight decay stands in hyper; 0 for nowhere
    decoupled = False  # whether it acts on weights, not on gradients

    def emit(self, sink, n, p, g, states, hyper, total):
        t = sink.new(())
        emit.convert(sink, n=1, channels=1, d=t, src=INTS + STEP, affine=sink.constants((1.0, 1.0)))
        numbers = self.numbers(sink, t, hyper, states[self.states :])
        decay, left = hyper.alias((), self.decay), None
        if self.decoupled:
            left = sink.new(())
            sink.map(MUL_FN, left, decay, hyper.alias((), 0))
            sink.map(SUB_FN, left, sink.scalar(1.0), left)
        scratch = [sink.new((min(n, _PART),)) for _ in range(2)]
        for at in range(0, n, _PART):
            dims = (min(_PART, n - at),)
            w, x, d = p.alias(dims, at), scratch[0].alias(dims), scratch[1].alias(dims)
            sink.map(DIV_FN, x, g.alias(dims, at), total)
            if self.decoupled:
                sink.map(MUL_FN, w, w, left)
            elif self.decay:
                sink.map(MUL_FN, x, w, decay, INTO_ADD)
            self.change(sink, w, x, d, [s.alias(dims, at) for s in states[: self.states]], hyper, numbers)


class Adamax(Composed):
    """Adam by the largest gradient so far, which fades, instead of a mean of squares (Kingma and Ba, 2015)."""

    states = 2
    settings = ("lr", "betas", "eps", "weight_decay")
    decay = 4

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def hyper(self, values):
        return ([not_negative("lr", values["lr"])] + betas(values, 2)
                + [not_negative(name, values[name]) for name in self.settings[2:]])  # fmt: skip

    def numbers(self, sink, t, hyper, kept):
        rest, _, rate = _rates(sink, hyper.alias((), 1), t)
        sink.map(DIV_FN, rate, hyper.alias((), 0), rate)
        return rest, rate

    def change(self, sink, w, x, d, states, hyper, numbers):
        mean, most = states
        _follow(sink, mean, x, d, numbers[0])
        sink.map(ABS_FN, d, x)
        sink.map(ADD_FN, d, d, hyper.alias((), 3))
        sink.map(MUL_FN, most, most, hyper.alias((), 2))
        sink.map(MAXIMUM_FN, most, most, d)
        sink.map(DIV_FN, d, mean, most)
        sink.map(MUL_FN, d, d, numbers[1])
        sink.map(SUB_FN, w, w, d)


class NAdam(Adamax):
    """Adam with the momentum of Nesterov (Dozat, 2016), which grows to beta1, the faster the higher momentum_decay.
    decoupled_weight_decay: of weights, not of gradients."""

    scalars = 1
    settings = ("lr", "betas", "eps", "weight_decay", "momentum_decay")

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3,
                 decoupled_weight_decay=False):  # fmt: skip
        self.decoupled = flag("decoupled_weight_decay", decoupled_weight_decay)
        Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                          "momentum_decay": momentum_decay})  # fmt: skip

    def numbers(self, sink, t, hyper, kept):
        """What is kept is 1 less the product of all momenta so far: so it begins at 0, and nothing cancels."""
        one, product = sink.scalar(1.0), kept[0]
        rest, _, bias = _rates(sink, hyper.alias((2,), 1), t)
        # The momentum of this step, and of the next.
        both, others = sink.new((2,)), sink.new((2,))
        sink.map(MUL_FN, both.alias(()), t, hyper.alias((), 5))
        sink.map(ADD_FN, both.alias((), 1), both.alias(()), hyper.alias((), 5))
        sink.map(POW_FN, both, sink.scalar(24 / 25), both)
        sink.map(MUL_FN, both, both, sink.scalar(0.5))
        sink.map(SUB_FN, both, one, both)
        sink.map(MUL_FN, both, both, hyper.alias((), 1))
        sink.map(SUB_FN, others, one, both)
        sink.map(MUL_FN, product, product, both.alias(()))
        sink.map(ADD_FN, product, product, others.alias(()))
        # What the gradient is times, and its mean: lr * (1 - this) / kept, lr * next / (1 - (1 - kept) * next).
        sink.map(DIV_FN, others.alias(()), others.alias(()), product)
        after = sink.new(())
        sink.map(MUL_FN, after, product, both.alias((), 1))
        sink.map(ADD_FN, after, after, others.alias((), 1))
        sink.map(DIV_FN, others.alias((), 1), both.alias((), 1), after)
        sink.map(MUL_FN, others, others, hyper.alias((), 0))
        return rest, bias.alias((), 1), others

    def change(self, sink, w, x, d, states, hyper, numbers):
        mean, square = states
        rest, bias, rates = numbers
        _follow(sink, mean, x, d, rest.alias(()))
        _follow_square(sink, square, x, d, hyper.alias((), 2), rest.alias((), 1))
        sink.map(DIV_FN, d, square, bias)
        sink.map(SQRT_FN, d, d)
        sink.map(ADD_FN, d, d, hyper.alias((), 3))
        sink.map(MUL_FN, x, x, rates.alias(()))
        sink.map(MUL_FN, x, mean, rates.alias((), 1), INTO_ADD)
        sink.map(DIV_FN, x, x, d)
        sink.map(SUB_FN, w, w, x)


class RAdam(Adamax):
    """Adam that steps by the mean of gradients alone until their mean of squares is of enough of them, and carefully
    from there on (Liu et al., 2020). decoupled_weight_decay: of weights, not of gradients."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False):
        self.decoupled = flag("decoupled_weight_decay", decoupled_weight_decay)
        Adamax.__init__(self, params, lr, betas, eps, weight_decay)

    def numbers(self, sink, t, hyper, kept):
        """How many gradients the mean of squares is of is 2 / (1 - b) - 1 - 2 t b^t / (1 - b^t). Both fractions are
        large and alike. With k(x) = coth(x) - 1 / x, and x = -log(b) / 2, it is t (1 - k(t x)) + k(x)."""
        one, lr = sink.scalar(1.0), hyper.alias((), 0)
        rest, log, bias = _rates(sink, hyper.alias((2,), 1), t)
        x, k = sink.new((2,)), sink.new((2,))
        sink.map(MUL_FN, x.alias(()), log.alias((), 1), sink.scalar(-0.5))
        sink.map(MUL_FN, x.alias((), 1), x.alias(()), t)
        _langevin(sink, x, k)
        many, enough, other = x, sink.new(()), sink.new(())  # of so many gradients now, and in the end
        sink.map(MUL_FN, other, k.alias((), 1), t)
        sink.map(SUB_FN, other, t, other)
        sink.map(ADD_FN, many.alias(()), other, k.alias(()))
        sink.map(DIV_FN, many.alias((), 1), sink.scalar(2.0), rest.alias((), 1))
        sink.map(SUB_FN, many.alias((), 1), many.alias((), 1), one)
        sink.map(GT_FN, enough, many.alias(()), sink.scalar(5.0))
        sink.map(MAXIMUM_FN, many, many, sink.scalar(5.0))
        # The root of their f's ratio, f(many) = (many - 4) (many - 2) / many, and of how much of the mean is known.
        sink.map(SUB_FN, k, many, sink.scalar(4.0))
        sink.map(DIV_FN, k, k, many)
        sink.map(SUB_FN, many, many, sink.scalar(2.0))
        sink.map(MUL_FN, many, many, k)
        rate = many.alias(())
        sink.map(DIV_FN, rate, rate, many.alias((), 1))
        sink.map(MUL_FN, rate, rate, bias.alias((), 1))
        sink.map(SQRT_FN, rate, rate)
        sink.map(SUB_FN, other, one, enough)
        sink.map(MUL_FN, rate, rate, enough)
        sink.map(ADD_FN, rate, rate, other)
        sink.map(MUL_FN, rate, rate, lr)
        sink.map(DIV_FN, rate, rate, bias.alias(()))
        return rest, enough, other, rate

    def change(self, sink, w, x, d, states, hyper, numbers):
        mean, square = states
        rest, enough, other, rate = numbers
        _follow(sink, mean, x, d, rest.alias(()))
        _follow_square(sink, square, x, d, hyper.alias((), 2), rest.alias((), 1))
        sink.map(SQRT_FN, d, square)
        sink.map(ADD_FN, d, d, hyper.alias((), 3))
        sink.map(KEEP_FN, d, enough, d)
        sink.map(ADD_FN, d, d, other)  # 1 where they are not enough
        sink.map(DIV_FN, d, mean, d)
        sink.map(MUL_FN, d, d, rate)
        sink.map(SUB_FN, w, w, d)


def _langevin(sink, x, k):
    """k = coth(x) - 1 / x of x from 0: up to a half by its continued fraction, where it would cancel."""
    half, small, mask = sink.scalar(0.5), sink.new(x.dims), sink.new(x.dims)
    sink.map(GT_FN, mask, x, half)
    sink.map(MINIMUM_FN, small, x, half)
    sink.map(MAXIMUM_FN, x, x, half)
    sink.map(MUL_FN, k, small, small)
    square = sink.new(x.dims)
    sink.map(COPY_FN, square, k)
    sink.map(DIV_FN, k, k, sink.scalar(9.0))
    for term in (7.0, 5.0):
        sink.map(ADD_FN, k, k, sink.scalar(term))
        sink.map(DIV_FN, k, square, k)
    sink.map(ADD_FN, k, k, sink.scalar(3.0))
    sink.map(DIV_FN, small, small, k)
    sink.map(TANH_FN, k, x)
    for each in (k, x):
        sink.map(DIV_FN, each, sink.scalar(1.0), each)
    sink.map(SUB_FN, k, k, x)
    sink.map(SUB_FN, k, k, small)
    sink.map(MUL_FN, k, k, mask)
    sink.map(ADD_FN, k, k, small)
