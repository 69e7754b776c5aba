"""Averages of weights: an exponential moving average, beside a Trainer's (its ema needs no copies)."""

from array import array

from ..base.check import chance
from ..ops.rules import ADD_FN, MUL_FN, SUB_FN
from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor, current_sink


def decay_of(name, value):
    """value as a float, or ValueError."""
    return float(chance(name, value))


def _members(params):
    try:
        found = list(params)
    except TypeError:
        found = []
    if not found or [p for p in found if not isinstance(p, Parameter)]:
        raise ValueError("params is %r; it may be a list of parameters" % (params,))
    return found


def follow(sink, average, p, decay):
    """average = p + decay * (average - p)"""
    sink.map(SUB_FN, average, average, p)
    sink.map(MUL_FN, average, average, decay)
    sink.map(ADD_FN, average, average, p)


class Swapped:
    """For each pair of buffers: they change places, and at the end of the block change back."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __enter__(self):
        for a, b in self.pairs:
            for i in range(len(a)):
                a[i], b[i] = b[i], a[i]

    def __exit__(self, kind, error, trace):
        self.__enter__()


class EMA:
    """An exponential moving average of parameters: update() after each step of the optimizer, and within
    `with ema.averaged():` the parameters are their averages, to evaluate, not to train.

    params: parameters; decay: from 0 to below 1, else ValueError. It starts from what the parameters are.
    """

    def __init__(self, params, decay=0.999):
        self.params, self.decay = _members(params), decay_of("decay", decay)
        self.averages = [Tensor(array("f", p.elements()), p.shape) for p in self.params]

    def update(self):
        sink = current_sink()
        if sink.records:
            raise RuntimeError("EMA: call update() after the recorded function, not in it")
        for p, average in zip(self.params, self.averages):
            follow(sink, average, p, sink.scalar(self.decay))
            sink.flush()

    def averaged(self):
        return Swapped([(p.elements(), average.elements()) for p, average in zip(self.params, self.averages)])
