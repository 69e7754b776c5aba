"""What `mip install` takes: a folder an architecture, with a package.json for all and another for each part; and the
library as it is, in lib/, likewise."""

import json
import shutil
from pathlib import Path

from . import library
from .facts import MODULES

ROOT = library.ROOT
PORTABLE = "portable"  # for every architecture; and the part that it needs


def package(paths):
    """A package.json for files that lie beside it."""
    return json.dumps({"urls": [[path, path] for path in paths], "version": library.version()}, indent=2) + "\n"


def packages():
    """{name: text} of what lib/ holds beside the .py files, for any MicroPython: all of them, or those of a part."""
    every = library.PARTS["modules"]
    return {name: package("ember/%s.py" % module for module in every([part])) for name, part in names()}


def names():
    """(file, part) of the packages."""
    return [("package.json", library.ALL), *((part + ".json", part) for part in library.PARTS["PARTS"])]


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
        for name, part in names():
            modules = library.PARTS["modules"]([part] + [PORTABLE] * (arch == PORTABLE))
            there = {"ember/%s.mpy" % file for file in library.file_names(modules)} | {"ember_vm.mpy"}
            (folder / arch / name).write_text(package(path for path in files if path in there))
    return sorted(path.name for path in folder.iterdir())
