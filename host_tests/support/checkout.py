"""Where things are, and how to run a script under MicroPython."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
MPY_CROSS = BUILD / "micropython" / "mpy-cross" / "build" / "mpy-cross"
MICROPYTHON = {name: BUILD / name / "micropython" for name in ("unix", "unix-single", "unix-ember")}


def run_micropython(binary, script, *arguments, heap="1m", native=True, timeout=60, cwd=None, library=ROOT / "lib"):
    """What a script prints under one of MICROPYTHON. `script` is its path, or its text.

    With native, the VM is found as build/native/ember_vm.mpy (unix-ember has it built in either way).
    """
    path = [library] + ([BUILD / "native"] if native else [])
    environment = dict(os.environ, MICROPYPATH=":".join(str(folder) for folder in path))
    what = [str(script)] if isinstance(script, Path) else ["-c", script]
    command = [str(MICROPYTHON[binary]), "-X", "heapsize=" + heap, *what, *(str(a) for a in arguments)]
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        end = done.stdout[-2000:]
        pytest.fail("%s exited with %d\n%s\n%s" % (binary, done.returncode, end, done.stderr), pytrace=False)
    return done.stdout


# For scripts. A locked heap does not see a call's large frame, which then comes from the stack; the total does.
ALLOCATED = """
import gc, micropython
def allocated(use):
    use(1)
    micropython.heap_lock()
    try:
        use(5)
    finally:
        micropython.heap_unlock()
    gc.collect()
    gc.disable()
    total = micropython.mem_total()
    use(0)
    loop = micropython.mem_total() - total
    total = micropython.mem_total()
    use(100)
    total = micropython.mem_total() - total - loop
    gc.enable()
    return total
"""
