"""Processes and boards that are stopped while they save, and what is found after."""

import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
from binascii import crc32

from tools import board as boards

from checkout import MICROPYTHON, ROOT
from small_net import go, state, trainer

SCRIPT = str(ROOT / "host_tests" / "support" / "killed.py")


def commands():
    return {"CPython": [sys.executable, SCRIPT], "MicroPython": [str(MICROPYTHON["unix-ember"]), SCRIPT]}


class Uncut:
    """The run that nobody stops: its states by their step."""

    def __init__(self):
        self.trainer, self.states = trainer(1), []

    def state(self, step):
        while len(self.states) <= step:
            self.states.append(state(self.trainer))
            go(self.trainer, 1)
        return self.states[step]


def kills(interpreter, path, times, seed=1):
    """(kills, what was lost) of a run that is killed so often, at random instants, and goes on each time."""
    command, uncut, reader = [*commands()[interpreter], path], Uncut(), trainer(2)
    random.seed(seed)
    lost, saved = [], 0
    for k in range(times):
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH="lib"))
        said = [child.stdout.readline()]
        time.sleep(random.random() * 0.03)
        child.send_signal(signal.SIGKILL)
        said += child.stdout.read().split(b"\n")
        child.wait()
        began = int(said[0].split()[1])
        returned = [int(line.split()[0]) for line in said[1:-1]]
        if began != saved:
            lost.append("kill %d: began at %d after %d" % (k, began, saved))
        least = returned[-1] if returned else began
        try:
            reader.load(path)
            saved = reader.steps
            if saved not in (least, least + 1):
                lost.append("kill %d: step %d was found, %d had been saved" % (k, saved, least))
            elif state(reader) != uncut.state(saved):
                lost.append("kill %d: another state than that of step %d" % (k, saved))
        except (OSError, ValueError) as error:
            if least:
                lost.append("kill %d: %s" % (k, error))
    return times, lost


# Runs on a board whenever it starts.
MAIN = """
from binascii import crc32
from small_net import go, state, trainer
t = trainer(1)
try:
    t.load("a.ckpt")
except OSError:
    pass
print("\\nbegan %d %d." % (t.steps, crc32(state(t))))
while True:
    go(t, 1)
    t.save("a.ckpt")
    print("saved %d." % t.steps)
"""


class Resettable:
    """An emulated board whose reset is ours, at any instruction. Its disk is in RAM that a reset keeps."""

    def __init__(self, name, folder):
        path = str(folder / "qmp")
        line = boards.command(name, boards.firmware(name)) + ["-qmp", "unix:%s,server=on,wait=off" % path]
        self.board = boards.Board(line)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.answers = self.socket.makefile("r")
        self.answers.readline()
        self.ask("qmp_capabilities")
        (folder / "main.py").write_text(MAIN)
        self.board.put(SCRIPT.replace("killed", "small_net"), "small_net.py")
        self.board.put(folder / "main.py", "main.py")
        self.heard = b""

    def ask(self, command):
        self.socket.sendall(json.dumps({"execute": command}).encode() + b"\n")
        while "return" not in json.loads(self.answers.readline()):
            pass

    def hear(self, seconds, until=None):
        """What the board says in so many seconds, or until it has said that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (until and re.search(until, self.heard)):
            if select.select([self.board.line], [], [], max(0, min(0.05, end - time.monotonic())))[0]:
                self.heard += os.read(self.board.line, 4096)
        return self.heard

    def end(self):
        self.socket.close()
        self.board.end()


def resets(name, folder, times, seed=1):
    """(resets, what was lost) of a board that is reset at random instructions, and goes on each time."""
    board, uncut, lost, least = Resettable(name, folder), Uncut(), [], 0
    random.seed(seed)
    try:
        board.ask("system_reset")
        for k in range(times + 1):
            said = board.hear(60, rb"began \d+ \d+\.")
            before, found, _ = said.partition(b"\nbegan ")
            returned = re.findall(rb"saved (\d+)\.", before)
            least = int(returned[-1]) if returned else least
            if not found:
                lost.append("reset %d: the board says %r" % (k, said[-500:]))
                break
            step, digest = map(int, re.search(rb"began (\d+) (\d+)\.", said).groups())
            if step not in (least, least + 1):
                lost.append("reset %d: step %d was found, %d had been saved" % (k, step, least))
            elif digest != crc32(uncut.state(step)):
                lost.append("reset %d: another state than that of step %d" % (k, step))
            least = step
            board.heard = said[said.index(b"\nbegan ") + 7 :]
            if k < times:
                board.hear(random.random() * 0.3)
                board.ask("system_reset")
                board.heard = board.heard.partition(b".")[2]
    finally:
        board.end()
    return times, lost
