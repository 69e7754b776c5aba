"""Numbers of 16 bits: to the bit on both VMs, edges among them; right on average."""

import numpy as np
import pytest

import bfloat16
from ember.instructions import isa
from programs import FINISHED, NATIVE, PORTABLE, Memory, both, instruction, run

WORDS = np.array(
    [0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x007FFFFF, 0x00800000, 0x3F800000, 0x3F800001, 0x3F80FFFF, 0x7F7F0000,
     0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF], np.uint32,
)  # fmt: skip
EDGES = np.concatenate([WORDS, WORDS | np.uint32(1 << 31)])


def converted(vm, values, key=3, stream=5, step=0):
    """The 16 bits of each float32, an even number of them, and the floats that they become again."""
    m, n = Memory(), len(values) // 2
    d, back = m.put(isa.ARENA, np.zeros(n)), m.put(isa.ARENA, np.zeros(2 * n))
    src = m.put(isa.ARENA, np.zeros(2 * n))
    key, step = m.put(isa.INTS, [key]), m.put(isa.INTS, [step])
    buffers = m.copy()
    raw = bytearray(buffers[0].tobytes())  # an array of Python's would quiet a signalling NaN on its way
    raw[4 * src : 4 * (src + 2 * n)] = np.ascontiguousarray(values, "<u4").tobytes()
    buffers[0] = raw
    words = [
        instruction("to_bfloat16", n=n, stream=stream, d=d, src=src, key=key, step=step),
        instruction("from_bfloat16", n=n, d=back, src=d),
    ]
    assert run(vm, m.program(*words), buffers)[0] == FINISHED
    arena = np.frombuffer(raw, "<u4")
    return arena[d : d + n].copy().view("<u2"), arena[back : back + 2 * n].copy()


def expected(values, key=3, stream=5, step=0):
    return bfloat16.narrow(values.view(np.float32), bfloat16.drawn(key, stream, step, len(values) // 2))


@both
@pytest.mark.parametrize("key, stream, step", [(3, 5, 0), (-1, 2**30 - 1, 2**31 - 1), (0, 0, 1)])
def test_edges_to_the_bit(vm, key, stream, step):
    values = np.tile(EDGES, 40)
    halves, back = converted(vm, values, key, stream, step)
    assert np.array_equal(halves, expected(values, key, stream, step))
    assert np.array_equal(back, halves.astype(np.uint32) << 16)


@both
def test_what_is_special_stays_so(vm):
    values = np.tile(EDGES, 40)
    _, back = converted(vm, values)
    before, after = values.view(np.float32), back.view(np.float32)
    assert np.array_equal(np.isnan(before), np.isnan(after)) and np.array_equal(np.isinf(before), np.isinf(after))
    assert np.array_equal(np.signbit(before), np.signbit(after))
    exact = values & 0xFFFF == 0  # what has 16 bits keeps them
    assert np.array_equal(values[exact], back[exact])


def test_both_vms_give_the_same_bits():
    values = np.random.default_rng(1).integers(0, 1 << 32, 4000).astype(np.uint32)
    for one, other in zip(converted(NATIVE, values), converted(PORTABLE, values)):
        assert np.array_equal(one, other)


def test_it_is_right_on_average_and_fresh_every_step():
    value, n = np.float32(1 + 0.3 / 128), 1 << 16  # three tenths of the way from 1 to the next
    values = np.full(n, value).view(np.uint32)
    _, back = converted(NATIVE, values)
    ups = back.view(np.float32) > 1
    assert set(back.view(np.float32)) == {np.float32(1), np.float32(1 + 1 / 128)}
    assert abs(ups.mean() - 0.3) < 5 * np.sqrt(0.21 / n)
    _, next_step = converted(NATIVE, values, step=1)
    both_up = (ups & (next_step.view(np.float32) > 1)).mean()
    assert abs(both_up - 0.09) < 5 * np.sqrt(0.09 * 0.91 / n)
    _, even = converted(NATIVE, values, stream=6)
    assert not np.array_equal(even, back)
