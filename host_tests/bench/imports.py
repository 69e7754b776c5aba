"""make size: heap bytes that each module costs when it is imported by the single-precision build, as deploy writes it.

    python host_tests/bench/imports.py [--write]

Each file in a fresh interpreter: with what it needs already imported, and with all it brings along from nothing. The
core, and runtime alone, also on an emulated Cortex-M4F. --write puts the table into docs/size.md.
"""

import ast
import functools
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "build" / "native"
MICROPYTHON, PAGE = ROOT / "build" / "unix-single" / "micropython", ROOT / "docs" / "size.md"
sys.path[:0] = [str(ROOT), str(ROOT / "host_tests" / "support"), str(ROOT / "tools" / "host")]

from tools.board import emulated  # noqa: E402

import targets  # noqa: E402
from ember_tools import library, onboard  # noqa: E402
from ember_tools import rom as romfs  # noqa: E402

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
def least():
    found = used()
    for k in range(8, 48, 8):
        wipe(k)
        found = min(found, used())
    return found
def train():
    global live
    from array import array
    import ember
    from ember import nn, optim
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), 8)
    trainer.step(array("f", [0.0] * 512), array("i", [0] * 8))
    live = least() - before
import ember_vm
live = 0
before = used()
train()
print(least() - before, live, " ".join([name[6:] for name in sys.modules if name.startswith("ember.")]))
"""
LIVE = "    live = least() - before\n"
# What a function had on its own stack is found there too, until something else lies there.
RELEASED = MLP.replace(LIVE, """    del nn, optim, model
    trainer.release()
    min(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
""" + LIVE)  # fmt: skip
RUNTIME = """
import gc
def used():
    gc.collect()
    return gc.mem_alloc()
import ember_vm
before = used()
from ember import runtime
print(used() - before)
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

Made by `make size DOCS=1`: do not edit. Bytes of heap after `gc.collect()`, of the files (.mpy) that deploy copies,
without the native VM. `core` is %s modules in one file. The first table is an emulated Cortex-M4F (32-bit, single
precision), where the native VM's code takes %s bytes more.

| on a board | core, in all | with the trainer of an MLP 64-32-10, batch 8 | after its `release` | `runtime` alone |
|---|---:|---:|---:|---:|
%s

The second is MicroPython's unix port with single-precision floats; its words have 64 bits: where a board has 32, an
object takes less. There the core takes %s bytes, with the trainer %s.
"alone" is the file by itself; "with all" is it and every one that it imports at its top, from nothing but
`import ember`. The first %d are the core, which an MLP with Adam loads until it has made a step.

| file | alone | with all |
|---|---:|---:|
"""

TRAVELLED = """
## A program that travels

What `from ember import runtime` and `runtime.load` of [a file](file.md) take of a board's heap, with an emulated
Cortex-M4F (32-bit, single precision): the digits MLP 64-32-10, batch 32, SGD with momentum. Of what comes as .mpy the
native VM's code is most.
"""

STOCK = """
## What a stock board trains by itself

Made, trained and saved on emulated boards with stock firmware and 192 kB of heap: Ember as deploy copies it, with the
native VM that the program needs (`make flash ARGS="--for model.ember"`). Where it says "compiled", `ember.compile`
wrote a file, and after a reset `ember.runtime` trained it. microgpt is
[`lib/examples/microgpt.py`](../lib/examples/microgpt.py).
"""


def needs(file):
    """The files that one imports at its top."""
    found = set()
    for node in ast.parse(onboard.written()[file]).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            found.update([node.module] if node.module else [a.name for a in node.names])
    return sorted(found & set(onboard.written()))


@functools.lru_cache(maxsize=2)
def compiled(strip=False):
    """{path: content} of every file of the library."""
    return library.compiled(library.PARTS["every"](), strip)


@functools.lru_cache(maxsize=1)
def folder():
    """A folder with all of them; it goes when Python does."""
    made = tempfile.TemporaryDirectory()
    library.write(made.name)
    return made


def run(script):
    """What it prints, in words."""
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (folder().name, NATIVE))
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
    others = set(onboard.written()) - {*core, "__init__"}
    return sorted(core), sorted(others), (int(total), int(live))


def on_a_board(files, rom=False):
    """What the core takes there, alone and with a trainer, what is left once its front was released, and what runtime
    alone takes: of files on its disk, or in a ROMFS."""
    files = dict(files, **{"ember_vm.mpy": library.module(targets.MODULES[BOARD])})
    there = None if rom else {"/lib/" + path: c for path, c in files.items()}
    with emulated(BOARD, ember=False, files=there, rom=romfs.image(files) if rom else None) as board:
        # What looks like an address, in native code as well, keeps what lies there: so the least of three places.
        found = []
        for pad in (0, 48, 112):
            place = "pad = bytearray(%d)\n" % pad
            total, live = (int(word) for word in board.run(place + MLP, 120).split()[:2])
            released = int(board.run(place + RELEASED, 120).split()[1])
            found.append((total, live, released, int(board.run(place + RUNTIME, 60))))
        return tuple(map(min, zip(*found)))


def main():
    from rich.console import Console
    from rich.table import Table
    from stock import table as stock_table
    from travelled import table as travelled_table

    core, others, total = modules()
    names = core + others
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(names, pool.map(measure, names)))
    table = Table("module", "alone", "with all", title="heap bytes of an import, as .mpy, single precision")
    for name in names:
        table.add_row(name, *("{:,}".format(n) for n in found[name]), end_section=name == core[-1])
    Console().print(table)
    rom = library.compiled(library.PARTS["modules"](["core", "runtime"]))  # the partition does not hold all
    boards = [("files", on_a_board(compiled())), ("files, `--strip`", on_a_board(compiled(strip=True))),
              ("ROMFS", on_a_board(rom, rom=True))]  # fmt: skip
    rows = ["| %s | %s | %s | %s | %s |" % (name, *("{:,}".format(n) for n in sizes)) for name, sizes in boards]
    print("the core on the %s, with its trainer, that released, runtime alone:" % BOARD, *rows, sep="\n")
    travelled, stock = travelled_table(), stock_table()
    print("\n".join([*travelled, *stock]))
    if "--write" in sys.argv:
        lines = ["| %s | %s | %s |" % (name, *("{:,}".format(n) for n in found[name])) for name in names]
        vm = len(library.module(targets.MODULES[BOARD]))
        sizes = ["{:,}".format(n) for n in (len(onboard.core()), vm, *total)]
        introduction = INTRODUCTION % (*sizes[:2], "\n".join(rows), *sizes[2:], len(core))
        page = [introduction + lines[0], *lines[1:], TRAVELLED, *travelled, STOCK, *stock]
        PAGE.write_text("\n".join(page) + "\n")
        print("written: %s" % PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
