"""Where a program is too large for the heap, the error says what would fit, and that does."""

import re

import pytest

from checkout import ROOT, run_micropython
from ember.recording import shortage

MAKE = """
import ember
from ember import nn, optim

def make(**options):
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), **options)

def attempt(**options):
    try:
        t = make(**options)
        t.step([[0.5] * 64], [3])
        print("trains")
    except MemoryError as error:
        print(error)
"""


def attempt(heap, options):
    return run_micropython("unix-single", MAKE + "attempt(%s)" % options, heap=heap).strip()


# Beside a heap, times how many of what is said to fit is too much: the less there is, the more the margin weighs.
@pytest.mark.parametrize("heap, times", [("370k", 12), ("400k", 3), ("600k", 2), ("1m", 2)])
def test_what_is_said_to_fit_fits(heap, times):
    said = attempt(heap, "batch_size=2048")
    found = re.search(r"heap (\d+) are free. What may fit: batch_size=(\d+) takes \d+; memory=(\d+) takes a", said)
    free, batch_size, memory = map(int, found.groups())
    assert 0 < batch_size < 2048 and memory < free
    assert attempt(heap, "batch_size=%d" % batch_size) == "trains"
    assert attempt(heap, "batch_size=2048, memory=%d" % memory) == "trains"
    assert attempt(heap, "batch_size=%d" % (batch_size * times)) != "trains"  # no less is said than would do


def test_where_no_batch_fits_other_ways_are_named():
    said = attempt("200k", "batch_size=4")
    assert "What may fit: fused=True and state_dtype='bfloat16' take less" in said and "batch_size=" not in said


COMPILE = """
import ember
from ember import nn, optim
model = nn.Sequential(nn.Linear(64, %d), nn.Tanh(), nn.Linear(%d, 10))
arguments = model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), 8
try:
    ember.Trainer(*arguments)
except MemoryError as error:
    print(error)
print(ember.compile(*arguments, path="wide.ember"))
"""
RUN = """
from ember import runtime
from array import array
model = runtime.load("wide.ember")
model.step(array("f", [0.5] * 512), bytes(8))
print(model.steps)
"""


def test_what_is_compiled_as_it_says_is_trained_after_a_reset(tmp_path):
    """Where words have 64 bits what records takes more than is said."""
    width = 180
    said = run_micropython("unix-single", COMPILE % (width, width), heap="400k", cwd=tmp_path).splitlines()
    free, total = (int(re.search(words, said[0]).group(1)) for words in (r"finds (\d+) free", r"takes (\d+) bytes"))
    assert free > total and int(said[1]) > 4 * 64 * width
    assert run_micropython("unix-single", RUN, heap="400k", cwd=tmp_path) == "1\n"


# An export where little of the heap is left. Only once: MicroPython 1.26 does not survive an import that is tried again
# after there was no room for the module itself.
FULL = """
held = [None] * 8000
def attempt():
    try:
        t.export("x.ember")
    except MemoryError as error:
        held.clear()
        print(error)
k = 0
try:
    while True:
        held[k] = bytes(64)
        k += 1
except MemoryError:
    pass
for k in range(k - %d, k):
    held[k] = None
attempt()
"""


@pytest.mark.parametrize("released, blocks, said", [
    ("", 350, "release(globals()) gives back some"),
    ("t.release(globals())", 340, "on a PC, python -m ember_tools compile"),
])  # fmt: skip
def test_an_export_without_room_says_what_gives_some(released, blocks, said, tmp_path):
    lines = MAKE + "t = make(batch_size=1)\n%s\n%s" % (released, FULL % blocks)
    assert said in run_micropython("unix-single", lines, heap="600k", cwd=tmp_path)


def test_the_bytes_that_are_said_are_those_measured():
    page = (ROOT / "docs" / "size.md").read_text()
    rows = {name: [int(n.replace(",", "")) for n in row.split(" | ")] for name, row in
            re.findall(r"^\| (files|ROMFS) \| (.*) \|$", page, re.MULTILINE)}  # fmt: skip
    core, runtime = rows["files"][0], rows["files"][3]
    assert shortage.RECORDS <= core - runtime < shortage.RECORDS + 10000
    assert shortage.IN_PLACE <= core - rows["ROMFS"][0] < shortage.IN_PLACE + 10000
