"""A step of a program that was exported and loaded again allocates nothing, its optimizer's state in 16 bits.

Apart from test_allocations.py: small heaps do not hold the modules of both.
"""

import os
import unittest
from array import array

from test_allocations import BATCH, check

import ember
from ember import nn, optim, runtime

NAME = "ember-test.tmp"


class Travelled(unittest.TestCase):
    def test_travelled(self):
        ember.manual_seed(1)
        model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
        trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), BATCH,
                                state_dtype="bfloat16")  # fmt: skip
        trainer.export(NAME)
        model = trainer = None
        loaded = runtime.load(NAME)
        os.remove(NAME)
        x, y = array("f", [i % 5 for i in range(6 * BATCH)]), bytearray([i % 3 for i in range(BATCH)])
        check(self, loaded, x, y)
