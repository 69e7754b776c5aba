"""What the tests share: where things are, and how to run a script under MicroPython."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import configuration, settings

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
MPY_CROSS = BUILD / "micropython" / "mpy-cross" / "build" / "mpy-cross"
MICROPYTHON = {name: BUILD / name / "micropython" for name in ("unix", "unix-single", "unix-ember")}

# The same examples at every run: a test that fails does so for everybody.
configuration.set_hypothesis_home_dir(BUILD / "hypothesis")
settings.register_profile("ember", derandomize=True, deadline=None, database=None)
settings.load_profile("ember")


def run_micropython(binary, script, *arguments, heap="1m", native=True, timeout=60, cwd=None):
    """What a script prints under one of MICROPYTHON. `script` is its path, or its text.

    With native, the VM is found as build/native/ember_vm.mpy (unix-ember has it built in either way).
    """
    path = [ROOT / "lib"] + ([BUILD / "native"] if native else [])
    environment = dict(os.environ, MICROPYPATH=":".join(str(folder) for folder in path))
    what = [str(script)] if isinstance(script, Path) else ["-c", script]
    command = [str(MICROPYTHON[binary]), "-X", "heapsize=" + heap, *what, *(str(a) for a in arguments)]
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        end = done.stdout[-2000:]
        pytest.fail("%s exited with %d\n%s\n%s" % (binary, done.returncode, end, done.stderr), pytrace=False)
    return done.stdout


@pytest.fixture(params=MICROPYTHON)
def micropython(request):
    """run_micropython with each of the builds: with double floats, with single ones, with the VM inside."""

    def run(script, *arguments, **options):
        return run_micropython(request.param, script, *arguments, **options)

    run.name = request.param
    return run
