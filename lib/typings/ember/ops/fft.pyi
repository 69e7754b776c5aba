from typing import Literal

from ..tensors.tensor import Tensor, _1, _Padding

def rfft(x: Tensor, n: int | None = None, norm: Literal["backward", "ortho", "forward"] | None = None) -> Tensor: ...
def irfft(x: Tensor, n: int | None = None, norm: Literal["backward", "ortho", "forward"] | None = None) -> Tensor: ...
def power_spectrum(
    x: Tensor, n: int | None = None, norm: Literal["backward", "ortho", "forward"] | None = None
) -> Tensor: ...
def stft(
    x: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | _1 | None = None,
    center: bool = True,
    pad_mode: _Padding = "reflect",
    normalized: bool = False,
) -> Tensor: ...
def spectrogram(
    x: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    window: Tensor | _1 | None = None,
    power: float = 2.0,
    center: bool = True,
) -> Tensor: ...
