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


def test_found_beside_where_the_name_is_gone(tmp_path):
    path = str(tmp_path / "a")
    (tmp_path / "a.new").write_bytes(sealed(b"new"))
    with files.find(path, "file") as file:
        assert file.read() == sealed(b"new")
    (tmp_path / "a").write_bytes(b"old")
    with files.find(path, "file") as file:
        assert file.read() == b"old"
    os.remove(path)
    (tmp_path / "a.new").write_bytes(sealed(b"new")[:-1])
    with pytest.raises(OSError, match="no file '%s' .*No such file" % path):
        files.find(path, "file")
