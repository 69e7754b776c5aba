"""A net as people write them: residual connections by ordinary Python, batch normalization, one number a channel."""

from array import array

import numpy as np
import pytest

import ember
from checkout import ROOT
from ember import nn, optim
from ember.data import Batches

DIGITS = str(ROOT / "lib" / "examples" / "digits.bin")


class Block(nn.Module):
    """He et al., Deep residual learning, 2016."""

    def __init__(self, channels, out, stride):
        self.first = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norms = [nn.BatchNorm2d(out), nn.BatchNorm2d(out)]
        self.short = nn.Conv2d(channels, out, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x):
        y = self.norms[0](self.first(x)).relu()
        return (self.norms[1](self.second(y)) + self.short(x)).relu()


def residual():
    layers = [nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), Block(6, 6, 1), Block(6, 12, 2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 10))


def test_a_residual_net_reads_digits():
    ember.manual_seed(1)
    model, train = residual(), Batches(DIGITS, 32, seed=1)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), (8, 8, 1), 32,
                            input_dtype="B", input_scale=train.scale)  # fmt: skip
    trainer.fit(train, 5)
    loss, accuracy = trainer.evaluate(Batches(DIGITS, 32, split="test"))
    assert accuracy > 0.95 and loss < 0.3


@pytest.mark.parametrize("micro_batch", [None, 2])
def test_running_statistics_of_a_batch_that_comes_in_parts(micro_batch):
    """They move once a part, by the part's own mean and variance, a last and smaller part as well."""
    ember.manual_seed(1)
    norm = nn.BatchNorm1d(3, momentum=0.25)
    model = nn.Sequential(norm, nn.Linear(3, 2))
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0), (3,), 5,
                            micro_batch=micro_batch)  # fmt: skip
    mean, var = np.zeros(3), np.ones(3)
    x = np.random.default_rng(1).normal(size=(5, 3)).astype("f4")
    y = array("f", bytes(40))
    if micro_batch:
        trainer.step(array("f", x.ravel()), y)
        sizes = [len(piece[1]) // 2 for piece in trainer.cutter.last[2]]
    else:
        sizes = [2, 3]
        trainer.accumulate(array("f", x[:2].ravel()), y[:4])
        trainer.accumulate(array("f", x[2:].ravel()), y[4:])
        trainer.update()
    assert sum(sizes) == 5 and max(sizes) < 5
    at = 0
    for n in sizes:
        part = x[at : at + n].astype("f8")
        mean = 0.75 * mean + 0.25 * part.mean(0)
        var = 0.75 * var + 0.25 * (part.var(0, ddof=1) if n > 1 else var)
        at += n
    assert np.abs(np.array(norm.running_mean.tolist()) - mean).max() < 1e-6
    if min(sizes) > 1:
        assert np.abs(np.array(norm.running_var.tolist()) - var).max() < 1e-6
