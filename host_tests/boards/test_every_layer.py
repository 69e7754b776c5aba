"""A step allocates nothing, whatever the layer and whatever the optimizer: host_tests/device/every.py on unix and on
boards. `make test-long` takes all boards, with the whole product; `make test-allocations` takes it in 10,000 steps."""

import re

import pytest

import targets
from allocations import NOTHING, count, lines, runs, table
from catalogue_list import ACTIVATIONS, LAYERS, OPTIMIZERS


def check(run, which, steps):
    seen = []
    for ok, output in runs(run, which, steps):
        assert ok, output
        seen += lines(output)
    assert [line for line in seen if not line.endswith(NOTHING)] == []
    assert len(seen) == count(which)


def board(name, *marks):
    return pytest.param(name, marks=[pytest.mark.xdist_group(name), *marks])


def boards(*short):
    """All that load the native VM, the others than those when there is time."""
    return [board(name, *() if name in short else (pytest.mark.long,)) for name in targets.MODULES]


def test_the_catalogue_is_all_there():
    layers, optimizers = table("LAYERS"), table("OPTIMIZERS")
    assert set(LAYERS + ACTIVATIONS) == {re.match(r"nn\.(\w+)", layer).group(1) for layer, _ in layers}
    by_program = set(OPTIMIZERS) - {"LBFGS"}  # which moves by itself
    assert by_program == {re.match(r"optim\.(\w+)", o).group(1) for o in optimizers}


@pytest.mark.parametrize("name", [board("unix-single")])
def test_every_layer_allocates_nothing(started, name):
    check(started(name), "once", 10000)


@pytest.mark.parametrize("name", [board("rv32")])
def test_every_layer_allocates_nothing_on_a_board(started, name):
    check(started(name), "once", 8)


@pytest.mark.long
@pytest.mark.parametrize("name", [board("m4"), board("rv32")])
def test_every_layer_allocates_nothing_on_a_board_for_long(started, name):
    """Every layer, and every optimizer with several of them."""
    check(started(name), "once", 10000)


@pytest.mark.long
@pytest.mark.parametrize("name", [board("unix-single")])
def test_every_layer_with_every_optimizer(started, name):
    check(started(name), "pairs", 10000)


@pytest.mark.long
@pytest.mark.parametrize("name", boards())
def test_every_layer_with_every_optimizer_on_a_board(started, name):
    check(started(name), "pairs", 8)


# What one of the steps, or all of them, may do besides; and where that is found: under the lock, or in the total.
INJECTED = """
from ember import vm
vm.select("native")
import every
def wide(a):
    b = c = d = e = f = g = h = i = j = k = a
def step(trainer, x, y, steps):
    for _ in range(steps):
        trainer.step(x, y)
        %s
every.step = step
every.main(every.pairs()[:1], 400)
"""


@pytest.mark.parametrize("name", boards("rv32"))
@pytest.mark.parametrize("what, ends, found", [
    ("[trainer]", False, "MemoryError"),
    ("wide(1)", True, r"\| [1-9]\d{3} 0 [1-9]\d{3} 0\n"),
    ("if trainer.steps == 80: [trainer]", True, r"\| [1-9]\d? 0 [1-9]\d? 0\n"),
    ("pass", True, r"\| 0 0 0 0\n"),
], ids=["every step", "a frame", "one step", "none"])  # fmt: skip
def test_an_allocation_is_found(started, name, what, ends, found):
    ok, output = started(name)(INJECTED % what)
    assert ok == ends and re.search(found, output), output
