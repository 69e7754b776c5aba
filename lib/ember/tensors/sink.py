"""What both places that operations are emitted into have in common."""

from ..instructions import emit, isa
from ..instructions.program import COUNT, KEY, STEP

INTS = isa.INTS << 24
_COPY, _ADD, _SUB = 0, 16, 17


def numel(dims):
    """The product of dimensions; below zero where one of them is the batch."""
    n = 1
    for d in dims:
        n *= d
    return n


def numels(tensors):
    """The elements of all of them."""
    n = 0
    for t in tensors:
        n += t.numel()
    return n


def is_among(one, others):
    """Whether it is one of them, not only equal to one."""
    for other in others:
        if one is other:
            return True
    return False


class Sink:
    """Where operations are emitted. `emit(opcode, *fields)` takes words, and tensors in place of addresses; who emits
    says each by its name (instructions/emit.py)."""

    records = False  # rather than runs

    def map(self, fn, d, a, b=None, into=isa.WRITE):
        """d = fn(a, b) element by element; a or b may be a single element for all."""
        n = numel(d.dims)
        a_step = 0 if n != 1 and numel(a.dims) == 1 else 1
        if b is None:
            b, b_step = a, a_step
        else:
            b_step = 0 if n != 1 and numel(b.dims) == 1 else 1
        emit.map(self, fn=fn, into=into, n=n, a_step=a_step, b_step=b_step, d=d, a=a, b=b)

    def fill(self, d, value):
        self.map(_COPY, d, self.scalar(value))

    def copy(self, d, a, into=isa.WRITE):
        self.map(_COPY, d, a, None, into)

    def add_exactly(self, sums, rest, values):
        """sums += values; what rounding takes from that (Knuth's two-sum) goes into rest, and from there into the next
        sum: so it stays small, however many are added."""
        total, part = self.new(sums.dims), self.new(sums.dims)
        self.copy(rest, values, isa.ADD)
        self.map(_ADD, total, sums, rest)
        self.map(_SUB, part, total, sums)
        self.map(_SUB, rest, rest, part)
        self.map(_SUB, part, total, part)
        self.map(_SUB, rest, sums, part, isa.ADD)
        self.copy(sums, total)

    def indexes(self, index, high):
        """A tensor is used as an index of `high` things."""

    def uniform(self, fresh, n, width, stream, d, low, high, sample=COUNT):
        """d = low + (high - low) * u; sample: the slot that says which is the first."""
        bounds = self.constants((low, high))
        emit.uniform(self, fresh=fresh, n=n, width=width, stream=stream, d=d, range=bounds, key=INTS + KEY,
                     step=INTS + STEP, sample=INTS + sample)  # fmt: skip
