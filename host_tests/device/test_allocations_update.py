"""A step allocates nothing, whatever its update does.

Apart from test_allocations.py: small heaps do not hold the modules of both.
"""

import unittest
from array import array

from test_allocations import BATCH, check

import ember
from ember import nn, optim


def everything():
    """Two optimizers, clipping, an average of the weights."""
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    matrices, rest = [], []
    for p in model.parameters():
        (matrices if len(p.shape) > 1 else rest).append(p)
    optimizers = [optim.Muon(matrices[:1]), optim.LAMB(matrices[1:]), optim.AdamW(rest, amsgrad=True)]
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizers, (6,), BATCH, clip_value=1.0, clip_norm=1.0,
                            ema=0.9)  # fmt: skip
    return trainer, array("f", [i % 5 for i in range(6 * BATCH)]), bytearray([i % 3 for i in range(BATCH)])


class Allocations(unittest.TestCase):
    def test_everything(self):
        check(self, *everything())
