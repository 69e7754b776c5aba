"""Other versions as targets, as in targets.py: MicroPython's of WebAssembly under Node, and the CPythons found here."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from targets import BUILD, DEVICE, DIGITS, LIB, ROOT, process

NODE = ROOT / "host_tests" / "node"
MODULES = BUILD / "versions" / "node_modules"
CPYTHONS = ["3.%d" % minor for minor in range(9, 14)]
HEAP = 192 * 1024  # of a middling board


def micropythons():
    """{"micropython-1.23.0": its folder}, as pinned."""
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    return {"micropython-" + packages[path]["version"]: MODULES / Path(path).name for path in packages if path}


def commands(version):
    """What may be CPython of that version: commands on the PATH, and pyenv's own, as those on the PATH start only when
    chosen."""
    name, root = "python" + version, Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [shutil.which(name), *sorted(root.glob("versions/%s.*/bin/%s" % (version, name))), shutil.which("python3")]
    return [str(command) for command in [*found, sys.executable] if command]


def is_version(command, version):
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([command, "-c", script], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def cpythons():
    """{"cpython-3.9": its command, or None}"""
    return {"cpython-" + v: next((c for c in commands(v) if is_version(c, v)), None) for v in CPYTHONS}


@contextlib.contextmanager
def webassembly(module, library, folder):
    """A new Node for each script. Its files are in memory: those of the folder go there before, and come back after."""
    shutil.copy(DIGITS, folder)
    files = [*DEVICE.glob("*.py"), *(DEVICE / "lib").glob("*.py")]
    job = {"module": str(module / "micropython.mjs"), "heapsize": HEAP, "folder": str(folder)}
    job["put"] = [(str(library), "/lib/ember"), *((str(path), "/lib/" + path.name) for path in files)]

    def run(script, timeout=600):
        done = subprocess.run(["node", str(NODE / "run.mjs")], input=json.dumps(dict(job, script=script)),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)  # fmt: skip
        return done.returncode == 0, done.stdout

    yield run


MICROPYTHONS, FOUND = micropythons(), cpythons()
MISSING = [name for name, command in FOUND.items() if not command]
NAMES = [*MICROPYTHONS, *(name for name in FOUND if name not in MISSING)]


def start(name, folder, compiled=True):
    """As targets.start. On MicroPython, Ember comes from .mpy files, or from its source."""
    if name in FOUND:
        return process(FOUND[name], [LIB], folder)
    return webassembly(MICROPYTHONS[name], BUILD / "library" / "ember" if compiled else LIB / "ember", folder)
