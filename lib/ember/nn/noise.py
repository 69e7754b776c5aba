"""GaussianNoise: a layer that blurs what it sees."""

from ..base.check import not_negative
from ..ops.noise import NOISE
from ..tensors.tensor import apply
from . import Module


class GaussianNoise(Module):
    """In training, x plus normal numbers of mean 0 and standard deviation std, of any shape; fresh ones every step,
    the same however a batch is cut. Keras's."""

    shown = "std="

    def __init__(self, std=0.1):
        self.std = not_negative("std", std)

    def forward(self, x):
        return apply(NOISE, (x,), (self.std,)) if self.training and self.std else x
