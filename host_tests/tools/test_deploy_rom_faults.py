"""A deploy into ROMFS whose cable is pulled, at every step: what is imported is the old Ember or the new one, whole, or
none, as the error says; the next deploy repairs everything."""

import subprocess

import pytest
from tools.board import emulated
from typer.testing import CliRunner

from cable import plugged
from checkout import MPY_CROSS
from deploying import NEW, NONE, OLD, STATE
from ember_tools import deploy, install, library, line, rom, selftest
from ember_tools.__main__ import app

SIZE = 327680
# Nothing but these: in /lib, and in the ROMFS.
PUT = """
%s
import vfs
remove('/lib')
make('/lib')
for path, content in %r.items():
    make('/lib/ember')
    open('/lib/' + path, 'wb').write(content)
content = %r
vfs.rom_ioctl(3, 0, 327680)
vfs.rom_ioctl(4, 0, 0, content + bytes(-len(content) %% 16))
"""
LISTED = """
import os
def walk(path):
    for name, kind, *_ in os.ilistdir(path):
        walk(path + '/' + name) if kind & 0x4000 else print(path + '/' + name)
for path in ('/lib', '/rom'):
    try: walk(path)
    except OSError: pass
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """{1: files, 2: files}: an Ember of two modules, the second of several pages."""
    folder = tmp_path_factory.mktemp("small")

    def compiled(name, text):
        (folder / "source.py").write_text(text)
        subprocess.run([MPY_CROSS, "-s", name + ".py", "-o", folder / "out", folder / "source.py"], check=True)
        return (folder / "out").read_bytes()

    def version(n):
        init = "version = %d\ndef other():\n    from . import part\n    return part.version\n" % n
        return {
            "ember/__init__.mpy": compiled("ember/__init__", init),
            "ember/part.mpy": compiled("ember/part", "version = %d\n" % n + "text = %r\n" % ("x%d" % n * 5000)),
            "ember_vm.mpy": compiled("ember_vm", "version = %d\nisa = 7\n" % n),
        }

    return {n: version(n) for n in (1, 2)}


@pytest.fixture(scope="module")
def machine():
    with emulated("m4", ember=False, rom=b"") as board:
        yield board


# What is there: of version 1 in /lib, and in the ROMFS; and whether version 2 is to go into the ROMFS.
WAYS = {
    "from files": (True, False, True),
    "into an empty board": (False, False, True),
    "over a ROMFS": (False, True, True),
    "over both": (True, True, True),
    "to files": (False, True, False),
}


@pytest.fixture
def board(machine, versions, monkeypatch):
    monkeypatch.setattr(library, "files", lambda arch, more=(), strip=False, *_: versions[2])
    monkeypatch.setattr(library, "isa", lambda: 7)
    monkeypatch.setattr(selftest, "text", lambda native: "import ember\nprint(ember.other())")
    monkeypatch.setattr(selftest, "judge", lambda said, native: int(said))
    return machine


def prepare(board, versions, way):
    in_lib, in_rom, wanted = WAYS[way]
    content = rom.image(versions[1]) if in_rom else b""
    board.run(PUT % (line.script("files"), versions[1] if in_lib else {}, content))
    return wanted, OLD if in_lib or in_rom else NONE


def whole(versions, wanted):
    return sorted(("/rom/lib/" if wanted else "/lib/") + path for path in versions[2])


def names_of(way):
    """Every step of such a deploy, in order."""
    in_lib, in_rom, wanted = WAYS[way]
    files = {path: b"2" for path in ("ember/__init__.mpy", "ember/part.mpy", "ember_vm.mpy")}
    old = {"ember": None, **{path: install.sha256(b"1") for path in files}}
    holds = {"size": SIZE, "holds": "ROMFS" if in_rom else "nothing", "others": []}
    facts = deploy.asking.Facts(*"abcde", ["", ".frozen", "/rom", "/rom/lib", "/lib"], "/lib", *"ghijk", holds)
    made = (rom.steps if wanted else rom.as_files)(facts, files, old if in_lib else {}, old if in_rom else {})
    surveys = [deploy.SURVEY] + [deploy.SURVEY_ROM] * in_rom
    return [deploy.CONNECT.name, deploy.ASK.name, *surveys, *[step.name for step in made], deploy.TRY.name]


LONG = ("into an empty board", "over both", "to files")
# When: before the step's first script, within it, and in the middle of the long one.
CASES = [
    pytest.param(way, name, pulled, marks=pytest.mark.long if way in LONG else ())
    for way in WAYS
    for name in names_of(way)
    for pulled in (0, 30, 6000)
    if pulled < 6000 or name == rom.WRITE
]


@pytest.mark.parametrize("way", WAYS)
def test_the_steps_are_these(way, board, versions):
    wanted, _ = prepare(board, versions, way)
    seen = []
    assert deploy.deploy(board.port, progress=lambda step, *_: seen.append(step.name), romfs=wanted)[1] == 2
    assert list(dict.fromkeys(seen)) == names_of(way)
    assert board.run(STATE).strip() == NEW
    assert sorted(board.run(LISTED).split()) == whole(versions, wanted)


@pytest.mark.parametrize("way, name, pulled", CASES)
def test_the_cable_is_pulled(way, name, pulled, board, versions, monkeypatch):
    wanted, before = prepare(board, versions, way)
    real, at = deploy.deploy, []

    with plugged(board.port) as cable:

        def progress(step, done, total):
            if step.name == name and not at:
                at.append(step)
                cable.pull() if not pulled or step is deploy.CONNECT else cable.pull_after(pulled)

        monkeypatch.setattr("ember_tools.__main__.install_on",
                            lambda port, *_: real(port, progress=progress, romfs=wanted))  # fmt: skip
        done = CliRunner().invoke(app, ["deploy", "--port", cable.port])
    assert at and done.exit_code == 1, done.output
    if name != deploy.CONNECT.name:
        assert "went away while it was to %s. " % name in done.stderr
        assert install.LEFT[at[0].state] in done.stderr and "run the same command again" in done.stderr

    allowed = {install.BEFORE: (before,), install.BETWEEN: (before, NONE), install.AFTER: (NEW,)}
    assert board.run(STATE).strip() in allowed[at[0].state]

    assert deploy.deploy(board.port, romfs=wanted)[1] == 2
    assert board.run(STATE).strip() == NEW
    assert sorted(board.run(LISTED).split()) == whole(versions, wanted)
