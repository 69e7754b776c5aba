"""Whether numbers are finite: a program of one instruction looks at them, where they lie."""

from array import array

from ..instructions import isa, program
from .pieces import pieces

LIMIT = 2.0**64  # from here on a square is beyond float32
_A, _TOTAL = program.X << 24, program.CONSTANTS << 24


class Look:
    """first(values, total): the first of n float32 that is not finite once it is divided by total, and where
    `squared`, squared; n where all are. Once made it allocates nothing. run: of a VM."""

    def __init__(self, run, n, squared=0):
        self.run, self.n, self.total = run, n, array("f", (1.0,))
        self.state, none = array("i", (0, 0, 0, 0)), array("f", (0.0,))
        self.segments = [none, self.total, none[:], array("i", (1,)), None]
        self.code = array("i", (isa.MAGIC, 26, 1, 5, 1, 8, 0, 0, 0, 1, 0, 0, 1, 0, 9, 1, 0, 0, n, 0, 26,
                                isa.CHECK_FINITE, squared, n, _A, _TOTAL))  # fmt: skip

    def first(self, values, total=1.0):
        self.segments[program.X], self.total[0] = values, total
        return self.found()

    def found(self):
        """As first, of what was given last."""
        state = self.state
        self.run(self.code, self.segments, state, -1, None)
        row = state[2] if state[1] else self.n
        state[1] = state[2] = state[3] = 0
        return row


def first(executor, address, n, total=1.0, squared=0):
    """The first of n numbers of an executor that is not finite, as Look has it; n if all are."""
    run, at = getattr(executor, "vm_run", None), 0
    for piece in pieces(executor, address, n):
        size = len(piece)
        found = Look(run, size, squared).first(piece, total) if run else _by_hand(piece, total, squared)
        if found < size:
            return at + found
        at += size
    return n


def _by_hand(values, total, squared):
    """Where an executor keeps its VM to itself."""
    for i in range(len(values)):
        if not abs(values[i]) < abs(total) * (LIMIT if squared else LIMIT * LIMIT):
            return i
    return len(values)


def check(runner):
    """ValueError names what of a runner's state is not finite: it is not to be saved."""
    for k in (program.PARAMETERS, program.STATE):
        at, n = runner.image.block(k)
        found = first(runner.executor, at, n) if n else 0
        if found < n:
            from .guard import named

            value = runner.executor.view(at + found, 1)[0]
            what = "the optimizer's state is %r" % value if at else named(runner, "", found, value)
            raise ValueError("%s: it is not saved; load() a state that was good" % what)
