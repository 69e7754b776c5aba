"""The portable VM's own promises: IEEE results where Python raises, buffers of every kind, what the verifier says,
listings that can be read, and a reference that is current. Every instruction on both VMs: test_instructions.py."""

import ctypes
import ctypes.util
import math
import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "lib") not in sys.path:
    sys.path.insert(0, str(ROOT / "lib"))

from ember.instructions import isa, table  # noqa: E402
from ember.portable import bind as kernels_bind  # noqa: E402
from ember.portable import disassemble, functions, verify  # noqa: E402
from ember.portable import random as kernels_random  # noqa: E402
from ember.portable import run as kernels  # noqa: E402

INF, NAN = math.inf, math.nan
LIBM = ctypes.CDLL(ctypes.util.find_library("m"))  # NumPy takes -inf ** 0.5 for NaN
LIBM.pow.restype, LIBM.pow.argtypes = ctypes.c_double, [ctypes.c_double] * 2
NAMES = {row[table.NAME]: opcode for opcode, row in enumerate(table.TABLE)}
FN = {function[0]: number for number, function in enumerate(table.FUNCTIONS)}
W = isa.WRITABLE
SEGMENTS = ((W, 100, 0), (0, 8, 0), (0, 4, 0), (W | isa.INT32, 4, 0), (0, 0, 3), (isa.UINT8, 0, 1))
CONSTANTS, FLOATS, INTS, X, LABELS = 1 << 24, 2 << 24, 3 << 24, 4 << 24, 5 << 24


def instruction(name, *fields):
    assert len(fields) == len(table.parse(NAMES[name]))
    return [NAMES[name], *fields]


def assemble(*sections, segments=SEGMENTS, max_rows=4):
    words, ends = [], []
    start = 5 + 3 * len(segments) + len(sections)
    for section in sections:
        for one in section:
            words += one
        ends.append(start + len(words))
    head = [isa.MAGIC, start + len(words), max_rows, len(segments), len(sections)]
    return array("i", head + [word for segment in segments for word in segment] + ends + words)


def buffers(rows=4):
    return [array("f", [0.0] * 100), array("f", [0.5] * 8), array("f", [0.25] * 4), array("i", [rows, 7, 0, 0]),
            array("f", range(3 * rows)), array("B", range(rows))]  # fmt: skip


def copy(n=2, d=0, a=10):
    return instruction("map", FN["copy"], isa.WRITE, n, 1, 1, d, a, a)


START = 5 + 3 * len(SEGMENTS) + 1  # of the first section, where there is one


def run(program, segments, budget=-1, state=None):
    return kernels.run(program, segments, array("i", [0, 0, 0, 0]) if state is None else state, budget)


# IEEE where Python raises.

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 64.0, 65.0, -101.0, 88.7228, 88.7229, -104.0, 1e-38, 3e38, -3e38,
           2.0**24, INF, -INF, NAN, 1e-45, 1.4e-45, -1e-45]  # fmt: skip

NUMPY = {
    "copy": lambda a: a, "neg": lambda a: -a, "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
    "tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-np.float64(a))),
    "relu": lambda a: np.where(a < 0, np.float32(0), a),
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": lambda a, b: LIBM.pow(a, b),
    "maximum": np.maximum, "minimum": np.minimum, "eq": np.equal, "gt": np.greater,
    "relu_grad": lambda y, g: np.where(y <= 0, np.float32(0), g),
}  # fmt: skip


def same(found, wanted, ulps=4):
    """Equal as float32 up to a few units in the last place; zeros by sign too, where the sum is not in question."""
    if math.isnan(wanted) or math.isnan(found):
        return math.isnan(wanted) and math.isnan(found)
    if math.isinf(wanted) or math.isinf(found):
        return found == wanted
    return abs(found - wanted) <= ulps * max(float(np.spacing(np.float32(abs(wanted)))), 1e-45)


@pytest.mark.parametrize("name", sorted(NUMPY))
def test_functions_give_what_ieee_gives(name):
    count = table.FUNCTIONS[FN[name]][1]
    out = array("f", [0.0])
    with np.errstate(all="ignore"):
        for a in np.float32(SPECIAL):
            for b in np.float32(SPECIAL) if count == 2 else [np.float32(0)]:
                out[0] = functions.FUNCTIONS[FN[name]](float(a), float(b))
                wanted = float(np.float32(NUMPY[name](*(a, b)[:count])))
                assert same(out[0], wanted), (a, b, out[0], wanted)


@pytest.mark.parametrize("name", ["neg", "abs", "sqrt", "tanh", "copy", "relu"])
def test_zero_keeps_its_sign(name):
    for zero in (0.0, -0.0):
        found = functions.FUNCTIONS[FN[name]](zero, 0.0)
        wanted = {"neg": -zero, "abs": 0.0}.get(name, zero)
        assert math.copysign(1.0, found) == math.copysign(1.0, wanted)


def test_division_and_power_know_the_sign_of_zero_and_infinity():
    div, power = functions.div, functions.pow
    assert div(1.0, -0.0) == -INF and div(-1.0, -0.0) == INF and math.isnan(div(0.0, 0.0)) and div(-INF, 0.0) == -INF
    assert power(-0.0, -3.0) == -INF and power(-0.0, -2.0) == INF
    assert math.copysign(1.0, power(-0.0, 3.0)) == -1.0 and math.copysign(1.0, power(-INF, -1.0)) == -1.0
    assert power(-INF, 3.0) == -INF and power(-INF, 0.5) == INF and power(-1.0, INF) == 1.0
    assert power(NAN, 0.0) == 1.0 and power(1.0, NAN) == 1.0 and math.isnan(power(-8.0, 1.0 / 3.0))
    assert power(2.0, -64.0) == 2.0**-64 and power(0.5, -INF) == INF and power(0.5, INF) == 0.0


def test_the_derivatives_follow_their_formulas():
    y, g = 0.25, 3.0
    assert functions.tanh_grad(y, g) == g * (1 - y * y)
    assert functions.sigmoid_grad(y, g) == g * (y * (1 - y))
    assert functions.sqrt_grad(y, g) == 0.5 * g / y and functions.sqrt_grad(0.0, g) == INF


def test_functions_stand_in_the_order_of_the_table():
    assert [function.__name__ for function in functions.FUNCTIONS] == [row[0] for row in table.FUNCTIONS]


def test_a_result_beyond_float32_is_stored_as_infinity():
    segments = buffers()
    segments[0][10], segments[0][11] = 3e38, -3e38
    program = assemble([instruction("map", FN["add"], 0, 2, 1, 1, 0, 10, 10)])
    assert run(program, segments) == 1
    assert segments[0][:2].tolist() == [INF, -INF]


def test_what_meets_the_destination_is_a_float32():
    segments = buffers()
    segments[0][0], segments[0][10] = -INF, 100.0  # exp(100) is finite as a double, and infinite as a float32
    program = assemble([instruction("map", FN["exp"], isa.ADD, 1, 1, 1, 0, 10, 10)])
    assert run(program, segments) == 1
    assert math.isnan(segments[0][0])


def test_a_loss_of_infinite_scores_is_nan_and_raises_nothing():
    segments = buffers()
    segments[4][:] = array("f", [INF, 0, 0, -INF, -INF, -INF, NAN, 0, 0, 3e38, -3e38, 0])
    segments[5][3] = 0  # the labels before are 0, 1, 2: within 0 .. 2
    program = assemble([instruction("cross_entropy", -1, 3, 0, 10, X, LABELS)])
    assert run(program, segments) == 1
    losses = segments[0][:4].tolist()
    assert all(math.isnan(loss) for loss in losses[:3]) and losses[3] == 0.0


@pytest.mark.parametrize("hyper", [[0.1, 0.0, 0.0, 0.0, 0.0], [0.1, 1.0, 1.0, 0.0, 0.0], [0.1, 0.9, 0.999, 1e-8, 0.0]])
def test_adam_divides_by_nothing_without_raising(hyper):
    segments = buffers()
    segments[0][20:25] = array("f", hyper)
    fields = (0, 0, 2, 0, 4, 8, 12, 12, 20, INTS + 2, 30)  # total is 0
    assert run(assemble([instruction("adam", *fields)]), segments) == 1


def test_a_counter_stays_at_its_most():
    segments = buffers()
    for start, expected in ((2**31 - 6, 2**31 - 2), (2**31 - 2, 2**31 - 1), (2**31 - 1, 2**31 - 1), (-3, 1)):
        segments[3][1] = start
        assert run(assemble([instruction("count", 1, 1, -1, INTS + 1)]), segments) == 1
        assert segments[3][1] == expected


# Random numbers.


@pytest.mark.parametrize("key, counter, wanted", [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
])  # fmt: skip
def test_threefry_gives_the_published_vectors(key, counter, wanted):
    assert kernels_random.threefry(*key, *counter) == wanted


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 16, 17, 100, 257])
def test_permute_is_a_shuffle(n):
    first = [kernels.permute(i, n, 3, 0) for i in range(n)]
    assert sorted(first) == list(range(n))
    if n > 16:
        assert first != [kernels.permute(i, n, 3, 1) for i in range(n)]
        assert first != [kernels.permute(i, n, 4, 0) for i in range(n)]


@pytest.mark.parametrize("i, n", [(-1, 4), (4, 4), (0, 0), (0, 2**30 + 1)])
def test_permute_refuses_what_is_no_index(i, n):
    with pytest.raises(ValueError):
        kernels.permute(i, n, 0, 0)


def test_the_checksum_is_the_tables():
    assert kernels.isa == table.checksum()


# Buffers.


def test_plain_bytes_and_views_stand_for_arrays():
    program = assemble([instruction("map", FN["add"], 0, -3, 1, 0, 0, X, CONSTANTS)])
    plain = buffers()
    assert run(program, plain) == 1
    for wrap in (memoryview, lambda b: memoryview(bytearray(b.tobytes())), lambda b: bytearray(b.tobytes())):
        segments = [wrap(segment) for segment in buffers()]
        assert run(program, segments) == 1
        assert bytes(segments[0]) == plain[0].tobytes()
    segments = buffers()
    segments[4], segments[1] = segments[4].tobytes(), bytes(segments[1].tobytes() + b"...")  # longer is no matter
    assert run(program, segments) == 1
    assert segments[0] == plain[0]


def test_cells_are_what_memoryview_casts_to():
    for typecode in isa.TYPES:
        data = bytearray(range(250, 256)) + bytearray(range(3))
        whole = len(data) - len(data) % array(typecode).itemsize
        cells, cast = kernels_bind.Cells(data, typecode), memoryview(data)[:whole].cast(typecode)
        assert len(cells) == len(cast) and [cells[i] for i in range(len(cells))] == cast.tolist()


@pytest.mark.parametrize("k, wrong, message", [
    (0, lambda s: array("i", [0] * 100), "segment 0 must be array\\('f'\\)"),
    (0, lambda s: bytes(400), "segment 0 must be writable"),
    (0, lambda s: memoryview(array("f", [0.0] * 100)).toreadonly(), "segment 0 must be writable"),
    (0, lambda s: array("f", [0.0] * 99), "segment 0 holds 99 elements; at 4 rows it needs 100"),
    (4, lambda s: array("f", [0.0] * 11), "segment 4 holds 11 elements; at 4 rows it needs 12"),
    (4, lambda s: s[0], "segments 0 and 4 overlap"),
    (4, lambda s: memoryview(s[0])[40:60], "segments 0 and 4 overlap"),
    (4, lambda s: [0.0] * 12, "segment 4 must be array\\('f'\\)"),
    (3, lambda s: array("i", [0, 0, 0, 0]), "rows, the first integer slot, is 0; it may be 1 to 4"),
    (3, lambda s: array("i", [5, 0, 0, 0]), "rows, the first integer slot, is 5"),
    (3, lambda s: array("i"), "rows, the first integer slot"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_changes(k, wrong, message):
    segments = buffers()
    segments[0][:] = array("f", range(100))
    arena = segments[0]
    segments[k] = wrong(segments)
    with pytest.raises(ValueError, match=message):
        run(assemble([copy()]), segments)
    assert arena.tolist() == list(range(100))


def test_parts_of_one_buffer_that_do_not_meet_are_fine():
    whole = memoryview(bytearray(range(256)) * 2)
    segments = buffers()
    segments[0], segments[4] = whole[:400], whole[400:448]
    before = bytes(whole[400:])
    assert run(assemble([copy()]), segments) == 1
    assert bytes(whole[400:]) == before


@pytest.mark.parametrize("state", [
    [1, 0, 0, 0], [-1, 0, 0, 0], [16, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, START, 0, 0], [0, 0, 0], [0] * 5,
])  # fmt: skip
def test_only_a_state_that_the_vm_wrote_is_accepted(state):
    with pytest.raises(ValueError, match="state"):
        run(assemble([copy()]), buffers(), state=array("i", state))


def test_a_state_is_sealed_with_its_place_and_rows():
    program = assemble([copy(), copy(4), copy()])
    segments, state = buffers(), array("i", [0, 0, 0, 0])
    assert run(program, segments, 20, state) == 0
    assert state[:3].tolist() == [0, START + 9, 2]  # 2 × 6 for the first instruction, then a row for 6 and one for 2
    for k, change in ((0, 16), (1, 9), (1, -1), (2, 1), (2, -1), (3, 1)):
        wrong = array("i", state)
        wrong[k] += change
        with pytest.raises(ValueError, match="state"):
            run(program, segments, -1, wrong)
    segments[3][0] = 3
    with pytest.raises(ValueError, match="state"):
        run(program, segments, -1, state)
    segments[3][0] = 4
    assert run(program, segments, -1, state) == 1 and state.tolist() == [0, 0, 0, 0]


def test_sections_that_follow_run_in_one():
    sections = [[instruction("count", 1, 1, 1, INTS + 1)], [], [instruction("count", 1, 1, 2, INTS + 1)]]
    segments, state = buffers(), array("i", [0 + isa.FOLLOWING * 2, 0, 0, 0])
    assert run(assemble(*sections), segments, -1, state) == 1
    assert segments[3][1] == 10 and state.tolist() == [32, 0, 0, 0]


def test_a_fault_names_its_row():
    segments, state = buffers(), array("i", [0, 0, 0, 0])
    segments[5][2] = 3
    program = assemble([copy(), instruction("check_index", -1, 3, LABELS)])
    assert run(program, segments, -1, state) == -1
    assert state[:3].tolist() == [0, START + 9, 2]
    segments[5][2] = 2
    segments[5][3] = 0
    assert run(program, segments, -1, state) == 1  # the state is a place to go on from


# What the verifier says.


def changed(program, **words):
    program = array("i", program)
    for place, value in words.items():
        program[int(place[1:])] = value
    return program


GOOD = assemble([copy(), instruction("softmax", 0, -1, 3, 0, X)], [instruction("check_index", -1, 3, LABELS)])
HEAD = START + 1  # GOOD has two sections
BROKEN = [
    (array("i", [1, 2, 3]), 1, 0, "the program has 3 words; the header alone has at least 5"),
    (changed(GOOD, w0=7), 1, 0, "word 0 is 7; a program begins with 238804993"),
    (changed(GOOD, w1=7), 1, 1, "word 1 says 7 words; the program has %d" % len(GOOD)),
    (changed(GOOD, w2=0), 1, 2, "the most rows, word 2, is 0; it may be 1 to 16777216"),
    (changed(GOOD, w3=3), 1, 3, "the number of segments, word 3, is 3; it may be 4 to 63"),
    (changed(GOOD, w4=16), 1, 4, "the number of sections, word 4, is 16; it may be 1 to 15"),
    (changed(GOOD, w3=40), 1, 4, "40 segments and 2 sections need a header of 127 words; the program has 44"),
    (changed(GOOD, w5=7), 1, 5, "segment 0 (arena) has type word 7 at word 5; it may be a type, 0 to 6, and 8 if it"),
    (changed(GOOD, w8=8), 1, 8, "segment 1 (constants) has type word 8 at word 8; it may be 0: float32 and not writ"),
    (changed(GOOD, w14=0), 1, 14, "segment 3 (ints) has type word 0 at word 14; it may be 1 or 9: int32"),
    (changed(GOOD, w15=0), 1, 15, "segment 3 (ints) has 0 elements at word 15; it may have 1 to 16777216"),
    (changed(GOOD, w7=-1), 1, 7, "segment 0 (arena) has -1 elements a row at word 7; it may have 0 or more, at 4 rows"),
    (changed(GOOD, w23=1), 2, 23, "section 0 ends at word 1, it says at word 23; it may end from word 25 to 44"),
    (changed(GOOD, w24=43), 2, 24, "section 1, the last, ends at word 43, it says at word 24; it must end with the p"),
    (assemble([[99]]), 3, START,
     "instruction 0 at word 24: opcode 99 is not in the table, which has 0 to %d" % (len(table.TABLE) - 1)),
    (assemble([copy(), copy()[:5]]), 4, START + 9,
     "instruction 1 (map) at word 33: it has 9 words, and its section ends after 5"),
    (assemble([copy(0)]), 5, START + 3,
     "instruction 0 (map) at word 24: size n is 0; it may be 1 to 16777216, or below zero, times rows, down to -41943"),
    (assemble([instruction("matmul", 0, 1 << 20, 1 << 20, 1, 1, *[0] * 8, 0, X, X)]), 5, START,
     "instruction 0 (matmul) at word 24: batch*m, its rows, is 1099511627776; it may be up to 1073741824"),
    (assemble([instruction("matmul", 0, 1, 1, 65, 1 << 24, *[0] * 8, 0, X, X)]), 5, START,
     "instruction 0 (matmul) at word 24: n*k, what a row costs, is 1090519040; it may be up to 1073741824"),
    (changed(assemble([copy()]), w26=5), 6, START + 2, "instruction 0 (map) at word 24: into is 5; it may be 0 to 4"),
    (assemble([instruction("matmul", 0, 1, 1, 1, 1, 1 << 24, *[0] * 7, 0, X, X)]), 7, START + 6,
     "instruction 0 (matmul) at word 24: stride c_batch is 16777216; it may be -16777215 to 16777215"),
    (assemble([copy(a=-1)]), 8, START + 7, "operand a has address -1; an address is not below zero"),
    (assemble([copy(a=6 << 24)]), 8, START + 7, "operand a lies in segment 6; the program has 0 to 5"),
    (assemble([copy(a=LABELS)]), 9, START + 7, "operand a lies in segment 5 of type uint8; it may be float32"),
    (assemble([instruction("check_index", 1, 1, X)]), 9, START + 3,
     "operand index lies in segment 4 of type float32; it may be int32, uint8, int8, int16, uint16 or uint32"),
    (assemble([copy(d=X)]), 10, START + 6, "operand d is written and lies in segment 4, which is read only"),
    (assemble([copy(d=99)]), 11, START + 6, "operand d reaches element 100 of segment 0 (arena), which holds 100 at"),
    (assemble([copy(-4, 0, X)]), 11, START + 7, "operand a reaches element 3 of segment 4, which holds 3 at 1 row"),
    (assemble([copy(4, 0, 2)]), 12, START + 7,
     "operands d (elements 0 to 3) and a (2 to 5) of segment 0 (arena) overlap; they must be identical or disjoint"),
    (assemble([instruction("sgd", 0, 0, 4, 0, 2, 0, FLOATS, INTS, CONSTANTS)]), 12, START + 5,
     "operands p (elements 0 to 3) and g (2 to 5) of segment 0 (arena) overlap; they must be disjoint"),
]  # fmt: skip


@pytest.mark.parametrize("program, kind, word, text", BROKEN, ids=[text[:40] for _, _, _, text in BROKEN])
def test_a_broken_program_is_refused_in_plain_words(program, kind, word, text):
    verdict = verify.verify(program)
    assert (verdict >> 24, verdict & 0xFFFFFF) == (kind, word)
    assert text in verify.explain(program, verdict)
    with pytest.raises(ValueError) as refused:
        verify.check(program)
    assert text in str(refused.value)
    listing = disassemble.disassemble(program)
    assert "refused: " + verify.explain(program, verdict) in listing


def test_every_kind_is_explained():
    assert {kind for _, kind, _, _ in BROKEN} == set(range(1, 13))


def test_a_good_program_is_accepted():
    assert verify.verify(GOOD) == kernels.verify(GOOD) == 0
    verify.check(GOOD)


def test_no_contents_make_the_verifier_raise():
    random = np.random.default_rng(5)
    for _ in range(300):
        program = array("i", GOOD)
        for _ in range(random.integers(1, 5)):
            low, high = ((-9, 40), (-(2**31), 2**31))[random.integers(2)]
            program[random.integers(len(program))] = int(random.integers(low, high))
        verdict = verify.verify(program)
        assert verify.explain(program, verdict)
        assert disassemble.disassemble(program)
    for _ in range(200):
        verify.verify(array("i", random.integers(-(2**31), 2**31, random.integers(0, 40)).tolist()))


def test_operands_tell_reads_from_writes():
    program = assemble([
        instruction("map", FN["add"], isa.ADD, 4, 1, 1, 0, 10, CONSTANTS),
        instruction("softmax", 0, -1, 3, 0, X),
        instruction("sgd", 0, 0, 2, 0, 4, 8, FLOATS, INTS + 2, CONSTANTS),
    ])  # fmt: skip
    assert verify.verify(program) == 0
    assert verify.operands(program, START) == (isa.MAP, [(5, 0, "^"), (6, 10, "<"), (7, CONSTANTS, "<")])
    assert verify.operands(program, START + 9) == (isa.SOFTMAX, [(3, 0, ">"), (4, X, "<")])
    names = [position for position, _, _ in verify.operands(program, START + 15)[1]]
    assert names == [3, 4, 6, 7, 8]  # without momentum, v is not touched


# Listings.


def test_a_listing_reads_like_the_program():
    strided = [FN["copy"], isa.ADD, 1, 1, -1, 3, 0, 0, 0, 1, 0, 0, 3, 1, 0, 0, 3, 1, 20, X, X]
    convolution = [1, -1, 3, 1, 1, 2, 1, 3, 1, 3, 1, 1, 1, 1, 0, 1, 1, 40, X, CONSTANTS]
    program = assemble(
        [instruction("map", FN["relu"], 0, -3, 1, 1, 0, X, X)],
        [instruction("map_strided", *strided), instruction("conv2d", *convolution),
         instruction("matmul", 0, 1, 2, 2, -1, 0, 2, 0, 1, 2, 0, 2, 1, 30, 0, 10)],
    )  # fmt: skip
    verify.check(program)
    text = disassemble.disassemble(program, ["forward", "backward"])
    assert text.split("\n") == [
        "94 words, 1 to 4 rows",
        "",
        "segments",
        "  arena      float32  writable   100",
        "  constants  float32  read only  8",
        "  floats     float32  read only  4",
        "  ints       int32    writable   4",
        "  seg4       float32  read only  3×rows",
        "  seg5       uint8    read only  rows",
        "",
        "section 0 forward",
        "    25  map relu  n=3×rows  d=arena+0 a=seg4+0",
        "",
        "section 1 backward",
        "    34  map_strided copy into add  n=[rows, 3]  d=arena+20[0,1] a=seg4+0",
        "    56  conv2d into add  n=rows h=3 w=1 c=1 f=2 out=3×1 k=3×1 s=1×1 p=1×0"
        "  y=arena+40 x=seg4+0 weight=constants+0",
        "    77  matmul  m=2 n=2 k=rows  c=arena+30 a=arena+0[1,2] b=arena+10",
    ]


def test_a_listing_stays_narrow():
    image = [1, -32, 224, 224, 128, 128, 32, 112, 112, 11, 11, 2, 2, 5, 5, 2, 2]
    head = assemble([])
    for words in (
        instruction("conv2d", *image, 123456, X + 123456, CONSTANTS + 123456),
        instruction("map_strided", FN["sigmoid_grad"], 4, *[300] * 4, *[1234] * 12, 0, X, CONSTANTS),
        instruction("adam", 1, 1, 123456, 0, 123456, 234567, 345678, 456789, FLOATS, INTS + 2, CONSTANTS),
    ):
        assert len(disassemble.instruction_text(head + array("i", words), len(head))) <= 160


# The reference, and MicroPython.


def test_the_reference_is_current():
    command = [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_kernel_takes_its_fields_by_name():
    for opcode, row in enumerate(table.TABLE):
        kernel = kernels._know(opcode)[0]
        code = kernel.__code__
        assert kernel.__name__ == row[table.NAME] and kernel.__doc__
        names = ["segments", "first", "last"] + [field[1] for field in table.parse(opcode)]
        assert list(code.co_varnames[: code.co_argcount]) == names


SCRIPT = """
import sys
sys.path.insert(0, %r)
from array import array
from ember.portable import run as kernels, verify
from ember.portable.disassemble import disassemble
program = array("i", %r)
verify.check(program)
segments = [bytearray(400), array("f", [0.5] * 8), memoryview(array("f", [0.25] * 4)), array("i", [4, 7, 0, 0]),
            bytes(array("f", range(12))), array("B", (0, 1, 2, 0))]
state = array("i", [0, 0, 0, 0])
pauses = 0
while kernels.run(program, segments, state, 100) == 0:
    pauses += 1
print(pauses, list(segments[3]))
cells = kernels.view(segments[0], "f")
print([int(cells[i] * 1000 + 0.5) for i in range(16)])
print(kernels.permute(5, 100, 1, 2), kernels.isa)
print(disassemble(program))
for k, wrong in ((0, bytes(400)), (4, bytes(47)), (1, array("i", [0] * 8)), (4, segments[0])):
    try:
        kernels.run(program, segments[:k] + [wrong] + segments[k + 1:], state, -1)
        print("accepted", k)
    except ValueError as error:
        print(error)
"""


def test_micropython_runs_the_same(tmp_path, micropython):
    program = assemble([
        instruction("cross_entropy", -1, 3, 0, 4, X, LABELS),
        instruction("count_correct", -1, 3, INTS + 1, X, LABELS),
        instruction("matmul", 0, 1, -1, 2, 3, 0, 2, 0, 3, 1, 0, 2, 1, 20, X, CONSTANTS),
        instruction("dropout", 1, -1, 3, 5, 30, X, FLOATS, INTS + 1, INTS + 2, INTS + 3),
    ])  # fmt: skip
    script = tmp_path / "script.py"
    script.write_text(SCRIPT % (str(ROOT / "lib"), program.tolist()))
    host = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert micropython(script, native=False) == host
