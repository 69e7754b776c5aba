"""make bench: the digits-MLP training step (64-32-10, batch 32, SGD) in Ember from MicroPython, beside a hand-written
static C program, hand-written NumPy, and PyTorch where it can be imported.

Rounds are interleaved; ratios are medians. --write puts them into the README.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import measured
import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
HERE = Path(__file__).resolve().parent
ROUNDS, STEPS = 15, 2000


def output(*command, **environment):
    return subprocess.run(
        [str(part) for part in command], check=True, stdout=subprocess.PIPE, env=dict(os.environ, **environment)
    ).stdout.decode()


def micropython(binary, *arguments):
    path = "%s:%s" % (ROOT / "lib", BUILD / "native")
    return output(BUILD / binary / "micropython", HERE / "ember_step.py", *arguments, MICROPYPATH=path)


def static_c():
    program = BUILD / "bench" / "static_step"
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O3", HERE / "static_step.c", "-o", program, "-lm"], check=True)
    return lambda: float(output(program, STEPS).split()[0])


def timed(step, steps):
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps * 1e6


def numpy_step():
    draw = np.random.default_rng(1)
    x = draw.uniform(-1, 1, (32, 64)).astype(np.float32)
    label = np.arange(32) % 10
    w1, b1 = draw.uniform(-0.125, 0.125, (64, 32)).astype(np.float32), np.zeros(32, np.float32)
    w2, b2 = draw.uniform(-0.177, 0.177, (32, 10)).astype(np.float32), np.zeros(10, np.float32)
    row, rate = np.arange(32), np.float32(0.1)

    def step():
        h = np.maximum(x @ w1 + b1, 0)
        z = h @ w2 + b2
        e = np.exp(z - z.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        np.log(p[row, label]).mean()
        p[row, label] -= 1
        p /= 32
        dh = (p @ w2.T) * (h > 0)
        w2[...] -= rate * (h.T @ p)
        b2[...] -= rate * p.sum(0)
        w1[...] -= rate * (x.T @ dh)
        b1[...] -= rate * dh.sum(0)

    return lambda: timed(step, STEPS)


def torch_step():
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = torch.nn.CrossEntropyLoss()
    x, label = torch.rand(32, 64), torch.arange(32) % 10

    def step():
        optimizer.zero_grad()
        criterion(model(x), label).backward()
        optimizer.step()

    return lambda: timed(step, STEPS // 4)


TABLE = """\
| what | figure | command |
|---|---|---|
| a training step of the MLP from MicroPython, to hand-written static C | %.2f × | `make bench` |
| the same, to hand-written NumPy (%.2f to its %.2f) | %.2f × | `make bench` |
| heap bytes allocated per step, double and single floats | %s | `make bench` |
"""


def main():
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    console = Console(width=100)
    contenders = [
        ("static C, gcc -O3", static_c()),
        ("Ember, .mpy under MicroPython", lambda: float(micropython("unix", "time", STEPS))),
        ("NumPy, hand-written step", numpy_step()),
        ("PyTorch, one thread", torch_step()),
    ]
    contenders = [(name, run) for name, run in contenders if run]
    times = {name: [] for name, _ in contenders}
    with console.status("measuring"):
        for _ in range(ROUNDS):
            for name, run in contenders:
                times[name].append(run())

    static = times[contenders[0][0]]
    table = Table(title="one training step of the digits MLP, %d interleaved rounds" % ROUNDS, title_justify="left")
    for column in ("", "µs, median", "µs, least", "ratio to static C", "from … to"):
        table.add_column(column, justify="left" if not column else "right")
    for name, _ in contenders:
        ratios = sorted(mine / base for mine, base in zip(times[name], static))
        table.add_row(
            name, "%.1f" % statistics.median(times[name]), "%.1f" % min(times[name]),
            "%.2f" % statistics.median(ratios), "%.2f … %.2f" % (ratios[0], ratios[-1]),
        )  # fmt: skip
    console.print(table)
    heap = set()
    for binary in ("unix", "unix-single"):
        vm, allocated = micropython(binary, "heap").split()
        heap.add("%g" % float(allocated))
        floats = "double" if binary == "unix" else "single"
        console.print("heap bytes allocated per step, %s floats, %s VM: %g (1,000 steps by micropython.mem_total(), "
                      "and one under heap_lock())" % (floats, vm, float(allocated)))  # fmt: skip

    def ratio(k, base):
        return statistics.median(a / b for a, b in zip(times[contenders[k][0]], times[contenders[base][0]]))

    console.print("ratio to static C: %.2f (goal: at most 1.5)" % ratio(1, 0))
    if "--write" in sys.argv:
        text = TABLE % (ratio(1, 0), ratio(1, 0), ratio(2, 0), ratio(1, 2), ", ".join(sorted(heap)))
        measured.write_between(ROOT / "README.md", "bench", measured.line(measured.STEP) + text)


if __name__ == "__main__":
    sys.exit(main())
