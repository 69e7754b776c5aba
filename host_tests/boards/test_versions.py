"""Other versions of MicroPython and of CPython, all with the portable VM: the device tests, the losses of the native
VM, the same words for what is refused, checkpoints that move to and fro, real digits. `make test-versions` gets what it
takes; tools/versions.py makes a table of it, from the properties that are recorded here."""

import contextlib
import re
import types
from xml.etree import ElementTree

import pytest
from tools import versions as page

import interpreters
import versions
from suites import SUITES, check_suite, names
from targets import as_command

TOLERANCE = 1e-4  # of a loss, relative to the native VM's: as in test_matrix.py
STEPS, STEPS_AFTER = 8, 3
ACCURACY = 0.75  # of ten digits, after 24 batches of 32
SELF = "import sys; i = sys.implementation; print(i.name, *i.version[:3])"

each = pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.xdist_group(n)) for n in versions.NAMES])


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """start(name): its folder; the lines that a script prints with Ember from .mpy files, and from its source."""
    kept = {}

    def checked(run):
        def lines(script):
            ok, output = run(script)
            assert ok, output[-5000:]
            return output.splitlines()

        return lines

    with contextlib.ExitStack() as stack:

        def start(name):
            if name not in kept:
                folder = tmp_path_factory.mktemp(name)
                run = stack.enter_context(versions.start(name, folder))
                run_source = stack.enter_context(versions.start(name, folder, compiled=False))
                kept[name] = types.SimpleNamespace(
                    folder=folder, run=run, lines=checked(run), lines_from_source=checked(run_source)
                )
            return kept[name]

        yield start


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """What the native VM prints on CPython, in so many steps and in those after; and its checkpoint between them."""
    path = tmp_path_factory.mktemp("native") / "native.ckpt"
    first = interpreters.run("cpython", "train.py", "native", STEPS, "FOLDERS", path)
    after = interpreters.run("cpython", "train.py", "native", STEPS_AFTER, "FOLDERS", path, "load")
    return types.SimpleNamespace(path=path, losses=interpreters.losses(first), after=interpreters.losses(after)["mlp"])


def test_what_is_missing_is_named(record_property):
    """npm brings every MicroPython; of the CPythons, one at least is here: that which runs this."""
    for name in versions.MISSING:
        record_property("missing", name)
    assert [name for name, folder in versions.MICROPYTHONS.items() if not folder.exists()] == []
    assert set(versions.FOUND) - set(versions.MISSING)


@each
def test_it_is_that_version(started, name, record_property):
    kind, *version = started(name).lines(SELF)[0].split()
    version = ".".join(version)
    record_property("exact", version)
    assert re.sub(r"-\d+$", "", name + ".").startswith(kind) and version.startswith(name.split("-")[1])


@each
@pytest.mark.parametrize("suite", SUITES["portable"])
def test_suite(started, name, suite, record_property):
    check_suite(started(name).run, suite, "portable")
    record_property("device tests", len(names(suite)))


@each
def test_the_losses_are_those_of_the_native_vm(started, name, native, record_property):
    """And a checkpoint goes over: of this version's to the native VM, and of that to this version."""
    it = started(name)
    lines = it.lines_from_source(as_command("train", "portable", STEPS, "", "own.ckpt"))
    assert all(" portable " in line for line in lines[::3])
    losses = interpreters.losses(lines)
    assert sorted(losses) == ["cnn", "mlp"]
    for model in losses:
        assert losses[model] == pytest.approx(native.losses[model], rel=TOLERANCE)
    record_property("training", "as the native VM")

    goes_on = interpreters.run("cpython", "train.py", "native", STEPS_AFTER, "FOLDERS", it.folder / "own.ckpt", "load")
    assert interpreters.losses(goes_on)["mlp"] == pytest.approx(native.after, rel=TOLERANCE)
    (it.folder / "native.ckpt").write_bytes(native.path.read_bytes())
    comes_here = it.lines(as_command("train", "portable", STEPS_AFTER, "", "native.ckpt", "load"))
    assert interpreters.losses(comes_here)["mlp"] == pytest.approx(native.after, rel=TOLERANCE)
    assert native.after != pytest.approx(native.losses["mlp"][:STEPS_AFTER], rel=TOLERANCE)
    record_property("checkpoint", "to and fro")


@each
def test_the_words_are_the_same(started, name, record_property):
    def words(lines):  # but for what the system says of a file: "[Errno 2] No such file", or a mere number
        return [re.sub(r" \((\[Errno .*|\d+)\)$", "", line) for line in lines]

    expected = interpreters.run("cpython", "refusals.py", "native", "FOLDERS")
    assert len(expected) > 60
    assert words(started(name).lines_from_source(as_command("refusals", "portable", ""))) == words(expected)
    record_property("messages", "the same")


@each
def test_real_digits_are_learned(started, name, record_property):
    """And on MicroPython, which starts with a board's heap here, what is held between steps fits into that."""
    accuracy, held = started(name).lines("from digits_steps import more")[-1].split()
    record_property("digits", accuracy)
    assert float(accuracy) > ACCURACY
    if name in versions.MICROPYTHONS:
        assert 40 * 1024 < int(held) < versions.HEAP
        record_property("held", "%.0f kB" % (int(held) / 1024))


FOUND = """<testsuite>
<testcase name="test_what_is_missing_is_named"><properties><property name="missing" value="cpython-3.13"/></properties>
</testcase>
<testcase name="test_it_is_that_version[cpython-3.9]"><properties><property name="exact" value="3.9.18"/></properties>
</testcase>
<testcase name="test_suite[ops-cpython-3.9]"><properties><property name="device tests" value="7"/></properties>
</testcase>
<testcase name="test_suite[numbers-cpython-3.9]"><properties><property name="device tests" value="5"/></properties>
</testcase>
<testcase name="test_suite[ops-micropython-1.28.0-6]"><failure/></testcase>
<testcase name="test_suite[numbers-micropython-1.28.0-6]"><properties><property name="device tests" value="5"/>
</properties></testcase>
<testcase name="test_the_losses_are_those_of_the_native_vm[micropython-1.28.0-6]"><error/></testcase>
</testsuite>"""


def test_the_table_hides_nothing():
    """Neither what failed, nor what did not run, nor what is missing."""
    lines = page.table(*page.read(ElementTree.fromstring(FOUND))).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["interpreter", "device tests", "training", "checkpoint", "messages", "digits", "held"]
    assert cells[2:] == [
        ["MicroPython 1.28.0-6", "FAILED", "FAILED", "FAILED", "not run", "not run", "not run"],
        ["CPython 3.9.18", "12"] + ["not run"] * 5,
        ["CPython 3.13", "not found here"] + [""] * 5,
    ]
