"""The line to a board: scripts run there through mpremote's raw REPL. Whatever fails, fails as a DeployError."""

import contextlib
import errno
import io
import os
import struct
import time
from pathlib import Path

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial import SerialTimeoutException
from serial.tools import list_ports

BOARD = Path(__file__).parent / "board"
# Of what a broken line raises: struct.error is mpremote's half-read header.
RESTART = 15  # seconds that a board's boot.py may take
LINE_ERRORS = (TransportError, OSError, struct.error)


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


class Line(SerialTransport):
    """mpremote's, with one end to all waiting: mpremote looks at its clock only while nothing comes."""

    def __init__(self, port, baud=115200):
        super().__init__(port, baud, timeout=1)
        self.serial.write_timeout = 5
        self.ends = 0

    def read_until(self, min_num_bytes, ending, timeout=10, data_consumer=None, timeout_overall=None):
        data = b""
        while not data.endswith(ending) and time.monotonic() < self.ends:
            data += self.serial.read(1)
        return data


def open_line(port, baud=115200):
    try:
        return Line(port, baud)
    except (TransportError, OSError, ValueError) as error:
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
    except LINE_ERRORS as error:
        gone = is_gone(line, error)
        raise LineError("went away" if gone else "stopped answering", gone) from error


def is_gone(line, error):
    if isinstance(error, SerialTimeoutException):
        return False
    if isinstance(error, OSError) or not os.path.exists(line.device_name):
        return True
    try:
        line.serial.inWaiting()
    except OSError:
        return True
    return False


def restart(line):
    """The raw REPL after a soft reset, so that nothing else takes memory. Opening the port resets some boards, which
    then miss the first try."""
    with line_errors(line):
        line.ends = time.monotonic() + RESTART / 3
        with contextlib.suppress(TransportError):
            return line.enter_raw_repl(soft_reset=True)
        line.ends = time.monotonic() + RESTART
        line.enter_raw_repl(soft_reset=True)


def run(line, text, timeout=15):
    """What a script prints."""
    with line_errors(line):
        line.ends = time.monotonic() + timeout
        output, error = line.exec_raw(text)
    if error:
        raise ScriptError(error.decode(errors="replace").strip().splitlines()[-1])
    return output.decode(errors="replace").replace("\r\n", "\n")


def leave(line):
    """Back to the REPL that people type at; of no consequence when the board is gone."""
    with contextlib.suppress(*LINE_ERRORS):
        line.exit_raw_repl()
    with contextlib.suppress(*LINE_ERRORS):
        line.close()
