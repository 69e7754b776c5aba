"""Processes that are killed while they save, and what is found after."""

import os
import random
import signal
import subprocess
import sys
import time

from checkout import MICROPYTHON, ROOT
from power_cuts import go, state, trainer

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
