"""The native VM to the bit: float32 definitions replayed in order, edge values, the same bits twice."""

import random

import numpy as np
import pytest
from hypothesis import given

import replay
from cases import CASES
from ember.instructions import isa, table
from programs import FINISHED, NATIVE, PORTABLE, Memory, both, instruction, run, same_bits
from reference import EXACT, MAP
from reference_memory import U
from trials import drawn, memory, relaxed

EDGES = np.array(
    [
        0,
        1,
        2,
        3,
        0x007FFFFF,
        0x00800000,
        0x00800001,
        0x33800000,
        0x3EFFFFFF,
        0x3F000000,
        0x3F7FFFFF,
        0x3F800000,
        0x3F800001,
        0x3FC00000,
        0x40000000,
        0x40400000,
        0x40490FDB,
        0x41200000,
        0x42AFF33A,
        0x42B17217,
        0x42B17218,
        0x42B17219,
        0x42CFF1B5,
        0x43160000,
        0x4B800000,
        0x4F000000,
        0x5F000000,
        0x60AD78EC,
        0x7F000000,
        0x7F7FFFFF,
        0x7F800000,
        0x7FC00000,
    ],
    np.uint32,
)
EDGES = np.concatenate([EDGES, EDGES | np.uint32(1 << 31)]).view(np.float32)
REPLAYED = [name for name in CASES if hasattr(replay.Replay, name)]


def replayed(m, words):
    program, buffers = m.program(words), m.copy()
    assert run(NATIVE, program, buffers)[0] == FINISHED
    expected = replay.Replay(NATIVE, m.buffers)
    expected.run(words)
    for segment, (got, want) in enumerate(zip(buffers, expected.memory)):
        if got.typecode == "f":
            got = np.array(got)
            wrong = [i for i in range(len(got)) if not same_bits(got[i], want[i])]
            assert not wrong, "segment %d element %d: %r, not %r (%d wrong)" % (
                segment,
                wrong[0],
                got[wrong[0]],
                want[wrong[0]],
                len(wrong),
            )


def test_what_is_replayed():
    assert set(CASES) - set(REPLAYED) == {"max_pool2d", "check_index", "count_correct", "dropout", "count"}


@pytest.mark.parametrize("name", REPLAYED)
@relaxed
@given(r=drawn)
def test_bits_are_the_definition(name, r):
    m, fields = memory(r), {}
    if name in ("map", "map_strided", "scan", "sum"):
        fields["fn"] = table.function(r.choice(list(replay.FUNCTIONS)))
    replayed(m, CASES[name](m, r, **fields))


@pytest.mark.parametrize("rows, columns, k", [(1, 1, 300), (33, 65, 3), (64, 32, 32), (17, 10, 64), (4, 100, 1)])
@pytest.mark.parametrize("into", [0, 1])
@pytest.mark.parametrize("a_k, b_n", [(1, 1), (0, 1), (1, 0)], ids=["plain", "a transposed", "b transposed"])
def test_bits_of_larger_products(rows, columns, k, into, a_k, b_n):
    """Big enough for register blocks, of values whose sums depend on their order."""
    rng, m = np.random.default_rng(5), Memory()
    values = [
        (rng.standard_normal(n) * 10.0 ** rng.integers(-3, 4, n)).astype(np.float32)
        for n in (rows * columns, rows * k, k * columns)
    ]
    c, a, b = (m.put(isa.ARENA, x) for x in values)
    words = instruction(
        "matmul",
        into=into,
        batch=1,
        m=rows,
        n=columns,
        k=k,
        c_batch=0,
        c_m=columns,
        a_batch=0,
        a_m=k if a_k else 1,
        a_k=1 if a_k else rows,
        b_batch=0,
        b_k=columns if b_n else 1,
        b_n=1 if b_n else k,
        c=c,
        a=a,
        b=b,
    )
    buffers = m.copy()
    run(NATIVE, m.program(words), buffers)
    total = values[0].reshape(rows, columns) if into else np.zeros((rows, columns), np.float32)
    left = values[1].reshape(rows, k) if a_k else values[1].reshape(k, rows).T
    right = values[2].reshape(k, columns) if b_n else values[2].reshape(columns, k).T
    for i in range(k):
        total = total + left[:, i : i + 1] * right[i]
    assert same_bits(np.array(buffers[0][c : c + total.size]), total.ravel())


@pytest.mark.parametrize("c, f, groups", [(3, 150, 1), (40, 3, 1), (5, 10, 2), (1, 1, 19)])
def test_bits_of_wide_convolutions(c, f, groups):
    rng = np.random.default_rng(9)
    for s, d in ((1, 1), (2, 1), (1, 2)):
        for into in (0, 1):
            m = Memory()
            shape = dict(n=1, h=3, w=6, c=c, f=f, groups=groups, out_h=2, out_w=5, k_h=2, k_w=2, s_h=s, s_w=s, p_h=1)
            shape.update(p_w=1, d_h=d, d_w=d, into=into)
            sizes = 18 * groups * c, 10 * groups * f, 4 * c * groups * f
            x, y, w, dx, g, dw = (m.put(isa.ARENA, rng.standard_normal(n)) for n in sizes * 2)
            for words in (
                instruction("conv2d", y=y, x=x, weight=w, **shape),
                instruction("conv2d_grad_input", dx=dx, g=g, weight=w, **shape),
                instruction("conv2d_grad_weight", dw=dw, x=x, g=g, **shape),
            ):
                replayed(m, words)


def test_rows_of_a_product_that_are_one_are_summed_in_order():
    for c_m in (0, 1, -1, 2):
        for into in (0, 1):
            rng, m = np.random.default_rng(1), Memory()
            rows, columns, k = 13, 3, 5
            c, a, b = (m.put(isa.ARENA, rng.standard_normal(n)) for n in (40, rows * k, k * columns))
            replayed(
                m,
                instruction(
                    "matmul",
                    into=into,
                    batch=1,
                    m=rows,
                    n=columns,
                    k=k,
                    c_batch=0,
                    c_m=c_m,
                    a_batch=0,
                    a_m=k,
                    a_k=1,
                    b_batch=0,
                    b_k=columns,
                    b_n=1,
                    c=c + (15 if c_m < 0 else 0),
                    a=a,
                    b=b,
                ),
            )


def test_an_operand_that_meets_itself_is_walked_in_order():
    for fn in ("add", "mul", "sub", "maximum"):
        for into in range(5):
            for strides in ((1, 1, 0, 0), (0, 0, 0, 0), (2, 1, 1, -1)):
                m = Memory()
                d = m.put(isa.ARENA, np.random.default_rng(3).uniform(0.9, 1.1, 20)) + 5
                fields = {x + str(i): strides[i] for x in "dab" for i in range(4)}
                replayed(
                    m,
                    instruction(
                        "map_strided", fn=table.function(fn), into=into, n0=3, n1=4, n2=2, n3=3, d=d, a=d, b=d, **fields
                    ),
                )


def pairs():
    a, b = np.meshgrid(EDGES, EDGES)
    return a.ravel(), b.ravel()


@pytest.mark.parametrize("name", replay.FUNCTIONS)
def test_edge_values_native(name):
    a, b = pairs()
    with np.errstate(all="ignore"):
        want = [replay.FUNCTIONS[name](x, y) for x, y in zip(a, b)]
    got = replay.ask(NATIVE, name, a, b)
    wrong = [i for i in range(len(a)) if not same_bits(got[i], want[i])]
    assert not wrong, (a[wrong[0]], b[wrong[0]], got[wrong[0]], want[wrong[0]])


@pytest.mark.parametrize("name", replay.FUNCTIONS)
def test_edge_values_portable(name):
    """As float64 or as float32 arithmetic gives: which one Python has is the port's choice."""
    a, b = pairs()
    with np.errstate(all="ignore"):
        narrow = np.array([replay.FUNCTIONS[name](x, y) for x, y in zip(a, b)], np.float32)
        wide = MAP[name](a.astype(np.float64), b.astype(np.float64)).astype(np.float32)
    got = replay.ask(PORTABLE, name, a, b)
    wrong = [i for i in range(len(a)) if not same_bits(got[i], narrow[i]) and not same_bits(got[i], wide[i])]
    assert not wrong, (a[wrong[0]], b[wrong[0]], got[wrong[0]], narrow[wrong[0]], wide[wrong[0]])


def overflown(a, b):
    """Whether a ** b is 1 / inf by its definition, repeated squares; the squares are tested to the bit below."""
    return -64 <= b < 0 and b == int(b) and np.isinf(replay.power(a, -int(b)))


@both
@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sigmoid", "pow"])
@pytest.mark.filterwarnings("ignore:overflow")
def test_edge_values_of_functions(vm, name):
    a, b = pairs() if name == "pow" else (EDGES, EDGES)
    assert name not in EXACT
    with np.errstate(all="ignore"):
        want = MAP[name](a.astype(np.float64), b.astype(np.float64))
        got = replay.ask(vm, name, a, b)
        near = np.abs(got - want) <= 64 * U * np.abs(want) + 4 * 2.0**-149
        special = (want == 0) | ~np.isfinite(want.astype(np.float32)) | np.isnan(got)
    for i in range(len(a)):
        if name != "pow" or not overflown(a[i], b[i]):
            right = same_bits(got[i], want[i]) if special[i] else near[i]
            assert right, (a[i], b[i], got[i], want[i])


def test_whole_powers_are_repeated_squares():
    a = np.concatenate([EDGES, np.random.default_rng(0).uniform(-3, 3, 100).astype(np.float32)])
    for exponent in list(range(65)) + [-1, -2, -3, -7, -31, -64]:
        got = replay.ask(NATIVE, "pow", a, np.full(len(a), exponent))
        with np.errstate(all="ignore"):
            want = np.array([replay.power(x, abs(exponent)) for x in a], np.float32)
            want = np.float32(1) / want if exponent < 0 else want
        assert same_bits(got, want), exponent


def test_roots_by_pow():
    a = np.abs(EDGES)
    assert same_bits(replay.ask(NATIVE, "pow", a, np.full(len(a), 0.5)), np.sqrt(a))


@both
@pytest.mark.parametrize("into", range(5))
def test_edge_values_meet_what_is_there(vm, into):
    """Every way a result meets what the destination holds, over edge values, signs of zero included."""
    held, a = pairs()
    m = Memory()
    d, source = m.put(isa.ARENA, held), m.put(isa.ARENA, a)
    buffers = m.copy()
    run(
        vm,
        m.program(instruction("map", fn=0, into=into, n=len(a), a_step=1, b_step=1, d=d, a=source, b=source)),
        buffers,
    )
    with np.errstate(all="ignore"):
        want = np.array([replay.INTO[into](x, y) for x, y in zip(held, a)], np.float32)
    assert same_bits(np.array(buffers[0][d : d + len(a)]), want)


@both
def test_the_greatest_of_edge_values(vm):
    """Which of three is a window's maximum, and where: every order of what compares oddly."""
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], np.float32)
    x = np.stack(np.meshgrid(odd, odd, odd, indexing="ij"), -1).reshape(-1, 3)
    best = [next((i for i in range(3) if np.isnan(row[i])), int(np.argmax(row))) for row in x]
    m, n = Memory(), len(x)
    shape = dict(n=n, h=1, w=3, c=1, out_h=1, out_w=1, k_h=1, k_w=3, s_h=1, s_w=1, p_h=0, p_w=0)
    at, y, dx, g = (m.put(isa.ARENA, values) for values in (x.ravel(), [9.0] * n, [0.0] * (3 * n), [1.0] * n))
    count, label = m.put(isa.INTS, [0]), m.put(isa.INTS, best)
    words = [instruction("max_pool2d", y=y, x=at, **shape), instruction("max_pool2d_grad", dx=dx, x=at, g=g, **shape)]
    words.append(instruction("count_correct", n=n, width=3, counter=count, x=at, label=label))
    assert run(vm, m.program(*words), m.buffers)[0] == FINISHED
    arena = np.array(m.buffers[isa.ARENA])
    assert same_bits(arena[y : y + n], x[np.arange(n), best])
    assert np.array_equal(arena[dx : dx + 3 * n].reshape(n, 3), np.eye(3)[best])
    assert m.buffers[isa.INTS][count & 0xFFFFFF] == n


@both
@pytest.mark.parametrize("name", CASES)
def test_twice_the_same_bits(vm, name):
    for seed in range(10):
        r = random.Random("%s %d" % (name, seed))
        m = memory(r)
        program = m.program(CASES[name](m, r))
        results = []
        for _ in range(2):
            buffers = m.copy()
            run(vm, program, buffers)
            results.append([memory.tobytes() for memory in buffers])
        assert results[0] == results[1]
