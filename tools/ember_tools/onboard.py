"""The library as a board has it: all modules in one folder (flat.py), those that are always loaded together in one
file, as core for what a Trainer takes; rewrite.py says what is done to all of them. Modules are called by their rooms
here, as "nn.conv", and files by what they are called on a board.
"""

import functools
import re

from . import flat, rewrite
from .catalogue import inner, listed, parts
from .flat import PARTS, SOURCES

# Files of several modules, in the order in which they may run: what runs a program, with or without a front; what is
# known of its costs.
FILES = {
    "__init__": ("base.homes", "__init__"),
    "run": ("machine.image", "machine.executor", "run.alone", "run.runner"),
    "run_finite": ("run.pieces", "run.finite"),
    "nn_walk": ("nn.walk", "optim.slots", "train.image_names"),
    "run_checkpoint": ("run.values", "run.identity", "run.checkpoint"),
    "cost": ("instructions.derived", "instructions.cost"),
    "nn": ("nn", "nn.loss"),
    "optim": ("optim",),
    "vm": ("vm",),
    "tensors_values": ("tensors.values",),
    "train_trainer": ("train.trainer",),
}

INLINE = ("instructions.emit",)  # whose calls are written in place

# Of these, which every front loads, the messages of errors are elsewhere until one is raised.
QUIET = ("core", "nn", "optim", "tensors_values", "train_batch")


def core():
    """The modules of the file core, each after those that it imports: what every front loads, apart from what runs
    without one, and from what people use by name."""
    apart = {*PARTS["modules"](["runtime"]), *inner("base.homes").MODULES.split(), "train.trainer", *INLINE}
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
    lines = ["%s: %s" % (file, " ".join(m for m in inside if m in names and m != file))
             for file, inside in files.items() if file in ("core", "nn")]  # fmt: skip
    there = {"JOINED": " %s " % " ".join(lines), "APART": "_"}
    public = ["__init__", *inner("base.homes").MODULES.split()]
    called = {"data_grow", "data_pack"}  # by people too, whose arguments have names: see data/__init__.py
    mine = {flat.name(module) for module in PARTS["modules"]([PARTS["CORE"]])} - {*public, *called}
    return rewrite.Package(flat.texts(), files, public, names, {"base_homes": there}, mine, "hasattr(gc, 'freeze')",
                           QUIET, [flat.name(module) for module in INLINE])  # fmt: skip


@functools.lru_cache(maxsize=1)
def written():
    """{file: text} of all that there is on a board."""
    return package().written()


def traced(text):
    """A traceback from a board, with files, lines and functions as the sources have them."""
    paths = {flat.name(module): PARTS["file"](module) for module in PARTS["every"]()}

    def line(found):
        file, number = found.group(1) or found.group(2) or "__init__", int(found.group(3))
        try:
            module, number = package().where(file, number) if file in package().joined else (file, number)
            said = 'File "ember/%s", line %d' % (paths[module], number)
            return said + ", in " + package().sources[module].function_at(number) if found.group(4) else said
        except (rewrite.RewriteError, KeyError):
            return found.group(0)

    return re.sub(r'File "(?:(?:/lib/)?ember/(\w+)\.py|ember(?:\.(\w+))?)", line ([0-9]{1,7})\b(, in \S+)?', line, text)


def file_names(modules):
    """What the files are called that these modules are on a board, sorted."""
    files = package().file
    names = [flat.name(module) for module in modules]
    found = {files.get(name, name) for name in names}
    if found.intersection(QUIET):
        found.add(rewrite.WORDS)
    return sorted(found & set(written()))


def to_freeze(parts):
    """(folder, names of files in its ember/) of what a firmware freezes: written where it is not current."""
    folder = SOURCES.parent.parent / "build" / "frozen" / "+".join(parts)
    (folder / "ember").mkdir(parents=True, exist_ok=True)
    names = file_names(PARTS["modules"](parts))
    for name in names:
        path = folder / "ember" / (name + ".py")
        if not path.exists() or path.read_text() != written()[name]:
            path.write_text(written()[name])
    return str(folder), names
