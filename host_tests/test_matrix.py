"""The same scripts on every interpreter: identical bits from the native VM however it is built, and the same words for
what is refused. The binaries are those of `make setup`."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("EMBER_BUILD") or os.path.join(ROOT, "build")
DEVICE = os.path.join(ROOT, "host_tests", "device")
LIB, HOST, NATIVE = os.path.join(ROOT, "lib"), os.path.join(ROOT, "tools", "host"), os.path.join(BUILD, "native")

# Interpreter, and where its ember_vm comes from: ctypes, ember_vm.mpy, or the firmware.
INTERPRETERS = {
    "cpython": (sys.executable, LIB + ":" + HOST),
    "unix": (os.path.join(BUILD, "unix", "micropython"), LIB + ":" + NATIVE),
    "unix-single": (os.path.join(BUILD, "unix-single", "micropython"), LIB + ":" + NATIVE),
    "unix-ember": (os.path.join(BUILD, "unix-ember", "micropython"), LIB),
}
MICROPYTHONS = [name for name in INTERPRETERS if name != "cpython"]
STEPS = 20


def run(name, script, *arguments):
    """The lines it prints. An argument "FOLDERS" stands for the interpreter's own."""
    binary, folders = INTERPRETERS[name]
    if not os.path.exists(binary):
        pytest.skip("%s is not built: make setup" % binary)
    arguments = [folders if a == "FOLDERS" else str(a) for a in arguments]
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MICROPYPATH")}
    heap = [] if name == "cpython" else ["-X", "heapsize=8m"]  # for every module and the sources it is compiled from
    done = subprocess.run([binary, *heap, os.path.join(DEVICE, script)] + arguments, capture_output=True, text=True,
                          timeout=120, env=environment)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def digests(lines):
    return {line.split()[0]: line.split()[2] for line in lines if line.split()[1] in ("native", "portable")}


def losses(lines):
    return {line.split()[0]: [float(v) for v in line.split()[2:]] for line in lines if line.split()[1] == "losses"}


@pytest.fixture(scope="module")
def on_cpython(tmp_path_factory):
    path = tmp_path_factory.mktemp("matrix") / "a.ckpt"
    return run("cpython", "train.py", "native", STEPS, "FOLDERS", path), path


@pytest.mark.parametrize("name", MICROPYTHONS)
def test_the_native_vm_gives_the_same_bits(on_cpython, name, tmp_path):
    path = tmp_path / "b.ckpt"
    lines = run(name, "train.py", "native", STEPS, "FOLDERS", path)
    assert len(digests(lines)) == 2 and digests(lines) == digests(on_cpython[0])
    assert path.read_bytes() == on_cpython[1].read_bytes()


def test_the_native_vm_gives_the_same_bits_twice(on_cpython, tmp_path):
    assert run("cpython", "train.py", "native", STEPS, "FOLDERS", tmp_path / "b.ckpt") == on_cpython[0]


@pytest.mark.parametrize("name", MICROPYTHONS)
def test_training_moves_from_one_interpreter_to_another(on_cpython, name):
    """A checkpoint written on the host goes on on the device, with the same bits."""
    expected = run("cpython", "train.py", "native", 3, "FOLDERS", on_cpython[1], "load")
    assert digests(run(name, "train.py", "native", 3, "FOLDERS", on_cpython[1], "load")) == digests(expected)
    assert digests(expected)["mlp"] != digests(on_cpython[0])["mlp"]


@pytest.mark.parametrize("name", ["cpython", "unix", "unix-single"])
def test_the_portable_vm_agrees(on_cpython, name):
    found = losses(run(name, "train.py", "portable", 8, "FOLDERS"))
    expected = losses(on_cpython[0])
    assert sorted(found) == ["cnn", "mlp"]
    for model in found:
        assert found[model] == pytest.approx(expected[model][:8], rel=1e-4)


@pytest.mark.parametrize("vm", ["native", "portable"])
@pytest.mark.parametrize("name", MICROPYTHONS)
def test_every_interpreter_says_the_same(name, vm):
    def words(lines):
        return [line.split(" ([Errno")[0] for line in lines]

    expected = run("cpython", "refusals.py", "native", "FOLDERS")
    assert not [line for line in expected if "no error" in line] and len(expected) > 60
    assert words(run(name, "refusals.py", vm, "FOLDERS")) == words(expected)
