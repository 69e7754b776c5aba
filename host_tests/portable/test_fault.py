"""Faults name their row and are gone on from; edge values are none."""

from array import array

import pytest

import reference
from ember.instructions import isa
from ember.portable.fault import explain
from programs import FAULT, FINISHED, FUNCTIONS, LIMITS, NATIVE, PAUSED, Memory, assemble, both, instruction, run
from trials import compare
from walk import paused


@both
@pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_grad", "check_index", "count_correct"])
@pytest.mark.parametrize("typecode", "iBbhHI")
def test_a_label_out_of_range_is_a_fault_where_it_is(vm, name, typecode):
    lowest, highest = LIMITS[typecode]
    n, width = 5, 3
    for position in range(n):
        for label in ({-1, lowest} if lowest else set()) | {width, highest}:
            m = Memory()
            one = [m.put(isa.ARENA, [0.5 * i for i in range(count)]) for count in (n * width, n * width, n)]
            labels = m.bind(typecode, [label if i == position else i % width for i in range(n)])
            fields = {
                "cross_entropy": dict(x=one[0], p=one[1], loss=one[2], label=labels, width=width),
                "cross_entropy_grad": dict(p=one[0], dx=one[1], g=one[2], into=1, label=labels, width=width),
                "check_index": dict(index=labels, high=width),
            }.get(name)
            if name == "count_correct":
                fields = dict(x=one[0], counter=m.put(isa.INTS, [7]), label=labels, width=width)
            count = instruction("count", keep=1, add=1, n=1, counter=m.put(isa.INTS, [0]))
            program = assemble([[count], [count, instruction(name, n=n, **fields), count]], m.segments())
            expected = reference.Reference(m.buffers)
            pc, row = expected.run(program, 1)
            assert row == position
            want = list(paused(program, 1, pc, row, 1))
            for budget in (-1, 0, 500):
                buffers, state = m.copy(), array("i", [1, 0, 0, 0])
                verdict = vm.run(program, buffers, state, budget)
                while verdict == PAUSED:
                    verdict = vm.run(program, buffers, state, budget)
                assert (verdict, list(state)) == (FAULT, want)
                compare(program, m.copy(), buffers, expected)
            held = [x.tobytes() for x in buffers]
            assert vm.run(program, buffers, state, -1) == FAULT  # again, and nothing more
            assert (list(state), [x.tobytes() for x in buffers]) == (want, held)
            for memory in (m.buffers, buffers):  # made good, it goes on to what it would have been
                memory[labels >> 24][position] = 0
            assert vm.run(program, buffers, state, -1) == FINISHED
            whole = m.copy()
            assert run(vm, program, whole, section=1)[0] == FINISHED
            assert [x.tobytes() for x in buffers] == [x.tobytes() for x in whole]


@both
@pytest.mark.parametrize("typecode", "ibh")
def test_a_negative_label_is_never_a_large_one(vm, typecode):
    for label in {-1, -2, LIMITS[typecode][0]}:
        for high in (1, 300, 1 << 24):
            m = Memory()
            index = m.bind(typecode, [0, label])
            program, state = m.program(instruction("check_index", n=2, high=high, index=index)), array("i", 4 * [0])
            assert vm.verify(program) == 0
            assert (vm.run(program, m.buffers, state, -1), state[2]) == (FAULT, 1)


@both
@pytest.mark.parametrize("fn", range(len(FUNCTIONS)), ids=FUNCTIONS)
def test_nothing_raises_on_edge_values(vm, fn):
    """What Python would raise on gives what IEEE gives, and the run goes on."""
    m = Memory()
    a = m.put(isa.ARENA, [0.0, -0.0, 1e-45, 3e38, -3e38, float("inf"), float("-inf"), float("nan"), 1e3, -1.5])
    d = m.put(isa.ARENA, [3e38] * 10)
    words = [
        instruction("map", fn=fn, into=into, n=10, a_step=1, b_step=step, d=d, a=a, b=a + 9 * (1 - step))
        for into in range(5)
        for step in (0, 1)
    ]
    assert run(vm, m.program(*words), m.copy())[0] == FINISHED


def test_a_label_that_is_good_again_when_it_is_looked_for():
    m = Memory()
    labels = m.put(isa.INTS, [0, 9, 1])
    program = m.program(instruction("check_index", n=3, high=3, index=labels))
    state = array("i", [0] * 4)
    assert NATIVE.run(program, m.buffers, state, -1) == FAULT
    m.buffers[isa.INTS][(labels & 0xFFFFFF) + 1] = 2
    with pytest.raises(ValueError, match="the index was out of range, and has changed since: another thread"):
        explain(program, m.buffers, state)
    assert list(state) == [0] * 4
