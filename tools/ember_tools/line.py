"""The line to a board: scripts run there through mpremote's raw REPL. Whatever fails, fails as a DeployError."""

import contextlib
import errno
import io
import os
import time
from pathlib import Path

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial import SerialTimeoutException
from serial.tools import list_ports

from .shown import shown

BOARD = Path(__file__).parent / "board"
RESTART = 15  # seconds that a board's boot.py may take
MOST = 1 << 19  # bytes that a board may send while a script runs; of the longest listing there are 30,000


class DeployError(Exception):
    """What went wrong and what to do, for the person at the terminal."""


class LineError(DeployError):
    """The board cannot be reached any more. gone: the port itself failed, not only what is behind it."""

    def __init__(self, message, gone=False):
        super().__init__(message)
        self.gone = gone


class ScriptError(DeployError):
    """What a script raised on the board: its last line."""


def script(name, **values):
    """One of the scripts for the board, with capitals defined before it."""
    given = "".join("%s = %r\n" % item for item in values.items())
    return given + (BOARD / (name + ".py")).read_text()


class Endless(TransportError):
    """More came than any script prints."""


class Bounded:
    """A port, with one end to all that is done with it, and so many bytes. mpremote looks at its clock only while
    nothing comes, keeps whatever comes, and in some places reads as long as there is something."""

    def __init__(self, port):
        self.port = port
        self.allow(0)

    def allow(self, seconds):
        self.ends, self.left = time.monotonic() + seconds, MOST

    def check(self):
        if self.left < 0:
            raise Endless("more than %d bytes came" % MOST)
        if time.monotonic() >= self.ends:
            raise TransportError("the time is up")

    def read(self, size=1):
        self.check()
        data = self.port.read(size)
        self.left -= len(data)
        return data

    def write(self, data):
        self.check()
        return self.port.write(data)

    def inWaiting(self):  # noqa: N802  (mpremote's word)
        self.check()
        return self.port.inWaiting()


class Line(SerialTransport):
    """mpremote's, over a port that is bounded."""

    def __init__(self, port, baud=115200):
        super().__init__(port, baud, timeout=1)
        self.serial.write_timeout = 5
        self.serial = Bounded(self.serial)

    def read_until(self, min_num_bytes, ending, timeout=10, data_consumer=None, timeout_overall=None):
        data = bytearray()
        while not data.endswith(ending):
            data += self.serial.read(1)
        return bytes(data)

    def close(self):
        self.serial = self.serial.port
        super().close()


def open_line(port, baud=115200):
    try:
        return Line(port, baud)
    except Exception as error:  # pyserial's own, termios.error, OverflowError for a baud rate
        raise DeployError(why_not(port)) from error


def only_port():
    """The one port that a board may be on."""
    found = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if len(found) != 1:
        raise DeployError(
            "There are several serial ports: %s. Say which: make flash PORT=%s" % (", ".join(found), found[0])
            if found
            else "No board is on any serial port: is it plugged in, by a cable that carries data? If it is, say which "
            "port it is on: make flash PORT=/dev/ttyACM0"
        )
    return found[0]


def why_not(port):
    """Why a port cannot be opened: mpremote says only that it cannot."""
    if not os.path.exists(port):
        there = sorted(found.device for found in list_ports.comports())
        return "There is no port %s. %s" % (
            port,
            "There is: %s." % ", ".join(there)
            if there
            else "No serial port is there at all: is the board plugged in, by a cable that carries data?",
        )
    if not os.access(port, os.R_OK | os.W_OK):
        return "You may not open %s: join its group (sudo usermod -aG dialout $USER), then log in again." % port
    if not is_terminal(port):
        return "%s is not a serial port: give the board's, such as /dev/ttyACM0 or /dev/ttyUSB0." % port
    return "%s cannot be opened: another program holds it (a terminal, an editor, mpremote). Close that first." % port


def is_terminal(port):
    try:
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        return os.isatty(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def line_errors(line):
    try:
        # What mpremote prints when the REPL does not answer.
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except Exception as error:  # mpremote's and pyserial's: a header half read is struct.error, a lost handle TypeError
        gone = is_gone(line, error)
        why = "went away" if gone else "sends without end" if isinstance(error, Endless) else "stopped answering"
        raise LineError(why, gone) from error


def is_gone(line, error):
    if isinstance(error, SerialTimeoutException):
        return False
    if isinstance(error, OSError) or not os.path.exists(line.device_name):
        return True
    try:
        line.serial.port.inWaiting()
    except Exception:
        return True
    return False


def restart(line):
    """The raw REPL after a soft reset, so that nothing else takes memory. Opening the port resets some boards, which
    then miss the first try."""
    with line_errors(line):
        line.serial.allow(RESTART / 3)
        with contextlib.suppress(TransportError):
            return line.enter_raw_repl(soft_reset=True)
        line.serial.allow(RESTART)
        line.enter_raw_repl(soft_reset=True)


def run(line, text, timeout=15):
    """What a script prints, as it came: answer.py takes it apart."""
    with line_errors(line):
        line.serial.allow(timeout)
        output, error = line.exec_raw(text)
    if error:
        raise ScriptError(shown(decoded(error).strip().split("\n")[-1]) or "an error without a word")
    return decoded(output)


def decoded(data):
    return data.decode(errors="surrogateescape").replace("\r\n", "\n")


def leave(line):
    """Back to the REPL that people type at; of no consequence when the board is gone."""
    with contextlib.suppress(Exception):
        line.serial.allow(5)
        line.exit_raw_repl()
    with contextlib.suppress(Exception):
        line.close()
