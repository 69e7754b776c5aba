"""The functions of a map, and how their results meet what the destination holds."""

import math

INF, NAN = float("inf"), float("nan")
GREATEST = math.ldexp(2.0 - 2.0**-24, 127)  # from here up a float32 is infinite; inf where floats are float32
LOG_GREATEST = 88.722835


def single(x):
    """x, infinite where float32 would be."""
    return INF if x >= GREATEST else -INF if x <= -GREATEST else x


# Of an element a and an element b, which those of one operand leave alone.


def copy(a, b):
    """a"""
    return a


def neg(a, b):
    """-a"""
    return -a


def abs(a, b):
    """a without its sign"""
    return math.fabs(a)


def sqrt(a, b=0.0):
    """The square root of a; NaN below zero, -0 for -0."""
    return NAN if a < 0.0 else math.sqrt(a)


def exp(a, b=0.0):
    """e to the a"""
    if a != a:
        return NAN  # where some boards' exp of a NaN is 0
    return INF if a > LOG_GREATEST else math.exp(a)


def log(a, b=0.0):
    """The natural logarithm of a: -inf for 0, NaN below it."""
    if a > 0.0:
        return math.log(a)
    return -INF if a == 0.0 else NAN


def tanh(a, b=0.0):
    """The hyperbolic tangent of a"""
    x = math.fabs(a)
    if x < 0.6:  # the continued fraction: 1 - 2 / (…) would cancel
        z = x * x
        y = x / (1.0 + z / (3.0 + z / (5.0 + z / (7.0 + z / (9.0 + z / 11.0)))))
    else:
        y = 1.0 - 2.0 / (exp(x + x) + 1.0)
    return math.copysign(y, a)


def sigmoid(a, b=0.0):
    """1 / (1 + exp(-a))"""
    if a < 0.0:
        e = math.exp(a)
        return e / (1.0 + e)
    return 1.0 / (1.0 + exp(-a))


def relu(a, b):
    """0 where a < 0, else a: NaN stays NaN"""
    return 0.0 if a < 0.0 else a


def is_whole(a):
    """NaN and the infinities too: there is no fraction to take away."""
    return not math.fabs(a) < 8388608.0


def floor(a, b):
    """The greatest whole number that is not above a"""
    return a if is_whole(a) else math.copysign(math.floor(a), a)


def round(a, b):
    """The nearest whole number, of two the even one"""
    if is_whole(a):
        return a
    below = math.floor(a)
    rest = a - below
    return math.copysign(below + (1 if rest > 0.5 or rest == 0.5 and below & 1 else 0), a)


def expm1(a, b):
    """e to the a, less 1, good near 0 too (Kahan's way: the error of exp is undone by log)"""
    u = exp(a)
    if u == 1.0 or u == INF or u != u:
        return a if u == 1.0 else u
    return (u - 1.0) * (a / math.log(u)) if u > 1e-9 else u - 1.0


def log1p(a, b):
    """log(1 + a), good near 0 too"""
    u = 1.0 + a
    if u == 1.0:
        return a
    return log(u) + ((a - (u - 1.0)) / u if 0.0 < u < INF else 0.0)


def sin(a, b):
    """The sine of a, NaN for the infinities"""
    return NAN if a in (INF, -INF) else math.sin(a)


def cos(a, b):
    """The cosine of a, NaN for the infinities"""
    return NAN if a in (INF, -INF) else math.cos(a)


def erf(a, b):
    """The error function of a, by a series whose terms have one sign (Abramowitz and Stegun 7.1.6)"""
    if not -4.1 < a < 4.1:
        return a if a != a else math.copysign(1.0, a)
    z, term, total, n = 2.0 * a * a, a, a, 1.0
    while math.fabs(term) > 1e-17 * math.fabs(total):
        n += 2.0
        term = term * z / n
        total += term
    return 1.1283791670955126 * math.exp(-a * a) * total


def add(a, b):
    """a + b"""
    return a + b


def sub(a, b):
    """a - b"""
    return a - b


def mul(a, b):
    """a * b"""
    return a * b


def div(a, b):
    """a / b: by zero infinite, 0 / 0 is NaN"""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return NAN
    return INF if math.copysign(1.0, a) == math.copysign(1.0, b) else -INF


def maximum(a, b):
    """a where a >= b or a is NaN, else b"""
    return a if a >= b or a != a else b


def minimum(a, b):
    """a where a <= b or a is NaN, else b"""
    return a if a <= b or a != a else b


def to_whole(x, t):
    """x to the t for a whole t >= 0, by squaring from the lowest bit."""
    r = 1.0
    while t:
        if t & 1:
            r = r * x
        x = x * x
        t >>= 1
    return r


def pow(a, b):
    """a to the b, in special cases as C's pow: a to the 0 is 1, NaN below zero for a b that is not whole"""
    if b == 0.0 or a == 1.0:
        return 1.0
    if a != a or b != b:
        return NAN
    size = math.fabs(b)
    whole = size >= 16777216.0 or size == int(size)  # infinity counts as even
    odd = whole and size < 16777216.0 and int(size) & 1
    if a == 0.0 or a in (INF, -INF):
        y = INF if (a == 0.0) == (b < 0.0) else 0.0
    elif a < 0.0 and not whole:
        return NAN
    elif whole and size <= 64.0:
        y = to_whole(math.fabs(a), int(size))
        if b < 0.0:
            y = div(1.0, y)
    elif a == -1.0:
        y = 1.0
    else:
        try:
            y = math.pow(math.fabs(a), b)
        except (ValueError, OverflowError):  # nothing is left that could be wrong but overflow
            y = INF
    return -y if odd and math.copysign(1.0, a) < 0.0 else y


def eq(a, b):
    """1 where a == b, else 0"""
    return 1.0 if a == b else 0.0


def gt(a, b):
    """1 where a > b, else 0"""
    return 1.0 if a > b else 0.0


def relu_grad(a, b):
    """a = y, b = g: 0 where y <= 0, else g: NaN lets it pass"""
    return 0.0 if a <= 0.0 else b


def tanh_grad(a, b):
    """a = y, b = g: g * (1 - y * y)"""
    return b * (1.0 - a * a)


def sigmoid_grad(a, b):
    """a = y, b = g: g * (y * (1 - y))"""
    return b * (a * (1.0 - a))


def sqrt_grad(a, b):
    """a = y, b = g: (0.5 * g) / y"""
    return div(0.5 * b, a)


def remainder(a, b):
    """a - floor(a / b) * b: what is left has b's sign"""
    if b == 0.0 or a in (INF, -INF) or b != b:
        return NAN
    r = math.fmod(a, b)
    if r == 0.0:
        return math.copysign(r, b)
    return r + b if (r < 0.0) != (b < 0.0) else r


def atan2(a, b):
    """The angle of the point (b, a), from -pi to pi"""
    return math.atan2(a, b)


def keep(a, b):
    """b where a is not 0, else 0"""
    return b if a != 0.0 else 0.0


# In the order of table.FUNCTIONS, and of isa.WRITE, ADD, MULTIPLY, MAXIMUM, MINIMUM.
FUNCTIONS = (
    copy, neg, abs, sqrt, exp, log, tanh, sigmoid, relu, floor, round, expm1, log1p, sin, cos, erf, add, sub, mul, div,
    maximum, minimum, pow, eq, gt, relu_grad, tanh_grad, sigmoid_grad, sqrt_grad, remainder, atan2, keep,
)  # fmt: skip
INTO = (None, add, mul, maximum, minimum)
