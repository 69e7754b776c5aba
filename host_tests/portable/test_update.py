"""What check_finite stops at, in both VMs, beside what NumPy makes of the division and of the square."""

from array import array

import numpy as np
import pytest

from ember.instructions import isa
from programs import FINISHED, NOT_FINITE, Memory, both, instruction

F = np.float32
EDGES = [0.0, -0.0, 1e-45, 1.0, -3.5, 1e19, 1.8446743e19, 2.0**64, -(2.0**64), 1e20, 3.4028235e38, -3.4028235e38]
EDGES += [np.inf, -np.inf, np.nan]
TOTALS = [1.0, 3.0, -2.0, 0.7, 1e-3, 1e-30, 1e-45, 1e30, 3.4e38, np.inf, 0.0, np.nan]


def around(value):
    """A float32 and its neighbours."""
    with np.errstate(all="ignore"):
        return [np.nextafter(F(value), F(-np.inf)), F(value), np.nextafter(F(value), F(np.inf))]


def run(vm, squared, values, total, budget=-1):
    m = Memory()
    a, by = m.put(isa.ARENA, values), m.put(isa.ARENA, [total])
    code = m.program(instruction("check_finite", squared=squared, n=len(values), a=a, total=by))
    assert not vm.verify(code)
    state, result = array("i", [0, 0, 0, 0]), 0
    while not result:
        result = vm.run(code, m.buffers, state, budget)
    return result, list(state)


@both
@pytest.mark.parametrize("squared", [0, 1])
@pytest.mark.parametrize("total", TOTALS)
def test_it_stops_where_the_quotient_or_its_square_is_not_finite(vm, total, squared):
    near = [2.0**64, 2.0**127, float(F(abs(total))) * 2.0**64] if total == total else [1.0]
    for value in [*EDGES, *[x for v in near if abs(v) < 3.4e38 for x in around(v)]]:
        with np.errstate(all="ignore"):
            found = F(value) / F(total)
            good = np.isfinite(found * found if squared else found) and np.isfinite(F(value))
        assert (run(vm, squared, [value], total)[0] == FINISHED) == good, (value, total)


@both
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e20])
def test_the_first_is_found(vm, bad):
    for n in (1, 2, 3, 4, 5, 8, 9, 13):
        for at in range(n):
            values = [1.0] * n
            values[at] = bad
            if at + 1 < n:
                values[at + 1] = np.nan
            for budget in (-1, 1, 17, 1000):
                result, state = run(vm, 1, values, 1.0, budget)
                assert result == NOT_FINITE and state[1] > 0 and state[2] == at
        assert run(vm, 1, [1.0] * n, 1.0) == (FINISHED, [0, 0, 0, 0])
