"""python -m ember_tools data."""

import numpy as np
from typer.testing import CliRunner

from data_files import handed_out
from ember.data import Batches, create
from ember_tools.__main__ import app


def run(*words, code=0):
    result = CliRunner().invoke(app, ["data", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_numbers_in_a_csv(tmp_path):
    (tmp_path / "a.csv").write_text("left,right,kind\n" + "".join("%d,%d,%d\n" % (i, -i, i % 2) for i in range(7)))
    out = tmp_path / "a.bin"
    run("pack", tmp_path / "a.csv", out, "--names", "up,down", "--typecode", "h", "--scale", 0.5, "--hold-out", 3)
    about, found = handed_out(str(out), shuffle=False)
    assert found == [((i, -i), (i % 2,)) for i in range(7) if i not in (2, 5)]
    assert about["names"] == ("up", "down") and about["scale"] == 0.5 and about["target_typecode"] == "B"
    assert run("info", out) == (
        "x: typecode h, shape (2,), scale 0.5, offset 0.0\n"
        "y: typecode B, shape (), classes 2, names ('up', 'down')\n"
        "5 samples to train\n2 samples to test\nevery record is whole\n"
    )


def test_arrays(tmp_path):
    x, y = np.arange(24.0).reshape(4, 3, 2), np.arange(8.0).reshape(4, 2)
    np.savez(tmp_path / "a.npz", x=x, y=y, x_test=x[:2], y_test=y[:2])
    run("pack", tmp_path / "a.npz", tmp_path / "a.bin", "--chunk", 8)
    batches = Batches(str(tmp_path / "a.bin"), 4, shuffle=False)
    assert batches.shape == (3, 2) and batches.target_shape == (2,) and batches.grows
    assert [list(part) for part in next(iter(batches))] == [list(range(24)), list(range(8))]
    assert "4 samples to train, and it grows, by chunks of 8\n2 samples to test" in run("info", tmp_path / "a.bin")


def test_damage_is_told(tmp_path):
    path = tmp_path / "a.bin"
    with create(str(path), (2,), 3, "B") as file:
        file.extend([([i, i], 0) for i in range(5)])
        place = file.layout.place(0, 3)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert run("info", path, code=1).endswith("no samples to test\n1 of 5 records to train are damaged\n")
    path.write_bytes(data[:30])
    assert "its head is damaged or truncated" in run("info", path, code=1)
    (tmp_path / "b.csv").write_text("1,2\n1,9\n")
    assert "sample 1 has label 9.0" in run("pack", tmp_path / "b.csv", path, "--classes", 3, code=1)
    (tmp_path / "none.csv").touch()
    assert "no lines" in run("pack", tmp_path / "none.csv", path, code=1)
