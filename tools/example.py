"""make example: train on real data under MicroPython, in single precision, once a seed; draw the last run's curve.

    python tools/example.py NAME [--seeds 5]
    python tools/example.py --all [--seeds 5] [--write]

--all runs every example and prints tables of their figures; --write puts them into docs/examples.md.
"""

import argparse
import os
import re
import subprocess
import sys
import time

from get_data import OUT as DATA
from get_data import ROOT

MICROPYTHON = ROOT / "build" / "unix-single" / "micropython"
OUT, PAGE = ROOT / "build" / "examples", ROOT / "docs" / "examples.md"
SCRIPT = ROOT / "lib" / "examples" / "real.py"
DIGITS = ROOT / "lib" / "examples" / "digits.bin"
# Where each finds its data, and what it is to reach, averaged over the seeds; None: there is no promise.
EXAMPLES = {
    "digits-cnn": (DIGITS, 0.985),
    "basic-motions-cnn": (DATA / "basic-motions.bin", 0.95),
    "basic-motions-gru": (DATA / "basic-motions.bin", 0.95),
    "basic-motions-transformer": (DATA / "basic-motions.bin", 0.90),
    "japanese-vowels-cnn": (DATA / "japanese-vowels.bin", 0.95),
    "japanese-vowels-lstm": (DATA / "japanese-vowels.bin", 0.95),
    "mnist-cnn": (DATA / "mnist-5000.bin", 0.97),
    "daphnet-autoencoder": (DATA / "daphnet.bin", None),
}
HEAD = """\
| example | samples | parameters | bytes | epochs | measure | mean | least | seconds |
|---|---:|---:|---:|---:|---|---:|---:|---:|
"""
BEGIN, END = "<!-- %s: begin -->\n", "<!-- %s: end -->\n"
FIGURES = re.compile(r"(\d+) samples, \d+ tested, (\d+) parameters, (\d+) bytes, (\d+) epochs\ntest (\w+) (\S+)\s*$")
KIND = re.compile(r"^(before|after) training, AUROC of (\w+): ([^,]+)", re.MULTILINE)
KINDS_HEAD = """\
| against the rest of the walk | AUROC before training | after |
|---|---:|---:|
"""


def train(name, seed, log):
    """One run; its output goes to the terminal as it comes. Returns what FIGURES finds at its end, and KIND in it."""
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (ROOT / "lib", ROOT / "build" / "native"))
    command = [MICROPYTHON, "-X", "heapsize=4m", SCRIPT, name, EXAMPLES[name][0], seed, log]
    command += [] if sys.stdout.isatty() else ["plain"]
    process = subprocess.Popen([str(c) for c in command], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    output = b""
    while data := process.stdout.read1(256):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        output += data
    if process.wait():
        sys.exit("the run under MicroPython failed with exit code %d" % process.returncode)
    return FIGURES.search(output.decode()).groups(), KIND.findall(output.decode())


def run(name, seeds):
    """Train with seeds 1, 2 and so on. Returns the row of the table, what KIND finds in all the runs, and whether what
    was promised is reached."""
    import plot

    OUT.mkdir(parents=True, exist_ok=True)
    log, picture = OUT / (name + ".csv"), OUT / (name + ".png")
    start = time.monotonic()
    runs, kinds = zip(*[train(name, seed, log) for seed in range(1, seeds + 1)])
    seconds = (time.monotonic() - start) / seeds
    samples, parameters, size, epochs, measure, _ = runs[0]
    found, wanted = [float(figures[-1]) for figures in runs], EXAMPLES[name][1]
    mean = sum(found) / len(found)
    plot.draw(log, picture, "%s, seed %d" % (name, seeds))
    print("curve: %s  %s" % (plot.line(log), picture.relative_to(ROOT)))
    print("%s over %d seeds: %.4f (%s)%s\n" % (
        measure, seeds, mean, " ".join("%.4f" % a for a in found), "; it is to reach %.3f" % wanted if wanted else ""),
        flush=True)  # fmt: skip
    row = "| %s | %s | %s | %s | %s | %s | %.4f | %.4f | %.1f |\n" % (
        name, samples, parameters, "{:,}".format(int(size)), epochs, measure, mean, min(found), seconds)  # fmt: skip
    return row, sum(kinds, []), wanted is None or mean >= wanted


def table_of_kinds(found):
    """A row a kind of anomaly, the means over the runs."""
    rows = []
    for kind in dict.fromkeys(kind for _, kind, _ in found):
        values = [[float(v) for when, k, v in found if (when, k) == (want, kind)] for want in ("before", "after")]
        rows.append("| %s | %.4f | %.4f |\n" % (kind, *(sum(v) / len(v) for v in values)))
    return KINDS_HEAD + "".join(rows)


def write(name, table):
    page, begin, end = PAGE.read_text(), BEGIN % name, END % name
    before, rest = page.split(begin)
    PAGE.write_text(before + begin + table + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", choices=sorted(EXAMPLES))
    which.add_argument("--all", action="store_true", help="every one, and a table of them")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="with --all: put the table into docs/examples.md")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error("--seeds is %d; it may be from 1" % options.seeds)
    if options.write and not options.all:
        parser.error("--write goes with --all")
    names = list(EXAMPLES) if options.all else [options.name]
    rows, kinds, reached = zip(*[run(name, options.seeds) for name in names])
    if options.all:
        tables = {"figures": HEAD + "".join(rows), "anomalies": table_of_kinds(sum(kinds, []))}
        print("\n".join(tables.values()))
        if options.write:
            for name, table in tables.items():
                write(name, table)
    missed = [name for name, good in zip(names, reached) if not good]
    if missed:
        sys.exit("below what was promised: %s" % ", ".join(missed))


if __name__ == "__main__":
    main()
