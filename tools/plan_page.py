"""Generates docs/plan.md, and the pictures beside it: what the planner reaches on the reference models, and how long it
takes under MicroPython.

    python tools/plan_page.py
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "host_tests" / "support")]

import models  # noqa: E402
from ember.recording import layout  # noqa: E402
from ember.recording.plan import merge, plan  # noqa: E402

PAGE, PICTURES = ROOT / "docs" / "plan.md", (("digits-cnn", 16), ("resnet-8", 4), ("transformer", 4))
MICROPYTHON = ROOT / "build" / "unix-single" / "micropython"

TEXT = """\
# The plan

Made by tools/plan_page.py (`make plans`): do not edit.

What a program needs between two steps lies in the arena for good: parameters, gradients, the optimizer's state. All
else, the buffers of a step, share what is left: the planner says where each lies, so that no two that live at once
overlap.

    print(trainer.plan)                # a few lines: bytes of each kind, the peak, the lower bound
    print(trainer.plan.table())        # every buffer: kind, bytes, offset, first and last use, what made it
    for kind, size, offset, first, last, made in trainer.plan.entries(): ...
    trainer.plan.save_svg("plan.svg")  # drawn over the program's course; point at a rectangle, and it says what it is

Sizes and offsets are bytes of the arena; first and last are words of the program, as `print(trainer.image)` numbers
them. An *activation* is left by one section for another, as by forward for backward; the rest is *scratch*. A function
of `ember.record` is one section, so all of its buffers are called scratch. Recorded functions have the same plan.

![memory over the course of the CNN's program](plan-digits-cnn.svg)

From left to right one instruction after the other, upwards the bytes. Green is what backward needs of forward: it piles
up and is taken down again. Where it is highest is the peak; the red dashes are the lower bound. More of them: a
[ResNet-8](plan-resnet-8.svg), a [Transformer's encoder](plan-transformer.svg).

## What it costs

Nothing while nobody asks: of each buffer nothing is kept. Table and picture are found in the program again, by what
each instruction reads and writes according to the instruction table. For that a board loads `recording/plan_report.py`,
`portable/verify.py` and `instructions/table.py` ([what they cost](size.md)). While it looks it takes some 40 bytes a
buffer and 4 an instruction. The picture is written line by line. Boards and PC write the same picture, to the byte.

A buffer there is what one instruction begins to write and others use. Where a result takes its operand's place the two
are two buffers, which meet in one instruction. Where a buffer of the recording is written anew without having been
read, it is two; where it is only used in part, the part is shown.

## How the planner works

`lib/ember/recording/plan.py` is a pure function: sizes, first and last uses and which results may take an operand's
place, in; offsets, the peak and the lower bound, out. It gives the same on a PC and on a board.

1. A result takes the place of an operand that is used there for the last time, where the instruction allows it and the
   sizes are the same: the first such operand. Among 47,784 random graphs of 6 to 10 buffers, where an instruction has
   one result, no other choice of pairs came to a lower peak; `test_plan.py` tries every subset on some.
2. The lower bound is the most that is live at once.
3. Buffers are laid out one by one, each in the lowest gap that is free for all of its life: the largest first; where
   that misses the bound (`recording/plan_search.py`, loaded only then) the longest-living first, the largest by size
   times life, and the first used, which is first fit. So the peak is never above first fit.
4. Where all four miss it up to nine places are searched to the end: what is found is the best there is, even where no
   plan can meet the bound. Up to 14 are searched so for a while. Larger plans are changed in small steps that do not
   make them worse, some hundred times: fewer, the more buffers there are.

It takes n² steps for each order that is tried, n without those that share a place.

## What it reaches

Training and evaluating in one program, with SGD. Activations are what the planner lays out, in bytes: its peak, and the
lower bound. ms is MicroPython's time to plan, on the PC that made the table, single precision, unix port.

| model | batch | buffers | places | activations | lower bound | ratio | ms |
|---|---:|---:|---:|---:|---:|---:|---:|
%s

MLPerf Tiny's models (Banbury et al., 2021) are written in `host_tests/support/models.py`: ResNet-8 for images of
32 × 32 × 3, DS-CNN for 49 × 10 coefficients, MobileNetV1 a quarter as wide for images of 96 × 96 × 3. The Transformer
has two layers of four heads, 32 wide, over 32 steps. The others are those of `make demo` and of
[the examples](examples.md).
"""

TIMED = """
import time
from array import array
from ember.recording.plan import plan
sizes, first, last, shares = %r
sizes, first, last = array("i", sizes), array("i", first), array("i", last)
start = time.ticks_us()
offsets, peak, bound = plan(sizes, first, last, shares)
print(time.ticks_diff(time.ticks_us(), start), peak, bound)
"""


class Counted(Exception):
    """The first recording is over."""


def problem(name, batch_size):
    """What the planner is given."""
    given = []

    def take(sizes, first, last, shares):
        given.append((sizes.tolist(), first.tolist(), last.tolist(), [tuple(pair) for pair in shares]))
        raise Counted

    layout.lay_out = take
    try:
        models.trainer_of(name, batch_size)
    except Counted:
        return given[0]
    finally:
        layout.lay_out = plan


def on_micropython(text):
    environment = dict(os.environ, MICROPYPATH=str(ROOT / "lib"))
    command = [str(MICROPYTHON), "-X", "heapsize=8m", "-c", text]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [int(word) for word in done.stdout.split()]


def row(name, batch_size):
    given = problem(name, batch_size)
    microseconds, peak, bound = min(on_micropython(TIMED % (given,)) for _ in range(3))
    places = len(set(merge(*given)))
    return "| %s | %d | %d | %d | %s | %s | %.4f | %.1f |" % (
        name, batch_size, len(given[0]), places, "{:,}".format(4 * peak), "{:,}".format(4 * bound), peak / bound,
        microseconds / 1000)  # fmt: skip


def main():
    rows = [row(name, batch_size) for name, model in models.MODELS.items() for batch_size in model[3]]
    PAGE.write_text(TEXT % "\n".join(rows))
    for name, batch_size in PICTURES:
        models.trainer_of(name, batch_size).plan.save_svg(str(PAGE.parent / ("plan-%s.svg" % name)))


if __name__ == "__main__":
    main()
