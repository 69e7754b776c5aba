"""What the native VM is run in: the caller's floating-point mode, and a million random programs."""

import ctypes
import os
import platform
import random
import shutil
import subprocess
from array import array

import numpy as np
import pytest

import replay
from cases import CASES
from ember.instructions import isa, table
from programs import FINISHED, NATIVE, ROOT, Memory, instruction, run, same_bits
from trials import memory

HELPER = """
#include <xmmintrin.h>
unsigned get_mode(void) { return _mm_getcsr(); }
void set_mode(unsigned mode) { _mm_setcsr(mode); }
float twice(volatile float x) { volatile float two = 2.0f; return x * two; }
float third(volatile float x) { volatile float three = 3.0f; return x / three; }
"""
FLUSH = 0x8040  # FTZ and DAZ
ROUNDING = {"down": 0x2000, "up": 0x4000, "to zero": 0x6000}
CONTROL = 0xFFC0  # all but the sticky flags


@pytest.fixture(scope="module")
def mode(tmp_path_factory):
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("MXCSR is x86's")
    folder = tmp_path_factory.mktemp("mode")
    (folder / "mode.c").write_text(HELPER)
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", folder / "mode.so", folder / "mode.c"], check=True)
    library = ctypes.CDLL(str(folder / "mode.so"))
    for name in ("twice", "third"):
        getattr(library, name).argtypes, getattr(library, name).restype = [ctypes.c_float], ctypes.c_float
    library.get_mode.restype = ctypes.c_uint32
    library.set_mode.argtypes, library.set_mode.restype = [ctypes.c_uint32], None
    plain = library.get_mode()
    yield library
    library.set_mode(plain)


def under(library, change, call):
    """Call in a changed mode; -> what it gives, and whether the mode was left as it was."""
    plain = library.get_mode()
    library.set_mode(plain & ~CONTROL | change)
    try:
        set_to = library.get_mode()
        result = call()
        return result, library.get_mode() & CONTROL == set_to & CONTROL
    finally:
        library.set_mode(plain)


MODES = [("flush", 0x1F80 | FLUSH)] + [(name, 0x1F80 | value) for name, value in ROUNDING.items()]
MODES += [("both", 0x1F80 | FLUSH | 0x6000), ("traps on invalid, division and overflow", 0x1F80 & ~0x0680)]

SMALL = "copy neg abs sqrt exp log tanh relu add sub mul div maximum gt eq pow relu_grad tanh_grad sigmoid_grad"


def subnormals():
    """A program over values small enough that all of it is subnormal, and its memory."""
    m, n = Memory(), 64
    a = m.put(isa.ARENA, np.arange(1, n + 1, dtype=np.uint32).view(np.float32) * np.float32(977))
    b = m.put(isa.ARENA, np.linspace(0.1, 3, n))
    words = []
    for name in SMALL.split():
        d = m.put(isa.ARENA, np.zeros(n))
        words.append(instruction("map", fn=table.function(name), into=0, n=n, a_step=1, b_step=1, d=d, a=a, b=b))
    c = m.put(isa.ARENA, np.zeros(64))
    words.append(
        instruction(
            "matmul",
            into=0,
            batch=1,
            m=8,
            n=8,
            k=8,
            c_batch=0,
            c_m=8,
            a_batch=0,
            a_m=8,
            a_k=1,
            b_batch=0,
            b_k=8,
            b_n=1,
            c=c,
            a=a,
            b=b,
        )
    )
    return m, m.program(*words)


@pytest.mark.parametrize("name, change", MODES, ids=[name for name, _ in MODES])
def test_the_callers_mode_changes_no_bit_and_is_restored(mode, name, change):
    m, program = subnormals()
    plain = m.copy()
    run(NATIVE, program, plain)
    assert NATIVE.verify(program) == 0
    for budget in (-1, 0):

        def whole():
            buffers = m.copy()
            return run(NATIVE, program, buffers, budget), buffers  # noqa: B023

        (verdict, buffers), restored = under(mode, change, whole)
        assert verdict[0] == FINISHED
        assert restored
        assert buffers[0].tobytes() == plain[0].tobytes()


def test_the_helper_does_change_the_mode(mode):
    """Else the test above shows nothing."""
    assert under(mode, 0x1F80 | FLUSH, lambda: mode.twice(1e-40))[0] == 0
    assert mode.twice(1e-40) > 0
    assert under(mode, 0x1F80 | ROUNDING["down"], lambda: mode.third(1))[0] != mode.third(1)


@pytest.mark.parametrize("change", [FLUSH, FLUSH | 0x4000], ids=["flush", "flush, up"])
def test_every_instruction_under_a_foreign_mode(mode, change):
    for name in CASES:
        r = random.Random(name)
        m = memory(r)
        program, plain, changed = m.program(CASES[name](m, r)), m.copy(), m.copy()
        run(NATIVE, program, plain)
        verdict, restored = under(mode, 0x1F80 | change, lambda: run(NATIVE, program, changed))  # noqa: B023
        assert (verdict[0], restored) == (FINISHED, True)
        assert [x.tobytes() for x in plain] == [x.tobytes() for x in changed], name


def test_mode_is_restored_after_faults_and_refusals(mode):
    m = Memory()
    index = m.put(isa.INTS, [5])
    program = m.program(instruction("check_index", n=1, high=3, index=index))

    def refused():
        with pytest.raises(ValueError):
            NATIVE.run(program, m.buffers[:3], array("i", 4 * [0]), -1)

    assert under(mode, 0x1F80 | FLUSH, lambda: NATIVE.run(program, m.buffers, array("i", 4 * [0]), -1)) == (-1, True)
    assert under(mode, 0x1F80 | FLUSH, refused) == (None, True)


def test_subnormals_are_kept():
    small = np.arange(1, 100, dtype=np.uint32).view(np.float32)
    assert same_bits(replay.ask(NATIVE, "add", small, small), small + small)
    assert same_bits(replay.ask(NATIVE, "mul", small, np.full(99, 0.5)), small * np.float32(0.5))


def test_a_million_random_programs_stay_in_their_segments():
    """The fuzzer, built with the address and undefined-behaviour sanitizers."""
    fuzz = ROOT / "build" / "native" / "fuzz"
    assert fuzz.exists(), "make -C firmware/vm builds it"
    seed, opcodes, totals = int(os.environ.get("EMBER_FUZZ_SEED", "1")), set(), {"programs": 0, "accepted": 0}
    halves = [
        subprocess.Popen([fuzz, str(seed + i), "500000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for i in range(2)
    ]
    for half in halves:
        out, err = half.communicate()
        assert half.returncode == 0, out[-2000:] + err[-4000:]
        figures = dict(part.split("=") for part in out.split() if "=" in part)
        for name in totals:
            totals[name] += int(figures[name])
        opcodes |= {int(part.split(":")[0]) for part in out.split() if ":" in part}
    assert totals["programs"] == 1000000
    assert totals["accepted"] > 100000
    assert opcodes == set(range(len(table.TABLE)))
