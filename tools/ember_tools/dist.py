"""What `mip install` takes: a folder an architecture, with a package.json for all and another for each part, and with
native VMs of less; and the library as it is, in lib/, likewise."""

import json
import shutil
from pathlib import Path

from . import library
from .facts import MODULES

ROOT = library.ROOT
PORTABLE = "portable"  # for every architecture; and the part that it needs
# Beside the native VM with all components: (name, components, for size).
VMS = (("vm-core", ("core",), False), ("vm-core-size", ("core",), True),
       ("vm-convolution", ("core", "convolution", "pooling"), False))  # fmt: skip


def package(paths, there=None):
    """A package.json for files that lie beside it, and where they go if not to the same path."""
    paths = list(paths)
    return (
        json.dumps(
            {"urls": [list(pair) for pair in zip(there or paths, paths)], "version": library.version()}, indent=2
        )
        + "\n"
    )


def packages():
    """{name: text} of what lib/ holds beside the .py files, for any MicroPython: all of them, or those of a part."""
    every = library.PARTS["modules"]
    return {
        name: package("ember/" + library.PARTS["file"](module) for module in every([part])) for name, part in names()
    }


def names():
    """(file, part) of the packages."""
    return [("package.json", library.ALL), *((part + ".json", part) for part in library.PARTS["PARTS"])]


def architectures():
    """Those whose native VM is built; xtensawin needs the ESP32's compiler."""
    return sorted(arch for arch in set(MODULES.values()) if library.module_file(arch).exists())


def write(folder, build=None):
    """All of it, anew, with the VMs that are built; build(arch, components, size) makes one. Returns the folders that
    it made."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for arch in (*architectures(), PORTABLE):
        files = library.files(None if arch == PORTABLE else arch, (library.ALL,))
        for path, content in files.items():
            (folder / arch / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / arch / path).write_bytes(content)
        for vm, *kind in VMS if arch != PORTABLE else ():
            if build:
                build(arch, *kind)
            if library.module_file(arch, *kind).exists():
                path = "%s/ember_vm.mpy" % vm
                (folder / arch / vm).mkdir()
                (folder / arch / path).write_bytes(library.module(arch, *kind))
                (folder / arch / (vm + ".json")).write_text(package([path], ["ember_vm.mpy"]))
        for name, part in names():
            modules = library.PARTS["modules"]([part] + [PORTABLE] * (arch == PORTABLE))
            there = {"ember/%s.mpy" % file for file in library.file_names(modules)} | {"ember_vm.mpy"}
            (folder / arch / name).write_text(package(path for path in files if path in there))
    return sorted(path.name for path in folder.iterdir())
