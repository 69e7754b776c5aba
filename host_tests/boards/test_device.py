"""One suite, everywhere: the unittest files of host_tests/device/ run unchanged on every target, under both VMs; and
the same bits come out. `make test ARGS="-k device"`; the table at the end has a column for each target."""

import re
import subprocess

import pytest
from tools.board import emulated

import targets
from checkout import ROOT
from suites import SUITES, check_suite

ALLOCATIONS = "allocations", "allocations_update", "allocations_travel"


def suites(name, vm):
    """On emulated boards the portable VM is slow, and is the same Python whichever way it came there."""
    if vm == "native":
        return SUITES[vm] + (ALLOCATIONS if name != "cpython" else ())
    if name in targets.INTERPRETERS or targets.PORT:
        return SUITES[vm]
    if name not in targets.MODULES:
        return ()
    return ("numbers", "storage") + (("trainer", "travel") if name in ("m3", "m4", "rv32") else ())


def marks(name, suite, vm):
    """Left to make test-long: where another board has run the same files, compiled alike."""
    long = suite == "digits" and name.endswith("-mpy") or vm == "portable" and name in ("m3", "m4")
    long = long or suite == "values" and name in ("m7-mpy", "m33-mpy")
    return [pytest.mark.xdist_group(name)] + ([pytest.mark.long] if long else [])


CASES = [
    pytest.param(name, suite, vm, id="%s-%s-%s" % (name, suite, vm), marks=marks(name, suite, vm))
    for name in targets.TARGETS
    for vm in SUITES
    for suite in suites(name, vm)
]


@pytest.mark.parametrize("name, suite, vm", CASES)
def test_suite(started, name, suite, vm):
    check_suite(started(name), suite, vm)


def digests(run, script):
    """{model: SHA-256}. Each model in a run of its own: a small heap does not hold the modules of all at once."""
    found = {}
    while True:
        ok, output = run(script % len(found))
        assert ok, output
        if " | " not in output:
            return found
        found.update(line.split(" | ")[:2] for line in output.splitlines() if " | " in line)


BITS = "from ember import vm\nvm.select('native')\nimport bits\nbits.main('digits.bin', bits.MODELS[%d:][:1])"
SEARCH = "from ember import vm\nvm.select('native')\nimport search\nfor _ in range(1 - %d): search.main('digits.bin')"
HOSTILE = """
from ember import vm
vm.select('native')
import bits, hostile
assert hostile.is_real()
bits.main('digits.bin', bits.MODELS[%d:][:1], hostile.step)
"""
FPU_BOARDS = ["m4", "m7", "m33", "m55"]


def each(names):
    return pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.xdist_group(n)) for n in names])


@pytest.fixture(scope="module")
def expected_bits(tmp_path_factory):
    with targets.start("cpython", tmp_path_factory.mktemp("bits")) as run:
        return [digests(run, script) for script in (BITS, SEARCH)]


def check_bits(run, scripts, expected, record_property):
    """expected: what each of the scripts prints, or of more of them."""
    found = [digests(run, script) for script in scripts]
    record_property("bits", {model: digest for part in found for model, digest in part.items()})
    assert len(expected[0]) > 3 and len(expected[1]) == 1 and found == expected[: len(found)]


@each(targets.TARGETS)
def test_same_bits(started, expected_bits, name, record_property):
    """After its steps of each model, the SHA-256 of all weights and optimizer state."""
    check_bits(started(name), [BITS, SEARCH], expected_bits, record_property)


@each(FPU_BOARDS)
def test_same_bits_in_a_hostile_mode(started, expected_bits, name, record_property):
    """Subnormals flushed, upward rounding, set by somebody else: the bits hold, and it gets its mode back."""
    check_bits(started(name), [HOSTILE], expected_bits, record_property)


@pytest.mark.parametrize("name", FPU_BOARDS)
def test_contraction_stays_outside(name):
    """GCC's default fuses a·b + c, and these firmwares are compiled with it: everything but the VM."""
    folder = targets.BUILD / "boards" / name

    def fused(file):
        listing = subprocess.run(["arm-none-eabi-objdump", "-d", str(file)], capture_output=True, text=True, check=True)
        return len(re.findall(r"\tvfn?m[as]\.", listing.stdout))

    assert fused(folder / "firmware.elf") > 100
    assert fused(folder / "vm" / "ember_vm.o") == 0


def test_a_real_board_is_a_port():
    """make test-board, on an emulated board's port."""
    files = {"%s/digits.bin" % targets.PLACE: targets.DIGITS.read_bytes()}
    with emulated("m4", files=files) as board:
        done = subprocess.run(["make", "test-board", "PORT=" + board.port, 'ARGS=-k "board-numbers"'], cwd=ROOT,
                              capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout and "numbers, portable" in done.stdout


def test_the_suite_is_whole():
    """Every file of the folder is in the table."""
    files = {path.stem[len("test_") :] for path in (ROOT / "host_tests" / "device").glob("test_*.py")}
    assert files == set(SUITES["native"]) | set(ALLOCATIONS)
