"""make board-bench: its clock counts, its figures repeat, its bytes add up; and the goal on Cortex-M4F."""

import sys

import pytest
from tools import board as boards

from checkout import ROOT

sys.path.append(str(ROOT / "host_tests" / "bench"))

import board_cost as bench  # noqa: E402
import sizes  # noqa: E402

GOAL = 3.0
LOOPS = {
    "m4": "@micropython.asm_thumb\ndef loop(r0):\n label(L)\n sub(r0, 1)\n cmp(r0, 0)\n bne(L)\n",
    "rv32": "@micropython.asm_rv32\ndef loop(a0):\n label(L)\n addi(a0, a0, -1)\n bne(a0, zero, L)\n",
}


@pytest.fixture(scope="module")
def m4():
    with boards.emulated("m4", icount=True, files=bench.files(training=False)) as machine:
        yield machine


def counted_loop(board, name, times):
    said = board.run(bench.clock(name) + LOOPS[name] + "m = start(); loop(%d); print(passed(m))" % times)
    return int(said) * bench.instructions_a_step(name)


@pytest.mark.parametrize("name, length", [("m4", 3), ("rv32", 2)])
def test_the_clock_counts_instructions(name, length):
    with boards.emulated(name, icount=True, files=bench.files(training=False)) as board:
        short, long = (counted_loop(board, name, times) for times in (100000, 300000))
    assert long - short == pytest.approx(200000 * length, abs=bench.instructions_a_step(name) * 2)


def test_the_goal_on_cortex_m4_and_the_same_figures_twice(m4):
    first, second = (bench.measure(m4, "m4", training=False) for _ in range(2))
    assert first == second
    good = {what: figure for what, figure in first.items() if what.endswith((", 32×64×32", "8 × 8×8×8 → 16"))}
    good = {what: figure for what, figure in good.items() if ", 1 ×" not in what}
    assert len(good) == 6
    assert {what: figure for what, figure in good.items() if not 2 <= figure <= GOAL} == {}


def test_the_bytes_add_up():
    for heap in ("64k", "192k"):
        flash, ram = sizes.by_part(boards.firmware("m4", heap))
        assert sum(flash.values()) == 2 * flash["all"] and sum(ram.values()) == 2 * ram["all"]
        assert ram["heap"] == int(heap[:-1]) * 1024 and ram["stack"] == 16384
        assert 0 <= flash["alignment"] < 2000 and 0 <= ram["alignment"] < 100
        assert 10000 < flash["Ember: VM"] < 44000 and ram["Ember: VM"] == 0
    stock, _ = sizes.by_part(boards.firmware("m4", ember=False))
    assert stock["Ember: VM"] == 0
