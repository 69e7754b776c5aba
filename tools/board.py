"""Emulated boards: start one under QEMU, run scripts on it, move files.

python tools/board.py run m4 SCRIPT [--heap 64k] [--stock] [--icount]     its output live; 1 when it raised
python tools/board.py repl m4 [--heap 64k] [--stock]                      Ctrl-] leaves
python tools/board.py repl m4 --variant core+convolution                  a VM without the rest
python tools/board.py list

with emulated("m4") as board:
    print(board.run("print(1 + 1)"))

emulated(…, files={"/lib/x.py": b"…"}) starts it with those on its disk, emulated("m4", ember=False, rom=b"…") one that
has ROMFS with that in it, erased to its end.
"""

import argparse
import contextlib
import ctypes
import os
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from ember_tools.shown import lines

if __package__:
    from . import disk
else:
    import disk

ROOT = Path(__file__).resolve().parent.parent
BOARDS = ROOT / "firmware" / "boards"
NAMES = sorted(path.parent.name for path in BOARDS.glob("*/mpconfigboard.mk"))
HEAPS = ("64k", "128k", "192k")
HEAP = "192k"
# Instead of real time, the guest's clock counts its instructions: the same figures at every run.
ICOUNT = ["-icount", "shift=0,align=off,sleep=off"]

# Runs on the board: a file from the bytes that follow.
RECEIVE = """\
import sys, micropython
with open(%(path)r, "wb") as file:
    left, buffer = %(size)d, memoryview(bytearray(256))
    micropython.kbd_intr(-1)
    try:
        sys.stdout.write("!")
        while left:
            got = sys.stdin.buffer.readinto(buffer, min(left, 256))
            file.write(buffer[:got])
            left -= got
    finally:
        micropython.kbd_intr(3)
"""


class BoardError(Exception):
    """What a script raised on the board, or how the board failed; what came before is in .output."""

    def __init__(self, message, output=""):
        super().__init__(message)
        self.output = output


def firmware(name, heap=HEAP, ember=True, variant=None, rom=False):
    """Where `make firmware` puts it. variant: "core+convolution", a VM without the rest."""
    kind = ("-stock" if not ember else "-" + variant if variant else "") + "-rom" * rom
    folder = name + ("" if heap == HEAP else "-" + heap) + kind
    return ROOT / "build" / "boards" / folder / "firmware.elf"


def settings(name):
    """What a board's own makefile and the one it includes set."""
    if name not in NAMES:
        raise BoardError("no board is called %r; there are: %s" % (name, ", ".join(NAMES)))
    text = (BOARDS / name / "mpconfigboard.mk").read_text()
    for included in re.findall(r"(?m)^include .*/(common/mps2\.mk)$", text):
        text = (BOARDS / included).read_text() + text
    return dict(re.findall(r"(?m)^(\w+) = (.*)$", text))


def command(name, elf, icount=False):
    """QEMU's command line for a board."""
    made_of = settings(name)
    line = ["qemu-system-" + made_of["QEMU_ARCH"], "-machine", made_of["QEMU_MACHINE"], "-kernel", str(elf)]
    line += ["-bios", "none"] if made_of["QEMU_ARCH"].startswith("riscv") else []
    line += ["-display", "none", "-monitor", "none", "-nic", "none", "-semihosting", "-serial", "pty"]
    return line + (ICOUNT if icount else [])


def _die_with_parent():
    """In the child: killed when this process is, however that happens."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Board:
    """A running machine. `port` is its serial line, for mpremote or anything else while no method here runs."""

    def __init__(self, line):
        # A session of its own: Ctrl-C in the terminal is for the caller.
        self.process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip
        self.line = None
        try:
            self.port = self._find_port()
            # Held open, or QEMU would take the line for unplugged between two users of it, and drop output.
            self.line = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
            self._await_repl()
        except BaseException:
            self.end()
            raise

    def end(self):
        if self.line is not None:
            os.close(self.line)
            self.line = None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def _find_port(self, timeout=20):
        said = b""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                said += os.read(self.process.stdout.fileno(), 4096) or b""
            found = re.search(rb"char device redirected to (\S+) ", said)
            if found:
                return found.group(1).decode()
            if self.process.poll() is not None:
                break
        raise BoardError("QEMU did not start: %s" % said.decode(errors="replace").strip())

    def _await_repl(self, timeout=20):
        said = b""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            os.write(self.line, b"\r")
            while select.select([self.line], [], [], 0.3)[0]:
                said += os.read(self.line, 4096)
                if said.endswith(b">>> "):
                    # One answer for every return typed so far: take them all.
                    while select.select([self.line], [], [], 0.05)[0]:
                        os.read(self.line, 4096)
                    return
        raise BoardError("the REPL does not answer", said.decode(errors="replace"))

    @contextlib.contextmanager
    def transport(self, soft_reset=True):
        """mpremote's, at the raw REPL: after a soft reset, so that no script sees another's names or memory."""
        # On a pty mpremote waits in read(): this is how long it does before it looks at its own time limits.
        transport = SerialTransport(self.port, timeout=2)
        try:
            transport.enter_raw_repl(soft_reset=soft_reset)
            yield transport
            transport.exit_raw_repl()
        except (TransportError, OSError, struct.error) as error:  # of a header that mpremote has half read
            if isinstance(error, TransportExecError):
                transport.exit_raw_repl()
            ended = self._ended()
            raise BoardError(
                str(error) if ended is None else "the emulation ended with %d" % ended,
                getattr(error, "status_output", b"").decode(errors="replace"),
            ) from error
        finally:
            with contextlib.suppress(OSError):  # the line may be gone
                transport.close()

    def _ended(self):
        """The exit code of an emulation that ended, which closes the line a moment earlier; or None."""
        try:
            return self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            return None

    def run(self, script, timeout=60, soft_reset=True, live=None):
        """What a script prints. `timeout` is for silence; `live` is given its output as it comes, in bytes."""
        with self.transport(soft_reset) as transport:
            output = bytearray()

            def take(data):
                data = data.replace(b"\x04", b"")
                output.extend(data)
                if live:
                    live(data)

            _, error = transport.exec_raw(script, timeout, take)
        said = output.decode(errors="replace").replace("\r\n", "\n")
        if error:
            raise BoardError(error.decode(errors="replace").replace("\r\n", "\n").strip(), said)
        return said

    def put(self, local, remote):
        """As bytes on the serial line, which is thrice as fast as mpremote's lines of Python."""
        data = Path(local).read_bytes()
        with self.transport(soft_reset=False) as transport:
            transport.exec_raw_no_follow(RECEIVE % {"path": remote, "size": len(data)})
            # Not before Ctrl-C is a byte like any other.
            if transport.serial.read(1) == b"!":
                transport.serial.write(data)
            _, error = transport.follow(30)
        if error:
            raise BoardError(error.decode(errors="replace").strip())

    def get(self, remote, local):
        with self.transport(soft_reset=False) as transport:
            Path(local).write_bytes(transport.fs_readfile(remote))

    def reset(self):
        """By machine.reset(): the machine starts anew, and its disk stays."""
        with self.transport(soft_reset=False) as transport:
            transport.exec_raw_no_follow("import machine; machine.reset()")
            transport.read_until(1, b">>> ", timeout_overall=10)
        self._await_repl()


@contextlib.contextmanager
def emulated(name, heap=HEAP, ember=True, icount=False, files=None, variant=None, rom=None):
    """A board for the length of a `with`. With files, {path: bytes}, its disk holds those alone when it starts, and
    again after a machine.reset(). With rom, bytes, so does its partition for a ROMFS."""
    elf = firmware(name, heap, ember, variant, rom is not None)
    line = command(name, elf, icount)
    if not elf.exists():
        wanted = "make firmware BOARD=%s HEAP=%s EMBER=%d" % (name, heap, ember)
        wanted = wanted if rom is None else "make %s" % elf.relative_to(ROOT)
        wanted += ' COMPONENTS="%s"' % variant.replace("+", " ") if variant else ""
        raise BoardError("%s is not there: %s" % (elf.relative_to(ROOT), wanted))
    with tempfile.TemporaryDirectory() as folder:

        def holds(what, address, content):
            (Path(folder) / what).write_bytes(content)
            line.extend(["-device", "loader,file=%s/%s,addr=%#x,force-raw=on" % (folder, what, address)])

        if files is not None:
            address, size = disk.place(elf)
            holds("disk", address, disk.image(files, size))
        if rom is not None:
            address, size = disk.place_of_rom(elf)
            holds("rom", address, rom.ljust(size, b"\xff"))
        board = Board(line)
        try:
            yield board
        finally:
            board.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("run", "repl", "list"))
    parser.add_argument("board", nargs="?")
    parser.add_argument("script", nargs="?")
    parser.add_argument("--heap", default=HEAP, choices=HEAPS)
    parser.add_argument("--stock", action="store_true", help="without Ember")
    parser.add_argument("--variant", help="of the VM, such as core+convolution")
    parser.add_argument("--files", nargs="+", default=(), help="copied to the board's disk first, under their names")
    parser.add_argument("--icount", action="store_true", help="count instructions, not time")
    options = parser.parse_args()
    if options.what == "list":
        print(" ".join(NAMES))
        return 0
    if options.what == "run" and not options.script:
        parser.error("run needs a script")

    def show(data):
        sys.stdout.buffer.write(data.replace(b"\r", b""))
        sys.stdout.buffer.flush()

    try:
        script = Path(options.script).read_text() if options.what == "run" else None
        with emulated(options.board, options.heap, not options.stock, options.icount, None, options.variant) as board:
            for path in options.files:
                board.put(path, Path(path).name)
            if options.what == "run":
                board.run(script, timeout=None, live=show)
                return 0
            return subprocess.call([sys.executable, "-m", "mpremote", "connect", board.port, "repl"])
    except (BoardError, OSError) as error:
        print(lines(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
