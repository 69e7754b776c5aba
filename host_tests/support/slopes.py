"""A parameter whose gradients are those that are given."""

import numpy as np

from ember import nn
from ember.tensors.parameter import Parameter


def gradients(steps, seed):
    """Of a moving target, and never near 0 all along, where signs would be a matter of rounding."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(steps, 6)) * 0.3 + rng.normal(size=6)).astype("f4").astype("f8")


def close(found, expected):
    assert np.abs(np.array(found) - expected).max() <= 1e-5 * (1 + np.abs(expected).max()), (found, expected)


class Slopes(nn.Module):
    """Its gradient is the input, summed over the batch."""

    def __init__(self, shape=(6,)):
        self.weight = Parameter(shape, -1.0, 1.0)

    def forward(self, x):
        weight = self.weight if len(self.weight.shape) == 1 else self.weight.reshape(6)
        return (x * weight).sum(1, keepdim=True)
