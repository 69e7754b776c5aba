"""What the conformance cases draw their values with, and where they are kept: CASES."""

import numpy as np

from ember.instructions import isa

CASES = {}


def case(function):
    CASES[function.__name__.rstrip("_")] = function
    return function


def normal(r, count, scale=1.0):
    """Normal values; sometimes halves, so that there are ties and zeros."""
    values = np.random.default_rng(r.getrandbits(32)).standard_normal(count)
    if r.random() < 0.2:
        values = np.round(values * 2) / 2
    return (values * scale).astype(np.float32)


def positive(r, count):
    return np.abs(normal(r, count)) + np.float32(0.1)


def held(r, count, into):
    """What a destination holds: NaN where it is only written."""
    return np.full(count, np.nan, np.float32) if into == isa.WRITE else normal(r, count)


def arguments(r, name, side):
    """A function that makes values a map's function may meet."""

    def make(count):
        values = np.clip(normal(r, count, 1.5), -3, 3)
        if name == "pow" and side == "b":
            return np.array([r.choice((0, 1, 2, 3, 8, -1, -2, 0.5, -0.5, 1.5, 2.25, -1.25)) for _ in values])
        if name in ("pow", "log", "sqrt") and r.random() < 0.8 or name in ("sqrt_grad", "div"):
            values = np.abs(values) + np.float32(0.05)
        return values

    return make
