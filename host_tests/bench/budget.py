"""make budget: the two nets of lib/examples/budget.py, within the memory that they are given.

    python host_tests/bench/budget.py [--write]

Accuracy under MicroPython's unix port in single precision, on all the digits. The heap in use on the emulated m4 with
Ember in its firmware, on the few of them that fit its disk. --write puts the table into docs/budget.md.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "lib"), str(ROOT / "lib" / "examples"), str(ROOT / "tools" / "host")]

from budget import BUDGETS, MODELS, trainer_of  # noqa: E402
from tools.board import emulated  # noqa: E402

from ember import data  # noqa: E402
from ember_tools import library  # noqa: E402

MICROPYTHON, PAGE = ROOT / "build" / "unix-single" / "micropython", ROOT / "docs" / "budget.md"
DIGITS = ROOT / "build" / "data" / "mnist-5000.bin"
SEEDS = 5
BEGIN, END = "<!-- budget: begin -->\n", "<!-- budget: end -->\n"
HEAD = """\
Made by `make budget DOCS=1`. "Training" is all that the plan lists, and the digits as they arrive, as bytes. "Heap in
use" is all of MicroPython's heap on an emulated Cortex-M4F with Ember in its firmware, after training; then
where the same was recorded on a PC, and only runs there ([file.md](file.md)). Accuracy is the mean over five seeds, on
1000 digits never seen.

| net | parameters | allowed | training takes | heap in use | travelled | micro-batch | test accuracy |
|---|---:|---:|---:|---:|---:|---|---:|
"""
FIGURES = re.compile(
    r"(\d+) parameters.*?(micro_batch=\d+ of \d+).*?arrive: (\d+) of .*?(?:heap in use.*?: (\d+) bytes.*?)"
    r"test accuracy (\S+)", re.DOTALL,
)  # fmt: skip


def few(path):
    """A file of so few of the digits that a board's disk holds it."""
    train, test = data.Batches(str(DIGITS), 1, shuffle=False), data.Batches(str(DIGITS), 1, split="test")
    samples = [[(list(x), y[0]) for _, (x, y) in zip(range(n), part)] for n, part in ((192, train), (64, test))]
    data.write(path, *samples, train.shape, train.classes, train.typecode, train.scale)
    return Path(path).read_bytes()


def on_all(name):
    """The figures of the first seed, and the mean accuracy over all."""
    found = [with_seed(name, seed) for seed in range(1, SEEDS + 1)]
    return *found[0][:3], "%.4f" % (sum(float(figures[4]) for figures in found) / SEEDS)


def with_seed(name, seed):
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (ROOT / "lib", ROOT / "build" / "native"))
    command = [MICROPYTHON, "-X", "heapsize=1m", ROOT / "lib" / "examples" / "budget.py", name, DIGITS, "plain", seed]
    done = subprocess.run([str(c) for c in command], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout)
    return FIGURES.search(done.stdout).groups()


def on_a_board(name, digits):
    script = library.cross(ROOT / "lib" / "examples" / "budget.py", "budget.py")
    with emulated("m4", files={"/lib/budget.mpy": script, "/digits.bin": digits}) as board:
        output = board.run("import budget\nbudget.main(%r, 'digits.bin', False)" % name, 600)
    print(output)
    return FIGURES.search(output).group(4)


TRAVELLED = """
import gc
gc.threshold(4096)
from ember import runtime
from ember.data import Batches
model, batches, waiting = runtime.load("/net.ember"), Batches("/digits.bin", %d), 0
for x, y in batches:
    model.accumulate(x, y)
    waiting += 1
    if waiting == %d:
        model.update()
        waiting = 0
gc.collect()
print(gc.mem_alloc())
"""


def travelled(name, digits, folder):
    """The heap in use where the same Trainer was recorded here, and only runs there."""
    trainer, batches, _, _ = trainer_of(name, str(DIGITS))
    trainer.export(str(folder / "net.ember"))
    script = TRAVELLED % (batches.batch_size, MODELS[name.partition("-")[0]]()[3])
    files = {"/net.ember": (folder / "net.ember").read_bytes(), "/digits.bin": digits}
    with emulated("m4", files=files) as board:
        return board.run(script, 600).strip()


def main():
    with tempfile.TemporaryDirectory() as folder:
        digits = few(str(Path(folder) / "few.bin"))
        there = {name: travelled(name, digits, Path(folder)) for name in BUDGETS}
    table = HEAD
    for name, allowed in BUDGETS.items():
        parameters, parts, taken, accuracy = on_all(name)
        row = name, parameters, allowed, taken, on_a_board(name, digits), there[name]
        table += "| %s | %s | %s | %s | %s | %s | %s | %s |\n" % (
            *row, parts.replace("_", "-").replace("=", " "), accuracy)  # fmt: skip
    print(table)
    if "--write" in sys.argv:
        page = PAGE.read_text()
        PAGE.write_text(page[: page.index(BEGIN) + len(BEGIN)] + table + page[page.index(END) :])


if __name__ == "__main__":
    main()
