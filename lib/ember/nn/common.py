"""Layers that most people use, but not in every net."""

from ..base.check import chance
from . import Module


class Flatten(Module):
    """The dimensions from start_dim to end_dim as one: by default [N, ...] to [N, product of the rest]."""

    def __init__(self, start_dim=1, end_dim=-1):
        for name, dim in (("start_dim", start_dim), ("end_dim", end_dim)):
            if isinstance(dim, bool) or not isinstance(dim, int):
                raise ValueError("%s is %r; it may be a whole number" % (name, dim))
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x):
        return x.flatten(self.start_dim, self.end_dim)


class Tanh(Module):
    """tanh(x), of any shape."""

    def forward(self, x):
        return x.tanh()


class Sigmoid(Module):
    """1 / (1 + exp(-x)), of any shape."""

    def forward(self, x):
        return x.sigmoid()


class Dropout(Module):
    """In training each element is 0 with probability p, else divided by 1 - p; a fresh mask every step."""

    def __init__(self, p=0.5):
        self.p = chance("p", p)

    def forward(self, x):
        return x.op("DROPOUT", (), (self.p,)) if self.training and self.p else x
