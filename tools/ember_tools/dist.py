"""What `mip install` takes: a folder an architecture, each with its package.json; and the library as it is, in lib/."""

import json
import shutil
from pathlib import Path

from . import library
from .facts import MODULES

ROOT = library.ROOT
PORTABLE = "portable"  # for every architecture


def package(paths):
    """A package.json for files that lie beside it."""
    return json.dumps({"urls": [[path, path] for path in paths], "version": library.version()}, indent=2) + "\n"


def sources():
    """What lib/package.json holds: the .py files, for any MicroPython."""
    return package("ember/" + path.name for path in sorted(library.SOURCES.glob("*.py")))


def architectures():
    """Those whose native VM is built; xtensawin needs the ESP32's compiler."""
    return sorted(arch for arch in set(MODULES.values()) if library.module_file(arch).exists())


def write(folder):
    """All of it, anew; returns the folders that it made."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for arch in (*architectures(), PORTABLE):
        files = library.files(None if arch == PORTABLE else arch, (library.ALL,))
        for path, content in files.items():
            (folder / arch / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / arch / path).write_bytes(content)
        (folder / arch / "package.json").write_text(package(files))
    return sorted(path.name for path in folder.iterdir())
