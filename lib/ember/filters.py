"""Filters of the second order for ember.biquad: coefficients (b0, b1, b2, a1, a2), of Robert Bristow-Johnson's Audio EQ
Cookbook. Sines are worked out in whole numbers: every board has the same coefficients, each the nearest float32.

The nearest float32 is not near enough where frequency is below a thousandth of the sample rate: lower the rate first.
"""

from .base.check import number, positive
from .ops.window import ONE, cosine, rounded, sine

_UNIT = 1 << 16  # frequencies and Q are counted in parts of one as fine as this


def _angle(sample_rate, frequency, Q):
    """Of w = 2 pi frequency / sample_rate: cos(w), sin(w) / (2 Q) and 1 - cos(w), in units of 2**-60."""
    positive("sample_rate", sample_rate)
    number("frequency", frequency, 0, sample_rate / 2, "low high")
    j, n, q = int(frequency * _UNIT), int(sample_rate * _UNIT), int(positive("Q", Q) * _UNIT)
    if j < 1 or q < 1:
        raise ValueError("frequency is %r and Q %r; they may be from 1 / %d" % (frequency, Q, _UNIT))
    return cosine(j, n), sine(j, n) * _UNIT // (2 * q), 2 * (sine(j, 2 * n) ** 2 >> 60)


def _over(a0, *others):
    """All of them divided by a0."""
    return tuple([rounded((x << 60) // a0) for x in others])


def lowpass(sample_rate, frequency, Q=0.7071067811865476):
    """What is below frequency passes; above it falls by 12 dB an octave."""
    cos, alpha, below = _angle(sample_rate, frequency, Q)
    return _over(ONE + alpha, below >> 1, below, below >> 1, -2 * cos, ONE - alpha)


def highpass(sample_rate, frequency, Q=0.7071067811865476):
    """What is above frequency passes; below it falls by 12 dB an octave."""
    cos, alpha, _ = _angle(sample_rate, frequency, Q)
    above = ONE + cos
    return _over(ONE + alpha, above >> 1, -above, above >> 1, -2 * cos, ONE - alpha)


def bandpass(sample_rate, frequency, Q=0.7071067811865476):
    """What is around frequency passes, there whole (0 dB); frequency / Q is the width at -3 dB."""
    cos, alpha, _ = _angle(sample_rate, frequency, Q)
    return _over(ONE + alpha, alpha, 0, -alpha, -2 * cos, ONE - alpha)


def notch(sample_rate, frequency, Q=0.7071067811865476):
    """All but what is around frequency passes, such as the hum of the mains; frequency / Q is the width at -3 dB."""
    cos, alpha, _ = _angle(sample_rate, frequency, Q)
    return _over(ONE + alpha, ONE, -2 * cos, ONE, -2 * cos, ONE - alpha)


def peaking(sample_rate, frequency, gain, Q=0.7071067811865476):
    """gain dB more, or less, around frequency, the rest as it is."""
    from .tensors.eager import Eager
    from .tensors.tensor import Tensor, use

    cos, alpha, _ = _angle(sample_rate, frequency, Q)
    with use(Eager()):  # 10 ** (gain / 40), the same everywhere
        a = (Tensor([number("gain", gain, -120, 120)]) / 40.0 * 2.302585093).exp().item()
    fine = _UNIT * _UNIT
    a = int(a * fine)  # exact: a power of two
    more, less = alpha * a // fine, alpha * fine // a
    return _over(ONE + less, ONE + more, -2 * cos, ONE - more, -2 * cos, ONE - less)
