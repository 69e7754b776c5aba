"""What was kept of earlier tables goes on running, and right: rows are appended, never changed."""

import itertools
import os
import shutil
import subprocess
import sys
from array import array

import numpy as np
import pytest

import kept
from builds import flags
from ember import runtime
from ember.instructions import components, derived, needs, table
from ember.portable import run as kernels
from ember.run import reader
from programs import FINISHED, NATIVE, ROOT, both, run

FOLDERS = sorted(kept.FOLDER.glob("*"))
# Opcodes, functions and checksum of every table that there was; appended to, never changed.
TABLES = ((44, 32, 298043), (45, 32, 2940915))


def test_what_was_kept():
    assert [folder.name for folder in FOLDERS] == sorted(str(checksum) for _, _, checksum in TABLES), "kept.py"
    assert components.EDITIONS == TABLES, "a row was changed, or one appended without its edition"
    assert table.EDITIONS[-1] == (len(table.TABLE), len(table.FUNCTIONS)), "append to table.EDITIONS"
    assert derived.CHECKSUM == table.checksum() == TABLES[-1][2] == NATIVE.isa


@pytest.mark.parametrize("rows, at", [("TABLE", 3), ("TABLE", 43), ("FUNCTIONS", 0), ("FUNCTIONS", 31)])
def test_a_row_that_changes_is_noticed(monkeypatch, rows, at):
    before = getattr(table, rows)
    for column in range(len(before[at]) - 1):
        changed = before[at][column] + ("!" if isinstance(before[at][column], str) else 1)
        row = before[at][:column] + (changed,) + before[at][column + 1 :]
        monkeypatch.setattr(table, rows, before[:at] + (row,) + before[at + 1 :])
        assert table.checksum(*TABLES[0][:2]) != TABLES[0][2], column
    monkeypatch.setattr(table, rows, before[:at] + before[at + 1 :] + before[at : at + 1])
    assert at == len(before) - 1 or table.checksum(*TABLES[0][:2]) != TABLES[0][2], "another order"


def test_a_row_that_is_appended_changes_none_before_it(monkeypatch):
    monkeypatch.setattr(table, "TABLE", table.TABLE + (("new", "n# d>f[n]", "", "n", "1", 8, 0, "core"),))
    monkeypatch.setattr(table, "FUNCTIONS", table.FUNCTIONS + (("newer", 1, 8, "core"),))
    assert table.parse(0)[0] == (table.IMMEDIATE, "fn", 0, 32)
    for rows, functions, checksum in TABLES:
        assert table.checksum(rows, functions) == checksum
    assert table.checksum(45, 33) not in [checksum for _, _, checksum in TABLES]


def test_a_file_is_marked_with_the_oldest_table_that_has_its_rows(monkeypatch):
    monkeypatch.setattr(needs, "EDITIONS", ((10, 30, 1), (44, 30, 2), (44, 32, 3)))
    for used, checksum in ((({9}, {29}), 1), (({9, 10}, {29}), 2), (({1}, {30}), 3), (({43}, set()), 2)):
        monkeypatch.setattr(needs, "used", lambda _, found=used: found)
        assert needs.table_of(None) == checksum
    fits = []
    for vm, file in itertools.product((1, 3, 4), (1, 2, 3, 4)):
        try:
            needs.check_table("it", file, vm)
            fits.append((vm, file))
        except ValueError as error:
            assert str(error) == "it is for instruction table %d; this VM has %d: export it again" % (file, vm)
    assert fits == [(1, 1), (3, 1), (3, 2), (3, 3)]


@both
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_instruction_and_function(vm, folder):
    for name, words, before, want, error in kept.read(folder):
        memory = [buffer[:] for buffer in before]
        assert run(vm, words, memory)[0] == FINISHED, name
        for old, new, right, bound in zip(before, memory, want, error):
            found, nan = np.array(new, "f8"), np.isnan(right)
            with np.errstate(all="ignore"):
                fits = (np.abs(found - right) <= bound) | (found == right.astype("f4")) | np.isnan(found) & nan
            assert np.all(fits | (bound < 0)), name
            where = np.flatnonzero(bound < 0)
            assert all(bytes(old[i : i + 1]) == bytes(new[i : i + 1]) for i in where), name


@both
@pytest.mark.parametrize("model", kept.MODELS)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_file(monkeypatch, vm, folder, model):
    if vm is not NATIVE:
        monkeypatch.setattr(runtime, "vm", kernels)
    right = np.load(folder / "results.npz")
    output, trained = kept.train(runtime.load(str(folder / (model + ".ember"))))
    assert output == pytest.approx(right[model], rel=1e-3, abs=2e-5)
    want = right[model + " trained"]
    counts = np.abs(want) > 1e-9  # of a gradient that is 0 but for rounding, Adam makes anything
    assert np.sum(counts) > 0.9 * len(want) and trained[counts] == pytest.approx(want[counts], rel=1e-3, abs=2e-5)


def test_a_file_goes_on_loading_where_rows_were_appended(monkeypatch):
    """And one whose rows no table ever had does not."""
    path = FOLDERS[0] / "mlp.ember"
    monkeypatch.setattr(needs, "EDITIONS", TABLES + ((45, 33, 7),))
    monkeypatch.setattr(runtime.vm, "isa", 7)
    runtime.load(str(path))
    words = array("i", path.read_bytes())
    words[reader.TABLE] = 8
    with pytest.raises(ValueError, match="is for instruction table 8; this VM has 7: export it again"):
        runtime.load(bytes(words))


# --- A table of tomorrow

NEWEST = table.EDITIONS[-1]
# (file, after which text, what is put in place of what)
APPENDED = (
    ("lib/ember/instructions/table.py", '    ("stop", ',
     '    ("twice", "n# d>f[n] a<f[n]", "", "n", "1", 8, 0, "signal"),\n)\n\nNAME', ")\n\nNAME"),
    ("lib/ember/instructions/table.py", '    ("keep", ', '    ("half", 1, 8, "functions"),\n)\n', ")\n"),
    ("lib/ember/instructions/table.py", "EDITIONS = (", "%s, (%d, %d)" % (NEWEST, NEWEST[0] + 1, NEWEST[1] + 1),
     "%s" % (NEWEST,)),
    ("lib/ember/portable/functions.py", "\nFUNCTIONS = (", "keep, lambda a, b: a * 0.5,\n", "keep,\n"),
    ("lib/ember/portable/run.py", "HOMES = (", "rfft_transposed biquad twice ", "rfft_transposed biquad "),
    ("lib/ember/portable/signal.py", "",
     "\n\ndef twice(segments, first, last, n, d, a):\n    for i in range(first, last):\n"
     "        segments[d >> 24][(d & 0xFFFFFF) + i] = 2 * segments[a >> 24][(a & 0xFFFFFF) + i]\n\n\ndef rfft(",
     "\n\ndef rfft("),
    ("firmware/vm/functions.c", "", "        CASE(HALF, x * 0.5f);\n        CASE(FLOOR", "        CASE(FLOOR"),
    ("firmware/vm/signal.c", "", "static int32_t run_twice(const ember_vm *vm, const int32_t *fields, int32_t first, "
     "int32_t last) {\n    for (int32_t i = first; i < last; i++) {\n        floats_at(vm, fields[TWICE_D])[i] = "
     "2.0f * floats_at(vm, fields[TWICE_A])[i];\n    }\n    return last;\n}\n\nstatic int32_t run_rfft(",
     "static int32_t run_rfft("),
)  # fmt: skip
TOMORROW = """
import sys
from pathlib import Path
import numpy as np
import ember  # the copy, before others say where it is
import ember_vm, kept, travelling
from ember import runtime
from ember.instructions import derived, table
from ember.portable import run as kernels
from programs import FINISHED, Memory, instruction, run
assert ember_vm.isa == derived.CHECKSUM == table.checksum(*table.EDITIONS[-1])
folder, out = Path(sys.argv[1]), Path(sys.argv[2])
for one in (ember_vm, kernels):
    runtime.vm = one
    for name in kept.MODELS:
        output, _ = kept.train(runtime.load(str(folder / (name + ".ember"))))
        assert np.allclose(output, np.load(folder / "results.npz")[name], rtol=1e-3, atol=2e-5), name
    m = Memory()
    x, d, e, f = (m.put(0, values) for values in ([3.0, 5.0], [0, 0], [0, 0], [0, 0]))
    words = [instruction("twice", n=2, d=d, a=x)]
    for fn, to in ((table.function("half"), e), (table.function("add"), f)):
        words.append(instruction("map", fn=fn, into=0, n=2, a_step=1, b_step=1, d=to, a=x, b=x))
    assert run(one, m.program(*words), m.buffers)[0] == FINISHED
    assert [list(m.buffers[0][k : k + 2]) for k in (d, e, f)] == [[6, 10], [1.5, 2.5], [6, 10]]
travelling.make("mlp").export(str(out))
"""


def test_an_appended_row_and_function(tmp_path):
    """In a copy of the project: what was kept runs there, and what is exported there without them runs here."""
    for folder in ("lib/ember", "firmware/vm", "tools/host"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for name in ("generate", "header", "probe"):
        shutil.copy(ROOT / "tools" / (name + ".py"), tmp_path / "tools")
    for name, after, new, old in APPENDED:
        path = tmp_path / name
        begun, text = path.read_text().split(after, 1) if after else ("", path.read_text())
        assert old in text, name
        path.write_text(begun + after + text.replace(old, new, 1))
    subprocess.run([sys.executable, tmp_path / "tools" / "generate.py"], check=True)
    library, vm = tmp_path / "libember.so", tmp_path / "firmware" / "vm"
    options = ["-O1", *flags(), "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library)]
    subprocess.run(["gcc", *options, str(vm / "ember_vm.c"), str(vm / "host.c")], check=True)
    places = [tmp_path / "lib", tmp_path / "tools" / "host", ROOT / "host_tests" / "support"]
    environment = dict(os.environ, EMBER_LIBRARY=str(library), PYTHONPATH=os.pathsep.join(map(str, places)))
    path = tmp_path / "mlp.ember"
    done = subprocess.run(
        [sys.executable, "-c", TOMORROW, FOLDERS[0], path], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert array("i", path.read_bytes())[reader.TABLE] == TABLES[-1][2], "of rows that were there already"
    kept.train(runtime.load(str(path)))
