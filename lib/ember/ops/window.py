"""Sines as they ought to be, and windows made of them: worked out in whole numbers, so that every board has the same
float32, the one nearest to the right value."""

import math

from ..tensors.tensor import Tensor, current_sink

PLACES = 60  # of whole numbers that stand for fractions: units of 2**-60
ONE = 1 << PLACES
_HALF_PI = 1811004864519280711  # of these units


def sine(j, n):
    """sin(2 pi j / n), in units of 2**-60, within a few of them."""
    quarter, r = divmod(4 * (j % n), n)
    if quarter & 1:
        r = n - r
    cosine = 2 * r > n  # the series of the nearer end
    angle = _HALF_PI * (n - r if cosine else r) // n
    square, k = angle * angle >> PLACES, 1 if cosine else 2
    total = term = ONE if cosine else angle
    while term > 1 or term < -1:
        term = -(term * square >> PLACES) // (k * (k + 1))
        total += term
        k += 2
    return -total if quarter > 1 else total


def cosine(j, n):
    """cos(2 pi j / n)"""
    return sine(4 * j + n, 4 * n)


def root(x):
    """The root of x, both in units of 2**-60."""
    x <<= PLACES
    low, high = 0, 1
    while high * high <= x:
        high += high
    while high - low > 1:
        middle = (low + high) >> 1
        if middle * middle <= x:
            low = middle
        else:
            high = middle
    return low


def rounded(x):
    """A number of units of 2**-60 as the nearest float32."""
    size = -x if x < 0 else x
    shift = PLACES - 24
    while size >> shift > 1 << 24:
        shift += 1
    while shift > 0 and size >> shift < 1 << 23:
        shift -= 1
    if shift > 0:
        size = (size + (1 << shift - 1)) >> shift
    y = math.ldexp(float(size), shift - PLACES)
    return -y if x < 0 else y


def constant(values, dims):
    """A tensor of numbers that are known now: while recording, one of the program's constants."""
    from array import array

    sink = current_sink()
    if sink.records:
        return sink.at(sink.constants(values), dims)
    return Tensor(array("f", values), dims)


def _window(window_length, periodic, least):
    """least + (1 - least) * (1 - cos(2 pi j / n)) / 2; least as a number of hundredths."""
    if not isinstance(window_length, int) or isinstance(window_length, bool) or window_length < 1:
        raise ValueError("window_length is %r; it may be a whole number from 1" % (window_length,))
    n = window_length if periodic else window_length - 1
    if window_length == 1:
        return constant([1.0], (1,))
    values = [rounded(((100 + least) * ONE - (100 - least) * cosine(j, n)) // 200) for j in range(window_length)]
    return constant(values, (window_length,))


def hann_window(window_length, periodic=True):
    """0.5 - 0.5 * cos(2 pi j / n), window_length of them; n is window_length, or one less unless `periodic`: a window
    for spectra repeats, one for filters is symmetric. Each value is the nearest float32."""
    return _window(window_length, periodic, 0)


def hamming_window(window_length, periodic=True):
    """0.54 - 0.46 * cos(2 pi j / n), as hann_window."""
    return _window(window_length, periodic, 8)
