"""make board-bench: what training costs on the emulated boards, in instructions, which are counted: a board's clock is
made to count them, so the figures are the same at every run. All is measured twice, and the two must be equal.

board_cost.py [--write] [BOARD ...]     all figures go into build/board-bench.json, with --write into the docs too
"""

import argparse
import ast
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import measured  # noqa: E402
import sizes  # noqa: E402
from tools import board as boards  # noqa: E402

DEVICE = ROOT / "host_tests" / "device"
DIGITS = ROOT / "lib" / "examples" / "digits.bin"
FIGURES, PAGE = ROOT / "build" / "board-bench.json", ROOT / "docs" / "cost.md"
STEP = "digits MLP, Adam, dropout"

# Under -icount an instruction takes a nanosecond. Waiting for the clock's own interrupt puts every measurement at the
# same place within a step of the clock.
ARM = """
import cost, machine, time
def start():
    machine.idle()
    return time.ticks_cpu()
def passed(mark):
    return time.ticks_diff(time.ticks_cpu(), mark)
"""
# rdinstret a0
RISC_V = """
import cost
@micropython.asm_rv32
def start():
    data(4, 0xC0202573)
def passed(mark):
    return (start() - mark) & 0xFFFFFFFF
"""


def instructions_a_step(name):
    """Of the clock that the board is measured by."""
    made_of = boards.settings(name)
    return 1 if made_of["QEMU_ARCH"].startswith("riscv") else 1e9 / int(made_of["CLOCK_HZ"])


def clock(name):
    return RISC_V if boards.settings(name)["QEMU_ARCH"].startswith("riscv") else ARM


def measure(board, name, training=True):
    """The figures of a running board: {name: instructions a product, step or instruction}, once."""
    calls = ["cost.kernels_counted(start, passed)"]
    if training:
        calls.append("cost.steps_counted(start, passed, 'digits.bin')")
    said = "".join([board.run(clock(name) + call, timeout=600) for call in calls])
    factor, figures = instructions_a_step(name), {}
    for line in said.splitlines():
        what, shape, products, taken, times = ast.literal_eval(line)
        figure = taken * factor / times / products
        figures[label(what, shape)] = round(figure, 2) if products > 1 else round(figure)
    return figures


LEARN = """
import gc, test_digits
accuracy, trainer = test_digits.learned()
gc.collect()
print((accuracy, gc.mem_alloc()))
"""


def learned(board):
    """What a net knows of digits after training there, and the heap that is then in use."""
    accuracy, heap = ast.literal_eval(board.run(LEARN, timeout=600))
    return {"accuracy": accuracy, "heap": heap}


def label(what, shape):
    if len(shape) == 3:
        return "%s, %d×%d×%d" % (what, *shape)
    if len(shape) == 4:
        images, side, channels, filters = shape
        return "%s, %d × %d×%d×%d → %d" % (what, images, side, side, channels, filters)
    return what


def files(training=True):
    """What lies on the board's disk."""
    paths = [DEVICE / "cost.py", DEVICE / "bits.py", DEVICE / "bits_nets.py"]
    if training:
        paths += [DEVICE / "test_digits.py", DEVICE / "lib" / "unittest.py", DIGITS]
    return {"/" + path.name: path.read_bytes() for path in paths}


def measured_twice(name):
    """(instructions, what was learned, the names of figures that differed): each time on a machine just started."""
    runs = []
    for _ in range(2):
        with boards.emulated(name, icount=True, files=files()) as board:
            runs.append((measure(board, name), learned(board)))
    differed = ["%s: %s, then %s" % (what, first[what], second[what])
                for first, second in zip(*runs) for what in first if first[what] != second[what]]  # fmt: skip
    return (*runs[0], differed)


def table(title, figures, rows, form):
    made = Table(title=title)
    made.add_column("")
    for name in figures:
        made.add_column(name, justify="right")
    for row in rows:
        made.add_row(row, *(form(figures[name].get(row, "")) for name in figures))
    return made


def groups(figures):
    """Titles and what belongs under them, in the order measured."""
    rows = list(next(iter(figures.values()))["instructions"])
    return [
        (
            "Instructions of a training step, and of a VM instruction that copies one number",
            [r for r in rows if "×" not in r],
        ),
        ("Instructions a multiply-accumulate", [r for r in rows if "×" in r]),
    ]


def number(value):
    if isinstance(value, str):
        return value
    return "{:,}".format(value) if value == int(value) else "%.2f" % value


def sheets(figures):
    """(title, {board: {row: figure}}, rows) of everything."""
    counted = {name: figures[name]["instructions"] for name in figures}
    made = [(title, counted, rows) for title, rows in groups(figures)]
    for kind in ("flash", "RAM"):
        parts = {name: figures[name][kind] for name in figures}
        made.append(("Bytes of %s by part" % kind, parts, list(next(iter(parts.values())))))
    return made


def markdown(figures):
    text = []
    for title, columns, rows in sheets(figures):
        text.append("### %s\n\n| | %s |\n|---|%s" % (title, " | ".join(columns), "---:|" * len(columns)))
        text += ["| %s | %s |" % (row, " | ".join(number(columns[n].get(row, "")) for n in columns)) for row in rows]
        text.append("")
    return "\n".join(text)


def overview(figures):
    """The table of docs/boards.md and the README: a row a board."""
    rows = ["| board | flash | RAM | accuracy | instructions a step | tested |", "|---|---:|---:|---:|---:|---|"]
    for name in figures:
        made_of, f = boards.settings(name), figures[name]
        tested = "built in, and from `.mpy`" + (", armv6m's too" if name == "m3" else "")
        cells = ["%s: %s, %s" % (name, made_of["MCU"], made_of["QEMU_MACHINE"]), number(f["flash"]["all"])]
        cells += [number(f["digits"]["heap"]), "%.4f" % f["digits"]["accuracy"]]
        rows.append("| %s |" % " | ".join(cells + [number(f["instructions"][STEP]), tested]))
    return "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("boards", nargs="*", metavar="BOARD", help="of: " + " ".join(boards.NAMES))
    parser.add_argument("--write", action="store_true", help="the tables into the docs and the README")
    options = parser.parse_args()
    if options.write and options.boards:
        parser.error("the page has a column for every board: --write without %s" % " ".join(options.boards))
    console, figures, differences = Console(width=None if sys.stdout.isatty() else 130), {}, []
    for name in options.boards or boards.NAMES:
        with console.status("Counting on %s, twice." % name):
            counted, digits, differed = measured_twice(name)
        differences += ["%s: %s" % (name, line) for line in differed]
        flash, ram = sizes.by_part(boards.firmware(name))
        figures[name] = {"instructions": counted, "digits": digits, "flash": flash, "RAM": ram}
    for title, columns, rows in sheets(figures):
        console.print(table(title, columns, rows, number))
    FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    if options.write and not differences:
        measured.write_between(PAGE, "figures", measured.line() + markdown(figures))
        for page in ("docs/boards.md", "README.md"):
            measured.write_between(ROOT / page, "boards", measured.line() + overview(figures))
    for line in differences:
        print("counted twice, and not the same: " + line, file=sys.stderr)
    if not differences:
        print("Counted twice, with the same figures; they are in %s." % FIGURES.relative_to(ROOT))
    return 1 if differences else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except boards.BoardError as error:
        print(error, error.output, sep="\n", file=sys.stderr)
        sys.exit(1)
