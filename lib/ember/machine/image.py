"""What recording comes to: an image, which has all that a runner must know of a program, and no memory to run it in."""

from array import array
from struct import unpack_from

from ..instructions.program import FIRST_BOUND, HEAD

_len = len  # a step finds it sooner here than among all builtins


def word(code, k):
    return unpack_from("<i", code, 4 * k)[0]


def segment(code, k):
    """(type, elements, elements per row) of a segment of a program."""
    return unpack_from("<iii", code, 4 * (HEAD + 3 * k))


def zeros(dtype, n):
    return array(dtype, bytes(n * (1 if dtype in "Bb" else 2 if dtype in "hH" else 4)))


def per_row(dims):
    """Elements of a row, of dimensions whose first is the batch."""
    size = 1
    for d in dims[1:]:
        size *= d
    return size


def rows_in(part, size, most):
    """How many rows of so many elements a buffer holds: 0 where they are not whole, or more than `most`."""
    rows = _len(part) // size
    return rows if rows <= most and rows * size == _len(part) else 0


class Image:
    """code        the words of the program, verified
    sections    their names
    constants   float32; floats, ints: the slots, as they begin; an executor in this heap takes them over
    mapped      weights that are read where they lie, each in a segment of its own after those that are bound
    starts      where each block begins that lives in the arena from step to step, and where the last one ends
    results     (address, dimensions) of each output
    longest     the cost of the costliest row, 0 where it is not known

    Of a program that trains:
    batch_size  samples of a whole batch, which may come in parts
    classes     below which labels are, where the targets are labels
    inputs, targets: how many there are where x, or y, is a tuple of them; 0 where it is one by itself
    statistics  where those lie that instructions/program.py names
    parameters  as they begin, in the order in which they lie: each a draw, with its arguments and stream, or values;
                none any more once an arena holds them
    names       "lr momentum …", the float slots, then a line a parameter: its name and shape; None till asked for
    kept        where a good state is kept, 0 if the plan has no room for one: see run/guard.py
    """

    starts, results, parameters, mapped = (), (), (), ()
    batch_size = classes = inputs = targets = statistics = kept = longest = 0

    def __init__(self, code, sections, constants, floats, ints):
        self.code, self.sections = code, sections
        self.constants, self.floats, self.ints, self.names = constants, floats, ints, None

    def block(self, k):
        """(address, elements) of one: PARAMETERS, FROZEN, GRADIENTS, STATE or THE_STATISTICS of program.py."""
        return self.starts[k], self.starts[k + 1] - self.starts[k]

    def segments(self, arena):
        """Those of a run: what is bound is None."""
        bound = word(self.code, 3) - FIRST_BOUND - len(self.mapped)
        return [arena, self.constants, self.floats, self.ints] + [None] * bound + list(self.mapped)

    def __str__(self):
        from ..portable.disassemble import disassemble

        return disassemble(self.code, self.sections)
