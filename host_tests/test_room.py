"""Where a program is too large for the heap, the error says what would fit, and that does."""

import re

import pytest

from conftest import run_micropython

MAKE = """
import ember
from ember import nn, optim

def make(**options):
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), **options)

def attempt(**options):
    try:
        t = make(**options)
        t.step([[0.5] * 64], [3])
        print("trains")
    except MemoryError as error:
        print(error)
"""


def attempt(heap, options):
    return run_micropython("unix-single", MAKE + "attempt(%s)" % options, heap=heap).strip()


# Beside a heap, times how many of what is said to fit is too much: the less there is, the more the margin weighs.
@pytest.mark.parametrize("heap, times", [("360k", 12), ("400k", 3), ("600k", 2), ("1m", 2)])
def test_what_is_said_to_fit_fits(heap, times):
    said = attempt(heap, "batch_size=2048")
    found = re.search(r"of the heap (\d+) are free: batch_size=(\d+) would fit, or memory=(\d+), which takes", said)
    free, batch_size, memory = map(int, found.groups())
    assert 0 < batch_size < 2048 and memory < free
    assert attempt(heap, "batch_size=%d" % batch_size) == "trains"
    assert attempt(heap, "batch_size=2048, memory=%d" % memory) == "trains"
    assert attempt(heap, "batch_size=%d" % (batch_size * times)) != "trains"  # no less is said than would do


def test_where_nothing_fits_other_ways_are_named():
    said = attempt("200k", "batch_size=4")
    assert "not even one sample would fit: see fused=True" in said and "ember.runtime" in said
