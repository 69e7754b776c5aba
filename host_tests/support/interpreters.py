"""The interpreters of this machine, each with its ember_vm; what train.py prints there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
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
