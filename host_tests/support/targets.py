"""Where the device tests run. A target is started once, and then runs script after script."""

import ast
import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.board import BoardError, emulated

from ember_tools import install, library, line

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LIB, HOST, NATIVE = ROOT / "lib", ROOT / "tools" / "host", BUILD / "native"
DEVICE = ROOT / "host_tests" / "device"
DIGITS = LIB / "examples" / "digits.bin"

# Interpreters of this machine, and where each finds the native VM: by ctypes, as ember_vm.mpy, inside.
INTERPRETERS = {
    "cpython": (sys.executable, [LIB, HOST]),
    "unix": (BUILD / "unix" / "micropython", [LIB, NATIVE]),
    "unix-single": (BUILD / "unix-single" / "micropython", [LIB, NATIVE]),
    "unix-ember": (BUILD / "unix-ember" / "micropython", [LIB]),
}


@contextlib.contextmanager
def process(binary, folders, folder, variable="PYTHONPATH"):
    """A new process for each script, in a folder of its own that holds digits.bin; its modules are in folders."""
    path = ":".join(str(f) for f in [*folders, DEVICE])
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MICROPYPATH")}
    shutil.copy(DIGITS, folder)

    def run(script, timeout=120):
        done = subprocess.run([str(binary), "-c", script], cwd=folder, env=dict(environment, **{variable: path}),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)  # fmt: skip
        return done.returncode == 0, done.stdout

    yield run


def _interpreter(name, folder):
    binary, folders = INTERPRETERS[name]
    if name == "cpython":
        return process(binary, folders, folder)
    return process(binary, [*folders, DEVICE / "lib"], folder, "MICROPYPATH")


# The native module that a board without Ember in its firmware loads.
MODULES = {
    "m3": "armv7m", "m4": "armv7emsp", "m7": "armv7emsp", "m33": "armv7emsp", "m55": "armv7emdp", "rv32": "rv32imc",
}  # fmt: skip


def tests():
    """{name: content} of what the tests need besides Ember."""
    return {path.name: path.read_bytes() for path in [*DEVICE.glob("*.py"), *(DEVICE / "lib").glob("*.py"), DIGITS]}


def _board(name, folder):
    """m4: Ember is in the firmware. m4-mpy: it comes from .mpy files, and m3-armv6m says which module."""
    board, _, module = name.partition("-")
    files = {"/lib/" + path: content for path, content in tests().items()}
    files["/digits.bin"] = files.pop("/lib/digits.bin")
    for name in ("bits", "bits_nets", "search"):  # compiling them there would leave the heap in pieces
        del files["/lib/%s.py" % name]
        files["/lib/%s.mpy" % name] = library.cross(DEVICE / (name + ".py"), name + ".py")
    if module:
        architecture = MODULES[board] if module == "mpy" else module
        files["/lib/ember_vm.mpy"] = (NATIVE / ("ember_vm_%s.mpy" % architecture)).read_bytes()
        for path in (BUILD / "library" / "ember").glob("*.mpy"):
            files["/lib/ember/" + path.name] = path.read_bytes()
    return _emulated(board, not module, files)


@contextlib.contextmanager
def _emulated(name, ember, files):
    """A soft reset before each script."""
    with emulated(name, ember=ember, files=files) as board:

        def run(script, timeout=120, live=None):
            try:
                return True, board.run(script, timeout, live=live)
            except BoardError as error:
                return False, "%s%s" % (error.output, error)

        yield run


PORT = os.environ.get("EMBER_PORT")  # make test-board PORT=/dev/ttyACM0
PLACE = "/ember_tests"


@contextlib.contextmanager
def _real_board(name, folder):
    """The board at a port, with Ember installed. The tests lie in a folder of their own, and digits.bin stays there."""
    board = line.open_line(PORT)
    try:
        line.restart(board)
        line.run(board, line.script("files") + "make(%r)" % PLACE)
        there = line.run(
            board, "print([(name, os.stat(%r + name)[6]) for name in os.listdir(%r)])" % (PLACE + "/", PLACE)
        )
        for path, content in tests().items():
            if path != DIGITS.name or (path, len(content)) not in ast.literal_eval(there):
                for text in install.sending(content, "%s/%s" % (PLACE, path)):
                    line.run(board, text)

        def run(script, timeout=1200):
            line.restart(board)
            with line.line_errors(board):
                board.ends = time.monotonic() + timeout
                go = "import sys, os; sys.path.insert(0, %r); os.chdir(%r)\n" % (PLACE, PLACE)
                output, error = board.exec_raw(go + script, timeout)
            return not error, (output + error).decode(errors="replace").replace("\r\n", "\n")

        yield run
    finally:
        line.leave(board)


TARGETS = {name: _interpreter for name in INTERPRETERS}
TARGETS.update({name + kind: _board for kind in ("", "-mpy") for name in MODULES})
TARGETS["m3-armv6m"] = _board
if PORT:
    TARGETS = {"board": _real_board}


def as_command(name, *arguments):
    """The script that does what the command line of a file of device/ does."""
    return "import sys\nsys.argv[:] = %r\nimport %s" % ([name, *(str(a) for a in arguments)], name)


def start(name, folder):
    """A context: run(script, timeout) -> (whether it ended well, what it printed), with the tests on its path."""
    return TARGETS[name](name, folder)
