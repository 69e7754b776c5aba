"""A deploy whose cable is pulled, at every step: the error says so, the board is never left with half an Ember, and the
next deploy repairs everything. The library here is a small one, so that every step is tried in little time."""

import signal
import subprocess

import pytest
from tools.board import emulated
from typer.testing import CliRunner

from cable import plugged
from checkout import MPY_CROSS
from deploying import NEW, NONE, OLD, STATE
from ember_tools import deploy, install, library, line, selftest
from ember_tools.__main__ import app

PULLED = {"before": None, "within": 30}  # bytes of the step's script that still reach the board
PUT = """
%s
remove('/lib')
make('/lib/ember')
for path, content in %r.items():
    open('/lib/' + path, 'wb').write(content)
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """{1: files, 2: files}: an Ember of two modules, of which a third stays the same."""
    folder = tmp_path_factory.mktemp("small")

    def compiled(name, text):
        (folder / "source.py").write_text(text)
        command = [MPY_CROSS, "-s", name + ".py", "-o", folder / "out", folder / "source.py"]
        subprocess.run(command, check=True)
        return (folder / "out").read_bytes()

    def version(n):
        init = "version = %d\ndef other():\n    from . import part\n    return part.version\n" % n
        return {
            "ember/__init__.mpy": compiled("ember/__init__", init + "# " + "long" * 300),
            "ember/part.mpy": compiled("ember/part", "version = %d\n" % n + "text = %r\n" % ("x%d" % n * 500)),
            "ember/same.mpy": compiled("ember/same", "same = True\n"),
            "ember_vm.mpy": compiled("ember_vm", "version = %d\nisa = 7\n" % n),
        }

    return {n: version(n) for n in (1, 2)}


@pytest.fixture(scope="module")
def machine():
    with emulated("m3", ember=False) as board:
        yield board


@pytest.fixture
def board(machine, versions, monkeypatch):
    """With version 1 installed, and version 2 to deploy."""
    monkeypatch.setattr(library, "files", lambda arch, more=(), strip=False, *_: versions[2])
    monkeypatch.setattr(library, "isa", lambda: 7)
    monkeypatch.setattr(selftest, "text", lambda native: "import ember\nprint(ember.other())")
    monkeypatch.setattr(selftest, "judge", lambda said, native: int(said))
    machine.run(PUT % (line.script("files"), versions[1]))
    return machine


def names_of(versions):
    """Every step of a deploy of version 2 over version 1, in order."""
    there = {path: install.sha256(content) for path, content in versions[1].items()}
    steps = [step.name for step in install.steps("/lib", versions[2], dict(there, ember=None))]
    return [deploy.CONNECT.name, deploy.ASK.name, deploy.SURVEY, *steps, deploy.TRY.name]


STEPS = names_of({n: dict.fromkeys(("ember/__init__.mpy", "ember/part.mpy", "ember_vm.mpy"), b"%d" % n) |
                  {"ember/same.mpy": b""} for n in (1, 2)})  # fmt: skip


def lib(board):
    return board.run("import os\nprint(sorted(os.listdir('/lib')), sorted(os.listdir('/lib/ember')))").strip()


WHOLE = "['ember', 'ember_vm.mpy'] ['__init__.mpy', 'part.mpy', 'same.mpy']"


def test_the_steps_are_these(board, versions):
    seen = []
    assert deploy.deploy(board.port, progress=lambda step, *_: seen.append(step.name))[1] == 2
    assert sorted(dict.fromkeys(seen)) == sorted(STEPS) == sorted(names_of(versions))
    assert board.run(STATE).strip() == NEW
    assert lib(board) == WHOLE


@pytest.mark.parametrize("pulled", PULLED)
@pytest.mark.parametrize("name", STEPS)
def test_the_cable_is_pulled(name, pulled, board, monkeypatch):
    real, at = deploy.deploy, []

    with plugged(board.port) as cable:

        def progress(step, done, total):
            if step.name == name and not at:
                at.append(step)
                cable.pull() if pulled == "before" or step is deploy.CONNECT else cable.pull_after(PULLED[pulled])

        monkeypatch.setattr("ember_tools.__main__.install_on", lambda port, *_: real(port, progress=progress))
        done = CliRunner().invoke(app, ["deploy", "--port", cable.port])
        port = cable.port
    assert at and done.exit_code == 1, done.output
    if name == deploy.CONNECT.name:
        assert done.stderr.startswith("There is no port " + port)
    else:
        assert "The board on %s went away while it was to %s. " % (port, name) in done.stderr
        assert install.LEFT[at[0].state] in done.stderr and "run the same command again" in done.stderr

    allowed = {install.BEFORE: (OLD,), install.BETWEEN: (OLD, NONE), install.AFTER: (NEW,)}
    assert board.run(STATE).strip() in allowed[at[0].state]

    assert deploy.deploy(board.port)[1] == 2
    assert board.run(STATE).strip() == NEW
    assert lib(board) == WHOLE


def test_what_was_copied_is_not_copied_again(board):
    """The cable is pulled before the check: the next deploy sends no file."""
    with plugged(board.port) as cable, pytest.raises(line.LineError):
        deploy.deploy(cable.port, progress=lambda step, *_: step.name == "check the copies" and cable.pull())
    seen = []
    deploy.deploy(board.port, progress=lambda step, done, total: seen.append((step.name, total)))
    assert not [name for name, _ in seen if name.startswith("copy")]
    assert {total for _, total in seen} == {0}


def test_a_board_that_stops_answering(board, monkeypatch):
    """Its reset button, or a crash, in the middle: the port stays, nobody answers."""
    patience, stopped = deploy.PATIENCE, []

    def progress(step, *_):
        if step.name == "check the copies" and not stopped:
            stopped.append(board.process.send_signal(signal.SIGSTOP))
            monkeypatch.setattr(deploy, "PATIENCE", 2)

    try:
        with pytest.raises(line.LineError, match="stopped answering while it was to check the copies. Nothing was rep"):
            deploy.deploy(board.port, progress=progress)
    finally:
        board.process.send_signal(signal.SIGCONT)
        monkeypatch.setattr(deploy, "PATIENCE", patience)
    assert board.run(STATE).strip() == OLD
    assert deploy.deploy(board.port)[1] == 2
