"""The test of a thing is found by its name: host_tests has a folder for each room of the library."""

import ast

from checkout import ROOT

HERE, PACKAGE = ROOT / "host_tests", ROOT / "lib" / "ember"
ELSE = {"vm", "boards", "tools", "house"}  # the native VM; what runs elsewhere; tools; docs and rules
NO_TESTS = {"support", "bench", "compare", "device", "kept", "node"}  # device/ has those that run on boards
# Tests in a room that carry no module's name, nor the room's: what each is of.
OF_SEVERAL = {
    "base/test_constructors": "check.py, by every part of the catalogue",
    "base/test_missing": "names.py and homes.py; test_names.py compares arguments with PyTorch's",
    "instructions/test_kept": "table.py: rows are appended",
    "ops/test_elements": "math.py, unary.py, hyperbolic.py, piecewise.py: an element at a time",
    "ops/test_gradients": "every row",
    "ops/test_index_ops": "index.py, order.py, pick.py; test_index.py is of the instructions",
    "ops/test_more_ops": "more.py and what else is composition",
    "ops/test_signal": "fft.py, window.py, mel.py, biquad.py",
    "ops/test_singular": "every row",
    "run/test_faults": "files.py, slots.py, checkpoint.py, where the device fails",
    "run/test_out_of_memory": "all that a board does, and the import",
    "run/test_resume": "checkpoint.py, restore.py, fit.py: what resumes goes on to the bit",
    "run/test_travelled": "all of run/, under a program that travelled",
    "nn/test_modules": "container.py, named.py, state.py, lookup.py",
    "nn/test_residual": "a net of many layers",
    "optim/test_optimizers": "every optimizer",
    "optim/test_param_groups": "groups.py, view.py",
    "optim/test_state16": "the optimizers whose state may be bfloat16",
    "optim/test_updates": "average.py; clipping; several optimizers",
    "train/test_long_life": "counters of all modules at their ends, and a million steps",
    "train/test_trainer_use": "trainer.py as people use it",
    "train/test_training": "the whole program, against NumPy",
}


def rooms():
    return {path.parent.name for path in PACKAGE.glob("*/*.py")}


def modules(folder):
    return {path.stem for path in folder.glob("*.py")} - {"__init__"}


def files(folder):
    return {path.stem for path in folder.glob("*.py")} - {"conftest"}


def test_each_room_has_its_folder():
    folders = {path.parent.name for path in HERE.glob("*/*") if path.suffix == ".py" or path.parent.name in NO_TESTS}
    assert folders == rooms() | ELSE | NO_TESTS


def test_a_test_carries_the_name_of_what_it_tests():
    other = set()
    for room in rooms():
        named = {"test_" + name for name in modules(PACKAGE / room) | {room}}
        other |= {"%s/%s" % (room, name) for name in files(HERE / room) - named}
    assert other == set(OF_SEVERAL)
    assert files(HERE) <= {"test_" + name for name in modules(PACKAGE)}


def test_a_name_is_of_one_test():
    """docs/differences.md names tests by their files alone."""
    names = [path.name for path in HERE.rglob("test_*.py") if path.parent.name != "device"]
    assert sorted(names) == sorted(set(names))


def test_what_tests_share_is_no_test():
    assert not list((HERE / "support").glob("test_*.py"))
    for path in [*HERE.glob("*.py"), *HERE.glob("*/*.py")]:
        if path.parent.name == "device":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                wrong = [n for n in names if n == "conftest" or n.startswith("test_")]
                assert not wrong, "%s imports %s" % (path.relative_to(ROOT), wrong)
