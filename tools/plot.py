"""Draws what a run logged: epoch,step,loss and what was measured (accuracy, AUROC) as CSV, to a PNG. Or what
ember.MemoryMonitor logged: memory over steps.

python tools/plot.py LOG OUT.png [--title TITLE]
"""

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def read(log_path):
    """[row by name], the name of what was measured, [(step, measured)]."""
    with open(log_path, newline="") as f:
        rows = list(csv.DictReader(f))
    if not rows:
        raise ValueError("%s has no lines to draw" % log_path)
    measure = list(rows[0])[3]
    return rows, measure, [(int(row["step"]), float(row[measure])) for row in rows if row[measure]]


def line(log_path):
    """What was measured, epoch by epoch, as a line of text: from its least to its most."""
    values = [value for _, value in read(log_path)[2]]
    low, high = min(values), max(values)
    steps = [int((v - low) / (high - low) * 7.99) if high > low else 7 for v in values]
    return "%.4f %s %.4f" % (low, "".join("▁▂▃▄▅▆▇█"[s] for s in steps), high)


def draw(log_path, png_path, title=""):
    """The loss over steps, on a logarithmic scale, and below it what was measured where it was logged."""
    rows, measure, scored = read(log_path)
    steps = [int(row["step"]) for row in rows]
    figure, axes = pyplot.subplots(2 if scored else 1, 1, figsize=(7, 6 if scored else 3.5), sharex=True, squeeze=False)
    loss = axes[0][0]
    loss.plot(steps, [float(row["loss"]) for row in rows], color="#d1495b", linewidth=2)
    loss.set_yscale("log")
    loss.set_ylabel("training loss")
    loss.set_title(title, loc="left")
    if scored:
        accuracy = axes[1][0]
        accuracy.plot(*zip(*scored), color="#00798c", linewidth=2)
        accuracy.set_ylabel("test %s" % measure)
        accuracy.set_ylim(min(0.9, min(a for _, a in scored)), 1)
        accuracy.annotate("%.4f" % scored[-1][1], scored[-1], xytext=(-4, -16), textcoords="offset points", ha="right")
    axes[-1][0].set_xlabel("steps")
    for row in axes:
        row[0].grid(True, which="major", color="#dddddd")
        for side in ("top", "right"):
            row[0].spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(png_path, dpi=120)
    pyplot.close(figure)


def draw_memory(log_path, png_path, title=""):
    """What is in use, what is free, and the largest free block, over steps."""
    with open(log_path, newline="") as f:
        rows = [row for row in csv.DictReader(f) if row["used"]]
    if not rows:
        raise ValueError("%s has no lines to draw" % log_path)
    steps, used, free, largest = [[int(row[name]) for row in rows] for name in ("step", "used", "free", "largest")]
    figure, axes = pyplot.subplots(figsize=(7, 3.5))
    axes.stackplot(steps, used, largest, [f - n for f, n in zip(free, largest)],
                   labels=("in use", "largest free block", "the rest that is free"),
                   colors=("#d1495b", "#8bc4b4", "#dddddd"))  # fmt: skip
    axes.set(xlabel="steps", ylabel="bytes of heap", xlim=(steps[0], max(steps[-1], steps[0] + 1)))
    axes.set_title(title, loc="left", pad=24)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    figure.tight_layout()
    figure.savefig(png_path, dpi=120)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--title", default="")
    options = parser.parse_args()
    with open(options.log) as f:
        memory = "largest" in f.readline()
    (draw_memory if memory else draw)(options.log, options.out, options.title)


if __name__ == "__main__":
    main()
