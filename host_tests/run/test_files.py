"""Files that last: whole at any time, found beside, what failed removed. Faults at every point: test_faults.py."""

import os
from binascii import crc32
from struct import pack

import pytest

from ember.run import files


def put(what, file):
    file.write(what[:3])
    file.write(what[3:])


def sealed(data):
    return data + pack("<I", crc32(data))


@pytest.mark.parametrize("n", [0, 1, 59, 60, 61, 124, 1000])
def test_whole(tmp_path, n):
    data = sealed(bytes(k * 7 % 251 for k in range(n)))
    (tmp_path / "a").write_bytes(data)
    with open(tmp_path / "a", "rb") as file:
        assert files.whole(file)
    for wrong in (data[:-1], data + b"\0", b"\1" + data[1:] if data[0] != 1 else b"\2" + data[1:]):
        (tmp_path / "a").write_bytes(wrong)
        with open(tmp_path / "a", "rb") as file:
            assert not files.whole(file)


def test_replaced_and_found(tmp_path):
    path = str(tmp_path / "a")
    for data in (b"first", b"second one"):
        files.replace(path, put, data)
        with files.find(path, "file") as file:
            assert file.read() == data
        assert os.listdir(tmp_path) == ["a"]


def test_found_beside(tmp_path):
    """Where the name is gone, or damaged; never in place of one that is whole, and never what is not."""
    path, beside = tmp_path / "a", tmp_path / "a.new"

    def found():
        with files.find(str(path), "file") as file:
            return file.read()

    beside.write_bytes(sealed(b"new"))
    assert files.exists(str(path)) and found() == sealed(b"new")
    path.write_bytes(sealed(b"old"))
    assert found() == sealed(b"old")
    path.write_bytes(sealed(b"old")[:-1])
    assert found() == sealed(b"new")
    beside.write_bytes(sealed(b"new")[:-1])
    assert found() == sealed(b"old")[:-1]
    path.unlink()
    assert not files.exists(str(path))
    with pytest.raises(OSError, match="no file '%s' .*No such file" % path):
        found()


def test_what_was_stopped_before_it_was_in_its_place_is_put_there(tmp_path):
    """Or the only whole one would be written over."""
    path, beside = tmp_path / "a", tmp_path / "a.new"
    path.write_bytes(b"damaged")
    beside.write_bytes(sealed(b"new"))

    def full(what, file):
        assert path.read_bytes() == sealed(b"new")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="cannot write '%s' .*No space left" % path):
        files.replace(str(path), full, None)
    assert os.listdir(tmp_path) == ["a"] and path.read_bytes() == sealed(b"new")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("wrong"), KeyboardInterrupt()])
def test_what_fails_is_removed(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(what, file):
        file.write(what)
        raise error

    with pytest.raises(type(error)):
        files.replace(str(path), fail, b"new")
    assert os.listdir(tmp_path) == ["a"] and path.read_bytes() == b"old"


def test_piece_by_piece(tmp_path):
    """And left in the middle: the old one stays."""

    def pieces(what, file):
        for k in range(len(what)):
            yield file.write(what[k : k + 1])

    path = tmp_path / "a"
    path.write_bytes(b"old")
    begun = files.replacing(str(path), pieces, b"new")
    assert next(begun) == 1
    begun.close()
    assert os.listdir(tmp_path) == ["a"] and path.read_bytes() == b"old"
    assert sum(files.replacing(str(path), pieces, b"new")) == 3
    assert path.read_bytes() == b"new"


def test_synced_before_it_is_renamed(tmp_path, monkeypatch):
    """The file, then its name."""
    done = []
    for name in ("fsync", "replace"):
        function = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, f=function, name=name: (done.append(name), f(*a)))
    files.replace(str(tmp_path / "a"), put, b"new")
    assert done == ["fsync", "replace", "fsync"]
