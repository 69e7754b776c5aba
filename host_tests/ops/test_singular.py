"""Values and gradients where rules are singular are PyTorch's: see singular.py. At once and recorded, on both VMs."""

import numpy as np
import pytest

import singular
from ember import Tensor, nn, vm
from op_cases import table, vms
from singular_ember import STORED, wrong


def test_what_is_stored_was_drawn_so():
    keys = ["%s %d" % key for key in singular.every()]
    assert bytes(STORED["version"]).decode() == "2.13.0"
    assert set(STORED.files) == {"version", *keys, *(key + " drawn" for key in keys)}
    for name, variant in singular.every():
        drawn = STORED["%s %d drawn" % (name, variant)][0]
        assert drawn == singular.Draw(name, variant).checksum(), "run singular_torch.py again: %s" % name


@pytest.mark.parametrize("name", singular.CASES)
@pytest.mark.parametrize("way", ["at once", "recorded"])
@pytest.mark.parametrize("machine", vms())
def test_singular_points_are_pytorchs(machine, way, name):
    vm.select(machine)
    try:
        lines = []
        for variant in range(singular.CASES[name].variants):
            lines += wrong(name, variant, way == "recorded")
    finally:
        vm.select()
    assert not lines, "%d of them\n%s" % (len(lines), "\n".join(lines[:12]))


# Rules that multiply and add, or move what is there; GELU_TANH is a variant that is drawn second.
SMOOTH = set(
    "BIQUAD CONV2D CONV_TRANSPOSE2D DROPOUT FRAMES GELU_TANH GRU LAST_CELL LSTM MATMUL POWER RNN SCATTER_ADD SCORES "
    "TRIANGLE".split()
)


def test_every_rule_that_depends_on_values_is_met(monkeypatch):
    met = set()

    def watched(name, grad):
        def run(*arguments):
            met.add(name)
            return grad(*arguments)

        return run

    rules = {name: op for name, op in table().items() if op.grad is not None and op.values}
    for name, op in rules.items():
        monkeypatch.setattr(op, "grad", watched(name, op.grad))
    for name in singular.CASES:
        wrong(name, 0, False)
    assert set(rules) - met == SMOOTH | {"MEDIAN"}  # of all elements at once: test_more_ops.py


@pytest.mark.parametrize("machine", vms())
def test_a_recurrent_relu_passes_the_gradient_at_nan(machine):
    vm.select(machine)
    try:
        layer = nn.RNN(1, 1, nonlinearity="relu")
        layer(Tensor([[[np.nan]]]))[0].sum().backward()
        assert [p.grad.tolist() for p in layer.parameters() if len(p.shape) == 1] == [[1.0]]
    finally:
        vm.select()
