"""Layers, losses, initialisers, optimizers, schedules and newer functions take what PyTorch's take: the same names in
the same order, with the same defaults. What differs, or is not there, stands here."""

import ast
import inspect

import pytest

from catalogue_list import PARTS, find
from checkout import ROOT

PYTORCH = {}
for line in (ROOT / "host_tests" / "support" / "pytorch_arguments.txt").read_text().splitlines():
    if not line.startswith("#"):
        entry, said = line.split(": ")
        pairs = [word.split("=") for word in said.split()]
        PYTORCH[entry] = {w[0]: ast.literal_eval(w[1]) if len(w) > 1 else inspect.Parameter.empty for w in pairs}

PLACES = {name: place for _, place, names in PARTS for name in names}
# Our default where it is not PyTorch's, and why.
OTHERWISE = {
    "batch_first": True,  # the batch is always first
    "adjust_lr_fn": "original",  # what None means
}
NO_DEFAULT = {"dim of Softmax", "dim of LogSoftmax", "dim of Softmin"}  # of a softmax PyTorch guesses it, and warns
# What is not there.
LACKING = {
    "divisor_override",
    "bias of BatchNorm", "bias of GroupNorm", "bias of InstanceNorm", "max_norm", "norm_type", "scale_grad_by_freq",
    "sparse", "proj_size", "add_bias_kv", "add_zero_attn", "recompute_scale_factor", "decoupled_weight_decay of Adam",
    "weight of mse_loss", "weight of l1_loss", "weight of huber_loss", "running_mean of instance_norm", "out",
    "running_var of instance_norm", "use_input_stats", "momentum of instance_norm",
    "dim of rfft", "dim of irfft", "onesided", "return_complex", "alpha of hamming_window",
    "beta of hamming_window", "output_size of repeat_interleave",
}  # fmt: skip
# What PyTorch has not.
MORE = {"AdamW": {"cautious_weight_decay"}}
TENSORS = ("params", "tensor", "optimizer", "x")
MADE = ("dtype", "requires_grad")  # of what is created, and what layers have as well


def ours(name):
    taken = inspect.signature(find(PLACES[name], name)).parameters
    return {k: p.default for k, p in taken.items() if k not in TENSORS + MADE}


@pytest.mark.parametrize("name", PYTORCH)
def test_arguments_are_pytorchs(name):
    theirs, found = PYTORCH[name], ours(name)
    kind = name.rstrip("12d")
    lacking = [k for k in theirs if k not in LACKING and "%s of %s" % (k, kind) not in LACKING]
    assert [k for k in found if k not in MORE.get(name, ())] == lacking
    for argument in lacking:
        if "%s of %s" % (argument, kind) in NO_DEFAULT:
            assert found[argument] is inspect.Parameter.empty
            continue
        wanted = OTHERWISE.get(argument, theirs[argument])
        assert found[argument] == wanted or found[argument] == pytest.approx(wanted, rel=1e-6), argument
