"""A native VM of another instruction table is not used, and that is said: once, with what to do."""

import os
import shutil
import subprocess
import sys

import pytest

from checkout import MICROPYTHON, ROOT

LINE = ("ember: the portable VM runs, which is slower: ember_vm was built from another instruction table than this "
        "ember: deploy both again (on a PC: make setup)\n")  # fmt: skip
SCRIPTS = {
    "ember": "import ember\nfrom ember import vm\nvm.select()\nvm.select('portable')\nvm.select()\n"
             "print(vm.name, ember.Tensor([2.0]).sqrt().item() > 1.4)",
    "runtime": "from ember import runtime, vm\nprint(vm.name, True)",
    "wanted": "from ember import vm\ntry:\n    vm.select('native')\nexcept ImportError as error:\n    print(error)",
}  # fmt: skip


@pytest.fixture(params=["cpython", "unix", "unix-single"])
def run(request, tmp_path):
    """Runs a script that finds an ember_vm of another table first."""
    (tmp_path / "ember_vm.py").write_text("isa = 1\nrun = verify = permute = None\n")

    def run(script, library=ROOT / "lib"):
        path = "%s:%s" % (tmp_path, library)
        command = [sys.executable, "-B"] if request.param == "cpython" else [str(MICROPYTHON[request.param])]
        environment = dict(os.environ, PYTHONPATH=path, MICROPYPATH=path)
        return subprocess.run([*command, "-c", script], env=environment, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("name", ["ember", "runtime"])
def test_it_falls_back_and_says_so_once(run, name):
    assert run(SCRIPTS[name]).stdout == LINE + "portable True\n"


def test_who_wants_it_by_name_gets_an_error(run):
    out = run(SCRIPTS["wanted"]).stdout
    assert out.startswith(LINE) and out[len(LINE) :] == LINE.split("slower: ")[1]


def test_without_the_portable_one_it_is_an_error(run, tmp_path):
    shutil.copytree(ROOT / "lib" / "ember", tmp_path / "few" / "ember")
    (tmp_path / "few" / "ember" / "portable" / "run.py").unlink()
    done = run("from ember import vm", tmp_path / "few")
    assert "ImportError: ember_vm was built from another instruction table" in done.stderr + done.stdout


def test_the_right_one_says_nothing(micropython):
    assert micropython("import ember\nfrom ember import vm\nprint(vm.name)") == "native\n"
