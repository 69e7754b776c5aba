"""The op table, continued: spectra as ears have them: the mel scale, its logarithm, and cepstra.

The tables are worked out by the VM, so that every board has the same bits.
"""

from array import array

from ..base.check import number, positive
from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from ..tensors.tensor import Tensor, apply, no_grad, numel, use
from .compare import gt, maximum, minimum, where
from .fft import spectrogram
from .math import expm1, log1p
from .rules import Op, summed_grad
from .window import ONE, constant, cosine, root, rounded

_bands = None  # the arguments and the result of the last call of bands(), kept while nothing is recorded


def _htk(f):
    return log1p(f / 700.0) * 1126.994181  # 2595 / log(10)


def _from_htk(mel):
    return expm1(mel / 1126.994181) * 700.0


# Slaney's: straight up to 1000 Hz, which is 15 mel, then 27 mel to each factor of 6.4.
_STEP = 8738133.0 / 131072.0  # 200 / 3, as the nearest float32
_LOG_STEP = 0.06875177742  # log(6.4) / 27


def _slaney(f):
    return where(gt(1000.0, f), f / _STEP, (maximum(f, 1000.0) / 1000.0).log() / _LOG_STEP + 15.0)


def _from_slaney(mel):
    return where(gt(15.0, mel), mel * _STEP, ((maximum(mel, 15.0) - 15.0) * _LOG_STEP).exp() * 1000.0)


def bands(n_freqs, f_min, f_max, n_mels, sample_rate, norm, mel_scale):
    """For each filter: its first bin, and what that bin and those that follow are multiplied with."""
    from ..tensors.eager import Eager

    global _bands
    key = (n_freqs, f_min, f_max, n_mels, sample_rate, norm, mel_scale)
    if _bands and _bands[0] == key:
        return _bands[1]
    for name, value in (("n_freqs", n_freqs), ("n_mels", n_mels)):
        if not isinstance(value, int) or value < 1:
            raise ValueError("%s is %r; it may be a whole number from 1" % (name, value))
    positive("sample_rate", sample_rate)
    if not 0 <= number("f_min", f_min) < number("f_max", f_max):
        raise ValueError("f_min is %r and f_max is %r; they may be from 0 up, in this order" % (f_min, f_max))
    if norm not in (None, "slaney"):
        raise ValueError("norm is %r; it may be None or 'slaney'" % (norm,))
    if mel_scale not in ("htk", "slaney"):
        raise ValueError("mel_scale is %r; it may be 'htk' or 'slaney'" % (mel_scale,))
    there, back = (_htk, _from_htk) if mel_scale == "htk" else (_slaney, _from_slaney)
    with use(Eager()), no_grad():
        low, high = there(Tensor([float(f_min)])), there(Tensor([float(f_max)]))
        steps = Tensor(array("f", range(n_mels + 2)))
        edges = back(steps * ((high - low) / float(n_mels + 1)) + low)
        bins = Tensor(array("f", range(n_freqs))) * (Tensor([sample_rate / 2.0]) / float(max(1, n_freqs - 1)))
        found, to = [], bins.tolist()
        for m in range(n_mels):
            a, b, c = edges[m : m + 1], edges[m + 1 : m + 2], edges[m + 2 : m + 3]
            first, last, least, most = 0, n_freqs, a.item(), c.item()
            while first < n_freqs and to[first] <= least:
                first += 1
            while last > first and to[last - 1] >= most:
                last -= 1
            values = ()
            if last > first:
                part = bins[first:last]
                part = minimum((part - a) / (b - a), (c - part) / (c - b))
                values = array("f", (part if norm is None else part * (2.0 / (c - a))).tolist())
            found.append((first, values))
    _bands = key, found
    return found


def mel_filterbank(n_freqs, f_min, f_max, n_mels, sample_rate, norm=None, mel_scale="htk"):
    """Triangles over the bins of a spectrum, whose corners are equally far apart on the mel scale: [n_freqs, n_mels],
    bin k being k * sample_rate / 2 / (n_freqs - 1) (torchaudio's melscale_fbanks).

    mel_scale: "htk": mel = 2595 * log10(1 + f / 700); "slaney": f * 3 / 200 up to 1000 Hz, then
    15 + 27 * log(f / 1000) / log(6.4). norm: None for a height of 1, "slaney" for an area of 1.
    """
    values = array("f", range(n_freqs * n_mels))
    for i in range(len(values)):
        values[i] = 0.0
    for m, (first, found) in enumerate(bands(n_freqs, f_min, f_max, n_mels, sample_rate, norm, mel_scale)):
        for i in range(len(found)):
            values[(first + i) * n_mels + m] = found[i]
    return Tensor(values, (n_freqs, n_mels))


# The product with a filter bank, of which only what is not 0 is kept.


def _product(sink, into, rows, c, columns, a, b, sizes):
    """c[i] = a[i] @ b, sizes (n, k), columns those of c and a."""
    n, k = sizes
    emit.matmul(sink, into=into, batch=1, m=rows, n=n, k=k, c_batch=0, c_m=columns[0], a_batch=0, a_m=columns[1],
                a_k=1, b_batch=0, b_k=n, b_n=1, c=c, a=a, b=b)  # fmt: skip


def _mel_emit(sink, y, inputs, saved):
    x, filters = inputs[0], saved[0]
    rows, width = numel(x.dims[:-1]), x.dims[-1]
    if [0 for _, values in filters if not len(values)]:
        sink.fill(y, 0.0)
    for m in range(len(filters)):
        first, values = filters[m]
        if len(values):
            b, size = sink.constants(list(values)), (1, len(values))
            _product(sink, WRITE, rows, y.alias(y.dims, m), (len(filters), width), x.alias(x.dims, first), b, size)


def _mel_grad(sink, y, g, inputs, saved):
    x, filters = inputs[0], saved[0]
    rows, width, d = numel(x.dims[:-1]), x.dims[-1], summed_grad(sink, x)
    for m in range(len(filters)):
        first, values = filters[m]
        if len(values):
            b, size = sink.constants(list(values)), (len(values), 1)
            at = d.alias(d.dims, first)
            _product(sink, INTO_ADD, rows, at, (width, len(filters)), g.alias(g.dims, m), b, size)


MEL = Op(lambda inputs, filters: inputs[0].dims[:-1] + (len(filters),), _mel_emit, _mel_grad, False)


def log_mel(x, sample_rate, n_fft, hop_length=None, n_mels=40, f_min=0.0, f_max=None, window=None, power=2.0,
            center=True, norm=None, mel_scale="htk", offset=1e-6):  # fmt: skip
    """log(mel + offset), mel being spectrogram(x, n_fft, hop_length, window, power, center) times
    mel_filterbank(...): [..., L] to [..., frames, n_mels]. f_max: sample_rate / 2 where it is None."""
    y = spectrogram(x, n_fft, hop_length, window, power, center)
    f_max = sample_rate / 2.0 if f_max is None else f_max
    filters = bands(y.dims[-1], f_min, f_max, n_mels, sample_rate, norm, mel_scale)
    return (apply(MEL, (y,), (filters,)) + positive("offset", offset)).log()


def _dct(n_mfcc, n_mels):
    """[n_mels, n_mfcc]: the orthonormal cosine transform of the second kind."""
    first, others = root(ONE // n_mels), root(2 * ONE // n_mels)
    values = []
    for n in range(n_mels):
        values += [rounded(cosine((2 * n + 1) * k, 4 * n_mels) * (others if k else first) >> 60) for k in range(n_mfcc)]
    return constant(values, (n_mels, n_mfcc))


def mfcc(x, sample_rate, n_fft, hop_length=None, n_mfcc=13, n_mels=40, f_min=0.0, f_max=None, window=None, power=2.0,
         center=True, norm=None, mel_scale="htk", offset=1e-6):  # fmt: skip
    """Mel-frequency cepstra: log_mel(...) times the orthonormal cosine transform, c[k] = f(k) * the sum over n of
    log_mel[n] * cos(pi * k * (n + 1/2) / n_mels), f(0) = sqrt(1 / n_mels), else sqrt(2 / n_mels):
    [..., L] to [..., frames, n_mfcc] (torchaudio's MFCC with log_mels, but for the order)."""
    if not isinstance(n_mfcc, int) or not 1 <= n_mfcc <= n_mels:
        raise ValueError("n_mfcc is %r; it may be a whole number from 1 to n_mels, %r" % (n_mfcc, n_mels))
    y = log_mel(x, sample_rate, n_fft, hop_length, n_mels, f_min, f_max, window, power, center, norm, mel_scale, offset)
    return y @ _dct(n_mfcc, n_mels)
