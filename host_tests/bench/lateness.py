"""make live: how late a task of 1 kHz is while a model trains, in slices and without.

    python host_tests/bench/lateness.py [--write]

lib/examples/live.py on MicroPython's unix port: real time, so what else the machine does is in it. Then slices on the
emulated m4, whose clock counts instructions: how long they took over the time they were given. --write puts the table
into docs/time.md.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.board import emulated  # noqa: E402

BUILD, PAGE = ROOT / "build", ROOT / "docs" / "time.md"
BEGIN, END = "<!-- live: begin -->\n", "<!-- live: end -->\n"
LINES = re.compile(r"(\d+) steps, test accuracy (\S+), (\d+) beats\nlate: typically (\d+) µs, at worst (\d+) µs")

SLICES = """
import ember
from ember import nn, optim
from array import array
from time import ticks_us, ticks_diff
ember.manual_seed(1)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), 16, input_dtype="B")
x, y = bytes(range(64)) * 16, bytes(range(10)) + bytes(6)
start = ticks_us()
trainer.step(x, y)
whole = ticks_diff(ticks_us(), start)
trainer.slices.calibrate()
for budget in (%s):
    taken = array("i")
    start = ticks_us()
    done = trainer.step(x, y, budget)
    taken.append(ticks_diff(ticks_us(), start) - budget)
    while not done:
        start = ticks_us()
        done = trainer.poll(budget)
        taken.append(ticks_diff(ticks_us(), start) - budget)
    taken = sorted(taken)
    print(budget, len(taken), taken[len(taken) // 2], taken[-1], whole)
print(trainer.plan)
"""


def unix(budget, seconds=10):
    path = ":".join(str(p) for p in (ROOT / "lib", BUILD / "native", BUILD / "micropython" / "extmod"))
    command = [BUILD / "unix-single" / "micropython", "-X", "heapsize=1m", ROOT / "lib" / "examples" / "live.py"]
    done = subprocess.run([str(c) for c in (*command, seconds, budget)], env=dict(os.environ, MICROPYPATH=path),
                          stdout=subprocess.PIPE, text=True, check=True)  # fmt: skip
    return LINES.search(done.stdout).groups()


def main():
    table = "| training takes at once | steps in 10 s | test accuracy | beats | late, typically | late, at worst |\n"
    table += "|---|---:|---:|---:|---:|---:|\n"
    for budget in (0, 1000, 300, 100):
        name = "%d µs" % budget if budget else "a whole step"
        table += "| %s | %s | %s | %s | %s µs | %s µs |\n" % ((name, *unix(budget)))
    budgets = (20, 50, 100, 200)
    with emulated("m4", icount=True) as board:
        output = board.run(SLICES % ", ".join(str(b) for b in budgets), 300)
    print(output)
    table += "\nOn the m4, in instructions: slices of the digits MLP's step (Adam, dropout, batch 16).\n\n"
    table += "| given | slices a step | over it, typically | over it, at worst |\n|---:|---:|---:|---:|\n"
    for line in output.splitlines()[: len(budgets)]:
        given, count, typical, worst, _ = line.split()
        numbers = [format(1000 * int(n), ",") for n in (given, typical, worst)]
        table += "| %s | %s | %s | %s |\n" % (numbers[0], count, *numbers[1:])
    print(table)
    if "--write" in sys.argv:
        page = PAGE.read_text()
        PAGE.write_text(page[: page.index(BEGIN) + len(BEGIN)] + table + page[page.index(END) :])


if __name__ == "__main__":
    main()
