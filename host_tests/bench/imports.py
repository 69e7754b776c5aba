"""make size: heap bytes that each module costs when it is imported as .mpy by the single-precision build.

    python host_tests/bench/imports.py [--write]

Each module in a fresh interpreter: with what it needs already imported, and with all it brings along from nothing. The
core also on an emulated Cortex-M4F. --write puts the table into docs/size.md.
"""

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIB, COMPILED, NATIVE = ROOT / "lib" / "ember", ROOT / "build" / "library", ROOT / "build" / "native"
MICROPYTHON, PAGE = ROOT / "build" / "unix-single" / "micropython", ROOT / "docs" / "size.md"
sys.path[:0] = [str(ROOT), str(ROOT / "host_tests"), str(ROOT / "tools" / "host")]

from tools.board import emulated  # noqa: E402

import targets  # noqa: E402

# What everybody needs: a net of two layers that trains, and is gone when its function is over. Where it lay on
# the stack something else must lie then: the collector takes whatever looks like an address for one.
MLP = """
import gc, sys
def used():
    gc.collect()
    return gc.mem_alloc()
def wipe(n):
    a = b = c = d = e = f = g = h = i = j = k = l = n
    return wipe(n - 1) if n else l
def train():
    global live
    from array import array
    import ember
    from ember import nn, optim
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), 8)
    trainer.step(array("f", [0.0] * 512), array("i", [0] * 8))
    live = used() - before
import ember_vm
live = 0
before = used()
train()
wipe(8)
print(used() - before, live, " ".join([name[6:] for name in sys.modules if name.startswith("ember.")]))
"""
BOARD = "m4"
SCRIPT = """
import gc, sys
def measure(names):
    gc.collect()
    before = gc.mem_alloc()
    for name in names:
        __import__("ember." + name)
    gc.collect()
    return gc.mem_alloc() - before
__import__("ember")
first = measure(%r)
print(first, measure([%r]))
"""

INTRODUCTION = """\
# What an import costs

Made by `make size DOCS=1`: do not edit. Bytes of heap after `gc.collect()`, compiled modules (.mpy), MicroPython's unix
port with single-precision floats, native VM (whose code is not in this heap). Its words have 64 bits: where a board has
32, an object takes less.
"alone" is the module by itself; "with all" is it and every module that it imports at its top, from nothing but
`import ember`. The first %d are the core, which an MLP with Adam loads until it has made a step.

| the core, in all | bytes | with the trainer of an MLP 64-32-10, batch 8 |
|---|---:|---:|
| 32-bit: an emulated Cortex-M4F, besides the %s of the native VM | %s | %s |
| 64-bit: the unix port | %s | %s |

| module | alone | with all |
|---|---:|---:|
"""

TRAVELLED = """
## A program that travels

What `from ember import runtime` and `runtime.load` of [a file](file.md) take of a board's heap, with an emulated
Cortex-M4F (32-bit, single precision): the digits MLP 64-32-10, batch 32, SGD with momentum. Of what comes as .mpy the
native VM's code is most.
"""


def needs(module):
    """The modules that one imports at its top."""
    found = set()
    for node in ast.parse((LIB / (module + ".py")).read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            names = [node.module] if node.module else [a.name for a in node.names]
            found.update(name for name in names if (LIB / (name + ".py")).exists())
    return sorted(found)


def run(script):
    """What it prints, in words."""
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (COMPILED, NATIVE))
    command = [str(MICROPYTHON), "-X", "heapsize=4m", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit("MicroPython failed at\n%s\n%s" % (script, done.stderr))
    return done.stdout.split()


def measure(module):
    """(bytes alone, bytes with all)"""
    first, alone = [int(word) for word in run(SCRIPT % (needs(module), module))]
    return alone, first + alone


def modules():
    """(core, the others), each by name, and what the core takes in all: alone, and with a trainer."""
    total, live, *core = run(MLP)
    others = {path.stem for path in LIB.glob("*.py")} - {*core, "__init__"}
    return sorted(core), sorted(others), (int(total), int(live))


def on_a_board(core):
    """What the core takes there, alone and with a trainer, from .mpy files; and the native VM's file, whose code
    lies in the heap as well."""
    vm = (NATIVE / ("ember_vm_%s.mpy" % targets.MODULES[BOARD])).read_bytes()
    files = {"/lib/ember/%s.mpy" % name: (COMPILED / "ember" / (name + ".mpy")).read_bytes()
             for name in ["__init__", *core]}  # fmt: skip
    with emulated(BOARD, ember=False, files=dict(files, **{"/lib/ember_vm.mpy": vm})) as board:
        total, live = (int(word) for word in board.run(MLP, 120).split()[:2])
    return len(vm), total, live


def main():
    from rich.console import Console
    from rich.table import Table
    from travelled import table as travelled_table

    core, others, total = modules()
    names = core + others
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(names, pool.map(measure, names)))
    table = Table("module", "alone", "with all", title="heap bytes of an import, as .mpy, single precision")
    for name in names:
        table.add_row(name, *("{:,}".format(n) for n in found[name]), end_section=name == core[-1])
    Console().print(table)
    sizes = ["{:,}".format(n) for n in (*on_a_board(core), *total)]
    print("the core, which an MLP with Adam loads until it has made a step, on the %s besides a VM of %s bytes: "
          "%s, with its trainer %s; on the unix port: %s, %s" % (BOARD, *sizes))  # fmt: skip
    travelled = travelled_table()
    print("\n".join(travelled))
    if "--write" in sys.argv:
        lines = ["| %s | %s | %s |" % (name, *("{:,}".format(n) for n in found[name])) for name in names]
        page = [INTRODUCTION % (len(core), *sizes) + lines[0], *lines[1:], TRAVELLED, *travelled]
        PAGE.write_text("\n".join(page) + "\n")
        print("written: %s" % PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
