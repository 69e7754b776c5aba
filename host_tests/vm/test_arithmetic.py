"""The native VM's own functions against float64 over a dense sweep of bit patterns, and the random numbers.

EMBER_LONG=1 sweeps every one of the 2**32 patterns (about ten minutes)."""

import os
import signal

import numpy as np
import pytest

from ember.instructions import isa, table
from programs import FINISHED, NATIVE, PORTABLE, Memory, both, instruction, run, same_bits
from random_numbers import permute, threefry, uniforms
from reference import MAP
from ulps import ulps

LONG = bool(os.environ.get("EMBER_LONG"))
CHUNK = 1 << 22
STEP = 1 if LONG else 257  # prime: it meets every exponent at other places
# The most ulps a function may be off, over every float32, as firmware/vm/math.c states it; pow over the pairs drawn
# below. The contract asks for 2 of exp and log.
BOUNDS = {
    "exp": 0.99, "log": 0.83, "tanh": 1.34, "sigmoid": 2.41, "pow": 1.2, "floor": 0, "round": 0, "expm1": 3.34,
    "log1p": 1.44, "sin": 1.03, "cos": 1.03, "erf": 1.3, "atan2": 2.3,
}  # fmt: skip


def ask(name, a, b=None):
    """A map's function of whole arrays, in place, by the native VM."""
    m = Memory()
    m.buffers[isa.ARENA] = memoryview(a.copy())
    words = instruction(
        "map", fn=table.function(name), into=0, n=len(a), a_step=1, b_step=1, d=0, a=0, b=0 if b is None else 4 << 24
    )
    m.buffers[4] = memoryview(a[:1] if b is None else b)
    assert run(NATIVE, m.program(words), m.buffers)[0] == FINISHED
    return np.asarray(m.buffers[isa.ARENA])


def patterns(step, lowest=0, highest=1 << 32):
    """Every step-th float32 by its bits, in chunks."""
    for start in range(lowest, highest, step * CHUNK):
        yield np.arange(start, min(highest, start + step * CHUNK), step).astype(np.uint32).view(np.float32)


def worst(name, chunks):
    most, where = -1.0, None
    for a in chunks:
        with np.errstate(all="ignore"):
            off = ulps(ask(name, a), MAP[name](a.astype(np.float64), None))
        i = int(off.argmax())
        if off[i] > most:
            most, where = off[i], a[i]
    return most, where


@pytest.mark.parametrize("name", [name for name in BOUNDS if name not in ("pow", "atan2")])
def test_functions_stay_within_their_bounds(name, record_property):
    step = STEP if name in ("exp", "log") or LONG else 4 * STEP + 1
    most, where = worst(name, patterns(step))
    record_property("ulps", float(most))
    assert most <= BOUNDS[name], "%.3f ulp at %r" % (most, where)


@pytest.mark.parametrize(
    "name, lowest, highest",
    [
        ("log", 0x3F7F0000, 0x3F810000),
        ("exp", 0x42AE0000, 0x42B20000),
        ("exp", 0xC2AE0000, 0xC2D10000),
        ("exp", 0x33000000, 0x33010000),
        ("tanh", 0x3F1F0000, 0x3F210000),
        ("sigmoid", 0xC2AE0000, 0xC2D10000),
        ("expm1", 0x3EB00000, 0x3EC00000),
        ("log1p", 0xBF7F0000, 0xBF800000),
        ("sin", 0x40480000, 0x404A0000),
        ("cos", 0x3FC80000, 0x3FCA0000),
        ("erf", 0x3F600000, 0x3F700000),
        ("round", 0x4AFF0000, 0x4B010000),
    ],
    ids=lambda x: x if isinstance(x, str) else hex(x),
)
def test_every_value_where_it_is_hard(name, lowest, highest):
    """Around 1 of the logarithm, where exp overflows, underflows and leaves 1."""
    most, where = worst(name, patterns(1, lowest, highest))
    assert most <= BOUNDS[name], "%.3f ulp at %r" % (most, where)


def test_pow_stays_within_its_bound():
    rng = np.random.default_rng(0)
    n = CHUNK // 2
    a = np.abs(rng.integers(0, 1 << 31, n, dtype=np.uint32).view(np.float32))
    a[: n // 2] = rng.uniform(0, 4, n // 2)
    b = rng.uniform(-20, 20, n).astype(np.float32)
    b[::3] = np.exp(rng.uniform(-20, 5, len(b[::3]))) * rng.choice((-1, 1), len(b[::3]))
    b += np.where(b == np.round(b), np.float32(0.3), np.float32(0))  # whole exponents are squares' own error
    with np.errstate(all="ignore"):
        off = ulps(ask("pow", a, b), np.power(a.astype(np.float64), b.astype(np.float64)))
    i = int(off.argmax())
    assert off[i] <= BOUNDS["pow"], "%.3f ulp at %r ** %r" % (off[i], a[i], b[i])


def pairs(rng, n=CHUNK // 2):
    """All magnitudes, and half of them near each other."""
    a, b = rng.integers(0, 1 << 32, (2, n), dtype=np.uint32).view(np.float32)
    b[::2] = a[::2] * rng.normal(size=len(b[::2])).astype(np.float32)
    edges = np.array([0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e38, 2, 0.5], np.float32)
    a[: len(edges) ** 2], b[: len(edges) ** 2] = np.repeat(edges, len(edges)), np.tile(edges, len(edges))
    return a, b


def test_atan2_stays_within_its_bound():
    with np.errstate(all="ignore"):
        a, b = pairs(np.random.default_rng(2))
        want = np.arctan2(a.astype(np.float64), b.astype(np.float64))
        got = ask("atan2", a, b)
    off = ulps(got, want)
    i = int(off.argmax())
    assert off[i] <= BOUNDS["atan2"], "%.3f ulp at %r, %r" % (off[i], a[i], b[i])
    assert (np.signbit(got) == np.signbit(want))[~np.isnan(want)].all()


def test_the_remainder_is_exact_but_for_one_rounding():
    with np.errstate(all="ignore"):
        a, b = pairs(np.random.default_rng(3))
        want = np.remainder(a.astype(np.float64), b.astype(np.float64)).astype(np.float32)
    assert same_bits(ask("remainder", a, b), want)


def test_sqrt_is_correctly_rounded():
    for a in patterns(STEP):
        with np.errstate(all="ignore"):
            assert same_bits(ask("sqrt", a), np.sqrt(a))


@pytest.mark.parametrize("name, function", [("add", np.add), ("mul", np.multiply), ("div", np.divide)])
def test_operations_are_correctly_rounded(name, function):
    a, b = np.random.default_rng(1).integers(0, 1 << 32, (2, CHUNK // 2), dtype=np.uint32).view(np.float32)
    with np.errstate(all="ignore"):
        b = np.where(np.arange(len(a)) % 2, b, a * np.float32(1.3))
        assert same_bits(ask(name, a, b), function(a, b))


def test_threefry_gives_the_published_vectors():
    """Random123's known answers, for the implementation that the VMs are compared to."""
    f = 0xFFFFFFFF
    for key, counter, words in (
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((f, f), (f, f), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ):
        assert tuple(int(x) for x in threefry(key, counter)) == words


def drawn(vm, key, stream, n, step=0, sample=0, width=1, fresh=0):
    """u of the elements of n samples from one on, by the instruction uniform."""
    m = Memory()
    d, low = m.put(isa.ARENA, [9.0] * (n * width)), m.put(isa.FLOATS, [0, 1])
    key, step, sample = (m.put(isa.INTS, [value]) for value in (key, step, sample))
    words = instruction("uniform", fresh=fresh, n=n, width=width, stream=stream, d=d, range=low, key=key, step=step,
                        sample=sample)  # fmt: skip
    run(vm, m.program(words), m.buffers)
    return np.array(m.buffers[isa.ARENA][d : d + n * width])


@both
def test_uniform_draws_the_definition(vm):
    got = drawn(vm, 0, 0, 2) * 2**24
    assert got.tolist() == [0x6B200159 >> 8, 0x99BA4EFE >> 8]
    for key in (0, 1, -1, 2**31 - 1, -(2**31), 0x13198A2E):
        for stream in (0, 1, 0x03707344, 2**30 - 1):
            assert drawn(vm, key, stream, 50, step=9).tolist() == uniforms(key, stream, 0, np.arange(50)).tolist()
    for step, sample, width in ((0, 0, 3), (1, 5, 7), (-1, -2, 5), (2**31 - 1, 2**31 - 3, 3), (5, 613566756, 7)):
        element = np.add.outer((np.arange(9) + sample) * width, np.arange(width)) % 2**32
        expected = uniforms(4, 6, step, element).ravel().tolist()
        assert drawn(vm, 4, 6, 9, step, sample, width, 1).tolist() == expected


def test_uniform_is_uniform():
    u = drawn(NATIVE, 5, 6, 1 << 20)
    assert 0 <= u.min() and u.max() < 1
    counts = np.histogram(u, 256, (0, 1))[0]
    assert np.abs(counts - 4096).max() < 6 * 64


def kept(vm, key, stream, step, sample, p, rows, width):
    """What dropout makes of ones."""
    m = Memory()
    x = m.put(isa.ARENA, [1.0] * (rows * width))
    place = [m.put(isa.INTS, [value]) for value in (key, step, sample)]
    words = instruction(
        "dropout",
        into=0,
        n=rows,
        width=width,
        stream=stream,
        y=x,
        x=x,
        p=m.put(isa.FLOATS, [p]),
        key=place[0],
        step=place[1],
        sample=place[2],
    )
    run(vm, m.program(words), m.buffers)
    return np.array(m.buffers[isa.ARENA][x : x + rows * width])


@both
def test_dropout_keeps_what_the_definition_keeps(vm):
    r = np.random.default_rng(2)
    for step in (0, 1, -1, 2**31 - 1, -(2**31)):
        for sample, width in ((0, 7), (2**31 - 3, 3), (-2, 5), (613566756, 7), (2**31 - 1, 1)):
            key, stream, p = int(r.integers(-(2**31), 2**31)), int(r.integers(0, 2**30)), np.float32(r.uniform())
            element = np.add.outer((np.arange(6) + sample) * width, np.arange(width)) % 2**32
            keep = uniforms(key, stream, step, element).ravel() >= p
            want = np.where(keep, np.float32(1) / (np.float32(1) - p), np.float32(0))
            assert np.allclose(kept(vm, key, stream, step, sample, p, 6, width), want, rtol=2**-22, atol=0)


@both
def test_dropout_keeps_an_element_that_draws_its_rate(vm):
    u = (0x6B200159 >> 8) * 2.0**-24
    assert kept(vm, 0, 0, 0, 0, u, 1, 1)[0] > 1
    assert kept(vm, 0, 0, 0, 0, u + 2.0**-24, 1, 1)[0] == 0
    assert kept(vm, 3, 3, 3, 3, 0.0, 4, 4).tolist() == [1.0] * 16
    assert kept(vm, 3, 3, 3, 3, 1.0, 4, 4).tolist() == [0.0] * 16


@both
def test_dropout_does_not_see_how_a_batch_is_cut(vm):
    whole = kept(vm, 9, 1, 4, 20, 0.5, 6, 5)
    parts = [kept(vm, 9, 1, 4, 20 + 2 * i, 0.5, 2, 5) for i in range(3)]
    assert whole.tolist() == np.concatenate(parts).tolist()


def test_permute_is_a_bijection():
    for n in list(range(1, 301)) + [1023, 1024, 1025, 4097, 65537]:
        assert sorted(NATIVE.permute(i, n, 7, n) for i in range(n)) == list(range(n))
    for n in (1, 2, 3, 5, 16, 17, 64, 100):
        assert sorted(PORTABLE.permute(i, n, 7, n) for i in range(n)) == list(range(n))


@both
@pytest.mark.parametrize("n", [1, 2, 4, 5, 16, 17, 300, 1437, 65536, 10**6, 1 << 24, (1 << 30) - 1, 1 << 30])
def test_permute_is_the_definition(vm, n):
    for key, epoch in ((0, 0), (1, 2), (-1, -5), (2**31 - 1, 2**30), (-(2**31), 3)):
        for i in {0, n // 3, n // 2, n - 1}:
            assert vm.permute(i, n, key, epoch) == permute(i, n, key, epoch)


@both
def test_permute_refuses_what_it_cannot_place(vm):
    for i, n in ((0, 0), (-1, 5), (5, 5), (0, -1), (0, (1 << 30) + 1)):
        with pytest.raises(ValueError):
            vm.permute(i, n, 1, 1)


def test_epochs_and_keys_shuffle_differently():
    orders = {tuple(NATIVE.permute(i, 50, key, epoch) for i in range(50)) for key in range(5) for epoch in range(5)}
    assert len(orders) == 25


@pytest.fixture
def alarm():
    """A loop in Python that does not end is a failure, not a wait."""

    def ring(*_):
        raise TimeoutError("it does not end")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@both
@pytest.mark.parametrize("step", [-1, -2, 2**31 - 1, -(2**31)])
def test_adam_ends_whatever_the_step(vm, step, alarm):
    """t is step + 1 as an unsigned word: the powers' loop ends, and after many steps nothing is corrected."""
    m = Memory()
    place = {name: m.put(isa.ARENA, [value]) for name, value in (("p", 1), ("g", 0.5), ("m", 0.1), ("v", 0.2))}
    words = instruction(
        "adam",
        decoupled=0,
        amsgrad=0,
        n=1,
        most=place["v"],
        hyper=m.put(isa.FLOATS, [0.1, 0.9, 0.999, 1e-8, 0]),
        step=m.put(isa.INTS, [step]),
        total=m.put(isa.FLOATS, [1]),
        **place,
    )
    run(vm, m.program(words), m.buffers)
    p = m.buffers[isa.ARENA][place["p"]]
    first, second = 0.9 * 0.1 + 0.1 * 0.5, 0.999 * 0.2 + 0.001 * 0.25
    assert np.isnan(p) if step == -1 else abs(p - (1 - 0.1 * first / second**0.5)) < 1e-6
