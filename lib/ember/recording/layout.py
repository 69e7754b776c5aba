"""What a recording comes to: the plan of its memory."""

from ..instructions import isa
from .plan import plan as lay_out


class Plan:
    """Where everything lies. Sizes in elements of the arena (4 bytes each), words of 4 bytes for the program."""

    def __init__(self, recording):
        self.inputs = len(recording.bound)
        self.mapped = sum([t.mapped for t in recording.mapped])  # elements that are read in place
        bound = isa.FIRST_BOUND + len(recording.bound) + len(recording.mapped)
        self.head = 5 + 3 * bound + len(recording.ends)  # words before the first instruction
        self.words = self.head + recording.words
        self.kept = recording.kept  # [(kind, offset, size)]: what lives from step to step
        self.start = recording.reserved  # where activations begin
        for i in range(len(recording.first)):
            recording.first[i] = max(0, recording.first[i])
        found = lay_out(recording.sizes, recording.first, recording.last, recording.shares)
        self.offsets, self.activations, self.lower_bound = found
        self.arena = self.start + self.activations
        self.constants, self.floats, self.ints = len(recording.values), len(recording.slots), recording.integers
        self.buffers, self.trace, self.high = len(recording.sizes), recording.trace, recording.high
        self.rows, self.longest, self.outside = recording.rows, recording.longest, recording.outside
        self.longest_us = 0  # microseconds of the costliest row, once the board's pace is measured
        self.budget = ""  # what was done to fit; what is left as it is
        self.code = self.names = None  # of the program, when there is one
        self.outputs = ()  # [(address, dimensions)] of what is looked at after a run

    def total(self):
        """Bytes in all: arena, program, constants and slots."""
        return 4 * (self.arena + self.words + self.constants + self.floats + self.ints)

    def __str__(self):
        from .plan_text import text

        return text(self)

    def __getattr__(self, name):
        """parts() and, buffer by buffer, entries(), table() and save_svg(path): as functions of plan_text.py and
        plan_report.py, which load now. Every buffer is found again in the program: nothing of it is kept meanwhile."""
        from .plan_text import method

        setattr(Plan, name, method(name))
        return getattr(self, name)
