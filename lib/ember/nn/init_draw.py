"""What nn.init has parameters drawn by: each takes a parameter that has memory, and the other arguments as float32.

One float32 rounding an operation makes numbers the same where Python's floats are single and where they are double.
"""

from array import array

from ..instructions import emit, isa
from ..instructions.program import STEP
from ..ops import noise, rules
from ..tensors.eager import FIRST, Eager
from ..tensors.parameter import PIECEWISE

_CHUNK = 256  # numbers at a time, where drawing takes scratch
_INFINITY = float("inf")


def single(value):
    """As a float32."""
    return array("f", (value,))[0]


def finite(value, name):
    """As a float32, or ValueError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = single(value)
        if -_INFINITY < found < _INFINITY:
            return found
    raise ValueError("%s is %r; it may be a finite number" % (name, value))


def constant(t, value):
    eager = Eager()
    eager.fill(t, value)
    eager.flush()


def diagonal(t, groups):
    """In the middle of the kernel, 1 from each channel in to the channel out of the same number in each group."""
    constant(t, 0.0)
    rows, columns = t.dims[-2:]
    middle, size = 0, columns // groups
    for k in t.dims[:-2]:
        middle = middle * k + k // 2
    data, at = t.elements(), t.offset + middle * rows * columns
    for group in range(groups):
        for i in range(min(rows, size)):
            data[at + i * columns + group * size + i] = 1.0


def _pieces(eager, t, scratches):
    """t in chunks, the slot of the first element set to theirs, each with as long scratches."""
    n = t.numel()
    whole = [eager.new((min(n, _CHUNK),)) for _ in range(scratches)]
    for first in range(0, n, _CHUNK):
        dims = (min(n - first, _CHUNK),)
        eager.ints[FIRST] = t.first + first
        yield [t.alias(dims, first)] + [s.alias(dims) for s in whole]


def normal(t, mean, std):
    eager = Eager()
    for d, scratch in _pieces(eager, t, 1):
        noise.normal(eager, 0, d.numel(), 1, t.stream, d, scratch, FIRST)
        _scale(eager, d, mean, std)
        eager.flush()


def _scale(eager, d, mean, std):
    eager.map(rules.MUL_FN, d, d, eager.scalar(std))
    eager.map(rules.ADD_FN, d, d, eager.scalar(mean))


def truncated(t, mean, std, a, b):
    """By rejection: x, uniform between the bounds, is taken where u < exp((m * m - x * x) / 2), m being where between
    them the density is highest; tries are counted as steps, x is drawn from the stream and u from its second.

    Bounds are brought within 6 of m, or 17 / |m| where that is less: what lies beyond is less likely than 1e-7.
    """
    low, high = single(single(a - mean) / std), single(single(b - mean) / std)
    m = low if low > 0 else high if high < 0 else 0.0
    reach = single(17.0 / max(abs(m), 17.0 / 6.0))
    low, high = max(low, single(m - reach)), min(high, single(m + reach))
    eager = Eager()
    for d, x, u, taken, done in _pieces(eager, t, 4):
        n = d.numel()
        eager.fill(d, 0.0)
        eager.fill(done, 0.0)
        eager.ints[STEP] = 0
        while not eager.ints[STEP] or min(memoryview(done.elements())[:n]) == 0:
            eager.uniform(1, n, 1, t.stream, x, low, high, FIRST)
            eager.map(rules.SUB_FN, u, eager.scalar(m), x)
            eager.map(rules.ADD_FN, taken, eager.scalar(m), x)
            eager.map(rules.MUL_FN, u, u, taken)
            eager.map(rules.MUL_FN, u, u, eager.scalar(0.5))
            eager.map(rules.EXP_FN, taken, u)
            eager.uniform(1, n, 1, t.stream + noise.SECOND, u, 0.0, 1.0, FIRST)
            eager.map(rules.GT_FN, taken, taken, u)
            eager.map(rules.GT_FN, u, taken, done)  # for the first time
            eager.map(rules.KEEP_FN, d, u, x, isa.ADD)
            eager.map(rules.MAXIMUM_FN, done, done, taken)
            eager.flush()
            eager.ints[STEP] += 1
        _scale(eager, d, mean, std)
        eager.map(rules.MAXIMUM_FN, d, d, eager.scalar(a))
        eager.map(rules.MINIMUM_FN, d, d, eager.scalar(b))
        eager.flush()


PIECEWISE.extend((constant, normal, truncated))


def orthogonal(t, gain):
    """Normal vectors, each less its projection on all before it, twice, and divided by its length (Gram-Schmidt; that
    twice is enough: Giraud, Langou, Rozloznik and van den Eshof, 2005)."""
    normal(t, 0.0, 1.0)
    columns = t.dims[-1]
    rows = t.numel() // columns
    count, length, next_, step = (columns, rows, 1, columns) if columns <= rows else (rows, columns, columns, 1)
    eager = Eager()
    v, c, square = eager.new((length,)), eager.new((count,)), eager.new((1,))
    for j in range(count):
        place = t.alias((length,), j * next_)
        rules.strided(eager, rules.COPY_FN, isa.WRITE, (length,), v, (1,), place, (step,))
        if j:
            before = c.alias((j,))
            for _ in range(2):
                emit.matmul(eager, into=isa.WRITE, batch=1, m=j, n=1, k=length, c_batch=0, c_m=1, a_batch=0,
                            a_m=next_, a_k=step, b_batch=0, b_k=1, b_n=1, c=c, a=t, b=v)  # fmt: skip
                eager.map(rules.NEG_FN, before, before)
                emit.matmul(eager, into=isa.ADD, batch=1, m=length, n=1, k=j, c_batch=0, c_m=1, a_batch=0, a_m=step,
                            a_k=next_, b_batch=0, b_k=1, b_n=1, c=v, a=t, b=c)  # fmt: skip
        emit.matmul(eager, into=isa.WRITE, batch=1, m=1, n=1, k=length, c_batch=0, c_m=1, a_batch=0, a_m=1, a_k=1,
                    b_batch=0, b_k=1, b_n=1, c=square, a=v, b=v)  # fmt: skip
        eager.map(rules.SQRT_FN, square, square)
        eager.map(rules.DIV_FN, v, v, square)
        rules.strided(eager, rules.COPY_FN, isa.WRITE, (length,), place, (step,), v, (1,))
        eager.flush()
    eager.map(rules.MUL_FN, t, t, eager.scalar(gain))
    eager.flush()
