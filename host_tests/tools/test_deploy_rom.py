"""Ember installed into the ROMFS of an emulated board: read in place, replaced as a whole, and what is not Ember's
stays."""

import functools

import pytest
from tools.board import emulated
from typer.testing import CliRunner

from deploying import ballast, command, files
from ember_tools import deploy, facts, install, library, line, rom
from ember_tools.__main__ import app

ARCH = "armv7emsp"
# What importing the core takes, where it came from, and what is in /lib.
TAKEN = """
import gc, os
import ember_vm
gc.collect()
before = gc.mem_alloc()
import ember
from ember import nn, optim
ember.Trainer
gc.collect()
print(gc.mem_alloc() - before, ember.__file__, ember.vm.name)
"""
PARTITION = """
import hashlib, vfs
device = vfs.rom_ioctl(2, 0)
print("".join(["%02x" % byte for byte in hashlib.sha256(device).digest()]))
"""
CLEAR = """
import vfs
vfs.rom_ioctl(3, 0, len(vfs.rom_ioctl(2, 0)))
%s
for name in ("ember", "ember.new", "ember.old", "ember_vm.mpy"): remove("/lib/" + name)
remove("/boot.py")
""" % line.script("files")
OTHERS = {"app/model.bin": bytes(range(256)) * 20, "main.py": b"print(1)\n"}


@pytest.fixture(scope="module")
def machine():
    with emulated("m4", ember=False, rom=b"") as board:
        yield board


@pytest.fixture
def m4(machine):
    """With nothing on it."""
    machine.run(CLEAR)
    return machine


def holding(content):
    """A board whose partition holds this."""
    return emulated("m4", ember=False, rom=content)


@functools.cache
def expected(*more):
    return library.files(ARCH, more)


def in_rom(*more):
    return {"/rom/lib/" + path: len(content) for path, content in expected(*more).items()}


def in_lib(*more):
    return {"/lib/" + path: len(content) for path, content in expected(*more).items()}


def test_it_goes_into_romfs_and_is_read_in_place(m4):
    code, said, errors = command(m4.port)
    assert (code, errors) == (0, "")
    size = len(rom.image(expected()))
    assert "ROMFS: the library goes there, into %d of 327680 bytes, and is read in place." % size in said
    assert "in ROMFS, at /rom/lib." in said and "the same bits as everywhere" in said
    assert files(m4) == in_rom()
    taken, path, vm = m4.run(TAKEN).split()
    assert int(taken) < 30000 and path == "/rom/lib/ember/__init__.mpy" and vm == "native"

    code, said, errors = command(m4.port)
    assert code == 0 and "exactly this Ember already" in said and "the same bits" in said

    deploy.deploy(m4.port, more=["LayerNorm", "RMSprop"])
    assert files(m4) == in_rom("LayerNorm", "RMSprop")


@pytest.mark.long
def test_from_files_into_romfs(m4):
    code, said, errors = command(m4.port, "--no-romfs")
    assert code == 0 and "ROMFS: not wanted. The library goes into /lib, as files." in said
    assert files(m4) == in_lib()
    said = []
    assert deploy.deploy(m4.port, say=said.append)[1]["same_bits"]
    assert files(m4) == in_rom() and "and is read in place. The Ember in /lib is removed." in said[2]


@pytest.mark.long
def test_an_older_ember_that_comes_first_is_set_aside(m4):
    """Where boot.py puts /lib before all else."""
    deploy.deploy(m4.port, romfs=False, more=["LayerNorm"])
    m4.run("open('/boot.py', 'w').write('import sys\\nsys.path.insert(0, \"/lib\")')")
    assert deploy.deploy(m4.port)[1]["file"] == "/rom/lib/ember/__init__.mpy"
    assert files(m4) == {**in_rom(), "/boot.py": 37}


@pytest.mark.long
def test_the_portable_vm_goes_there_too(m4):
    _, result = deploy.deploy(m4.port, vm="portable")
    assert result["vm"] == "portable" and result["file"].startswith("/rom/lib/")
    assert "/rom/lib/ember_vm.mpy" not in files(m4)
    assert deploy.deploy(m4.port)[1]["vm"] == "native"


# --- What is there already


def test_what_is_not_embers_stays():
    with holding(rom.image({}, OTHERS)) as board:
        before = board.run(PARTITION)
        code, said, errors = command(board.port)
        assert code == 0 and "the same bits" in said
        assert "ROMFS: it holds what is not Ember's (/rom/app/model.bin, /rom/main.py), and stays. " in said
        assert "The library goes into /lib, as files." in said
        assert board.run(PARTITION) == before
        assert files(board) == {**in_lib(), **{"/rom/" + path: len(content) for path, content in OTHERS.items()}}


@pytest.mark.long
def test_an_image_of_ones_own_with_ember_in_it(tmp_path):
    """As `romfs --add` writes it; another deploy finds it whole, and does not touch it."""
    for path, content in OTHERS.items():
        (tmp_path / "mine" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / path).write_bytes(content)
    out = tmp_path / "all.romfs"
    done = CliRunner().invoke(app, ["romfs", ARCH, "--out", str(out), "--add", str(tmp_path / "mine")])
    assert done.exit_code == 0, done.output
    with holding(out.read_bytes()) as board:
        before, there = board.run(PARTITION), files(board)
        assert there == {**in_rom(), **{"/rom/" + path: len(content) for path, content in OTHERS.items()}}
        code, said, errors = command(board.port)
        assert code == 0 and "exactly this Ember already" in said and "the same bits" in said
        code, said, errors = command(board.port, "--with", "LayerNorm")
        assert (
            code == 1 and "another Ember, beside what is not Ember's" in errors and "romfs ARCH --add FOLDER" in errors
        )
        assert (board.run(PARTITION), files(board)) == (before, there)


@pytest.mark.long
def test_what_is_no_romfs_stays():
    with holding(b"a table of somebody's" * 100) as board:
        before = board.run(PARTITION)
        code, said, errors = command(board.port)
        assert (
            code == 0 and "ROMFS: what is in that partition is no ROMFS, and stays. The library goes into /lib" in said
        )
        assert board.run(PARTITION) == before


def test_an_ember_that_cannot_be_replaced_is_refused():
    with holding(rom.image({}, {"ember/__init__.py": b""})) as board:
        code, said, errors = command(board.port)
        assert code == 1 and "from a file system that can only be read: /rom/ember. Write that anew" in errors


def smaller(monkeypatch, size):
    parse = facts.parse

    def found(said):
        there = parse(said)
        return there._replace(rom=dict(there.rom, size=size))

    monkeypatch.setattr(facts, "parse", found)


def test_a_partition_that_is_too_small(m4, monkeypatch):
    """Ember is in it, an older one: that goes, or it would be imported first."""
    deploy.deploy(m4.port, more=["LayerNorm"])
    smaller(monkeypatch, 200000)
    said = []
    _, result = deploy.deploy(m4.port, say=said.append)
    size = len(rom.image(expected()))
    assert "ROMFS: it has 200000 bytes, and this takes %d. The library goes into /lib, as files. " % size in said[2]
    assert said[2].endswith("The Ember in the ROMFS is removed.")
    assert result["file"] == "/lib/ember/__init__.mpy" and files(m4) == in_lib()


@pytest.mark.long
def test_all_of_ember_is_too_much_for_this_one(m4):
    code, said, errors = command(m4.port, "--with", "all", timeout=300)
    assert code == 0 and "ROMFS: it has 327680 bytes, and this takes " in said
    assert files(m4) == in_lib("all")


# --- What does not work


@pytest.mark.long
def test_a_module_that_does_not_load_is_found_before_anything_is_erased(m4):
    deploy.deploy(m4.port, vm="portable")
    before = files(m4)
    code, _, errors = command(m4.port, "--arch", "armv7emdp")
    assert code == 1 and "could not load the native VM: ValueError: incompatible .mpy arch" in errors, errors
    assert "Nothing was replaced" in errors and files(m4) == before


OTHER_VFS = """
import sys, vfs
class Other: pass
other = Other()
for name in dir(vfs): setattr(other, name, getattr(vfs, name))
real = vfs.rom_ioctl
%s
other.rom_ioctl = rom_ioctl
sys.modules["vfs"] = other
"""
READ_ONLY = "def rom_ioctl(*given): return -22 if given[0] == 3 else real(*given)"
# As the ports of the RP2040 and the ESP32 have it.
DEVICE = """
class Device:
    def ioctl(self, command, argument):
        if command < 6: return 80 if command == 4 else 4096
        return min(0, real(3, 0, argument * 4096, 4096))
    def readblocks(self, block, into, offset=0):
        at = block * 4096 + offset
        into[:] = real(2, 0)[at : at + len(into)]
    def writeblocks(self, block, data, offset):
        real(4, 0, block * 4096 + offset, data)
def rom_ioctl(command, *given): return 1 if command == 1 else Device() if command == 2 else -22
"""
MRAM = """
real = vfs
real.rom_ioctl(4, 0, 0, b"\\xd2\\xcd\\x31" + bytes(253))
class vfs:
    umount = real.umount
    def rom_ioctl(*given): return 16 if given[0] == 3 else real.rom_ioctl(*given)
assert bytes(read(0, 3)) == b"\\xd2\\xcd\\x31"
erase(10)
assert bytes(read(0, 256)) == bytes(256)
"""
WORN = "def rom_ioctl(*given): return 0 if given[0] == 4 and given[2] == 8192 else real(*given)"


def other_vfs(board, text):
    """From its next start, what a script imports as vfs is this."""
    board.run("open('/boot.py', 'w').write(%r)" % (OTHER_VFS % text))


def test_a_partition_that_cannot_be_written(m4):
    other_vfs(m4, READ_ONLY)
    code, _, errors = command(m4.port)
    assert code == 1 and "could not erase the ROMFS: OSError: [Errno 22] EINVAL. Nothing was replaced" in errors, errors
    assert "Take --no-romfs" in errors


def test_a_partition_that_is_a_block_device(m4):
    other_vfs(m4, DEVICE)
    _, result = deploy.deploy(m4.port)
    assert result["same_bits"] and result["file"] == "/rom/lib/ember/__init__.mpy"
    m4.run("import os; os.remove('/boot.py')")
    assert files(m4) == in_rom()


@pytest.mark.long
def test_a_flash_that_does_not_keep_what_is_written(m4):
    deploy.deploy(m4.port, romfs=False)
    other_vfs(m4, WORN)
    with pytest.raises(line.DeployError, match="is not what was sent: its flash may be worn. Nothing was replaced"):
        deploy.deploy(m4.port, more=["LayerNorm"])
    m4.run("import os; os.remove('/boot.py')")
    assert files(m4) == in_lib()


def test_memory_that_is_not_erased_loses_its_romfs_first(m4):
    """As MRAM, where erasing is for nothing: what is written next is not taken for a ROMFS."""
    m4.run(line.script("rom") + MRAM)


@pytest.mark.parametrize("vm", ["native", pytest.param("portable", marks=pytest.mark.long)])
@pytest.mark.long
def test_the_heap_that_is_asked_for_is_enough(vm, m4):
    needed = deploy.HEAP_IN_PLACE + (len(library.module(ARCH)) if vm == "native" else deploy.KERNELS)
    ballast(m4, needed + 200)
    assert deploy.deploy(m4.port, vm=vm)[1]["vm"] == vm
    m4.run("import os; os.remove('/boot.py')")
    ballast(m4, needed - 2000)
    with pytest.raises(line.DeployError, match="bytes of heap free, Ember needs %d" % needed):
        deploy.deploy(m4.port, vm=vm, more=["LayerNorm"])


def test_an_image_is_a_tree():
    there = rom.image({"ember/a.mpy": b"1", "ember_vm.mpy": b"2"}, {"x/y/z": b"3", "lib/ember/a.mpy": b"4"})
    assert there[:3] == b"\xd2\xcd\x31" and there.count(b"a.mpy") == 1 and b"\x02\x014" not in there
    assert install.sha256(rom.image({"b": b"", "a": b""})) == install.sha256(rom.image({"a": b"", "b": b""}))
