"""Spectra and filters: how exact, what is refused, in a program over 16-bit audio, and the same bits everywhere."""

import contextlib
import io
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from ember import Tensor, filters, nn, optim, vm
from ember.ops import window as ops_window
from op_cases import vms
from op_cases_signal import filtered, framed, triangles


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def tensor(a, requires_grad=False):
    a = np.asarray(a, "f4")
    return Tensor(array("f", a.ravel().tolist()), a.shape, requires_grad)


def numbers(t):
    return np.asarray(t.tolist(), "f8")


def spectrum(t):
    y = numbers(t)
    return y[..., 0] + 1j * y[..., 1]


def off(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


# Transforms.


@pytest.mark.parametrize("kind", ["noise", "tone", "constant", "impulse", "loud and soft"])
@pytest.mark.parametrize("n", [2, 4, 8, 256, 4096])
def test_how_exact_a_transform_is(machine, kind, n):
    rng, t = np.random.default_rng(n), np.arange(n)
    x = {
        "noise": rng.normal(size=n), "tone": np.cos(2 * np.pi * t * 5.3 / n + 1), "constant": np.full(n, 0.1),
        "impulse": t == n // 2 - 1, "loud and soft": np.where(t % 2, 1e-4, 1e4) * rng.normal(size=n),
    }[kind].astype("f4")  # fmt: skip
    y = ember.rfft(tensor(x))
    expected = np.fft.rfft(x.astype("f8"))
    assert off(spectrum(y), expected) < 3e-7
    assert off(numbers(ember.irfft(y)), x) < 6e-7
    assert not numbers(y)[[0, -1], 1].any()


@settings(max_examples=40)
@given(st.data())
def test_any_length_and_norm(data):
    n, width = (data.draw(st.one_of(st.integers(1, 70), st.sampled_from([128, 400, 512]))) for _ in range(2))
    norm = data.draw(st.sampled_from([None, "backward", "ortho", "forward"]))
    x = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(3, width)).astype("f4")
    expected = np.fft.rfft(x.astype("f8"), n, norm=norm)
    y = ember.rfft(tensor(x), n, norm)
    assert off(spectrum(y), expected) < 1e-6
    back = ember.irfft(y, n, norm)
    cut = np.zeros((3, n))
    cut[:, : min(n, width)] = x[:, :n]
    assert off(numbers(back), cut) < 2e-6


def test_sizes_of_complex_numbers_are_kept(machine):
    """Parseval: the energy of both sides, by the orthonormal transform."""
    x = np.random.default_rng(1).normal(size=512).astype("f4")
    y = spectrum(ember.rfft(tensor(x), norm="ortho"))
    twice = np.full(257, 2.0)
    twice[[0, -1]] = 1
    assert (twice * np.abs(y) ** 2).sum() == pytest.approx((x.astype("f8") ** 2).sum(), rel=1e-6)


def test_sines_are_the_nearest_float32():
    for n in (3, 7, 64, 100, 400, 1024, 65536):
        for j in range(0, 2 * n, 1 + n // 300):
            found = ops_window.rounded(ops_window.sine(j, n))
            turn = 2 * np.pi * (np.longdouble(j % n) / n)
            wanted = np.sin(turn) if 8 * j % n else float(round(np.sin(turn) * 2**50)) / 2**50
            assert found == np.float32(found)
            assert abs(found - wanted) <= 0.50001 * np.spacing(np.float32(abs(wanted))) + 1e-19


# From SciPy's and PyTorch's documentation and NumPy's formulas: periodic, and symmetric.
@pytest.mark.parametrize("function, n, periodic, expected", [
    (ember.hann_window, 4, True, [0, 0.5, 1, 0.5]), (ember.hann_window, 5, False, np.hanning(5)),
    (ember.hann_window, 400, False, np.hanning(400)), (ember.hann_window, 400, True, np.hanning(401)[:-1]),
    (ember.hamming_window, 7, False, np.hamming(7)), (ember.hamming_window, 512, True, np.hamming(513)[:-1]),
    (ember.hann_window, 1, True, [1]), (ember.hamming_window, 1, False, [1]),
])  # fmt: skip
def test_windows(function, n, periodic, expected):
    assert np.allclose(function(n, periodic).tolist(), expected, rtol=0, atol=6e-8)


# Spectra over time.


def audio(n=4000):
    t = np.arange(n)
    return (np.sin(t * 0.3) + 0.3 * np.sin(t * 1.1) + 0.01 * np.random.default_rng(0).normal(size=n)).astype("f4")


def test_spectrogram_and_mel_against_numpy():
    x, window = audio(), np.hanning(257)[:-1]
    frames = framed(x.astype("f8"), 256, 64, window, True)
    power = np.abs(np.fft.rfft(frames)) ** 2
    assert off(numbers(ember.spectrogram(tensor(x), 256, 64)), power) < 1e-6
    assert off(numbers(ember.spectrogram(tensor(x), 256, 64, power=1)), np.sqrt(power)) < 1e-6
    apart = framed(x.astype("f8"), 256, 100, np.hamming(257)[:-1], False)
    found = ember.spectrogram(tensor(x), 256, 100, ember.hamming_window(256), center=False)
    assert off(numbers(found), np.abs(np.fft.rfft(apart)) ** 2) < 1e-6
    for norm, scale in ((None, "htk"), ("slaney", "slaney"), ("slaney", "htk"), (None, "slaney")):
        bank = triangles(129, 60, 7600, 40, 16000, norm, scale)
        named = {"norm": norm, "mel_scale": scale}
        found = numbers(ember.mel_filterbank(129, 60.0, 7600.0, 40, 16000, **named))
        assert np.abs(found - bank).max() < 2e-5 * bank.max()
        mel = numbers(ember.log_mel(tensor(x), 16000, 256, 64, 40, 60.0, 7600.0, **named))
        assert np.abs(mel - np.log(power @ bank + 1e-6)).max() < 2e-4


def test_mel_of_published_frequencies():
    """HTK: 1000 Hz are 1000 mel, as the scale was made; Slaney: 15 mel, and 27 more at 6400 Hz."""
    from ember.ops import mel as ops_mel

    assert ops_mel._htk(tensor([1000.0])).item() == pytest.approx(999.9855, rel=1e-6)
    assert numbers(ops_mel._slaney(tensor([0.0, 500.0, 1000.0, 6400.0]))) == pytest.approx([0, 7.5, 15, 42], rel=1e-6)
    for there, back in ((ops_mel._htk, ops_mel._from_htk), (ops_mel._slaney, ops_mel._from_slaney)):
        f = np.array([20.0, 999, 1001, 4000, 8000])
        assert numbers(back(there(tensor(f)))) == pytest.approx(f, rel=2e-6)


def test_silence_has_gradients():
    for power in (1, 2):
        x = tensor(np.zeros(64), True)
        (ember.spectrogram(x, 16, 8, power=power) + 1e-6).log().sum().backward()
        assert not numbers(x.grad).any()


# Filters.


def cookbook(kind, rate, f, q, gain=0.0):
    """Audio EQ Cookbook, as it is printed."""
    w0 = 2 * np.pi * f / rate
    cos, alpha, a = np.cos(w0), np.sin(w0) / (2 * q), 10 ** (gain / 40)
    b, a = {
        "lowpass": ([(1 - cos) / 2, 1 - cos, (1 - cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
        "highpass": ([(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
        "bandpass": ([alpha, 0, -alpha], [1 + alpha, -2 * cos, 1 - alpha]),
        "notch": ([1, -2 * cos, 1], [1 + alpha, -2 * cos, 1 - alpha]),
        "peaking": ([1 + alpha * a, -2 * cos, 1 - alpha * a], [1 + alpha / a, -2 * cos, 1 - alpha / a]),
    }[kind]
    return np.array([*b, *a[1:]]) / a[0]


@settings(max_examples=200)
@given(
    st.sampled_from(["lowpass", "highpass", "bandpass", "notch", "peaking"]),
    st.sampled_from([100.0, 8000, 44100.0, 48000]),
    st.floats(0.0005, 0.499),
    st.floats(0.1, 50),
    st.floats(-40, 40),
)
def test_designs_are_the_cookbooks(kind, rate, part, q, gain):
    f = int(part * rate * 256) / 256
    found = getattr(filters, kind)(rate, f, *([gain] if kind == "peaking" else []), q)
    q = int(q * 65536) / 65536
    assert found == pytest.approx(cookbook(kind, rate, f, q, gain), rel=3e-6 if kind == "peaking" else 3e-7, abs=1e-9)
    assert all(value == np.float32(value) for value in found)


def test_a_filter_lets_pass_what_it_should(machine):
    """Gains at 0, at the corner and at half the rate, from the response to an impulse."""
    impulse = tensor(np.eye(1, 400).ravel())
    for kind, at in (("lowpass", (1, np.sqrt(0.5), 0)), ("highpass", (0, np.sqrt(0.5), 1)), ("bandpass", (0, 1, 0)),
                     ("notch", (1, 0, 1))):  # fmt: skip
        y = np.fft.rfft(numbers(ember.biquad(impulse, getattr(filters, kind)(400, 50))))
        assert np.abs(y[[0, 50, 200]]) == pytest.approx(at, abs=2e-5)
    y = np.fft.rfft(numbers(ember.biquad(impulse, filters.peaking(400, 50, 6.0))))
    assert np.abs(y[[0, 50, 200]]) == pytest.approx((1, 10 ** (6 / 20), 1), abs=1e-4)


def test_a_stream_in_windows_is_the_whole(machine):
    x, c = audio(120).reshape(2, 20, 3), filters.lowpass(100, 9, 2.0)
    whole = ember.biquad(tensor(x), c, dim=1)
    parts, state = [], None
    for first, last in ((0, 7), (7, 8), (8, 20)):
        y, state = ember.biquad(tensor(x[:, first:last]), c, state, 1, return_state=True)
        parts.append(numbers(y))
    parts = np.concatenate(parts, 1)
    assert np.array_equal(parts, numbers(whole)) if machine == "native" else off(parts, numbers(whole)) < 1e-6
    expected, end = filtered(x.astype("f8"), c)
    assert np.abs(numbers(whole) - expected).max() < 1e-6 and np.abs(numbers(state) - end).max() < 1e-6


X = tensor(np.ones((2, 8)))


@pytest.mark.parametrize("f, says", [
    (lambda: ember.rfft(X, 0), "n is 0; it may be a whole number from 1"),
    (lambda: ember.rfft(X, 8.0), "n is 8.0"),
    (lambda: ember.rfft(X, 131072), "n is 131072; it may be a power of two up to 65536, or any number up to 4094"),
    (lambda: ember.rfft(X, 5000), "n is 5000; it may be a power of two"),
    (lambda: ember.rfft(X, norm="some"), "norm is 'some'; it may be None, 'backward', 'ortho' or 'forward'"),
    (lambda: ember.rfft(Tensor(1.0)), r"rfft of shape \(\)"),
    (lambda: ember.irfft(X), r"irfft of shape \(2, 8\); it may be \[..., bins, 2\]"),
    (lambda: ember.irfft(X.reshape(8, 1, 2)), "n is 0"),
    (lambda: ember.stft(X, 16, center=False), "stft of 8 samples in frames of 16"),
    (lambda: ember.stft(X, 8, 0), "hop_length is 0; it may be a whole number from 1"),
    (lambda: ember.stft(X, 4, win_length=5), "win_length is 5; it may be a whole number from 1 to n_fft, 4"),
    (lambda: ember.stft(X, 4, window=[1.0] * 3), r"window has shape \(3,\); it may be \(4,\)"),
    (lambda: ember.spectrogram(X, 4, power=3), "power is 3; it may be 1 or 2"),
    (lambda: ember.log_mel(X, 8000, 4, n_mels=0), "n_mels is 0"),
    (lambda: ember.log_mel(X, 8000, 4, f_min=5000), "f_min is 5000 and f_max is 4000.0"),
    (lambda: ember.log_mel(X, 8000, 4, norm="x"), "norm is 'x'"),
    (lambda: ember.log_mel(X, 8000, 4, mel_scale="x"), "mel_scale is 'x'; it may be 'htk' or 'slaney'"),
    (lambda: ember.log_mel(X, 8000, 4, offset=0), "offset is 0"),
    (lambda: ember.mfcc(X, 8000, 4, n_mfcc=9, n_mels=8), "n_mfcc is 9; it may be a whole number from 1 to n_mels, 8"),
    (lambda: ember.hann_window(0), "window_length is 0; it may be a whole number from 1"),
    (lambda: ember.biquad(X, [1.0] * 4), r"coefficients have shape \(4,\); they may be b0, b1, b2, a1, a2"),
    (lambda: ember.biquad(X, [1.0] * 5, X), r"state has shape \(2, 8\); it may be \(2, 2\)"),
    (lambda: ember.biquad(X, [1.0] * 5, dim=2), "dim 2"),
    (lambda: filters.lowpass(100, 50), "frequency is 50; it may be a number above 0 to below 50"),
    (lambda: filters.notch(100, 5, 0), "Q is 0"),
    (lambda: filters.peaking(100, 5, 121), "gain is 121"),
])  # fmt: skip
def test_refusals(f, says):
    with pytest.raises(ValueError, match=says):
        f()


# In a program: 16-bit audio goes in, its features are worked out where the net is.


class Listener(nn.Module):
    def __init__(self):
        ember.manual_seed(3)
        self.out = nn.Linear(5, 2)
        self.filter = ember.Parameter((5,))
        with ember.no_grad():
            self.filter[...] = tensor(filters.highpass(8000, 200))

    def forward(self, x):
        y = ember.biquad(x, self.filter)
        y = ember.mfcc(y, 8000, 32, 16, 5, 10, offset=0.01)
        return self.out(y.mean(1))


def batch(rows=6, n=128):
    rng = np.random.default_rng(5)
    t, labels = np.arange(n), rng.integers(2, size=rows)
    x = np.sin(t * (0.2 + 0.9 * labels[:, None])) * 9000 + rng.normal(size=(rows, n)) * 500
    return array("h", x.astype("h").ravel().tolist()), bytes(labels.tolist())


def listening(**named):
    model = Listener()
    optimizer = optim.SGD(model.parameters(), lr=0.02)
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (128,), 6, "h", 1 / 32768, **named)


def test_features_within_a_recorded_model(machine):
    x, y = batch()
    trainer, model = listening(), Listener()
    trainer.accumulate(x, y)
    loss = nn.CrossEntropyLoss(reduction="sum")(model(tensor(np.array(x).reshape(6, 128) / 32768)), list(y))
    loss.backward()
    for p, q in zip(trainer.model.parameters(), model.parameters()):
        assert np.allclose(numbers(p.grad), numbers(q.grad), rtol=2e-4, atol=2e-5)
    before = trainer.loss
    for _ in range(30 if machine == "native" else 2):
        trainer.step(x, y)
    assert trainer.loss < (0.7 * before if machine == "native" else before)


def test_slices_and_parts_give_the_bits_of_the_whole():
    vm.select("native")
    x, y = batch()
    whole, sliced, parts = listening(), listening(), listening()
    whole.step(x, y)
    done, slices = sliced.step(x, y, 1), 1
    while not done:
        done, slices = sliced.poll(1), slices + 1
    assert slices > 20
    assert [p.tolist() for p in whole.model.parameters()] == [p.tolist() for p in sliced.model.parameters()]
    parts.accumulate(x[: 2 * 128], y[:2])
    parts.accumulate(x[2 * 128 :], y[2:])
    parts.update()
    assert [p.tolist() for p in whole.model.parameters()] == [p.tolist() for p in parts.model.parameters()]
    vm.select()


def test_what_would_mix_samples_is_refused():
    for f in (lambda x: ember.rfft(x.sum(1)), lambda x: ember.biquad(x, [1.0] * 5, dim=0)):
        with pytest.raises(ValueError, match="batch"):
            ember.record(f, (4, 8))


# On every board.

EVERYWHERE = """
import ember
from array import array
from ember import Tensor, filters
def show(*tensors):
    for t in tensors:
        print("".join(["%02x" % b for b in bytes(array("f", t.reshape(-1).tolist()))]))
x = Tensor(array("f", [((i * i * 37 + 11 * i) % 256 - 128) / 16 for i in range(96)]), (2, 48), True)
w = ember.hamming_window(12, False)
y = ember.mfcc(x, 8000, 16, 8, 4, 8, mel_scale="slaney", norm="slaney")
z = ember.biquad(x, filters.peaking(8000, 440.5, 3.0), dim=1)
f = ember.rfft(x, 50, "ortho")
(y.sum() + (z * z).sum() + f.sum() + ember.irfft(ember.rfft(x, 64)).sum()).backward()
show(w, ember.hann_window(9), y, z, f, x.grad, ember.mel_filterbank(9, 0.0, 4000.0, 4, 8000))
designs = filters.lowpass, filters.highpass, filters.bandpass, filters.notch
show(*[Tensor(list(design(8000, 1000.25, 1.5))) for design in designs])
"""


def test_the_same_bits_everywhere(micropython):
    said = io.StringIO()
    vm.select("native")
    with contextlib.redirect_stdout(said):
        exec(EVERYWHERE, {})
    vm.select()
    assert micropython(EVERYWHERE, heap="4m").split() == said.getvalue().split()
