"""What was kept of earlier tables goes on running, and right: rows are appended, never changed."""

from array import array

import numpy as np
import pytest

import kept
from ember import components, derived, kernels, needs, runtime, table
from programs import FINISHED, NATIVE, both, run

FOLDERS = sorted(kept.FOLDER.glob("*"))
# Opcodes, functions and checksum of every table that there was; appended to, never changed.
TABLES = ((44, 32, 298043),)


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
    assert [[needs.has(vm, file) for file in (1, 2, 3, 4)] for vm in (1, 3, 4)] == [
        [True, False, False, False], [True, True, True, False], [False] * 4]  # fmt: skip


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
    words[runtime.TABLE] = 8
    with pytest.raises(ValueError, match="is for instruction table 8; this VM has 7: export it again"):
        runtime.load(bytes(words))
