from typing import Literal

from ..tensors.tensor import Tensor, _1

def mel_filterbank(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    sample_rate: float,
    norm: Literal["slaney"] | None = None,
    mel_scale: Literal["htk", "slaney"] = "htk",
) -> Tensor: ...
def log_mel(
    x: Tensor,
    sample_rate: float,
    n_fft: int,
    hop_length: int | None = None,
    n_mels: int = 40,
    f_min: float = 0.0,
    f_max: float | None = None,
    window: Tensor | _1 | None = None,
    power: float = 2.0,
    center: bool = True,
    norm: Literal["slaney"] | None = None,
    mel_scale: Literal["htk", "slaney"] = "htk",
    offset: float = 1e-6,
) -> Tensor: ...
def mfcc(
    x: Tensor,
    sample_rate: float,
    n_fft: int,
    hop_length: int | None = None,
    n_mfcc: int = 13,
    n_mels: int = 40,
    f_min: float = 0.0,
    f_max: float | None = None,
    window: Tensor | _1 | None = None,
    power: float = 2.0,
    center: bool = True,
    norm: Literal["slaney"] | None = None,
    mel_scale: Literal["htk", "slaney"] = "htk",
    offset: float = 1e-6,
) -> Tensor: ...
