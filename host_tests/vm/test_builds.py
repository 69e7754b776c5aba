"""The native VM built another way gives the same bits: other loops for other processors, no optimisation, fused
multiply-add within the compiler's reach. Run as a script, it prints the bits of the VM that EMBER_LIBRARY names."""

import json
import os
import platform
import random
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest

from builds import HERE, digest, flags
from cases import CASES
from ember.instructions import isa, table
from programs import FINISHED, NATIVE, PAUSED, ROOT, Memory, instruction, run
from trials import memory
from walk import everything

BUILDS = {
    "scalars": ["-O2", "-DEMBER_PLAIN=4"],
    "no FPU's loops": ["-Os", "-DEMBER_PLAIN=1"],
    "unoptimised": ["-O0"],
    "fused multiply-add": ["-O3", "-mavx2", "-mfma"],
}


def has_fma():
    try:
        return "fma" in Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False


def instructions():
    for name in CASES:
        for seed in range(25):
            r = random.Random("%s %d" % (name, seed))
            m = memory(r)
            assert run(NATIVE, m.program(CASES[name](m, r)), m.buffers)[0] == FINISHED
            yield "%s %d" % (name, seed), digest(m.buffers)


def functions():
    n = 20000
    a, b = np.random.default_rng(0).integers(0, 1 << 32, (2, n), dtype=np.uint32).view(np.float32)
    for fn in range(len(table.FUNCTIONS)):
        m = Memory()
        d, a_at, b_at = (m.put(isa.ARENA, x) for x in (np.zeros(n), a, b))
        words = instruction("map", fn=fn, into=0, n=n, a_step=1, b_step=1, d=d, a=a_at, b=b_at)
        assert run(NATIVE, m.program(words), m.buffers)[0] == FINISHED
        yield table.FUNCTIONS[fn][0], digest(m.buffers)


def slices():
    m, program = everything()
    state = array("i", [2 * isa.FOLLOWING, 0, 0, 0])
    assert NATIVE.verify(program) == 0
    while NATIVE.run(program, m.buffers, state, 0) == PAUSED:
        yield "state %s" % list(state), None
    yield "slices", digest(m.buffers)


def everywhere():
    return dict([*instructions(), *functions(), *slices()])


@pytest.fixture(scope="module")
def ours():
    return everywhere()


@pytest.mark.parametrize("name", BUILDS)
def test_bits_of_a_build(name, ours, tmp_path):
    if "-mfma" in BUILDS[name] and not (platform.machine() == "x86_64" and has_fma()):
        pytest.skip("this processor has no fused multiply-add")
    library = tmp_path / "libember.so"
    compiler = os.environ.get("CC") or shutil.which("gcc") or "cc"
    sources = [str(HERE / "ember_vm.c"), str(HERE / "host.c")]
    subprocess.run([compiler, *BUILDS[name], *flags(), "-shared", "-fPIC", "-o", str(library), *sources], check=True)
    places = [str(ROOT / folder) for folder in ("lib", "tools/host", "host_tests/support")]
    environment = dict(os.environ, EMBER_LIBRARY=str(library), PYTHONPATH=os.pathsep.join(places))
    result = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    theirs = json.loads(result.stdout)
    assert [key for key in ours if ours[key] != theirs.get(key)] == []
    assert ours.keys() == theirs.keys()


if __name__ == "__main__":
    print(json.dumps(everywhere()))
