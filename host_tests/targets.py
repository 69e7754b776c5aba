"""Where the device tests run. A target is started once, and then runs script after script."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LIB, HOST, NATIVE = ROOT / "lib", ROOT / "tools" / "host", BUILD / "native"
DEVICE = Path(__file__).resolve().parent / "device"
DIGITS = LIB / "examples" / "digits.bin"

# Interpreters of this machine, and where each finds the native VM: by ctypes, as ember_vm.mpy, inside.
INTERPRETERS = {
    "cpython": (sys.executable, [LIB, HOST]),
    "unix": (BUILD / "unix" / "micropython", [LIB, NATIVE]),
    "unix-single": (BUILD / "unix-single" / "micropython", [LIB, NATIVE]),
    "unix-ember": (BUILD / "unix-ember" / "micropython", [LIB]),
}


@contextlib.contextmanager
def _interpreter(name, folder):
    """A new process for each script, in a folder of its own that holds digits.bin."""
    binary, folders = INTERPRETERS[name]
    folders = [*folders, DEVICE] + ([] if name == "cpython" else [DEVICE / "lib"])
    path = ":".join(str(f) for f in folders)
    variable = "PYTHONPATH" if name == "cpython" else "MICROPYPATH"
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MICROPYPATH")}
    shutil.copy(DIGITS, folder)

    def run(script, timeout=120):
        done = subprocess.run([str(binary), "-c", script], cwd=folder, env=dict(environment, **{variable: path}),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)  # fmt: skip
        return done.returncode == 0, done.stdout

    yield run


TARGETS = {name: _interpreter for name in INTERPRETERS}


def start(name, folder):
    """A context: run(script, timeout) -> (whether it ended well, what it printed), with the tests on its path."""
    return TARGETS[name](name, folder)
