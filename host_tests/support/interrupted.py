"""Ctrl-C at an instruction of one's choice, on CPython; what a trainer holds, taken and put back."""

import os
import sys
from array import array

import ember

PACKAGE = os.path.dirname(ember.__file__)


class At:
    """`with At(n): …` raises KeyboardInterrupt before the n-th instruction of Ember's own files, if there are as many;
    .count is how many there were. kept: only those of such files."""

    def __init__(self, n, kept=lambda frame: True):
        self.n, self.count, self.kept, self.where = n, 0, kept, None

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def _call(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE) or not self.kept(frame):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._opcode

    def _opcode(self, frame, event, _):
        if event == "opcode":
            self.count += 1
            if self.count == self.n:
                self.where = "%s:%s %s" % (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
                raise KeyboardInterrupt
        return self._opcode


def take(t):
    """All that lasts, to be put back."""
    return [array(part.typecode, part) for part in (t.executor.segments[k] for k in (0, 2, 3))], t.epoch, t.fresh


def put(t, kept):
    parts, t.epoch, t.fresh = kept
    for k, part in zip((0, 2, 3), parts):
        t.executor.segments[k][:] = part


def lasting(t):
    """The bits that steps to come depend on: parameters, frozen ones, the optimizer's state, and how many steps."""
    starts, arena = t.image.starts, memoryview(t.executor.segments[0])
    return bytes(arena[: starts[2]]) + bytes(arena[starts[3] : starts[4]]) + bytes(str(t.steps), "ascii")
