"""The parts that the library comes in: which module belongs to which. A firmware's manifest, what mip installs and
deploy take them by name; tools/ember_tools and lib/manifest.py read this file, boards never do.

A part is its modules, and stands on others, which come with it: at their top its modules import nothing that is not in
it or in those. What a module imports only where it is asked for may be missing.

A module is called by its room and its name: "nn.conv" is lib/ember/nn/conv.py, "nn" what the room itself holds.
"""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "ember"
ALL = "all"
CORE = "core"

# Part: the parts that it stands on, and its modules: "room: name name … room: name …".
PARTS = {
    # What stands alone: names that load modules, and files that are replaced as a whole.
    "files": ((), (
        "ember: __init__ "
        "base: homes "
        "run: files"
    )),
    # What runs, trains and saves a program.
    "runner": (("files",), (
        "ember: vm "
        "base: check "
        "instructions: components cost derived isa program "
        "machine: executor image refused "
        "run: alone blocks checkpoint convert differs finite fit guard identity jobs parse pieces restore runner "
        "travel values"
    )),
    # Batches: read from files, made of lists, cut into parts.
    "data": (("runner",), (
        "data: __init__ count elements grow head layout memory pack place source "
        "run: micro"
    )),
    # Programs that were made elsewhere.
    "runtime": (("data", "live"), (
        "ember: runtime "
        "run: reader"
    )),
    # What goes with any training where it is asked for: slices, several inputs, callbacks, schedules, raw devices.
    "live": (("runner",), (
        "ember: callbacks guards monitor progress "
        "instructions: needs probe "
        "run: averaged binding busy half named rewind slices slots weights "
        "schedule: __init__ more several"
    )),
    # An MLP that is made, trained, saved and asked on the board.
    "core": (("runner",), (
        "base: catalogue catalogue_more catalogue_most names "
        "instructions: emit "
        "tensors: eager parameter sink tensor values "
        "ops: common misfit reduce rules shape unary "
        "recording: build changed layout outside plan plan_search plan_text recording shortage "
        "nn: __init__ common lookup loss walk "
        "optim: __init__ common slots "
        "train: batch front image_names predict release sections sections_more trainer update"
    )),
    # What a Trainer does where it is asked to, and functions that are recorded.
    "trainer": (("explain", "operations", "runtime"), (
        "tensors: mapped shaped "
        "recording: budget function fused recompute "
        "nn: utils "
        "optim: average "
        "train: channels export moves predictor several update_more"
    )),
    "explain": ((CORE,), (
        "instructions: table "
        "portable: bind disassemble explain fault verify "
        "recording: plan_report"
    )),
    # The VM in Python, for a firmware that has none.
    "portable": (("explain",), (
        "portable: bfloat16 convolution elementwise functions index loss normalize optimizers pooling product random "
        "recurrent run signal sum update"
    )),
    "operations": ((CORE,), (
        "ops: activation arrange compare create hyperbolic index math matrix median more noise order pick "
        "piecewise slice statistics views views_more window"
    )),
    "convolution": ((CORE,), (
        "ops: image pool "
        "nn: conv image pool resample"
    )),
    "recurrent": (("operations",), (
        "ops: recurrent "
        "nn: cell lengths recurrent"
    )),
    "attention": (("operations",), (
        "ops: attention norm "
        "nn: attention norm"
    )),
    "layers": (("operations",), "nn: activation bilinear container embedding init init_draw named noise state"),
    "losses": (("operations",), (
        "ops: loss "
        "nn: loss_ctc loss_label loss_multi loss_pair loss_value"
    )),
    "optimizers": (("operations", "trainer"), "optim: composed descent eager groups layerwise lbfgs more view wolfe"),
    "metrics": (("operations",), "metrics: __init__ more"),
    "signal": (("operations",), (
        "ember: filters "
        "ops: biquad fft mel"
    )),
    # Files under a key: where they are sealed or opened.
    "sealed": (("files",), "sealed: __init__ container key suite"),
    "functional": (("attention", "convolution", "layers", "losses"), "functional: __init__ loss"),
}  # fmt: skip


def named(text):
    """The modules that a part's text names."""
    room, found = "", []
    for word in text.split():
        if word[-1] == ":":
            room = "" if word == "ember:" else word[:-1] + "."
        else:
            found.append(room[:-1] if room and word == "__init__" else room + word)
    return found


def modules(parts):
    """The modules of parts and of those that they stand on, sorted, with the rooms that they are in."""
    waiting, found = list(parts), set()
    while waiting:
        part = waiting.pop()
        if part == ALL:
            return every()
        if part not in PARTS:
            raise ValueError("there is no part %r; there are: %s, %s" % (part, ", ".join(PARTS), ALL))
        waiting += PARTS[part][0]
        found.update(named(PARTS[part][1]))
    return sorted(found | {name.rpartition(".")[0] for name in found if "." in name})


def every():
    """All modules of the library, sorted."""
    return sorted(called(path) for path in PACKAGE.rglob("*.py"))


def called(path):
    """The module that a file of the package is."""
    words = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(words[:-1] if words[1:] and words[-1] == "__init__" else words)


def file(module):
    """Its file, below lib/ember."""
    if (PACKAGE / module).is_dir():
        return module + "/__init__.py"
    return module.replace(".", "/") + ".py"


def meant(module, node):
    """[(module, name), …] of what `from … import …` in a module of the package imports; name is None where that is a
    module itself. Nothing, where it is not of the package."""
    if not node.level:
        return []
    is_room = (PACKAGE / module).is_dir()
    words = [] if module == "__init__" else module.split(".")
    words = words[: len(words) + is_room - node.level] if words else []
    words += node.module.split(".") if node.module else []
    found, there = [], set(every())
    for alias in node.names:
        inner = ".".join([*words, alias.name])
        found.append((inner, None) if inner in there else (".".join(words) or "__init__", alias.name))
    return found


def imported(module):
    """(what a module imports of the package at its top, what it imports where it is asked for)"""
    tree = ast.parse((PACKAGE / file(module)).read_text())
    found = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found[node not in tree.body].update(name for name, _ in meant(module, node))
    return found[0], found[1] - found[0]
