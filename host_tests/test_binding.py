"""What a program may be bound to: every wrong buffer is a ValueError and changes nothing."""

from array import array

import numpy as np
import pytest

from ember import isa, table
from programs import FINISHED, GUARD, NATIVE, PAUSED, address, assemble, both, instruction

WRITABLE = isa.WRITABLE
# arena, constants, floats, ints; float32 inputs by rows, int8 labels, a written result by rows, and the other types
SEGMENTS = [
    (WRITABLE, 24, 0),
    (0, 4, 0),
    (0, 3, 1),
    (isa.INT32 | WRITABLE, 3, 0),
    (0, 1, 4),
    (isa.INT8, 0, 1),
    (WRITABLE, 0, 4),
    (isa.INT16, 4, 0),
    (isa.UINT8 | WRITABLE, 2, 0),
    (isa.UINT16, 3, 0),
    (isa.UINT32, 2, 0),
]
SIGNED = 5  # the int8 labels
MAX_ROWS = 3


def program():
    scale = instruction(
        "map",
        fn=table.function("mul"),
        into=0,
        n=-4,
        a_step=1,
        b_step=0,
        d=address(6),
        a=address(4, 1),
        b=address(1, 2),
    )
    loss = instruction("cross_entropy", n=-1, width=4, loss=0, p=12, x=address(6), label=address(5))
    convert = instruction("convert", n=4, channels=1, d=4, src=address(7), affine=address(2))
    count = instruction("count", keep=1, add=1, n=-1, counter=address(3, 2))
    return assemble([[scale, loss, convert, count]], SEGMENTS, MAX_ROWS)


def buffers(rows=2):
    result = []
    for flags, elements, per_row in SEGMENTS:
        typecode = isa.TYPES[flags & 7]
        result.append(array(typecode, [3 * i % 4 for i in range(elements + per_row * rows)]))
    result[isa.INTS][0] = rows
    return result


def refused(vm, segments, untouched=None, state=None, text=None):
    before = [bytes(x) for x in untouched or segments]
    state = state or array("i", 4 * [0])
    held = state.tobytes()
    with pytest.raises(ValueError):
        vm.run(program(), segments, state, -1)
    assert [bytes(x) for x in untouched or segments] == before
    assert state.tobytes() == held


def accepted(vm, segments):
    assert vm.verify(program()) == 0
    state = array("i", 4 * [0])
    assert vm.run(program(), segments, state, -1) == FINISHED
    return segments


@both
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_arrays_bytes_and_views_are_bound(vm, rows):
    arrays = accepted(vm, buffers(rows))
    assert arrays[isa.INTS][2] == 2 + rows
    for make in (
        lambda x, _: memoryview(x),
        lambda x, _: memoryview(x).cast("B"),
        lambda x, _: bytearray(bytes(x)),
        lambda x, writable: x if writable else bytes(x),
        lambda x, writable: x if writable else memoryview(x).toreadonly(),
    ):
        other = [make(x, flags & WRITABLE) for x, (flags, _, _) in zip(buffers(rows), SEGMENTS)]
        other[SIGNED] = buffers(rows)[SIGNED]
        accepted(vm, other)
        assert [bytes(x) for x in other] == [bytes(x) for x in arrays]


@both
def test_longer_buffers_and_aligned_parts_are_bound(vm):
    plain = accepted(vm, buffers())
    for spare in (1, 5):
        longer = [x + array(x.typecode, [1] * spare) for x in buffers()]
        accepted(vm, longer)
        assert [x[: len(y)] for x, y in zip(longer, plain)] == plain
        assert all(list(x[-spare:]) == [1] * spare for x in longer)
    # one block of memory, cut into segments side by side
    block = bytearray(4096)
    view, at, parts = memoryview(block), 0, []
    for x in buffers():
        raw = bytes(x)
        view[at : at + len(raw)] = raw
        part = view[at : at + len(raw)]
        parts.append(part.cast("b") if len(parts) == SIGNED else part)
        at += (len(raw) + 3) & ~3
    accepted(vm, parts)
    assert [bytes(x) for x in parts] == [bytes(x) for x in plain]
    assert not any(block[at:])


@both
def test_a_base_may_move_between_runs(vm):
    both_batches = array("f", range(40))
    for start in (0, 9, 18):
        moved, fixed = buffers(), buffers()
        moved[4] = memoryview(both_batches)[start : start + 9]
        fixed[4] = both_batches[start : start + 9]
        assert [bytes(x) for x in accepted(vm, moved)] == [bytes(x) for x in accepted(vm, fixed)]


@both
def test_a_base_may_move_between_slices(vm):
    plain, first = accepted(vm, buffers()), buffers()
    state = array("i", 4 * [0])
    verdict = vm.run(program(), first, state, 0)
    while verdict == PAUSED:
        first = [x[:] for x in first]
        verdict = vm.run(program(), first, state, 0)
    assert [bytes(x) for x in first] == [bytes(x) for x in plain]


@both
def test_too_few_and_too_many_segments(vm):
    for count in range(len(SEGMENTS)):
        refused(vm, buffers()[:count])
    for extra in (array("f", [0]), bytearray(4096)):
        refused(vm, buffers() + [extra])
    refused(vm, buffers() + [array("f", [0])] * 60)


@both
@pytest.mark.parametrize("segment", range(len(SEGMENTS)))
def test_a_wrong_type(vm, segment):
    """Plain bytes may be of any type but int8, where they are as many numbers, and others."""
    right = isa.TYPES[SEGMENTS[segment][0] & 7]
    for typecode in "fiBbhHIdqQ":
        if typecode not in (right, "B" if segment != SIGNED else right):
            segments = buffers()
            segments[segment] = array(typecode, [1] * 64)
            refused(vm, segments)
            segments[segment] = memoryview(segments[segment])
            refused(vm, segments)


@both
@pytest.mark.parametrize("segment", range(len(SEGMENTS)))
@pytest.mark.parametrize("rows", [1, 3])
def test_too_short(vm, segment, rows):
    for make in (lambda x: x, lambda x: bytearray(bytes(x))):
        for length in {len(buffers(rows)[segment]) - 1, 0}:
            segments = buffers(rows)
            segments[segment] = make(segments[segment][:length])
            refused(vm, segments)
    size = len(bytes(buffers(rows)[segment]))
    segments = buffers(rows)
    segments[segment] = bytearray(bytes(segments[segment]))[: size - 1]
    refused(vm, segments)


@both
def test_length_for_one_batch_is_not_enough_for_a_larger(vm):
    segments = buffers(2)
    segments[isa.INTS][0] = 3
    refused(vm, segments)
    segments[isa.INTS][0] = 1
    accepted(vm, segments)


@both
@pytest.mark.parametrize("segment", [i for i, x in enumerate(SEGMENTS) if x[0] & WRITABLE])
def test_what_is_written_must_be_writable(vm, segment):
    for make in (bytes, lambda x: memoryview(x).toreadonly(), lambda x: memoryview(bytes(x))):
        segments = buffers()
        segments[segment] = make(segments[segment])
        refused(vm, segments)


@both
@pytest.mark.parametrize("rows", [0, -1, 4, 2**31 - 1, -(2**31), 1 << 30])
def test_rows(vm, rows):
    segments = [array(x.typecode, list(x) * 9) for x in buffers(3)]
    segments[isa.INTS][0] = rows
    refused(vm, segments)


@both
@pytest.mark.parametrize("other", [0, 1, 2, 4, 6])
def test_a_written_segment_may_not_meet_another(vm, other):
    written = 6 if other != 6 else 0
    for shift in (0, 4, -4, 28):
        segments, block = buffers(), memoryview(bytearray(1024))
        segments[written], segments[other] = block[200:400], block[200 + shift : 400 + shift]
        refused(vm, segments)
    segments, block = buffers(), memoryview(bytearray(1024))
    segments[written], segments[other] = block[200:400], block[396:600]
    refused(vm, segments)
    segments[written], segments[other] = block[200:400], block[400:600]
    accepted(vm, segments)
    segments[written], segments[other] = block[400:600], block[200:400]
    accepted(vm, segments)
    segments = buffers()
    shared = array("f", [1.0] * 64)
    segments[written] = segments[other] = shared
    refused(vm, segments)
    segments[written], segments[other] = shared, memoryview(shared)
    refused(vm, segments)


@both
def test_segments_that_are_only_read_may_meet(vm):
    segments = buffers()
    segments[1] = segments[2] = segments[4] = array("f", range(20))
    accepted(vm, segments)


@both
@pytest.mark.parametrize("segment", [i for i, x in enumerate(SEGMENTS) if x[0] & 7 not in (2, 3)])
def test_misaligned(vm, segment):
    for shift in (1, 2, 3):
        if shift == 2 and SEGMENTS[segment][0] & 7 in (isa.INT16, isa.UINT16):
            continue
        segments = buffers()
        raw = bytes(segments[segment])
        block = bytearray(len(raw) + 16)
        block[shift : shift + len(raw)] = raw
        segments[segment] = memoryview(block)[shift : shift + len(raw)]
        if vm is NATIVE:
            refused(vm, segments)
        else:  # CPython does not tell an address; Python reads any
            accepted(vm, segments)


@both
def test_what_is_no_buffer(vm):
    for thing in (None, 3, "text", [1.0] * 64, (1,)):
        segments = buffers()
        segments[4] = thing
        with pytest.raises((ValueError, TypeError)):
            vm.run(program(), segments, array("i", 4 * [0]), -1)
    segments = buffers()
    segments[4] = memoryview(array("f", [0.0] * 64))[::2]
    with pytest.raises((ValueError, TypeError, BufferError)):
        vm.run(program(), segments, array("i", 4 * [0]), -1)
    accepted(vm, buffers())


@both
def test_only_rows_are_touched(vm):
    """A batch of fewer rows than the program's most leaves what lies behind it alone."""
    for rows in (1, 2, 3):
        segments = [array(x.typecode, list(x)) for x in buffers(MAX_ROWS)]
        for segment in (4, 6):
            guards = array("f")
            guards.frombytes(np.full(4 * MAX_ROWS + 1, GUARD, np.uint32).tobytes())
            segments[segment][:] = array("f", list(buffers(rows)[segment])) + guards[4 * rows + SEGMENTS[segment][1] :]
        segments[isa.INTS][0] = rows
        before = [bytes(x) for x in segments]
        accepted(vm, segments)
        assert bytes(segments[6])[16 * rows :] == before[6][16 * rows :]
        assert list(segments[0][rows:4]) == [3 * i % 4 for i in range(rows, 4)]
        assert not np.isnan(np.array(segments[0])).any()
