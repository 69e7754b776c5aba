"""The mark of alone.alone on CPython, where Ctrl-C and other threads come in at any instruction: also where it was
taken and `try` has not begun, or where it is about to be given back. One that nobody holds is known by the stacks."""

import sys

from .alone import busy

_frame, _frames = getattr(sys, "_getframe", None), getattr(sys, "_current_frames", None)


class Mark:
    """As a list of one, from which it is taken: RuntimeError where somebody has it."""

    def __init__(self):
        self.both = [None], [None]  # the mark; and the right to say that nobody holds it, which one may take once

    def pop(self):
        free, lost = self.both
        try:
            return free.pop()  # one operation: of two threads one finds it
        except IndexError:
            pass
        asking = _frame(1)
        if any([holds(self, frame, asking) for frame in _frames().values()]) or not lost:
            busy()
        try:
            lost.pop()
        except IndexError:
            busy()
        self.both = [], [None]

    def append(self, value):
        if not self.both[0]:
            self.both[0].append(value)

    def __len__(self):
        return len(self.both[0])

    def __bool__(self):
        return True  # pop() will tell

    def mine(self):
        """Whether it is held by a call that this one comes from, as in a callback."""
        return holds(self, _frame(1), None)


def holds(mark, frame, asking):
    """Whether a call on this stack holds the mark: in alone.alone, or in a recorded function's."""
    while frame is not None:
        if frame is not asking and frame.f_code.co_name in ("alone", "__call__"):
            if getattr(frame.f_locals.get("self"), "mark", None) is mark:
                return True
        frame = frame.f_back
    return False
