"""The figures in the docs are today's. Those that are cheap are found again, by the commands beside them; those
that take long stand with a hash of what was measured (bench/measured.py).

A count is exact. Bytes may be off by 2 in 100: another compiler makes other code of the same VM, a comment none."""

import re
import subprocess
import sys

import pytest
from tools import board as boards

import allocations
import ember
from checkout import ROOT, run_micropython
from ember import nn, optim
from figures import are, numbers, rows

sys.path.append(str(ROOT / "host_tests" / "bench"))

import board_cost  # noqa: E402
import imports  # noqa: E402
import measured  # noqa: E402
import sizes  # noqa: E402
import travelled  # noqa: E402

from ember_tools import library, rom  # noqa: E402

DOCS = ROOT / "docs"


def said_by(command):
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


# What a real board needs: docs/boards-real.md.

PAGE = (DOCS / "boards-real.md").read_text()
NEEDS = [row for row in rows(PAGE) if len(row) == 3 and "`build/venv/bin/python -c" in row[2]]


def test_each_of_them_has_its_command():
    assert len(NEEDS) == 3


@pytest.mark.parametrize("what, stated, command", NEEDS, ids=[row[0] for row in NEEDS])
def test_what_it_takes(what, stated, command):
    are(numbers(said_by(command.strip("`"))), numbers(stated), "docs/boards-real.md: " + what)


def test_what_deploy_says():
    """In the page's example, of the same files."""
    are(numbers(re.search("Installed .*", PAGE).group()), numbers(NEEDS[0][1])[:2], "docs/boards-real.md")


def test_what_a_romfs_takes():
    """Of the same files, where one has room for it and where it has not."""
    taken = len(rom.image(library.files("armv7emsp")))
    assert re.findall(r"into (\d+) of \d+ bytes, and is|this takes (\d+)\.", PAGE) == [
        (str(taken), ""),
        ("", str(taken)),
    ]


def test_what_the_core_takes():
    """The README and this page, of docs/size.md and docs/cost.md."""
    files, romfs = [numbers(rows((DOCS / "size.md").read_text(), "| %s |" % kind)[0][1])[0] / 1000
                    for kind in ("files", "ROMFS")]  # fmt: skip
    said = re.search(r"core takes ([\d.]+) kB of a board's heap, ([\d.]+) where", (ROOT / "README.md").read_text())
    assert said.groups() == ("%.1f" % files, "%.1f" % romfs)
    said = re.search(r"core then takes (\d+) kB of the heap instead of (\d+);", PAGE)
    assert said.groups() == ("%.0f" % romfs, "%.0f" % files)
    said = re.search(r"All of Ember is (\d+) kB of flash on a Cortex-M4F, besides (\d+) of the VM", PAGE)
    python, vm = [numbers(rows((DOCS / "cost.md").read_text(), "| Ember%s" % part)[0][3])[0] / 1000
                  for part in (" and boot", ": VM")]  # fmt: skip
    assert said.groups() == ("%.0f" % python, "%.0f" % vm)


def test_floats_of_the_portable_vm():
    found = re.search(r"makes ([\d,]+) of them, ([\d.]+) for each", PAGE)
    said = run_micropython("unix-single", ROOT / "host_tests" / "bench" / "portable_heap.py", native=False)
    stated = re.search(r"(\d+) floats of \d+ bytes, ([\d.]+) for each", said)
    assert numbers(found.group(1)) == numbers(stated.group(1)) and found.group(2) == stated.group(2)


def test_times_slower():
    """The README's span is that of the table."""
    (row,) = rows(measured.between(DOCS / "boards-real.md", "slower"), "| times slower")
    times = [int(cell) for cell in row[1:]]
    text = (ROOT / "README.md").read_text()
    assert re.search(r"and (\d+) to (\d+) times on the\s+emulated", text).groups() == (str(min(times)), str(max(times)))


# Firmware for the emulated boards: the README, docs/boards.md and docs/cost.md.

BOARDS = rows(measured.between(ROOT / "README.md", "boards"))[1:]


def test_both_pages_have_the_same_table():
    assert [row[0].split(":")[0] for row in BOARDS] == boards.NAMES
    assert measured.between(ROOT / "README.md", "boards") == measured.between(DOCS / "boards.md", "boards")


@pytest.mark.parametrize("name", boards.NAMES)
def test_flash_of_a_board(name):
    flash, ram = sizes.by_part(boards.firmware(name))
    (row,) = [row for row in BOARDS if row[0].startswith(name + ":")]
    are([flash["all"]], numbers(row[1]), "make board-bench DOCS=1")
    page = measured.between(DOCS / "cost.md", "figures")
    for kind, parts in (("flash", flash), ("RAM", ram)):
        head, *lines = rows(page.split("### Bytes of %s by part" % kind)[1].split("###")[0])
        found = {line[0]: numbers(line[1 + boards.NAMES.index(name)]) for line in lines}
        assert head[1:] == boards.NAMES and set(found) == set(parts)
        are([parts["all"]], found["all"], "make board-bench DOCS=1")


def test_what_training_takes_of_the_heap():
    """On one of them: the accuracy, whose bits are all boards', and the heap in use."""
    with boards.emulated("m4", files=board_cost.files()) as board:
        found = board_cost.learned(board)
    (row,) = [row for row in BOARDS if row[0].startswith("m4:")]
    assert "%.4f" % found["accuracy"] == row[3]
    are([found["heap"]], numbers(row[2]), "make board-bench DOCS=1")


# What an import costs: docs/size.md.

SIZES = (DOCS / "size.md").read_text()


def test_every_module_has_its_size():
    """In two groups: the core, and what is not of it; and what the core takes."""
    core, others, total = imports.modules()
    listed = [row[0] for row in rows(SIZES.split("| file |")[1].split("\n\n")[0])]
    assert listed == core + others, "make size DOCS=1"
    assert numbers(re.search(r"The first (\d+) are the core", SIZES).group(1)) == [len(core)]
    are(total, numbers(re.search(r"takes ([\d,]+) bytes, with the trainer [\d,]+", SIZES).group(0)), "make size DOCS=1")
    (row,) = rows(SIZES, "| files |")
    are(imports.on_a_board(imports.compiled()), [n for cell in row[1:] for n in numbers(cell)], "make size DOCS=1")


def test_the_trainer_is_gone_when_the_core_is_counted():
    """It is far more than 2 in 100."""
    _, _, (alone, live) = imports.modules()
    assert live - alone > 4 * 4 * (64 * 32 + 32 + 32 * 10 + 10)  # parameters, gradients, two moments


def test_what_a_program_that_travels_takes():
    for line in travelled.table()[2:]:
        (found,), (stated,) = rows(line), rows(SIZES, line.split(" | ")[0])
        for a, b in zip(found[1:], stated[1:]):
            are(numbers(a), numbers(b), "make size DOCS=1")


# What is copied from page to page.


def test_the_readmes_copies():
    readme = (ROOT / "README.md").read_text()
    (row,) = rows((DOCS / "budget.md").read_text(), "| linear |")
    (copy,) = rows(readme, "| 784 → 10 on MNIST")
    assert numbers(copy[1]) == numbers(row[5])
    (accuracy,) = rows((DOCS / "boards.md").read_text(), "| accuracy on 359 digits")
    (copy,) = rows(readme, "| a digits MLP trains in the 16 kB")
    assert copy[1] == accuracy[1].split(";")[0] and "on a Cortex-M0: %s\n" % copy[1] in readme


def test_the_demos_memory():
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-3)
    plan = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (64,), 32, input_dtype="B", input_scale=1 / 16).plan
    (row,) = rows((ROOT / "README.md").read_text(), "| arena + program + constants of the MLP")
    assert [plan.total()] == numbers(row[1])


def test_how_many_pairs():
    """docs/design.md."""
    assert re.findall(r"(\d+) pairs", (DOCS / "design.md").read_text()) == [str(allocations.count("pairs"))]


def test_every_file_has_its_room():
    """In docs/design.md's table: new files, too."""
    text = (DOCS / "design.md").read_text().split("## Rooms")[1].split("\n## ")[0]
    listed = []
    for room, names in re.findall(r"^\| (?:`(\w+/)`|beside) \|(.*)$", text, re.MULTILINE):
        listed += [room + name for name in re.findall(r"`(\w+\.py)`", names)]
    package = ROOT / "lib" / "ember"
    files = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if path.stem != "__init__"]
    assert sorted(listed) == sorted(files)


# What takes long: `make bench DOCS=1`, `make board-bench DOCS=1`.

LONG = [
    ("README.md", "bench", measured.STEP, "make bench DOCS=1"),
    ("README.md", "boards", measured.VM, "make board-bench DOCS=1"),
    ("docs/boards.md", "boards", measured.VM, "make board-bench DOCS=1"),
    ("docs/cost.md", "figures", measured.VM, "make board-bench DOCS=1"),
    ("docs/boards-real.md", "slower", measured.PORTABLE, "make board-bench DOCS=1"),
]


@pytest.mark.parametrize("page, name, sources, command", LONG, ids=["%s: %s" % row[:2] for row in LONG])
def test_what_was_measured_has_not_changed_since(page, name, sources, command):
    first = measured.between(ROOT / page, name).splitlines(keepends=True)[0]
    assert first == measured.line(sources), "the figures are of other sources: " + command


def test_a_change_is_noticed(tmp_path):
    """A statement is, a comment is none."""
    (tmp_path / "x.c").write_text("int f(void) { return 1; } // one\n")
    before = measured.line(["*.c"], tmp_path)
    (tmp_path / "x.c").write_text("/* the\n * answer */ int f(void)\n{ return 1; }\n")
    assert measured.line(["*.c"], tmp_path) == before
    (tmp_path / "x.c").write_text("int f(void) { return 2; } // one\n")
    assert measured.line(["*.c"], tmp_path) != before
    (tmp_path / "y.c").write_text("")
    assert measured.line(["*.[ch]"], tmp_path) != before
    assert all(list(ROOT.glob(pattern)) for pattern in measured.STEP + measured.PORTABLE)
