"""What a recording comes to: the plan of its memory."""

from ..instructions import isa
from .plan import plan as lay_out


class Plan:
    """Where everything lies. Sizes in elements of the arena (4 bytes each), words of 4 bytes for the program."""

    def __init__(self, recording):
        r = recording
        self.inputs, self.mapped = len(r.bound), sum([t.mapped for t in r.mapped])  # elements that are read in place
        bound = isa.FIRST_BOUND + len(r.bound) + len(r.mapped)
        self.head = 5 + 3 * bound + len(r.ends)  # words before the first instruction
        self.words = self.head + r.words
        self.kept = r.kept  # [(kind, offset, size)]: what lives from step to step
        self.start = r.reserved  # where activations begin
        for i in range(len(r.first)):
            r.first[i] = max(0, r.first[i])
        self.offsets, self.activations, self.lower_bound = lay_out(r.sizes, r.first, r.last, r.shares)
        self.arena = self.start + self.activations
        self.constants, self.floats, self.ints = len(r.values), len(r.slots), r.integers
        self.buffers, self.trace, self.high = len(r.sizes), r.trace, r.high
        self.rows, self.longest, self.outside = r.rows, r.longest, r.outside
        self.longest_us = 0  # microseconds of the costliest row, once the board's pace is measured
        self.budget = ""  # what was done to fit; what is left as it is
        self.code = self.names = None  # of the program, when there is one
        self.outputs = ()  # [(address, dimensions)] of what is looked at after a run

    def total(self):
        """Bytes in all: arena, program, constants and slots."""
        return 4 * (self.arena + self.words + self.constants + self.floats + self.ints)

    def parts(self):
        """(what, bytes) line by line."""
        from .plan_text import parts

        return parts(self)

    def __str__(self):
        from .plan_text import text

        return text(self)

    # Every buffer, found again in the program: nothing of it is kept meanwhile.

    def entries(self):
        """(kind, bytes, offset in bytes, first use, last use, made by) buffer by buffer, those kept first. Uses are
        words of the program, as print(trainer.image) numbers them; made by is the instruction that began it."""
        from .plan_report import entries

        return entries(self)

    def table(self):
        """The same as text."""
        from .plan_report import table_of

        return table_of(self)

    def save_svg(self, path):
        """Draw memory over the program's course: a rectangle a buffer, which says what it is when pointed at."""
        from .plan_report import save_svg

        save_svg(self, path)
