"""The executor: it alone reaches the memory of a program. A runner asks no more of it than stands here, so what keeps
its arena to itself, as another world does, can take its place."""

from array import array

from .image import word
from .program import ARENA, HEAD, INTS, ROWS, X, Y


class Executor:
    """code over segments, by the run of a VM (docs/vm.md). An address, or a slot, is segment << 24 | element.

    stopped  says why nothing runs any more
    explain  has words for a fault that know the instruction table, where travel.py's do without
    """

    stopped = explain = None
    in_place = True  # views of a result show what the next run makes of it

    def __init__(self, code, segments, run):
        self.code, self.segments, self._run = code, segments, run
        self.state = array("i", (0, 0, 0, 0))

    def another(self, code, segments):
        """To measure how long instructions take here."""
        return Executor(code, segments, self._run)

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
        """1 finished, 0 paused, -1 at an index that is out of range. What is paused goes on by the same sections."""
        self.state[0] = sections
        return self._run(self.code, self.segments, self.state, budget, weights)

    def where(self):
        """The section in which a run is paused, or stopped at a fault; else -1."""
        at, k = self.state[1], -1
        if at:
            k = word(self.code, 4) - 1
            while k and word(self.code, HEAD + 3 * word(self.code, 3) + k - 1) > at:
                k -= 1
        return k

    def finish(self):
        """What is paused goes on to its end."""
        return self.run(self.state[0], -1)

    def drop(self):
        """What is paused will not go on."""
        self.state[1] = self.state[2] = self.state[3] = 0

    def fault(self):
        """ValueError names the index at which a run stopped. Another can follow."""
        if self.explain:
            self.explain(self.code, self.segments, self.state)
        from .travel import explain

        explain(self.code, self.segments, self.state)

    def stop(self, why):
        """Nothing runs any more: why() says so."""
        self._run = self.stopped = why

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

    @property
    def arena(self):
        """For what lies in it, where it is the front's: parameters are views of it."""
        return self.segments[ARENA]
