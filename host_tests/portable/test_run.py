"""Running and going on: slices of any size, the budget's rule, the states a VM accepts, faults."""

import random
from array import array

import pytest

import reference
from ember.instructions import isa, table
from programs import FINISHED, NATIVE, PAUSED, Memory, assemble, both, instruction
from trials import compare
from walk import WEIGHTS, everything, paused, walk


def schedule(program, section, rows, budgets, weights=WEIGHTS):
    """The states that calls with these budgets leave, to the end."""
    steps = walk(program, section, rows, weights)
    at, row = 0, 0
    for budget in budgets:
        limited = budget >= 0
        while at < len(steps):
            pc, count, cost = steps[at]
            take = min(count - row, max(1, budget // cost)) if limited else count - row
            row += take
            budget -= take * cost if limited else 0
            if row == count:
                at, row = at + 1, 0
            if limited and budget <= 0:
                break
        if at == len(steps):
            yield FINISHED, [section, 0, 0, 0]
            return
        yield PAUSED, list(paused(program, section, steps[at][0], row, rows))


def budgets(kind, r):
    while True:
        yield {
            "rows": 0,
            "some": r.choice((0, 1, 100, r.randrange(3000))),
            "more": r.randrange(1, 60000),
            "all": -1,
            "huge": 2**30 - 1,
        }[kind]


def test_everything_is_in_it():
    m, program = everything()
    opcodes = {program[pc] for section in range(3) for pc, _, _ in walk(program, section, m.rows)}
    assert opcodes == set(range(len(table.TABLE)))


@both
@pytest.mark.parametrize("seed", range(3))
def test_slices_give_the_bits_of_the_whole(vm, seed):
    m, program = everything(seed)
    assert vm.verify(program) == 0
    whole = m.copy()
    for section in range(3):
        state = array("i", [section, 0, 0, 0])
        assert vm.run(program, whole, state, -1) == FINISHED
        assert list(state) == [section, 0, 0, 0]
    expected = reference.Reference(m.buffers)
    for section in range(3):
        assert expected.run(program, section) is None
    compare(program, m.copy(), whole, expected)
    for kind, measured in (("rows", 0), ("some", 0), ("some", 1), ("more", 0), ("more", 1), ("huge", 0)):
        draw = random.Random(seed)
        weights = array("H", [draw.choice((0, 1, 8, draw.randrange(400), 0xFFFF)) if measured else w for w in WEIGHTS])
        given = (weights,) if measured else random.Random(seed).choice(((), (None,), (bytes(weights),)))
        for order in ((0, 1, 2), (2 * isa.FOLLOWING,), (0, 1 + isa.FOLLOWING)):
            sliced = m.copy()
            for section in order:
                state = array("i", [section, 0, 0, 0])
                r = random.Random(seed)
                drawn = budgets(kind, r)
                drawn_again = budgets(kind, random.Random(seed))
                for verdict, want in schedule(program, section, m.rows, drawn_again, weights):
                    assert vm.run(program, sliced, state, next(drawn), *given) == verdict
                    assert list(state) == want
                assert verdict == FINISHED
            assert [x.tobytes() for x in sliced] == [x.tobytes() for x in whole], (kind, order)


@both
def test_sections(vm):
    """A section runs alone or with those that follow; an empty one is finished at once."""
    m = Memory()
    place = [m.put(isa.INTS, [100]) for _ in range(3)]
    add = [instruction("count", keep=1, add=1, n=n + 1, counter=place[n]) for n in range(3)]
    program = assemble([[add[0]], [], [add[1], add[2]], []], m.segments())
    assert vm.verify(program) == 0
    for section, want in (
        (0, [1, 0, 0]),
        (1, [0, 0, 0]),
        (2, [0, 2, 3]),
        (3, [0, 0, 0]),
        (0 + 16, [1, 0, 0]),
        (0 + 32, [1, 2, 3]),
        (0 + 48, [1, 2, 3]),
        (1 + 16, [0, 2, 3]),
        (2 + 16, [0, 2, 3]),
    ):
        buffers, state = m.copy(), array("i", [section, 0, 0, 0])
        verdict, calls = vm.run(program, buffers, state, 0), 1
        while verdict == PAUSED:
            verdict, calls = vm.run(program, buffers, state, 0), calls + 1
        assert (verdict, list(state)) == (FINISHED, [section, 0, 0, 0])
        assert [x - 100 for x in buffers[isa.INTS][1:4]] == want
        assert calls == max(1, sum(x > 0 for x in want))
    for section in (4, 5, 15, 3 + 16, 0 + 64, 2 + 32, -1, -16, -(2**31), 2**31 - 1, 2**30, 16 * 2**26, 15 * 16):
        refused(vm, program, m.copy(), array("i", [section, 0, 0, 0]))


@both
@pytest.mark.parametrize("go", [0.0, -0.0, 1.0, -0.5, 1e-45, float("nan"), float("-inf")])
@pytest.mark.parametrize("limited", [False, True])
def test_stop_finishes_the_whole_run(vm, go, limited):
    """Where go is 0: what follows in its section and in those after it does not run, and nothing is paused."""
    m = Memory()
    place = [m.put(isa.INTS, [100]) for _ in range(4)]
    add = [instruction("count", keep=1, add=1, n=1, counter=at) for at in place]
    stop = instruction("stop", go=m.put(isa.FLOATS, [go]))
    program = assemble([[add[0]], [add[1], stop, add[2]], [add[3]], []], m.segments())
    assert vm.verify(program) == 0
    goes_on = go != 0
    for section, want in ((0, [1, 0, 0, 0]), (1, [0, 1, goes_on, 0]), (16, [1, 1, goes_on, 0]), (2, [0, 0, 0, 1]),
                          (0 + 48, [1, 1, goes_on, goes_on]), (1 + 16, [0, 1, goes_on, goes_on])):  # fmt: skip
        buffers, state = m.copy(), array("i", [section, 0, 0, 0])
        verdict, calls = vm.run(program, buffers, state, 0 if limited else -1), 1
        while verdict == PAUSED:
            verdict, calls = vm.run(program, buffers, state, 0), calls + 1
        assert (verdict, list(state)) == (FINISHED, [section, 0, 0, 0])
        assert [x - 100 for x in buffers[isa.INTS][1:5]] == want
        assert not limited or calls == sum(want) + (section % 16 <= 1 <= section % 16 + section // 16)


@pytest.mark.parametrize(
    "fn, sizes, cost", [("copy", (3, 1, 1, 2**20), 6 * 2**20), ("copy", (64, 64, 2, 2**24), 6 * 2**24),
                        ("sin", (3, 1, 1, 2**24), 2**30)],
)  # fmt: skip
def test_cost_of_a_row_saturates(fn, sizes, cost):
    """At 2**30."""
    m = Memory()
    d, a = m.put(isa.ARENA, [0.0]), m.put(isa.ARENA, [1.5])
    fields = {x + str(i): 0 for x in "dab" for i in range(4)}
    words = instruction(
        "map_strided",
        fn=table.function(fn),
        into=0,
        d=d,
        a=a,
        b=a,
        **fields,
        **{"n%d" % i: size for i, size in enumerate(sizes)},
    )
    program = m.program(words)
    assert NATIVE.verify(program) == 0
    assert walk(program, 0, 1)[0][2] == cost
    for budget, rows in ((2 * cost - 1, 2), (cost, 1), (cost + 1, 2), (cost - 1, 1)):
        state = array("i", 4 * [0])
        assert NATIVE.run(program, m.copy(), state, budget) == PAUSED
        assert state[2] == rows


@both
def test_weights_that_are_none(vm):
    m, program = everything()
    for bad in (
        array("H", WEIGHTS[1:]),
        array("H", [*WEIGHTS, 1]),
        array("h", WEIGHTS),
        array("i", WEIGHTS),
        b"",
        bytes(3),
    ):
        refused(vm, program, m.copy(), array("i", 4 * [0]), 100, bad)
    for bad in (3, [1, 2], "H"):
        with pytest.raises((ValueError, TypeError)):
            vm.run(program, m.copy(), array("i", 4 * [0]), 100, bad)


def refused(vm, program, buffers, state, budget=-1, *weights):
    """A call with these is a ValueError and changes nothing."""
    before, held = [bytes(x) for x in buffers], state.tobytes()
    with pytest.raises(ValueError):
        vm.run(program, buffers, state, budget, *weights)
    assert [bytes(x) for x in buffers] == before
    assert state.tobytes() == held


def stopped(vm, calls=7, seed=1):
    """Memory, program, buffers and state of a run of sections 0 and 1 after some rows."""
    m, program = everything(seed)
    assert vm.verify(program) == 0
    buffers, state = m.copy(), array("i", [isa.FOLLOWING, 0, 0, 0])
    for _ in range(calls):
        assert vm.run(program, buffers, state, 0) == PAUSED
    return m, program, buffers, state


@both
@pytest.mark.parametrize("calls", [1, 7, 20])
def test_every_bit_of_a_state_counts(vm, calls):
    _, program, buffers, state = stopped(vm, calls)
    for word in range(4):
        for bit in range(32):
            tampered = state[:]
            value = state[word] ^ 1 << bit
            tampered[word] = value - 2**32 if value >= 2**31 else value
            refused(vm, program, buffers, tampered)
        for value in (0, -1, 1, state[word] + 1, state[word] - 1, 2**31 - 1, -(2**31)):
            if value != state[word]:
                tampered = state[:]
                tampered[word] = value
                refused(vm, program, buffers, tampered)
    for length in (0, 1, 3, 5):
        refused(vm, program, buffers, array("i", (list(state) + [0])[:length]))
    for typecode in "fBh":
        refused(vm, program, buffers, array(typecode, [0, 0, 0, 0]))
    while vm.run(program, buffers, state, 0) == PAUSED:  # the true one still goes on
        pass
    assert list(state) == [isa.FOLLOWING, 0, 0, 0]


@both
def test_only_true_places_are_gone_on_from(vm):
    """Every word as pc, rows around each instruction's last, all with the right seal."""
    m, program = everything(2)
    assert vm.verify(program) == 0
    for section in (0, 2, isa.FOLLOWING):
        known = {pc: rows for pc, rows, _ in walk(program, section, m.rows)}
        for pc in range(-1, len(program) + 2):
            rows = known.get(pc, 1)
            for row in {0, 1, rows - 1, rows, rows + 1, -1, 2**31 - 1, -(2**31), 2**30}:
                state = paused(program, section, pc, row, m.rows)
                if pc not in known or not 0 <= row < rows:
                    refused(vm, program, m.buffers, state, 0)
                elif row in (0, rows - 1):
                    assert vm.run(program, m.copy(), state, 0) >= PAUSED


@both
def test_a_state_of_another_program_or_batch_is_refused(vm):
    m, program, buffers, state = stopped(vm)
    other = assemble([[instruction("count", keep=1, add=1, n=1, counter=m.put(isa.INTS, [0]))]] * 3, m.segments(), 3)
    assert vm.verify(other) == 0
    refused(vm, other, m.copy(), state)
    for rows in (1, 3):
        buffers[isa.INTS][0] = rows
        refused(vm, program, buffers, state)
    buffers[isa.INTS][0] = m.rows
    assert vm.run(program, buffers, state, 0) == PAUSED
