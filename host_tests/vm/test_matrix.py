"""The same scripts on every interpreter: identical bits from the native VM however it is built, and the same words for
what is refused. The binaries are those of `make setup`."""

import pytest

from interpreters import INTERPRETERS, digests, losses, run

MICROPYTHONS = [name for name in INTERPRETERS if name != "cpython"]
STEPS = 20


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
