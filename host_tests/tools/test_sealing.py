"""Sealing on this computer, by the command line."""

import io

import pytest
from typer.testing import CliRunner

from ember import sealed
from ember_tools.__main__ import app

SECRET = bytes(range(1, 33))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_bytes(SECRET)
    (tmp_path / "model.ember").write_bytes(bytes(range(256)) * 9)

    def run(command):
        done = CliRunner().invoke(app, command.split())
        return done.exit_code, done.output.strip()

    return run


def test_sealed_and_opened(run, tmp_path):
    size = 256 * 9 + 64 + 5 * 16
    assert run("seal model.ember --key key -o a --number 3") == (0, "a: %d bytes" % size)
    assert run("open a --key key -o b") == (0, "b: number 3")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "model.ember").read_bytes()
    with open(tmp_path / "a", "rb") as file, sealed.Reader(file, sealed.Key(SECRET), "program", "a") as plain:
        assert plain.read() == (tmp_path / "model.ember").read_bytes()


@pytest.mark.parametrize(
    "options, says",
    [
        ("--number 4", "'a' is older than what was accepted: it has number 3, the counter is at 4"),
        ("--kind package", "'a' is a sealed program, not a package"),
        ("--about shed", "'a' is sealed with another key, or about something else"),
        ("--number 0", "--number is 0; it may be 1 or more"),
        ("--kind photo", "kind is 'photo'; it may be one of program, checkpoint, package"),
    ],
)
def test_what_is_refused_is_not_written(run, tmp_path, options, says):
    run("seal model.ember --key key -o a --number 3 --about kitchen")
    about = "" if "--about" in options else "--about kitchen "
    assert run("open a --key key -o b %s%s" % (about, options)) == (1, says)
    assert not (tmp_path / "b").exists()


def test_a_bad_key_or_file(run, tmp_path):
    (tmp_path / "short").write_bytes(b"password")
    code, said = run("seal model.ember --key short -o a")
    assert code == 1 and "secret has 8 bytes" in said and not (tmp_path / "a").exists()
    assert run("seal model.ember --key none -o a") == (1, "cannot read none (No such file or directory)")
    assert run("seal none --key key -o a") == (1, "cannot read none (No such file or directory)")
    code, said = run("open model.ember --key key -o b")
    assert (code, said) == (1, "'model.ember' is not sealed")
    file = io.BytesIO()
    with sealed.Writer(file, sealed.Key(SECRET), "package") as out:
        out.write(b"text")
    (tmp_path / "damaged").write_bytes(file.getvalue()[:-1])
    code, said = run("open damaged --key key -o b --kind package")
    assert (code, said) == (1, "'damaged' is not authentic: damaged, or changed") and not (tmp_path / "b").exists()
