"""How near floats are, in units of the last place."""

import numpy as np


def ulps(got, want):
    """How far off each value is, in units of the last place; inf where it is NaN, inf or 0 and should not be."""
    got = got.astype(np.float64)
    want = np.clip(want, -(2.0**128), 2.0**128)  # what rounds to inf is as far as the next float32 would be
    got = np.where(np.isinf(got), np.copysign(2.0**128, got), got)
    unit = np.ldexp(1.0, np.clip(np.frexp(want)[1], -125, 128) - 24)
    off = np.abs(got - want) / unit
    nan = np.isnan(want)
    return np.where(nan, np.where(np.isnan(got), 0, np.inf), np.where(np.isnan(got), np.inf, off))


def agree(found, expected, ulps=3):
    """As float32; signs of zeros aside, but not those of infinities."""
    with np.errstate(all="ignore"):
        found, expected = np.asarray(found, "f8"), np.asarray(expected, "f8").astype("f4").astype("f8")
        unit = np.ldexp(1.0, np.clip(np.frexp(expected)[1], -125, 128) - 24)
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        return same | (np.isfinite(found) & np.isfinite(expected) & (np.abs(found - expected) <= ulps * unit))
