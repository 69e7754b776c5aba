"""The executor: it alone reaches the memory of a program. A runner asks no more of it than stands here, so what keeps
its arena to itself, as another world does, can take its place."""

from array import array

from ..instructions.program import INTS, ROWS, X, Y


class Executor:
    """code over segments, by the run of a VM (docs/vm.md). An address, or a slot, is segment << 24 | element.

    paused     a run was begun, and has not come to its end: whoever begins one says so
    stopped    says why nothing runs any more
    followers  those that use this arena too
    explain    has words for a fault that know the instruction table, where refused.py's do without
    """

    stopped = explain = None
    in_place = True  # views of a result show what the next run makes of it

    def __init__(self, code, segments, run):
        self.code, self.segments, self.vm_run = code, segments, run
        self.state, self.followers = array("i", (0, 0, 0, 0)), ()
        self.done, self.paused = 1, False

    def bind(self, rows, x, y):
        """What the program reads, in place, until something else is bound: the first input and the first target."""
        segments = self.segments
        segments[X], segments[Y] = x, y
        segments[INTS][ROWS] = rows

    def bind_part(self, k, buffer):
        """What segment k is."""
        self.segments[k] = buffer

    def bound(self, k):
        return self.segments[k]

    def run(self, sections, budget, weights=None):
        """1 finished, 0 paused, -1 at an index that is out of range, -2 at a number that is not finite; it is in `done`
        too. What is paused goes on by the same sections."""
        self.state[0] = sections
        self.done = self.vm_run(self.code, self.segments, self.state, budget, weights)
        return self.done

    def recover(self, last, look=False):
        """After an interruption: what is paused in the section `last` goes on to its end, in another it will not; nor
        what has stopped. The section, -1 where nothing is paused, -2 where the run was broken off within an instruction
        of `last`. look: only say which."""
        if not self.state[1] and not self.state[3]:
            return -1
        from .refused import recover

        return recover(self, last, look)

    def fault(self):
        """ValueError names the index at which a run stopped. Another can follow."""
        if self.explain:
            self.explain(self.code, self.segments, self.state)
        from .refused import explain

        explain(self.code, self.segments, self.state)

    def stop(self, why):
        """Nothing runs any more, nor by those that use this arena too: why() says so."""
        self.vm_run = self.stopped = why
        for follower in self.followers:
            follower.stop(why)

    def read(self, slot):
        return self.segments[slot >> 24][slot & 0xFFFFFF]

    def write(self, slot, value):
        self.segments[slot >> 24][slot & 0xFFFFFF] = value

    def view(self, address, n):
        """So many elements of a result, or of a block that is kept: as they are until something else runs."""
        at = address & 0xFFFFFF
        return memoryview(self.segments[address >> 24])[at : at + n]

    def store(self, address, values):
        """Elements of a block that is kept."""
        at = address & 0xFFFFFF
        memoryview(self.segments[address >> 24])[at : at + len(values)] = values
