"""Cases of signals: transforms and spectra against numpy.fft, filters against their difference equation."""

import numpy as np

import ember
from ember import filters
from op_cases import covers

LENGTHS = (1, 2, 3, 4, 5, 8, 12, 16, 32)


def parts(z):
    return np.stack([z.real, z.imag], -1)


def matrix(n, function):
    """A linear function of n numbers, as its rows."""
    return np.stack([function(row).ravel() for row in np.eye(n)])


@covers("RFFT", "PAD")
def rfft(d):
    lead, width, norm = d.shape(d.choice((0, 1, 2))), d.choice(LENGTHS), d.choice((None, "ortho", "forward"))
    n = d.choice((None, *LENGTHS))
    x = d.normal((*lead, width))

    def f(x):
        return parts(np.fft.rfft(x, n, norm=norm))

    def gradient(g, x):
        m = matrix(width, f)
        return (g.reshape(*lead, m.shape[1]) @ m.T,)

    return [x], lambda x: ember.rfft(x, n, norm), f, gradient


@covers("IRFFT", "PAD")
def irfft(d):
    lead, bins, norm = d.shape(d.choice((0, 1, 2))), d.choice((2, 3, 4, 5, 9, 17)), d.choice((None, "ortho", "forward"))
    n = d.choice((None, *LENGTHS))
    x = d.normal((*lead, bins, 2))

    def f(x):
        pairs = np.array(x)
        size = 2 * (bins - 1) if n is None else n
        pairs[..., 0, 1] = 0
        if size % 2 == 0 and size // 2 < bins:
            pairs[..., size // 2, 1] = 0
        return np.fft.irfft(pairs[..., 0] + 1j * pairs[..., 1], n, norm=norm)

    def gradient(g, x):
        m = matrix(2 * bins, lambda row: f(row.reshape(bins, 2)))
        return ((g.reshape(-1, m.shape[1]) @ m.T).reshape(x.shape),)

    return [x], lambda x: ember.irfft(x, n, norm), f, gradient


@covers("POWER", "RFFT")
def power_spectrum(d):
    x = d.normal((*d.shape(d.choice((0, 1))), d.choice((2, 6, 8))))
    width = x.shape[-1]

    def gradient(g, x):
        m = matrix(width, lambda row: parts(np.fft.rfft(row)))
        return ((2 * g[..., None] * parts(np.fft.rfft(x))).reshape(*x.shape[:-1], -1) @ m.T,)

    return [x], ember.power_spectrum, lambda x: np.abs(np.fft.rfft(x)) ** 2, gradient


def framed(x, n, hop, window, center):
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], "reflect")
    count = 1 + (x.shape[-1] - n) // hop
    return np.stack([x[..., t * hop : t * hop + n] * window for t in range(count)], -2)


def numeric(f, inputs, g):
    """The gradient by central differences, where the formula would be the program again."""
    found = []
    for a in inputs:
        grad = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            held, h = a[i], 1e-4
            a[i] = held + h
            up = (f(*inputs) * g).sum()
            a[i] = held - h
            grad[i] = (up - (f(*inputs) * g).sum()) / (2 * h)
            a[i] = held
        found.append(grad)
    return found


def by_differences(f):
    return lambda g, *inputs: numeric(f, [np.array(a) for a in inputs], g)


@covers("FRAMES", "RFFT", "PIECES")
def stft(d):
    n, hop, center = d.choice((2, 4, 6, 8)), d.choice((1, 2, 3, 5, 9)), d.choice((True, False))
    short = d.choice((n, n - 1))
    x, window = d.normal((*d.shape(d.choice((0, 1))), d.choice((9, 14)))), d.normal((short,))
    normalized = d.choice((True, False))

    def f(x, window):
        before = (n - short) // 2
        whole = np.pad(window, (before, n - short - before))
        return parts(np.fft.rfft(framed(x, n, hop, whole, center), norm="ortho" if normalized else None))

    return ([x, window], lambda x, w: ember.stft(x, n, hop, short, w, center, normalized=normalized), f,
            by_differences(f))  # fmt: skip


@covers("FRAMES", "POWER", "NORM")
def spectrogram(d):
    n, hop, power = d.choice((2, 4, 8)), d.choice((1, 3, 4, None)), d.choice((1, 2))
    x = d.normal((*d.shape(d.choice((0, 1))), 12))
    window = np.sin(np.pi * np.arange(n) / n) ** 2

    def f(x):
        return np.abs(np.fft.rfft(framed(x, n, hop or n // 2, window, True))) ** power

    return [x], lambda x: ember.spectrogram(x, n, hop, power=power), f, by_differences(f)


def triangles(bins, low, high, count, rate, norm, scale):
    """[bins, count], from the formulas."""
    if scale == "htk":
        there, back = lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (10 ** (m / 2595) - 1)
    else:

        def there(f):
            return f * 3 / 200 if f < 1000 else 15 + 27 * np.log(f / 1000) / np.log(6.4)

        def back(m):
            return np.where(m < 15, m * 200 / 3, 1000 * 6.4 ** ((m - 15) / 27))

    edges = back(np.linspace(there(low), there(high), count + 2))
    f = np.linspace(0, rate / 2, bins)[:, None]
    up, down = (f - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - f) / np.diff(edges)[1:]
    found = np.maximum(0, np.minimum(up, down))
    return found * 2 / (edges[2:] - edges[:-2]) if norm else found


@covers("MEL", "FRAMES", "POWER")
def mel(d):
    n, count = d.choice((16, 32)), d.choice((2, 5, 9))
    norm, scale = d.choice((None, "slaney")), d.choice(("htk", "slaney"))
    cepstra = d.choice((0, 2))
    x = d.normal((*d.shape(d.choice((0, 1)))[:1], 40)) * 4
    x = x[:2] if x.ndim > 1 else x
    window = np.sin(np.pi * np.arange(n) / n) ** 2
    bank = triangles(n // 2 + 1, 100, 4000, count, 8000, norm, scale)
    k = np.arange(count)
    dct = np.cos(np.pi * (k[:, None] + 0.5) * k / count) * np.sqrt(2 / count)
    dct[:, 0] /= np.sqrt(2)

    def f(x):
        y = np.log(np.abs(np.fft.rfft(framed(x, n, n // 2, window, True))) ** 2 @ bank + 0.5)
        return y @ dct[:, :cepstra] if cepstra else y

    named = {"f_min": 100, "norm": norm, "mel_scale": scale, "offset": 0.5}
    if cepstra:
        return [x], lambda x: ember.mfcc(x, 8000, n, None, cepstra, count, **named), f, by_differences(f)
    return [x], lambda x: ember.log_mel(x, 8000, n, None, count, **named), f, by_differences(f)


def filtered(x, c, state=None):
    """The difference equation along axis 1 of [outer, n, inner]."""
    b0, b1, b2, a1, a2 = c
    y = np.zeros_like(x)
    s1, s2 = np.zeros((2, *x[:, 0].shape)) if state is None else (state[:, 0], state[:, 1])
    for t in range(x.shape[1]):
        y[:, t] = b0 * x[:, t] + s1
        s1, s2 = b1 * x[:, t] - a1 * y[:, t] + s2, b2 * x[:, t] - a2 * y[:, t]
    return y, np.stack([s1, s2], 1)


@covers("BIQUAD")
def biquad(d):
    outer, n, inner = d.size(), d.choice((1, 2, 3, 7, 12)), d.size()
    x = d.normal((outer, n, inner))
    kind = d.choice(("lowpass", "highpass", "bandpass", "notch"))
    c = np.array(getattr(filters, kind)(100, d.choice((5, 20, 40)), d.choice((0.5, 3.0))))
    how = d.choice(("numbers", "trained", "state"))
    if how == "numbers":

        def f(x):
            return filtered(x.transpose(0, 2, 1), c)[0].transpose(0, 2, 1)

        return [x], lambda x: ember.biquad(x, c.tolist()), f, by_differences(f)
    if how == "trained":
        return [x, c], lambda x, c: ember.biquad(x, c, dim=1), lambda x, c: filtered(x, c)[0], by_differences(
            lambda x, c: filtered(x, c)[0])  # fmt: skip
    state = d.normal((outer, 2, inner))
    return ([x, c, state], lambda x, c, s: ember.biquad(x, c, s, 1), lambda x, c, s: filtered(x, c, s)[0],
            by_differences(lambda x, c, s: filtered(x, c, s)[0]))  # fmt: skip
