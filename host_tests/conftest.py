"""What pytest is told of all the tests: fixtures, what runs together, the table at the end. The rest that they share is
in support/."""

import gc
import re

import pytest
from hypothesis import configuration, settings

import targets
from checkout import BUILD, MICROPYTHON, run_micropython

pytest.register_assert_rewrite(
    "figures", "gradients", "interpreters", "random_graphs", "slopes", "suites", "trials"
)  # those that assert

# The same examples at every run: a test that fails does so for everybody.
configuration.set_hypothesis_home_dir(BUILD / "hypothesis")
settings.register_profile("ember", derandomize=True, deadline=None, database=None)
settings.load_profile("ember")


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


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """start(name): each target is started once; the one before it is ended."""
    kept = {}

    def start(name):
        if name not in kept:
            end()
            context = targets.start(name, tmp_path_factory.mktemp(name))
            kept[name] = context.__enter__(), context
        return kept[name][0]

    def end():
        for _, context in kept.values():
            context.__exit__(None, None, None)
        kept.clear()

    yield start
    end()


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
