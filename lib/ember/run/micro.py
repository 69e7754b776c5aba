"""Batches that come in parts, where a Trainer's memory holds micro_batch samples at once."""

from array import array

from ..instructions.program import CHECK, X, Y
from ..machine.image import per_row, rows_in, segment
from .convert import accept
from .jobs import accumulate_part, take, update


class Cutter:
    """Cuts batches. The last two cuts are kept, a full batch and one that is not: the same buffers again allocate
    nothing."""

    def __init__(self, trainer):
        self.trainer = trainer
        self.last, self.other = (None, None, ()), (None, None, ())

    # As in runner.py, each call's frame stays small.

    def of(self, x, y):
        """[(x, y), …] of at most micro_batch samples each. What is wrong with any is found before the first is used."""
        if x is not self.last[0] or y is not self.last[1]:
            self.find(x, y)
        self.each(self.last[2], 0, False)
        return self.last[2]

    def find(self, x, y):
        self.last, self.other = self.other, self.last
        if x is not self.last[0] or y is not self.last[1]:
            self.last = self.cut(x, y)

    def each(self, pieces, k, add):
        while k < len(pieces):
            self.add(pieces[k]) if add else self.look_at(pieces[k])
            k += 1

    def look_at(self, piece):
        take(self.trainer, piece[0], piece[1], CHECK)

    def accumulate(self, x, y):
        self.of(x, y)
        self.add_all(False)

    def step(self, x, y):
        self.of(x, y)
        self.add_all(True)

    def add_all(self, then_update):
        """The parts that were found last. Interrupted between two of them, what was accumulated is dropped."""
        try:
            self.each(self.last[2], 0, True)
            if then_update:
                update(self.trainer)
        except BaseException:
            self.trainer.fresh = True
            raise

    def add(self, piece):
        accumulate_part(self.trainer, piece[0], piece[1])

    def cut(self, x, y):
        t, key = self.trainer, x
        t.idle()  # what was interrupted ends with the batch that it had
        rows = rows_of(t, x, y)
        found = _zip(pieces(x, rows, t.micro_batch), pieces(y, rows, t.micro_batch)) if rows else ()
        if not rows or not self.in_place(found[0]):
            t.unbind()
            x, y, rows = accept(t, x, y)
            found = _zip(pieces(x, rows, t.micro_batch), pieces(y, rows, t.micro_batch))
            key = None  # a copy: it is made again next time
        return key, y, found

    def in_place(self, piece):
        """Whether these are buffers of the types that the program reads."""
        return self.trainer.bind(piece[0], piece[1]) and self.trainer.attempt(CHECK)

    def predict(self, x, out):
        """A prediction for more samples than fit at once: in out, or in a new array, for each output."""
        t = self.trainer
        rows = rows_of(t, x, None)
        if not rows:
            x, _, rows = accept(t, x, None)
        sizes = [per_row(dims) for _, dims in t.image.results]
        outs = out if t.image.targets else (out,)
        if out is None:
            outs = tuple([array("f", range(rows * n)) for n in sizes])
            out = outs if t.image.targets else outs[0]
        views, at = self.views(outs, rows, sizes), 0
        for piece in pieces(x, rows, t.micro_batch):
            end = at + min(t.micro_batch, rows - at)
            into = tuple([views[k][at * sizes[k] : end * sizes[k]] for k in range(len(sizes))])
            t.predict_part(piece, into if t.image.targets else into[0])
            at = end
        return out

    def views(self, outs, rows, sizes):
        """Buffers for so many rows of each output, in one dimension; or ValueError."""
        found = []
        for k in range(min(len(outs), len(sizes))):
            view = outs[k]
            if hasattr(view, "ndim"):
                from ..tensors.shaped import in_a_row

                view = in_a_row(view, self.trainer.image.results[k][1][1:])
            if len(view) >= rows * sizes[k]:
                found.append(memoryview(view))
        if len(found) != len(sizes) or len(outs) != len(sizes):
            raise ValueError("out has %d buffers; %d rows take %s elements" % (len(outs), rows, sizes))
        return found


def _zip(a, b):
    return [(a[k], b[k]) for k in range(len(a))]


def rows_of(trainer, x, y):
    """How many samples these buffers hold; 0 where they are no such buffers, or do not hold as many as each other.
    y: None in a prediction."""
    if trainer.binding:
        parts = trainer.binding.parts(x, y)
    else:
        parts = (("x", X, x),) if y is None else (("x", X, x), ("y", Y, y))
    rows = 0
    for _, k, part in parts:
        listed = isinstance(part, (list, tuple)) or hasattr(part, "dims")
        if listed or getattr(part, "ndim", 1) != 1:
            return 0
        n = rows_in(part, segment(trainer.image.code, k)[2], trainer.batch_size)
        if not n or rows and n != rows:
            return 0
        rows = n
    return rows


def pieces(value, rows, size):
    if isinstance(value, (tuple, list)):
        columns = [pieces(part, rows, size) for part in value]
        return [tuple([column[k] for column in columns]) for k in range(len(columns[0]))]
    view, each = memoryview(value), len(value) // rows
    return [view[at * each : min(rows, at + size) * each] for at in range(0, rows, size)]
