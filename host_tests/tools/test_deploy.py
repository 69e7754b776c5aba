"""Ember installed on emulated boards with stock firmware, as on real ones: whole, and refused where it cannot be."""

import os
import re
import subprocess
import threading
import types

import pytest
from tools import board as boards
from tools.board import emulated

import ember
from checkout import ROOT, run_micropython
from deploying import ballast, command, files, line_to
from ember import nn, optim
from ember_tools import components, deploy, facts, install, library, line, selftest
from pretended import RESULT

MODULES = {"m3": "armv7m", "m4": "armv7emsp", "m7": "armv7emsp", "m33": "armv7emsp", "m55": "armv7emdp"}
MODULES["rv32"] = "rv32imc"


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in ("m3", "m33", "rv32") else pytest.mark.long) for n in boards.NAMES]
)
def test_from_nothing_to_a_trained_net(name):
    with emulated(name, ember=False) as board:
        code, said, errors = command(board.port)
        assert (code, errors) == (0, "")
        assert "VM: native: the module for %s." % MODULES[name] in said
        assert "the same bits as everywhere" in said and "1.4042 → 0.3022" in said
        expected = library.files(MODULES[name])
        assert files(board) == {"/lib/" + path: len(content) for path, content in expected.items()}
        assert board.run("import ember, ember_vm; print(ember.vm.name)") == "native\n"

        code, said, errors = command(board.port)
        assert code == 0 and "exactly this Ember already" in said and "the same bits" in said


@pytest.fixture(scope="module")
def m3():
    """Cortex-M3 with Ember installed; each test leaves it so."""
    with emulated("m3", ember=False) as board:
        deploy.deploy(board.port)
        yield board


def test_another_module_replaces_only_the_module(m3):
    copied = []
    deploy.deploy(m3.port, arch="armv6m", progress=lambda step, *_: copied.append(step.name))
    assert [name for name in dict.fromkeys(copied) if name.startswith("copy ") and "on the board" not in name] == [
        "copy ember_vm.mpy"
    ]
    assert files(m3)["/lib/ember_vm.mpy"] == len(library.module("armv6m"))
    said, result = deploy.deploy(m3.port)
    assert result["same_bits"] and facts.architecture(said) == "armv7em"


def test_the_portable_vm_takes_the_place_of_the_native_one(m3):
    said = []
    _, result = deploy.deploy(m3.port, vm="portable", say=said.append)
    assert result["vm"] == "portable"
    assert [text for text in said if "some 10 to 20 times slower" in text]
    assert "/lib/ember_vm.mpy" not in files(m3)
    assert deploy.deploy(m3.port)[1]["vm"] == "native"


@pytest.mark.long
def test_without_the_numbers_of_lines_it_learns_the_same(m3):
    _, result = deploy.deploy(m3.port, strip=True)
    assert result["same_bits"]
    assert sum(files(m3).values()) < sum(map(len, library.files("armv7m").values())) - 8000
    deploy.deploy(m3.port)


def test_a_frozen_ember_is_left_alone():
    with emulated("m4") as board:
        code, said, errors = command(board.port)
        assert (code, errors) == (0, "")
        assert "frozen into this firmware" in said and "the same bits as everywhere" in said
        assert files(board) == {}


# --- Boards that Ember cannot run on: an emulated one that says that it is another


PRETEND = """
import sys
from collections import namedtuple
class Other: pass
other = Other()
for name in dir(sys): setattr(other, name, getattr(sys, name))
other.implementation = namedtuple("implementation", (%(names)s))(%(values)s)
%(more)s
sys.modules["sys"] = other
"""


def pretend(board, more="", **values):
    """From its next start, what a script imports as sys says this; `forget` ends it."""
    names = ", ".join(map(repr, values)) + ","
    text = PRETEND % {"names": names, "values": ", ".join(map(repr, values.values())), "more": more}
    board.run("open('boot.py', 'w').write(%r)" % text)


def forget(board):
    board.run("import os\nos.remove('boot.py')\nif 'ember' in os.listdir('/'): os.rmdir('/ember')")


NOW = {"name": "micropython", "version": (1, 26, 1, ""), "_machine": "a board", "_mpy": 7 << 10 | 3 << 8 | 6}
REFUSED = {
    "another Python": (dict(NOW, name="circuitpython", version=(9, 2, 0, "")), "", "circuitpython 9.2.0, .*Flash"),
    "no .mpy": ({k: NOW[k] for k in ("name", "version")}, "", "loads no .mpy files.* Flash MicroPython 1.23"),
    "old .mpy": (dict(NOW, version=(1, 18, 0), _mpy=5), "", r"1\.18\.0 .* too old: .* \.mpy 5\.0, .* Flash"),
    "old native .mpy": (dict(NOW, version=(1, 22, 2, ""), _mpy=7 << 10 | 2 << 8 | 6), "", r"1\.22\.2 .* \.mpy 6\.2"),
    "newer .mpy": (dict(NOW, version=(2, 0, 0, ""), _mpy=7 << 10 | 7), "", r"newer than this Ember: .* \.mpy 7\.0"),
    "no folder": (NOW, "sys.path[:] = ['']", r"in \[''\] only, .* boot.py: import sys; sys.path.append"),
    "no hash": (NOW, "sys.modules['hashlib'] = other", "no hashlib.sha256, .* freeze"),
    "hidden": (NOW, "import os\nos.mkdir('/ember')\nsys.path[:] = ['', '/lib']", "mpremote rm -r :/ember"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_firmware_that_will_not_do_is_refused(name, m3):
    values, more, message = REFUSED[name]
    before = files(m3)
    pretend(m3, more, **values)
    code, said, errors = command(m3.port)
    forget(m3)
    assert code == 1
    assert re.search(message, errors), errors
    assert files(m3) == before


NO_NATIVE = dict(NOW, _mpy=3 << 8 | 6)
NO_MODULE = dict(NOW, _mpy=12 << 10 | 3 << 8 | 6)


@pytest.mark.parametrize("values, why", [
    (NO_NATIVE, "loads no native code"), pytest.param(NO_MODULE, "architecture rv64imc", marks=pytest.mark.long),
])  # fmt: skip
def test_without_native_code_it_warns_and_the_portable_vm_serves(values, why, m3):
    pretend(m3, **values)
    before = files(m3)
    code, _, errors = command(m3.port, "--vm", "native")
    assert code == 1 and why in errors and "--vm portable" in errors
    assert files(m3) == before
    code, said, _ = command(m3.port)
    assert code == 0 and why in said
    assert "Warning: with the portable VM, training is some 300 times slower" in said
    assert "/lib/ember_vm.mpy" not in files(m3)
    forget(m3)
    deploy.deploy(m3.port)


def test_a_module_that_does_not_load_is_not_put_in_place(m3):
    """Hard float on a part without an FPU: the firmware refuses it."""
    before = files(m3)
    code, _, errors = command(m3.port, "--arch", "armv7emsp")
    assert code == 1 and "could not load the native VM: ValueError: incompatible .mpy arch" in errors, errors
    assert "Nothing was replaced" in errors and "--vm portable" in errors
    assert files(m3) == before
    code, _, errors = command(m3.port, "--arch", "armv9")
    assert code == 1 and "no native VM for 'armv9'; there are: armv6m, " in errors


def test_a_module_of_another_instruction_table_is_refused(m3, monkeypatch):
    monkeypatch.setattr(library, "isa", lambda: 1)
    before = files(m3)
    with pytest.raises(line.DeployError, match="another instruction table .*: make setup"):
        deploy.deploy(m3.port, arch="armv6m")
    assert files(m3) == before


def test_what_is_frozen_without_the_native_vm_stays_portable():
    board = facts.Facts("micropython", (1, 26, 1), "a board", NOW["_mpy"], 0, [], "/lib", (1, 1), True, False, [], True)
    assert facts.module_for(board)[0] is None and "frozen in" in facts.module_for(board)[1]
    with pytest.raises(line.DeployError, match="frozen in, and no native VM.*--vm portable"):
        facts.module_for(board, vm="native")
    with pytest.raises(line.DeployError, match="The VM is 'fast'; it may be auto, native or portable"):
        facts.module_for(board, vm="fast")


# --- No room


# All but so many blocks of the disk.
FILL = """
import os
f = open("big", "w")
for _ in range(os.statvfs("/")[3] - %d):
    f.write("x" * os.statvfs("/")[0])
f.close()
"""


def test_a_full_disk_is_refused_before_the_first_byte():
    with emulated("m3", ember=False) as board:
        board.run(FILL % 40)
        code, _, errors = command(board.port)
        assert code == 1 and "file system has" in errors and "mpremote rm" in errors
        assert list(files(board)) == ["/big"]


def test_a_disk_that_fills_up_on_the_way_is_left_as_it_was(monkeypatch):
    monkeypatch.setattr(deploy, "check_disk", lambda *_: None)
    with emulated("m3", ember=False) as board:
        board.run(FILL % 18)
        with pytest.raises(line.DeployError, match="could not copy .* file system is full: .* Nothing was replaced"):
            deploy.deploy(board.port)
        assert list(files(board)) == ["/big"]
        board.run("import os; os.remove('big')")
        assert deploy.deploy(board.port)[1]["same_bits"]


@pytest.mark.parametrize("vm", ["native", pytest.param("portable", marks=pytest.mark.long)])
def test_the_heap_that_is_asked_for_is_enough(vm, m3):
    needed = deploy.HEAP + (len(library.module("armv7m")) if vm == "native" else deploy.KERNELS)
    ballast(m3, needed + 200)
    try:
        assert deploy.deploy(m3.port, vm=vm)[1]["vm"] == vm
    finally:
        forget(m3)
        deploy.deploy(m3.port)


def test_too_small_a_heap_is_refused(m3):
    before = files(m3)
    m3.run("import os\nos.remove('/lib/ember/vm.mpy')")  # something to do
    ballast(m3, deploy.HEAP)
    code, _, errors = command(m3.port)
    forget(m3)
    assert code == 1 and "bytes of heap free, Ember needs" in errors and "freeze Ember" in errors
    assert set(before) - set(files(m3)) == {"/lib/ember/vm.mpy"}
    deploy.deploy(m3.port)


# --- Ports that lead nowhere


def test_a_port_that_is_not_there():
    code, _, errors = command("/dev/ttyEmber9")
    assert code == 1 and "no port /dev/ttyEmber9" in errors


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "file").write_text("")
    code, _, errors = command(str(tmp_path / "file"))
    assert code == 1 and "is not a serial port" in errors


def test_a_port_that_another_program_holds(m3):
    with line_to(m3):
        code, _, errors = command(m3.port)
    assert code == 1 and "another program holds it" in errors


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talks on and on"])
def test_a_board_that_does_not_answer(talks, monkeypatch):
    monkeypatch.setattr(line, "RESTART", 3)
    master, slave = os.openpty()
    stop = threading.Event()

    def talk():
        while talks and not stop.wait(0.01):
            os.write(master, b"temperature 21.5\r\n")
            os.read(master, 1024) if boards.select.select([master], [], [], 0)[0] else None

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        with pytest.raises(line.LineError, match="does not answer. Is MicroPython on it"):
            deploy.deploy(os.ttyname(slave))
    finally:
        stop.set()
        thread.join()
        os.close(master)
        os.close(slave)


# --- What the figures rest on


def test_the_expected_bits_are_those_of_this_machine(tmp_path):
    script = tmp_path / "selftest.py"
    script.write_text(selftest.text(native=True))
    for name in ("unix", "unix-single"):
        said = run_micropython(name, script)
        result = selftest.judge(said, True)
        assert result["same_bits"] and result["speed"]["heap"] == 0
        assert (round(result["first"], 6), round(result["last"], 6)) == selftest.LOSSES


@pytest.mark.parametrize(
    "change, message",
    [
        ({"last": 0.31}, r"losses are 1\.\d+ and 0\.31"),
        ({"vm": "portable"}, "another instruction table"),
        (None, "it printed 'x'"),
    ],
)
def test_the_self_test_can_fail(change, message):
    assert selftest.judge(repr(RESULT), True)["same_bits"]
    with pytest.raises(line.DeployError, match="is on the board, but its self-test failed: .*" + message):
        selftest.judge(repr(dict(RESULT, **change)) if change else "x", True)


def test_a_copy_that_differs_is_not_put_in_place(m3, monkeypatch):
    real = install.sending
    monkeypatch.setattr(install, "sending", lambda content, path: real(content[:-1] + b"?", path))
    monkeypatch.setattr(library, "compiled", lambda *_: {"ember/__init__.mpy": b"M\x06\x00\x1f"})
    before = files(m3)
    with pytest.raises(line.DeployError, match="ember/__init__.mpy .* is not what was sent: .* Nothing was replaced"):
        deploy.deploy(m3.port)
    assert files(m3) == before


def test_make_flash_is_deploy():
    done = subprocess.run(["make", "-n", "flash", "PORT=/dev/x"], cwd=ROOT, capture_output=True, text=True)
    assert "-m ember_tools deploy --build --port '/dev/x'" in done.stdout


@pytest.mark.parametrize(
    "there, message",
    [
        ([], "No board is on any serial port.*PORT="),
        (["/dev/ttyACM0"], None),
        (["/dev/ttyACM0", "/dev/ttyUSB1"], "several serial ports: /dev/ttyACM0, /dev/ttyUSB1.*PORT=/dev/ttyACM0"),
    ],
)
def test_the_port_is_looked_for(there, message, monkeypatch):
    """What is no USB device, as a PC's own /dev/ttyS0, has no vendor."""
    found = [types.SimpleNamespace(device=name, vid=0x2E8A) for name in there]
    found.append(types.SimpleNamespace(device="/dev/ttyS0", vid=None))
    monkeypatch.setattr(line.list_ports, "comports", lambda: found)
    if message is None:
        assert line.only_port() == there[0]
    else:
        with pytest.raises(line.DeployError, match=message):
            line.only_port()


def test_only_what_the_board_takes_is_built(m3):
    made = []

    def build(*kind):
        made.append(kind)

    deploy.deploy(m3.port, build=build)
    assert made == [("armv7m", (), False)]
    made.clear()
    deploy.deploy(m3.port, vm="portable", build=build)
    assert made == []
    deploy.deploy(m3.port)


def test_what_is_not_current_is_made(monkeypatch):
    ran = []
    monkeypatch.setattr(
        library.subprocess, "run", lambda line, **_: ran.append(line) or types.SimpleNamespace(returncode=0)
    )
    library.make("armv6m")
    assert ran == [["make", "--no-print-directory", "build/native/ember_vm_armv6m.mpy"]]
    library.make("armv6m", ("core",), True)
    assert ran[1][2:] == ["module", "ARCH=armv6m", "COMPONENTS=core", "OPTIMIZE=size"]


def test_a_smaller_vm_for_what_a_program_needs(m3, tmp_path):
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    path = str(tmp_path / "model.ember")
    ember.compile(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), 4, path=path)
    assert components.of_files([path]) == ["core"]
    code, said, wrong = command(m3.port, "--build", "--for", path, "--size")
    assert code == 0 and "bits" in said, said + wrong
    small = library.module("armv7m", ("core",), True)
    assert files(m3)["/lib/ember_vm.mpy"] == len(small) < len(library.module("armv7m")) / 2
    with pytest.raises(line.DeployError, match="no component 'convolutions'; there are: core, convolution, pooling"):
        components.given(["convolutions"])
