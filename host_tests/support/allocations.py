"""Every layer under every optimizer on emulated boards, 10,000 steps each: make test-allocations. A line a pair, as it
is done; those that allocate again at the end, and exit code 1.

allocations.py [--steps 10000] [--first 101] BOARD ...     m4: Ember is in the firmware; m4-mpy: it is in .mpy files
"""

import argparse
import ast
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import targets  # noqa: E402

EVERY = targets.DEVICE / "every.py"
# Where the total is not there, what is in use stands for it, which does not see what is given back at once.
SCRIPT = """
import micropython
micropython.mem_total
from ember import vm
vm.select("native")
import every
every.main(every.%s()[%d:%d], %d)
"""
AT_ONCE = 10  # pairs in a run: a small heap does not hold the modules of all layers
NOTHING = "| 0 0 0 0"


def table(name):
    """A table of every.py, without running it: it is MicroPython's."""
    for node in ast.parse(EVERY.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)


def count(which):
    return len(table("LAYERS")) * (len(table("OPTIMIZERS")) if which == "pairs" else 1)


def runs(run, which, steps, begin=0, **options):
    """(whether it ended well, what it printed), of AT_ONCE pairs and the next ones."""
    for first in range(begin, count(which), AT_ONCE):
        yield run(SCRIPT % (which, first, first + AT_ONCE, steps), **options)


def lines(output):
    return [line for line in output.splitlines() if " | " in line]


class Progress:
    """Given a board's output as it comes: its lines, numbered."""

    def __init__(self, name, total, at):
        self.name, self.total, self.at, self.rest = name, total, at, b""

    def __call__(self, data):
        *whole, self.rest = (self.rest + data).split(b"\n")
        for line in whole:
            if b" | " in line:
                self.at += 1
                print("%s %3d of %d: %s" % (self.name, self.at, self.total, line.decode().strip()), flush=True)


def on_board(name, steps, begin):
    """Whether nothing was allocated, and every pair was seen."""
    start, total, ran, wrong = time.monotonic(), count("pairs"), 0, []
    progress = Progress(name, total, begin)
    with tempfile.TemporaryDirectory() as folder, targets.start(name, Path(folder)) as run:
        for k, (ok, output) in enumerate(runs(run, "pairs", steps, begin, timeout=600, live=progress), 1):
            found = lines(output)
            ran += len(found)
            wrong += [line for line in found if not line.endswith(NOTHING)] if ok else [output]
            progress.at = begin + k * AT_ONCE  # also where one raised, and those after it did not run
    done = name, ran, total - begin, steps, (time.monotonic() - start) / 60
    print("\n".join(wrong + ["%s: %d of %d pairs ran, %d steps each, in %d minutes" % done]))
    return not wrong and ran == total - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = sorted(set(targets.TARGETS) - set(targets.INTERPRETERS))
    parser.add_argument("boards", nargs="+", metavar="BOARD", choices=known, help=", ".join(known))
    parser.add_argument("--steps", type=int, default=10000, help="of each pair, a quarter each way")
    parser.add_argument("--first", type=int, default=1, help="go on with this pair, after a run that was ended")
    options = parser.parse_args()
    if options.steps < 4:
        parser.error("--steps is %d; it may be from 4" % options.steps)
    if not 1 <= options.first <= count("pairs"):
        parser.error("--first is %d; it may be 1 to %d" % (options.first, count("pairs")))
    return 0 if all([on_board(name, options.steps, options.first - 1) for name in options.boards]) else 1


if __name__ == "__main__":
    sys.exit(main())
