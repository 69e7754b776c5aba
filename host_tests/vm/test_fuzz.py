"""A minute of fuzzing that is led by what it reaches, under the sanitizers: programs, with the kernels of a PC, of
boards with an FPU and of those without, and files. `make fuzz` goes on for longer."""

import os
import subprocess
import sys

import pytest

import travelling
from checkout import BUILD, ROOT

SEED = os.environ.get("EMBER_FUZZ_SEED", "1")
FILES = ROOT / "host_tests" / "support" / "files_fuzz.py"


def figures(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return {name: int(value) for name, value in (part.split("=") for part in done.stdout.split() if "=" in part)}


@pytest.mark.parametrize("kernels", ["guided", "guided_scalars", "guided_soft"])
def test_programs(kernels, tmp_path):
    for name in travelling.MODELS:
        travelling.make(name).export(str(tmp_path / name))
    found = figures([BUILD / "native" / kernels, SEED, 10, *sorted(tmp_path.iterdir())])
    assert found["accepted"] > 50 and found["changing"] > 10
    assert found["edges"] > 1000 and found["kept"] > 2 * len(travelling.MODELS)


@pytest.mark.parametrize("kind", ["programs", "checkpoints", "data"])
def test_files(kind):
    found = figures([sys.executable, FILES, SEED, 8, kind])
    assert found["files"] > 10 and found["lines"] > 50
