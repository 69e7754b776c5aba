"""Gradient cases of noise: what it adds is drawn, and taken from what it made of its input."""

import numpy as np

from ember import nn
from op_cases import covers


@covers("NOISE")
def gaussian_noise(d):
    x, layer = d.normal(d.shape()), nn.GaussianNoise(d.choice((0.1, 1, 3.5)))
    added = []

    def ember(x):
        y = layer(x)
        added[:] = [np.array(y.tolist()) - x.tolist()]
        return y

    return [x], ember, lambda x: x + added[0], lambda g, x: (g,)
