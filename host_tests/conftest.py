"""What the tests share: where things are, and how to run a script under MicroPython."""

import gc
import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import configuration, settings

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
MPY_CROSS = BUILD / "micropython" / "mpy-cross" / "build" / "mpy-cross"
MICROPYTHON = {name: BUILD / name / "micropython" for name in ("unix", "unix-single", "unix-ember")}

# The same examples at every run: a test that fails does so for everybody.
configuration.set_hypothesis_home_dir(BUILD / "hypothesis")
settings.register_profile("ember", derandomize=True, deadline=None, database=None)
settings.load_profile("ember")


def run_micropython(binary, script, *arguments, heap="1m", native=True, timeout=60, cwd=None, library=ROOT / "lib"):
    """What a script prints under one of MICROPYTHON. `script` is its path, or its text.

    With native, the VM is found as build/native/ember_vm.mpy (unix-ember has it built in either way).
    """
    path = [library] + ([BUILD / "native"] if native else [])
    environment = dict(os.environ, MICROPYPATH=":".join(str(folder) for folder in path))
    what = [str(script)] if isinstance(script, Path) else ["-c", script]
    command = [str(MICROPYTHON[binary]), "-X", "heapsize=" + heap, *what, *(str(a) for a in arguments)]
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        end = done.stdout[-2000:]
        pytest.fail("%s exited with %d\n%s\n%s" % (binary, done.returncode, end, done.stderr), pytrace=False)
    return done.stdout


# For scripts. A locked heap does not see a call's large frame, which then comes from the stack; the total does.
ALLOCATED = """
import gc, micropython
def allocated(use):
    use(1)
    micropython.heap_lock()
    try:
        use(5)
    finally:
        micropython.heap_unlock()
    gc.collect()
    gc.disable()
    total = micropython.mem_total()
    use(0)
    loop = micropython.mem_total() - total
    total = micropython.mem_total()
    use(100)
    total = micropython.mem_total() - total - loop
    gc.enable()
    return total
"""


@pytest.fixture(params=MICROPYTHON)
def micropython(request):
    """run_micropython with each of the builds: with double floats, with single ones, with the VM inside."""

    def run(script, *arguments, **options):
        return run_micropython(request.param, script, *arguments, **options)

    run.name = request.param
    return run


@pytest.fixture(autouse=True, scope="module")
def collected():
    """A Trainer collects garbage when it is made: so that it does not each time look through all that pytest keeps."""
    gc.freeze()


collect_ignore = ["device"]  # those run on the targets: test_device.py


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A file's tests run in one process, one after the other, as they share what they start. test_device.py says its
    own groups."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def pytest_terminal_summary(terminalreporter):
    """The device tests, and the micro:bit's bits, as a matrix with a column for each target; and the hashes that all of
    them came to."""
    rows, hashes = {}, {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            found = re.search(r"test_(?:device\.py::|microbit\.py::(?=test_same_))(test_\w+)\[(.+)\]", report.nodeid)
            if not found:
                continue
            kind, case = found.groups()
            target, row = case, kind[len("test_") :].replace("_", " ")
            if kind == "test_suite":
                target, suite, vm = case.rsplit("-", 2)
                row = "%s, %s" % (suite, vm)
            rows.setdefault(row, {})[target] = "ok" if outcome == "passed" else outcome.upper()
            for model, digest in dict(report.user_properties).get("bits", {}).items():
                hashes.setdefault((model, digest), {})[target] = True
    if not rows:
        return
    columns = list(dict.fromkeys(target for row in rows.values() for target in row))
    terminalreporter.section("one suite, everywhere")
    terminalreporter.write_line("%-30s" % "" + " ".join(columns))
    for row, cells in sorted(rows.items()):
        line = " ".join("%-*s" % (len(c), cells.get(c, "·")) for c in columns)
        terminalreporter.write_line("%-30s%s" % (row, line))
    for (model, digest), names in hashes.items():
        terminalreporter.write_line("%s  %s: %s" % (digest, model, ", ".join(names)))
