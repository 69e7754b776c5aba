"""MicroPython and Ember on the emulated boards. One machine a board serves all of its tests, and each begins anew."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from tools import board as boards
from tools.board import BoardError, emulated

import aes_cases
from checkout import ROOT

# sys.implementation._mpy's architecture: what native modules a board loads
ARCHITECTURES = {"m3": 6, "m4": 7, "m7": 7, "m33": 7, "m55": 8, "rv32": 11}


@pytest.fixture(scope="module", params=boards.NAMES)
def board(request):
    with emulated(request.param) as machine:
        machine.name = request.param
        yield machine


def lines(board, script, **options):
    return board.run(script, **options).splitlines()


def mpremote(board, *arguments, **options):
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *arguments]
    done = subprocess.run(command, capture_output=True, timeout=120, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_board_is_tested():
    assert sorted(ARCHITECTURES) == boards.NAMES


def test_it_says_what_it_is(board):
    version, machine, architecture = lines(
        board, "import sys; i = sys.implementation\nprint(i.version[:3]); print(i._machine); print(i._mpy >> 10 & 15)"
    )
    assert version == "(1, 26, 1)"
    assert machine == "%s with %s" % (setting(board.name, "QEMU_MACHINE"), setting(board.name, "MCU"))
    assert int(architecture) == ARCHITECTURES[board.name]


def setting(name, key):
    text = (boards.BOARDS / name / "mpconfigboard.mk").read_text()
    return text.split("\n%s = " % key)[1].splitlines()[0]


FLOATS = """
import math, struct
def bits(x): return "%08x" % struct.unpack("<I", struct.pack("<f", x))[0]
one = 1.0
print(bits(one / 3), bits(1e-40 * one), bits(2.0**-126 * 0.5), bits(2.0**-100 * 2.0**-49), bits(math.sqrt(one + one)))
print(1e-40 * one != 0, bits(16777216.0 + one), bits(16777216.0 + 3.0), bits(3e38 * 10), bits(-0.0 * one))
"""


def test_floats_are_ieee_single_precision_with_subnormals(board):
    assert lines(board, FLOATS) == [
        "3eaaaaab 000116c2 00400000 00000001 3fb504f3",
        "True 4b800000 4b800002 7f800000 80000000",
    ]


TIME = """
import time
ms, us, cpu = time.ticks_ms(), time.ticks_us(), time.ticks_cpu()
time.sleep_ms(50)
now = time.ticks_ms(), time.ticks_us(), time.ticks_cpu()
print(*(time.ticks_diff(a, b) for a, b in zip(now, (ms, us, cpu))))
last, start = time.ticks_us(), time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), start) < 1500:  # past the wrap of a counter of 24 bits
    now = time.ticks_us()
    if time.ticks_diff(now, last) < 0:
        print("back", last, now)
    last = now
print("end")
"""


def test_time_goes_on(board):
    start = time.monotonic()
    slept, end = lines(board, TIME)
    taken = time.monotonic() - start
    ms, us, cpu = map(int, slept.split())
    assert 50 <= ms < 5000 and us >= 50000 and cpu >= us
    assert end == "end"
    assert taken > 1.5


def test_a_file_survives_resets(board):
    board.run("open('kept', 'w').write('here'); global_name = 1")
    assert board.run("print(open('kept').read(), 'global_name' in globals())") == "here False\n"
    board.reset()
    assert board.run("import os; print(open('kept').read()); os.remove('kept')") == "here\n"
    board.reset()
    assert "kept" not in board.run("import os; print(os.listdir('/'))")


def test_boot_and_main_run_at_a_soft_reset(board):
    board.run("for n in 'boot', 'main': open(n + '.py', 'w').write('print(\"%s\" + \"ed\")' % n)")
    try:
        os.write(board.line, b"\x04")
        said = read_until(board, b"mained\r\n")
        assert said.index(b"soft reboot") < said.index(b"booted") < said.index(b"mained")
    finally:
        board.run("import os; os.remove('boot.py'); os.remove('main.py')")


def read_until(board, wanted, timeout=20):
    said, end = b"", time.monotonic() + timeout
    while wanted not in said:
        assert time.monotonic() < end, said
        if boards.select.select([board.line], [], [], 0.1)[0]:
            said += os.read(board.line, 4096)
    return said


MODULES = """
import array, binascii, hashlib, io, json, math, os, random, select, struct, sys
print(binascii.hexlify(hashlib.sha256(b"abc").digest()).decode())
print("%08x" % binascii.crc32(b"123456789"), json.loads(json.dumps({"a": [1, 2.5]})))
print(hasattr(sys.stdin, "buffer"), hasattr(select, "poll"))
"""


def test_the_modules_are_there(board):
    assert lines(board, MODULES) == [hashlib.sha256(b"abc").hexdigest(), "cbf43926 {'a': [1, 2.5]}", "True True"]


@pytest.mark.parametrize("name", aes_cases.CIPHERS)
def test_aes_is_nists(board, name):
    script, expected = aes_cases.case(name)
    assert lines(board, script) == [expected + " True", "True True"]


def test_the_tables_of_aes_follow_from_their_definition():
    """The vectors above do not come by every entry."""
    substitute, restore = aes_cases.tables((boards.BOARDS / "common" / "aes.c").read_text())
    assert substitute == [aes_cases.substituted(byte) for byte in range(256)]
    assert len(restore) == 256 and [restore[byte] for byte in substitute] == list(range(256))


RECURSION = """
def deep(n): return deep(n + 1)
nested = []
for _ in range(3000): nested = [nested]
for run in (lambda: deep(0), lambda: repr(nested), lambda: sorted([0, 1], key=deep)):
    try:
        run()
        print("no error")
    except RuntimeError as error:
        print(error)
"""


def test_too_deep_a_recursion_raises(board):
    assert lines(board, RECURSION) == ["maximum recursion depth exceeded"] * 3


@pytest.mark.parametrize("script", ["while True: pass", "import time; time.sleep(1000)", "input()"])
def test_ctrl_c_stops_a_script(board, script):
    with board.transport() as transport:
        transport.exec_raw_no_follow("print('on')\n" + script)
        transport.read_until(1, b"on\r\n")
        transport.serial.write(b"\x03")
        assert b"KeyboardInterrupt" in transport.follow(10)[1]


def test_input_waits_for_its_reader(board):
    """Longer than every buffer on the way, while the program computes."""
    text = bytes(random.Random(1).choices(range(32, 127), k=3000))
    with board.transport() as transport:
        transport.exec_raw_no_follow(
            "import sys, time; print('on'); time.sleep_ms(500); print(sys.stdin.buffer.read(%d))" % len(text)
        )
        transport.read_until(1, b"on\r\n")
        transport.serial.write(text)
        out, error = transport.follow(30)
    assert not error
    assert eval(out) == text


def test_mpremote_copies_binary_files(board, tmp_path):
    data = random.Random(2).randbytes(5000)  # more than a block of the disk
    (tmp_path / "data").write_bytes(data)
    mpremote(board, "fs", "cp", str(tmp_path / "data"), ":data")
    mpremote(board, "fs", "cp", ":data", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == data
    board.put(tmp_path / "data", "/again")
    board.get("/again", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == data
    board.run("import os; os.remove('data'); os.remove('again')")


def test_mpremote_mounts_a_folder(board, tmp_path):
    (tmp_path / "there.py").write_text("print('from the host')\n")
    said = mpremote(board, "mount", str(tmp_path), "exec", "import there")
    assert b"from the host" in said


def test_what_a_script_raises_is_told(board):
    with pytest.raises(BoardError, match="ValueError: wrong") as raised:
        board.run("print('before'); raise ValueError('wrong')")
    assert raised.value.output == "before\n"
    assert board.run("print(1 + 1)") == "2\n"


TRAIN = """
import ember
from array import array
from ember import nn, optim
ember.manual_seed(1)
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
trainer = ember.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.05), input_shape=(2,), batch_size=4)
x, y = array("f", [0, 0, 0, 1, 1, 0, 1, 1]), array("f", [0, 1, 1, 0])
for _ in range(300):
    trainer.step(x, y)
print(ember.vm.name, trainer.loss < 0.01)
"""


def test_a_net_trains_on_the_native_vm(board):
    assert board.run(TRAIN) == "native True\n"


# --- Heaps, and firmware without Ember


@pytest.mark.parametrize("heap", boards.HEAPS)
def test_the_heap_has_its_size(heap):
    with emulated("m4", heap=heap) as board:
        total = int(board.run("import gc; gc.collect(); print(gc.mem_free() + gc.mem_alloc())"))
        assert 0.95 * 1024 * int(heap[:-1]) < total < 1024 * int(heap[:-1])


@pytest.mark.parametrize("name", ["m3", "m4", "rv32"])
def test_stock_firmware_has_no_ember(name):
    with emulated(name, ember=False) as board:
        for module in ("ember", "ember_vm"):
            with pytest.raises(BoardError, match="ImportError: no module named '%s'" % module):
                board.run("import " + module)


# --- The emulation itself


def test_instructions_are_counted_the_same_every_time():
    script = "import time\na = time.ticks_cpu()\nfor i in range(10000): pass\nprint(time.ticks_cpu() - a)"
    with emulated("m3", icount=True) as board:
        first = int(board.run(script))
        assert first > 1000
        assert abs(int(board.run(script)) - first) <= first // 100


def test_a_fault_ends_the_emulation_and_says_where():
    with emulated("m4") as board:
        with pytest.raises(BoardError, match="the emulation ended with 1"):
            board.run("import machine; machine.mem32[0xE0000000 + 0x10000000 - 4] = machine.mem32[0x60000000]")


def test_no_machine_outlives_its_caller(tmp_path):
    script = "import sys, time; sys.path.insert(0, %r); from tools.board import emulated\n" % str(ROOT)
    script += "with emulated('m3') as board: print(board.process.pid, flush=True); time.sleep(60)"
    caller = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        machine = int(caller.stdout.readline())
        os.kill(caller.pid, signal.SIGKILL)
        caller.wait()
        end = time.monotonic() + 10
        while os.path.exists("/proc/%d" % machine) and time.monotonic() < end:
            time.sleep(0.05)
        assert not os.path.exists("/proc/%d" % machine)
    finally:
        caller.kill()
        caller.stdout.close()


def test_an_unknown_board_is_refused_with_the_names():
    with pytest.raises(BoardError, match="m33, m4"), emulated("m5"):
        pass
    done = subprocess.run(["make", "firmware", "BOARD=m5"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and "m3 m33 m4 m55 m7 rv32" in done.stderr
