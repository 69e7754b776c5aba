"""Memory runs out at every point: while Ember is imported, while a model is made, recorded, trained, saved, resumed,
released, compiled and deployed. Each time there is a MemoryError, an interpreter that goes on, and nothing half done:
what failed works when it is tried again, and comes to the same bits. A sample runs in `make test`; `make faults` runs
all.

Two ways: an allocator that fails at the nth allocation, alone or with all that follow (build/unix-failing, whose
MicroPython has the module failing); and heaps of every size.

MicroPython 1.26 itself ends where an import that found no memory for a module is tried again: it leaves an entry
without an object in sys.modules. build/unix-failing has that mended; of the heaps each is a process, which imports
once.
"""

import json
import os
import shutil
import subprocess

import pytest

import faults
from checkout import BUILD, ROOT
from ember_tools import install, line

pytestmark = pytest.mark.faults
LONG = pytest.mark.long
FAILING = BUILD / "unix-failing" / "micropython"
STARVED = ROOT / "host_tests" / "support" / "starved.py"
LIBRARY = BUILD / "library"  # .mpy files: with sources, most allocations would be the compiler's
ALL = 10**9

# Of an operation every so many allocations fail: with `make test`, with `make test-long`; with `make faults` all do.
STRIDES = {
    "import": (1201, 97), "construct": (1201, 67), "budget": (2003, 101), "record": (499, 23), "first": (41, 3),
    "step": (41, 3), "accumulate": (41, 3), "score": (83, 7), "slices": (3001, 101), "save": (17, 1), "load": (17, 1),
    "release": (149, 11), "compile": (1201, 67), "export": (199, 13), "resume": (199, 13),
}  # fmt: skip


def run(script, *arguments, library=LIBRARY, heap="4m", cwd=None):
    """(exit code, what it printed)."""
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (library, BUILD / "native"))
    command = [str(FAILING), "-X", "heapsize=" + heap, str(script), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=3600)
    return done.returncode, done.stdout + done.stderr


def starved(name, step, many, folder, *more, first=1, **options):
    """(how many allocations failed, what was lost)."""
    code, said = run(STARVED, name, first, step, many, folder, *more, **options)
    lines = said.splitlines()
    if code or not lines or not lines[-1].isdigit():
        return 1, ["%s ended with %d: %s" % (name, code, said[-500:])]
    return int(lines[-1]), lines[:-1]


@pytest.mark.parametrize("much", [False, pytest.param(True, marks=LONG)], ids=["some", "more"])
@pytest.mark.parametrize("many", [1, ALL], ids=["one", "all"])
@pytest.mark.parametrize("name", STRIDES)
def test_an_allocation_fails(name, many, much, tmp_path):
    step = STRIDES[name][much]
    if much and faults.TO in os.environ:
        step = 1
    faults.record("an allocation fails: %s" % name, *starved(name, step, many, tmp_path))


def test_what_is_left_half_done_is_found(tmp_path):
    """What leaves `with no_grad()` once took a tuple of its arguments: without memory for it, gradients stayed off."""
    options = {"library": ROOT / "lib", "heap": "16m"}
    tried, lost = starved("construct", 499, ALL, tmp_path, "seeded", **options)
    assert "does not depend on any parameter" in "\n".join(lost), lost
    assert starved("construct", 1499, ALL, tmp_path, **options)[1] == []


# --- Heaps of every size


STAGES = """
import gc
from array import array
print("begun")
room = bytearray(2000)  # for what comes afterwards: modules that fill the heap stay
def all_of_it():
    import ember
    from ember import nn, optim
    print("imported")
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), 4)
    print("made")
    x, y = [[0.5] * 6] * 4, [0, 1, 2, 0]
    t.step(x, y)
    t.predict(x)
    print("trained")
    t.save("a.ckpt")
    t.load("a.ckpt")
    print("saved")
    t.export("a.ember")
    print("exported")
    t.release({})
    t.step(array("f", [0.5] * 24), bytes(y))
    print("released")
def go():
    try:
        all_of_it()
    except MemoryError:
        print("MemoryError")
go()
room = None
gc.collect()
print(sum([i for i in range(20)]), len(bytearray(1000)))
"""
ENDS = "190 1000"
ORDER = ["imported", "made", "trained", "saved", "exported", "released"]


def with_heap(size, script, folder):
    """What is wrong with a run in a heap of so many bytes; None if nothing is."""
    code, said = run(script, heap=str(size), cwd=folder)
    lines = said.split("\n")[:-1]
    if lines[:1] != ["begun"]:  # the interpreter has no room for the script
        return None if code == 1 and "MemoryError" in said else "%d bytes: %d, %s" % (size, code, said[-300:])
    stages, end = lines[1:-1], lines[-1]
    done = stages[:-1] if stages[-1:] == ["MemoryError"] else stages
    right = done == ORDER[: len(done)] and (stages[-1:] == ["MemoryError"] or done == ORDER)
    return None if code == 0 and end == ENDS and right else "%d bytes: %d, %s" % (size, code, said[-300:])


@pytest.mark.parametrize("much", [False, pytest.param(True, marks=LONG)], ids=["some", "more"])
def test_heaps_of_every_size(much, tmp_path):
    script = tmp_path / "stages.py"
    script.write_text(STAGES)
    step = 256 if much and faults.TO in os.environ else 1999 if much else 19997
    sizes = range(30000, 330000, step)
    found = [with_heap(size, script, tmp_path) for size in sizes]
    faults.record("a heap of this size", len(sizes), [text for text in found if text])
    assert with_heap(400000, script, tmp_path) is None and "released" in run(script, heap="400000", cwd=tmp_path)[1]


# --- A deploy: each script on the board


DEPLOY = """
import failing, gc, json, sys
scripts, n, many = json.load(open(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
names = {}
for text in scripts[:-1]:
    exec(text, names)
gc.collect()
failing.at(n, many)
try:
    exec(scripts[-1], names)
except MemoryError:
    pass
print("\\nfailed", failing.stop())
"""
OLD = {"ember/__init__.mpy": b"old", "ember/same.mpy": b"same", "ember_vm.mpy": b"old vm"}
NEW = {"ember/__init__.mpy": b"new" * 300, "ember/same.mpy": b"same", "ember/more.mpy": b"more", "ember_vm.mpy": b"vm"}


class Board:
    """A folder for its file system. Its scripts run under MicroPython, each sequence in one interpreter."""

    def __init__(self, folder):
        self.lib, self.script, self.given = folder / "lib", folder / "deploy.py", folder / "scripts.json"
        self.script.write_text(DEPLOY)

    def put(self, files):
        shutil.rmtree(self.lib, ignore_errors=True)
        for path, content in files.items():
            (self.lib / path).parent.mkdir(parents=True, exist_ok=True)
            (self.lib / path).write_bytes(content)

    def run(self, scripts, n=0, many=1):
        """(what they print, whether an allocation failed)."""
        self.given.write_text(json.dumps(scripts))
        code, said = run(self.script, self.given, n, many)
        assert code == 0, said
        printed, _, failed = said.rpartition("\nfailed ")
        return printed, int(failed) > 0

    def there(self):
        said, _ = self.run([line.script("survey", LIB=str(self.lib))])
        return install.parse(said, str(self.lib))

    def steps(self):
        """Without those that load a native VM, which these bytes are not."""
        made = install.steps(str(self.lib), NEW, self.there())
        return [step for step in made if step.name != install.LOAD_NAME]


def whole(board):
    """Which Ember is there, if one is: a board may have none between the two."""
    there = board.there()
    for name, files in (("old", OLD), ("new", NEW)):
        wanted = {path: install.sha256(content) for path, content in files.items() if path != install.MODULE}
        if wanted == {path: digest for path, digest in there.items() if path.startswith("ember/")}:
            return name
    return "none" if "ember" not in there else "half"


ALLOWED = {install.BEFORE: {"old"}, install.BETWEEN: {"old", "none", "new"}, install.AFTER: {"new"}}


@pytest.mark.parametrize("much", [False, pytest.param(True, marks=LONG)], ids=["some", "more"])
def test_a_script_of_a_deploy_runs_out_of_memory(much, tmp_path):
    board, points, lost = Board(tmp_path), 0, []
    board.put(OLD)
    steps = board.steps()
    stride = (1 if faults.TO in os.environ else 7) if much else 60
    for k, step in enumerate(steps):
        before = [text for earlier in steps[:k] for text in earlier.scripts]
        for last in range(len(step.scripts)):
            n, failed = 1 + (k + last) % 5, True
            while failed:
                board.put(OLD)
                _, failed = board.run(before + step.scripts[: last + 1], n, 1 if n % 2 else ALL)
                found = whole(board)
                if found not in ALLOWED[step.state]:
                    lost.append("%s, allocation %d: %s" % (step.name, n, found))
                again = [text for step in board.steps() for text in step.scripts]
                board.run(again)
                if not install.is_installed(NEW, board.there()):
                    lost.append("%s, allocation %d: the next deploy does not repair it" % (step.name, n))
                points, n = points + failed, n + stride
    faults.record("an allocation fails: deploy", points, lost)
