"""What goes by index where it is hard: indices that are none, edges of sorting, refusals. On both VMs."""

from array import array

import numpy as np
import pytest

import reference
from ember.instructions import isa, table
from programs import FAULT, FINISHED, LIMITS, PAUSED, Memory, assemble, both, instruction, run, same_bits
from trials import compare
from walk import paused

NAN, INF = float("nan"), float("inf")

# The instructions.


def by_index(name, typecode, values, high=3, inner=2, broadcast=False, rows=4):
    """A memory and an instruction over rows of indices; its y begins the arena."""
    m = Memory()
    large, small = np.arange(high * inner) - 2.5, np.arange(rows * inner) + 0.5
    y, x = (small, large) if name == "gather" else (large, small)
    y, x = m.put(isa.ARENA, y), m.put(isa.ARENA, x)
    index = m.bind(typecode, values)
    fields = {"into": 1} if name == "gather" else {}
    words = instruction(
        name, outer=1, n=rows, inner=inner, high=high, i_outer=0, i_n=1 if broadcast else inner,
        i_inner=0 if broadcast else 1, y=y, x=x, index=index, **fields,
    )  # fmt: skip
    return m, words, index


@both
@pytest.mark.parametrize("name", ["gather", "scatter_add"])
@pytest.mark.parametrize("typecode", "iBbhHIf")
@pytest.mark.parametrize("broadcast", [False, True])
def test_an_index_out_of_range_is_a_fault_where_it_is(vm, name, typecode, broadcast):
    """Nothing of its row is written, and made good, the run goes on to what it would have been."""
    count, high = (4 if broadcast else 8), 3
    if typecode == "f":
        wrong = [-1.0, 3.0, 0.5, 2.9999998, -1e-45, NAN, INF, -INF, 2.0**31, -(2.0**31), 2.0**32, 3e38]
    else:
        wrong = sorted({LIMITS[typecode][0] or 255, -1 if LIMITS[typecode][0] else 255, high, LIMITS[typecode][1]})
    for position in range(count):
        for value in wrong:
            values = [i % high for i in range(count)]
            values[position] = value
            m, words, index = by_index(name, typecode, values, high, broadcast=broadcast)
            counted = instruction("count", keep=1, add=1, n=1, counter=m.put(isa.INTS, [0]))
            program = assemble([[counted, words, counted]], m.segments())
            expected = reference.Reference(m.buffers)
            pc, row = expected.run(program)
            assert row == (position if broadcast else position // 2)
            for budget in (-1, 0, 60):
                buffers, state = m.copy(), array("i", [0, 0, 0, 0])
                verdict = vm.run(program, buffers, state, budget)
                while verdict == PAUSED:
                    verdict = vm.run(program, buffers, state, budget)
                assert (verdict, list(state)) == (FAULT, list(paused(program, 0, pc, row, 1)))
                compare(program, m.copy(), buffers, expected)
            for memory in (m.buffers, buffers):
                memory[index >> 24][position] = 0
            assert vm.run(program, buffers, state, -1) == FINISHED
            whole = m.copy()
            assert run(vm, program, whole)[0] == FINISHED
            assert [x.tobytes() for x in buffers] == [x.tobytes() for x in whole]


@both
def test_the_greatest_index_of_a_float(vm):
    """The last element that a float32 can name; minus zero is zero."""
    m = Memory()
    y = m.put(isa.ARENA, [9.0, 9.0])
    x = m.bind("f", np.zeros(1 << 24, np.float32))
    m.buffers[x >> 24][0], m.buffers[x >> 24][-1] = 3.0, 7.0
    index = m.bind("f", [2.0**24 - 1, -0.0])
    words = instruction(
        "gather", into=0, outer=1, n=2, inner=1, high=1 << 24, i_outer=0, i_n=1, i_inner=1, y=y, x=x, index=index
    )
    assert run(vm, m.program(words), m.buffers)[0] == FINISHED
    assert m.buffers[isa.ARENA][y : y + 2].tolist() == [7, 3]


@both
def test_scatter_adds_in_order(vm):
    values = [1e8, 1.0, -1e8, 1.0]
    m, words, _ = by_index("scatter_add", "B", [1, 1, 1, 1], inner=1)
    y, x = words[-3:-1]
    m.buffers[isa.ARENA][x : x + 4] = array("f", values)
    assert run(vm, m.program(words), m.buffers)[0] == FINISHED
    if vm.name == "native":
        total = np.float32(-1.5)
        for value in values:
            total = total + np.float32(value)
        assert m.buffers[isa.ARENA][y + 1] == total


@both
@pytest.mark.parametrize("descending", [0, 1])
def test_every_order_of_what_compares_oddly(vm, descending):
    odd = [NAN, INF, -INF, 0.0, -0.0, 1.0]
    rows = np.stack(np.meshgrid(*[odd] * 4, indexing="ij"), -1).reshape(-1, 4).astype(np.float32)
    m = Memory()
    x, y = m.put(isa.ARENA, rows.ravel()), m.put(isa.ARENA, np.zeros(rows.size))
    words = instruction("argsort", descending=descending, n=len(rows), width=4, y=y, x=x)
    assert run(vm, m.program(words), m.buffers)[0] == FINISHED
    found = np.array(m.buffers[isa.ARENA][y : y + rows.size]).reshape(rows.shape)
    keys = np.where(np.isnan(rows), 9, np.clip(rows, -5, 5)) + 0.0
    assert np.array_equal(found, np.argsort(-keys if descending else keys, axis=1, kind="stable"))


@both
@pytest.mark.parametrize("width", [1, 2, 3, 1000])
def test_sorting_many(vm, width):
    rng, m = np.random.default_rng(width), Memory()
    for values in (rng.integers(0, 9, width), np.arange(width), -np.arange(width), np.zeros(width)):
        x, y = m.put(isa.ARENA, values.astype("f4")), m.put(isa.ARENA, np.zeros(width))
        assert run(vm, m.program(instruction("argsort", descending=0, n=1, width=width, y=y, x=x)), m.buffers)[0] == 1
        found = m.buffers[isa.ARENA][y : y + width].tolist()
        assert found == np.argsort(values, kind="stable").tolist()


@both
def test_a_scan_of_edge_values(vm):
    values = [1.0, NAN, 2.0, INF, -INF, 0.0]
    for fn, reverse, expected in (
        ("add", 0, [1.0, NAN, NAN, NAN, NAN, NAN]), ("add", 1, [NAN, NAN, NAN, NAN, -INF, 0.0]),
        ("mul", 1, [NAN, NAN, NAN, NAN, NAN, 0.0]), ("maximum", 1, [NAN, NAN, INF, INF, 0.0, 0.0]),
    ):  # fmt: skip
        m = Memory()
        x, y = m.put(isa.ARENA, values), m.put(isa.ARENA, np.zeros(6))
        words = instruction("scan", fn=table.function(fn), reverse=reverse, outer=1, n=6, inner=1, y=y, x=x)
        assert run(vm, m.program(words), m.buffers)[0] == FINISHED
        assert same_bits(m.buffers[isa.ARENA][y : y + 6], expected)
