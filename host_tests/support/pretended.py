"""A board that is made up, for the deploy tool: a serial port in memory, with a clock of its own. It talks as
MicroPython's raw REPL does, and answers what a board answers onto which a small Ember is deployed; at one place it may
say something else, or the line is cut.

    port = Port(Answers(), at=3, other=lambda said: b"")        # what it utters third is empty
    deployed(port).exit_code
"""

import hashlib

import pytest
from typer.testing import CliRunner

from ember_tools import install, rom, selftest
from ember_tools.__main__ import app

FILES = {
    "ember/__init__.mpy": b"M\x06\x00\x1f" + bytes(600),
    "ember/part.mpy": b"M\x06\x00\x1fpart",
    "ember_vm.mpy": b"M\x06\x13\x1f" + bytes(range(256)),
}
ISA = 7
FACTS = {
    "name": "micropython", "version": (1, 26, 1), "machine": "a board", "mpy": 7 << 10 | 3 << 8 | 6, "free": 200000,
    "path": ["", ".frozen", "/lib"], "lib": "/lib", "disk": (500, 512), "frozen": False, "vm": False, "hidden_by": [],
    "hash": True, "rom": None,
}  # fmt: skip
RESULT = {
    "vm": "native", "version": "1.0", "file": "/lib/ember/__init__.mpy", "first": selftest.LOSSES[0],
    "last": selftest.LOSSES[1], "hash": selftest.HASH, "start": 200000, "imported": 100000, "end": 90000,
    "speed": {"batch": 32, "us": 1234.5, "bytes": 50000, "heap": 0}, "python": "3.4.0",
}  # fmt: skip


def listing(folder, files, staged=False):
    """What board/survey.py prints."""
    names = {install.staged(path) if staged else path: content for path, content in files.items()}
    lines = ["dir %s/%s" % (folder, name) for name in sorted({name.split("/")[0] for name in names if "/" in name})]
    lines += ["%s %s/%s" % (hashlib.sha256(content).hexdigest(), folder, name) for name, content in names.items()]
    return "".join(line + "\n" for line in lines)


class Answers:
    """What each script prints, and its traceback. in_rom: onto a board that has ROMFS. The script `at` prints what
    `printed` says, and raises what `raised` says."""

    def __init__(self, in_rom=False, facts=(), result=(), at=0, printed=None, raised=b""):
        self.facts, self.result = dict(FACTS), dict(RESULT, **dict(result))
        if in_rom:
            self.facts.update(rom={"size": 65536, "holds": "nothing", "others": []})
            self.facts["path"] = ["", ".frozen", "/rom", "/rom/lib", "/lib"]
        self.facts.update(facts)
        self.at, self.printed, self.raised = at, printed, raised
        self.surveys, self.scripts = 0, []

    def __call__(self, script):
        self.scripts.append(script)
        printed = self.right(script).encode().replace(b"\n", b"\r\n")
        if len(self.scripts) == self.at:
            return printed if self.printed is None else self.printed, self.raised
        return printed, b""

    def right(self, script):
        image = rom.image(FILES)
        if "hidden_by" in script:
            return repr(self.facts)
        if "BATCHES" in script:
            return repr(self.result)
        if "print(ember_vm.isa)" in script:
            return "%d" % ISA
        if "print(unit, sha256" in script:
            return "256 " + hashlib.sha256(image[256:]).hexdigest()
        if "begin()\nprint" in script:
            return "0 " + hashlib.sha256(image).hexdigest()
        if script.startswith("LIB = "):
            self.surveys += 1
            if "/rom/lib" in script:
                return listing("/rom/lib", FILES)
            lib = self.facts.get("lib")
            return listing(
                lib if isinstance(lib, str) else "/lib",
                {"ember/old.mpy": b"old"} if self.surveys == 1 else FILES,
                self.surveys > 1,
            )
        return ""


class Never(BaseException):
    """It goes on for hours: no `except Exception` ends this."""


class Port:
    """What mpremote takes for pyserial's. `said` is what the board has uttered, piece by piece."""

    BAUD, HOURS = 11520, 3600  # bytes a second; seconds

    def __init__(self, answers, at=0, other=None, paste=True, bytes_to=None, bytes_from=None):
        self.answers, self.at, self.other, self.paste = answers, at, other, paste
        self.left_to, self.left_from = bytes_to, bytes_from
        self.clock, self.waiting, self.said = 0.0, bytearray(), []
        self.mode, self.text, self.room, self.broken = "friendly", bytearray(), 0, False
        self.endless = b""
        self.bytes_to = self.bytes_from = 0

    # --- The board's side

    def say(self, piece):
        self.said.append(piece)
        if len(self.said) == self.at:
            piece = self.other(piece)
            if isinstance(piece, Endless):
                self.endless, piece = piece, b""
                self.waiting += self.endless
        elif self.endless:
            return
        self.waiting += piece

    def heard(self, byte):
        if byte == b"\x01" and self.text != b"\x05A":
            self.mode, self.text = "raw", bytearray()
            self.say(b"raw REPL; CTRL-B to exit\r\n>")
        elif byte == b"\x02":
            self.mode = "friendly"
        elif byte == b"\x03":
            self.text.clear()
        elif byte == b"\x04" and self.mode == "raw":
            if self.text:
                self.say(b"OK")
                self.run()
            else:
                self.say(b"OK\r\nMPY: soft reboot\r\n")
                self.say(b"raw REPL; CTRL-B to exit\r\n>")
        elif self.mode == "raw" and (byte != b"\r" or self.text):
            self.text += byte
            if self.text == b"\x05A\x01":
                self.text.clear()
                self.say(b"R\x01" if self.paste else b"R\x00")
                if self.paste:
                    self.mode, self.room = "paste", 128
                    self.say(b"\x80\x00")
                    self.say(b"\x01")

    def pasted(self, data):
        """How many bytes it took."""
        taken = data[: self.room].partition(b"\x04")[0]
        self.text += taken
        self.room -= len(taken)
        if not self.room:
            self.room = 128
            self.say(b"\x01")
        elif len(taken) < len(data):
            self.mode = "raw"
            self.say(b"\x04")
            self.run()
            return len(taken) + 1
        return len(taken)

    def run(self):
        script = self.text.decode()
        self.text = bytearray()
        printed, raised = self.answers(script)
        self.say(printed)
        self.say(b"\x04")
        self.say(raised)
        self.say(b"\x04")
        self.say(b">")

    # --- pyserial's side

    rts = dtr = True
    write_timeout = None

    def isOpen(self):  # noqa: N802
        return True

    def still(self, seconds):
        self.clock += seconds
        if self.clock > self.HOURS:
            raise Never
        if self.broken:
            raise OSError(5, "Input/output error")

    def inWaiting(self):  # noqa: N802
        self.still(1e-6)
        return 4095 if self.endless else len(self.waiting)

    def read(self, size=1):
        self.still(1e-6)
        if self.endless and len(self.waiting) < size:
            self.waiting += self.endless * (1 + size // len(self.endless))
        data = bytes(self.waiting[:size])
        if self.left_from is not None:
            data = data[: self.left_from]
            self.left_from -= len(data)
            self.broken = not self.left_from
        del self.waiting[: len(data)]
        self.bytes_from += len(data)
        self.clock += len(data) / self.BAUD if len(data) == size else 1
        return data

    def write(self, data):
        self.still(len(data) / self.BAUD)
        if self.left_to is not None:
            data = data[: self.left_to]
            self.left_to -= len(data)
        self.bytes_to += len(data)
        at = 0
        while at < len(data):
            if self.mode == "paste":
                at += self.pasted(data[at:])
            else:
                self.heard(data[at : at + 1])
                at += 1
        if self.left_to == 0:
            self.broken = True
            self.still(0)
        return len(data)

    def close(self):
        pass


class Endless(bytes):
    """Said over and over."""


class Time:
    """The port's clock, as line.py and mpremote ask for it."""

    def __init__(self, port):
        self.port = port

    def monotonic(self):
        return self.port.clock

    def sleep(self, seconds):
        self.port.still(seconds)


def deployed(port):
    """What typer's CliRunner has of `ember_tools deploy` through this port, where the library is FILES."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serial.serial_for_url", lambda *_, **__: port)
        for module in ("ember_tools.line", "mpremote.transport_serial"):
            patch.setattr(module + ".time", Time(port))
        patch.setattr("ember_tools.library.files", lambda *_: FILES)
        patch.setattr("ember_tools.library.isa", lambda: ISA)
        return CliRunner().invoke(app, ["deploy", "--port", "/dev/null"])
