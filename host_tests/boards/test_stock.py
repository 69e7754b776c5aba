"""A stock board of 192 kB makes and trains by itself what docs/size.md says it does."""

import sys

from checkout import ROOT

sys.path.insert(0, str(ROOT / "host_tests" / "bench"))

import stock  # noqa: E402


def test_a_wide_mlp_is_compiled_and_trained():
    assert stock.mlp(stock.GOAL) is not None
    assert stock.mlp(2 * stock.GOAL) is None


def test_a_first_real_script():
    """A sensor's windows, by a Trainer and by what it compiled."""
    whole, travelled = stock.conv()
    assert whole > 2000 and travelled > 40000


def test_a_transformer_of_four_thousand_parameters():
    free, loss, _ = stock.gpt(steps=100)
    assert free > 8000 and loss < 1.3
