"""A step allocates nothing, whatever the layer and whatever the optimizer: host_tests/device/every.py on unix and on
boards. `make test-long` takes the whole product, and all boards."""

import ast
import re

import pytest

import targets
from catalogue_list import ACTIVATIONS, LAYERS, OPTIMIZERS
from test_device import started as started  # the fixture: one board at a time

EVERY = targets.DEVICE / "every.py"
SCRIPT = """
from ember import vm
vm.select("native")
import every
every.main(every.%s()[%d:%d], %d)
"""
AT_ONCE = 8  # pairs in a run: a small heap does not hold the modules of all layers


def table(name):
    """A table of every.py, without running it: it is MicroPython's."""
    for node in ast.parse(EVERY.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)


def check(run, which, total, steps, at_once=AT_ONCE):
    seen = 0
    for first in range(0, total, at_once):
        ok, output = run(SCRIPT % (which, first, first + at_once, steps))
        assert ok, output
        lines = [line for line in output.splitlines() if " | " in line]
        assert [line for line in lines if not line.endswith("| 0 0 0")] == []
        seen += len(lines)
    assert seen == total


def board(name, *marks):
    return pytest.param(name, marks=[pytest.mark.xdist_group(name), *marks])


def test_the_catalogue_is_all_there():
    layers, optimizers = table("LAYERS"), table("OPTIMIZERS")
    assert set(LAYERS + ACTIVATIONS) == {re.match(r"nn\.(\w+)", layer).group(1) for layer, _ in layers}
    assert set(OPTIMIZERS) - {"LBFGS"} == {re.match(r"optim\.(\w+)", o).group(1) for o in optimizers}  # LBFGS is eager


@pytest.mark.parametrize("name", [board("unix-single")])
def test_every_layer_allocates_nothing(started, name):
    check(started(name), "once", len(table("LAYERS")), 10000)


@pytest.mark.parametrize("name", [board(n, *() if n == "rv32" else (pytest.mark.long,)) for n in targets.MODULES])
def test_every_layer_allocates_nothing_on_a_board(started, name):
    check(started(name), "once", len(table("LAYERS")), 8)


@pytest.mark.long
@pytest.mark.parametrize("name, steps, at_once", [
    pytest.param("unix-single", 10000, 20, marks=pytest.mark.xdist_group("unix-single")),
    pytest.param("m4", 8, AT_ONCE, marks=pytest.mark.xdist_group("m4")),
    pytest.param("rv32", 8, AT_ONCE, marks=pytest.mark.xdist_group("rv32")),
])  # fmt: skip
def test_every_layer_with_every_optimizer(started, name, steps, at_once):
    check(started(name), "pairs", len(table("LAYERS")) * len(table("OPTIMIZERS")), steps, at_once)
