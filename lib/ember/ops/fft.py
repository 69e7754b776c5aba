"""The op table, continued: the Fourier transform of real numbers, and spectra. There are no complex tensors: a spectrum
is [..., n // 2 + 1, 2], real and imaginary part.
"""

from array import array

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors.tensor import Tensor, apply, numel
from . import rules
from .arrange import pad
from .math import tensor
from .rules import MUL_FN, Op, contribute, into_grad, strided, strides_of, summed_grad
from .slice import cut, view, whole
from .window import ONE, constant, cosine, hann_window, root, rounded, sine

MOST = 1 << 16  # of what goes by powers of two
MOST_OTHER = 4094  # of which a matrix has no more elements than a tensor may

_waves = None  # the sines of the last length, kept while nothing is recorded


def _wave(sink, n):
    """sin(2 pi j / n) over half a turn: what the instruction reads."""
    global _waves
    values = _waves if _waves and len(_waves) == n // 2 else [rounded(sine(j, n)) for j in range(n // 2)]
    _waves = None if sink.records else values
    return sink.constants(values)


def _transform(sink, transposed, d, x, rows, n, scale):
    half, levels = n // 2, 0
    while 1 << levels < half:
        levels += 1
    wave = _wave(sink, n)
    scale = sink.constants(scale)
    if transposed:
        emit.rfft_transposed(sink, n=rows, half=half, levels=levels, x=d, y=x, wave=wave, scale=scale)
    else:
        emit.rfft(sink, n=rows, half=half, levels=levels, y=d, x=x, wave=wave, scale=scale)


def _transform_grad(transposed):
    """The gradient of one is the other, with the same scale."""

    def grad(sink, y, g, inputs, saved):
        x, (n, scale, dims) = inputs[0], saved
        d, into = into_grad(sink, x)
        t = d if into == WRITE else sink.new(x.dims)
        _transform(sink, transposed, t, g, numel(dims[:-1]), n, scale)
        if into != WRITE:
            sink.copy(d, t, into)

    return grad


# Arguments: n, [scale at both ends, scale of the others], the dimensions [..., n].

RFFT = Op(
    lambda inputs, n, scale, dims: dims[:-1] + (n // 2 + 1, 2),
    lambda sink, y, inputs, saved: _transform(sink, False, y, inputs[0], numel(saved[2][:-1]), saved[0], saved[1]),
    _transform_grad(True),
    False,
)
IRFFT = Op(
    lambda inputs, n, scale, dims: dims,
    lambda sink, y, inputs, saved: _transform(sink, True, y, inputs[0], numel(saved[2][:-1]), saved[0], saved[1]),
    _transform_grad(False),
    False,
)


def _length(name, n, least=1):
    if not isinstance(n, int) or isinstance(n, bool) or n < least:
        raise ValueError("%s is %r; it may be a whole number from %d" % (name, n, least))
    fits = n & (n - 1) == 0 and 1 < n <= MOST
    if not fits and n > MOST_OTHER:
        raise ValueError("%s is %d; it may be a power of two up to %d, or any number up to %d"
                         % (name, n, MOST, MOST_OTHER))  # fmt: skip
    return fits


def _factor(norm, n, backward):
    """What a transform is multiplied with, in units of 2**-60. backward: where that is 1 / n."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise ValueError("norm is %r; it may be None, 'backward', 'ortho' or 'forward'" % (norm,))
    if norm == "ortho":
        return root(ONE // n)
    return ONE // n if (norm or "backward") == backward else ONE


def _samples(x, what):
    x = tensor(x)
    if not x.dims or x.dims[-1] < 0:
        raise ValueError("%s of shape %s: the last dimension is time, and not the batch" % (what, x.shape))
    return x


def _sized(x, dim, n):
    """Dimension dim cut to n, or filled up with zeros behind."""
    have = x.dims[dim]
    if n < have:
        parts = whole(x)
        parts[dim] = (0, n, 1)
        return cut(x, parts)
    return pad(x, (0, 0) * (len(x.dims) - 1 - dim) + (0, n - have)) if n > have else x


def rfft(x, n=None, norm=None):
    """The transform of real numbers along the last dimension: [..., L] to [..., n // 2 + 1, 2], the real and the
    imaginary part of the sum over j of x[j] * exp(-2 pi i jk / n).

    n: how many are transformed, the first of L or with zeros behind; L where it is None. norm, as PyTorch's: "backward"
    (or None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.
    A power of two, up to 65536, takes n * log2(n) steps and is within 3e-7 of the right spectrum (norm of the error by
    norm of the spectrum); other lengths, up to 4094, take a product with a constant matrix of n * (n + 2) numbers.
    """
    x = _samples(x, "rfft")
    n = x.dims[-1] if n is None else n
    fits = _length("n", n)
    factor = _factor(norm, n, "forward")
    x = _sized(x, len(x.dims) - 1, n)
    if fits:
        scale = rounded(factor)
        return apply(RFFT, (x,), (n, (scale, scale), x.dims))
    bins = n // 2 + 1
    values = array("f", range(n * 2 * bins))
    for i in range(n * bins):
        angle = i // bins * (i % bins)
        values[2 * i] = rounded(cosine(angle, n) * factor >> 60)
        values[2 * i + 1] = rounded(-sine(angle, n) * factor >> 60)
    y = x @ constant(values, (n, 2 * bins))
    return view(y, y.dims[:-1] + (bins, 2))


def irfft(x, n=None, norm=None):
    """The inverse of rfft: [..., n // 2 + 1, 2] to [..., n] real numbers. n is 2 * (bins - 1) where it is None; bins
    that are too many are left out, missing ones are 0. The imaginary parts of the first bin, and of the last of an
    even n, count as 0. norm as given to rfft."""
    x = tensor(x)
    rank = len(x.dims)
    if rank < 2 or x.dims[-1] != 2 or x.dims[-2] < 0:
        raise ValueError("irfft of shape %s; it may be [..., bins, 2]" % (x.shape,))
    n = 2 * (x.dims[-2] - 1) if n is None else n
    fits = _length("n", n)
    factor, bins = _factor(norm, n, "backward"), n // 2 + 1
    x = _sized(x, rank - 2, bins)
    dims = x.dims[:-2] + (n,)
    if fits:
        return apply(IRFFT, (x,), (n, (rounded(factor), rounded(2 * factor)), dims))
    values = array("f", range(2 * bins * n))
    for i in range(bins * n):
        k, j = i // n, i % n
        twice = factor if k == 0 or 2 * k == n else 2 * factor
        values[2 * k * n + j] = rounded(cosine(j * k, n) * twice >> 60)
        values[(2 * k + 1) * n + j] = rounded(-sine(j * k, n) * twice >> 60)
    return view(x, x.dims[:-2] + (2 * bins,)) @ constant(values, (2 * bins, n))


# The squares of a spectrum's sizes: x [..., bins, 2].


def _power_emit(sink, y, inputs, saved):
    x, dims = inputs[0], y.dims
    each = [2 * step for step in strides_of(dims)]
    for part, into in ((x, WRITE), (x.alias(x.dims, 1), INTO_ADD)):
        strided(sink, MUL_FN, into, dims, y, strides_of(dims), part, each, part, each)


def _power_grad(sink, y, g, inputs, saved):
    x = inputs[0]
    twice = sink.new(g.dims)
    sink.map(rules.ADD_FN, twice, g, g)
    contribute(sink, x, MUL_FN, x.dims, twice, strides_of(g.dims) + [0], x, strides_of(x.dims))


POWER = Op(lambda inputs: inputs[0].dims[:-1], _power_emit, _power_grad)


def power_spectrum(x, n=None, norm=None):
    """re * re + im * im of rfft(x, n, norm): [..., L] to [..., n // 2 + 1]."""
    return apply(POWER, (rfft(x, n, norm),))


# Frames: inputs x [..., L] and a window [n], to [..., frames, n].


def _frames_shape(inputs, frames, hop):
    return inputs[0].dims[:-1] + (frames, inputs[1].dims[0])


def _steps(x, hop):
    return strides_of(x.dims)[:-1] + [hop, 1]


def _frames_emit(sink, y, inputs, saved):
    (x, window), dims = inputs, y.dims
    strided(sink, MUL_FN, WRITE, dims, y, strides_of(dims), x, _steps(x, saved[1]),
            window, [0] * (len(dims) - 1) + [1])  # fmt: skip


def _frames_grad(sink, y, g, inputs, saved):
    (x, window), dims, each = inputs, y.dims, strides_of(y.dims)
    if x.requires_grad:
        strided(sink, MUL_FN, INTO_ADD, dims, summed_grad(sink, x), _steps(x, saved[1]), g, each,
                window, [0] * (len(dims) - 1) + [1])  # fmt: skip
    if window.requires_grad:
        contribute(sink, window, MUL_FN, dims, g, each, x, _steps(x, saved[1]))


FRAMES = Op(_frames_shape, _frames_emit, _frames_grad)


def _window_of(window, win_length, n_fft):
    """The window as a tensor [n_fft], zeros on both sides where it is shorter."""
    if window is None:
        window = constant([1.0] * win_length, (win_length,))
    elif not isinstance(window, Tensor):
        window = constant([float(value) for value in window], (len(window),))
    if window.dims != (win_length,):
        raise ValueError("window has shape %s; it may be (%d,)" % (window.shape, win_length))
    before = (n_fft - win_length) // 2
    return pad(window, (before, n_fft - win_length - before)) if win_length < n_fft else window


def stft(x, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="reflect", normalized=False):
    """Spectra of frames: [..., L] to [..., frames, n_fft // 2 + 1, 2], PyTorch's but for the order: time comes before
    the bins, as in everything here, and parts stand last.

    A frame is n_fft samples, hop_length (n_fft // 4) after the one before, times the window: win_length (n_fft)
    numbers, ones where it is None. center: half a frame is added on both sides, as pad_mode says (see pad), so that
    frame t is around sample t * hop_length. normalized: divided by sqrt(n_fft).
    """
    x = _samples(x, "stft")
    _length("n_fft", n_fft)
    hop = n_fft // 4 if hop_length is None else hop_length
    if not isinstance(hop, int) or hop < 1:
        raise ValueError("hop_length is %r; it may be a whole number from 1" % (hop,))
    win_length = n_fft if win_length is None else win_length
    if not isinstance(win_length, int) or not 1 <= win_length <= n_fft:
        raise ValueError("win_length is %r; it may be a whole number from 1 to n_fft, %d" % (win_length, n_fft))
    window = _window_of(window, win_length, n_fft)
    if center:
        x = pad(x, (n_fft // 2, n_fft // 2), pad_mode)
    if x.dims[-1] < n_fft:
        raise ValueError("stft of %d samples in frames of %d; it takes one whole frame" % (x.dims[-1], n_fft))
    frames = 1 + (x.dims[-1] - n_fft) // hop
    return rfft(apply(FRAMES, (x, window), (frames, hop)), None, "ortho" if normalized else None)


def spectrogram(x, n_fft, hop_length=None, window=None, power=2.0, center=True):
    """What of each frequency there is, over time: [..., L] to [..., frames, n_fft // 2 + 1], of stft(x) the size to the
    power of 2, or of 1. hop_length: n_fft // 2 where it is None. window: a tensor or a list of n_fft numbers;
    hann_window(n_fft) where it is None (torchaudio's Spectrogram, but for the order of frames and bins)."""
    if power not in (1, 2):
        raise ValueError("power is %r; it may be 1 or 2 (stft has the parts themselves)" % (power,))
    _length("n_fft", n_fft)
    hop = max(1, n_fft // 2) if hop_length is None else hop_length
    y = stft(x, n_fft, hop, None, hann_window(n_fft) if window is None else window, center)
    return apply(POWER, (y,)) if power == 2 else y.norm(2, -1)
