"""The operations by one set of names for both: Ember's. What PyTorch calls otherwise, or takes otherwise, is turned."""

import numpy as np
import torch
import torch.nn.functional as F

import ember
from ember import Tensor


def floats(x):
    """A float32 tensor of an array."""
    x = np.asarray(x, "f4")
    return Tensor([float(v) for v in x.ravel()], x.shape)


class Ember:
    """ember, and what makes constants for it."""

    def __getattr__(self, name):
        return getattr(ember, name)

    def index(self, values):
        values = np.asarray(values)
        return Tensor([int(v) for v in values.ravel()], values.shape, dtype="i")

    def constant(self, values):
        return floats(values)

    def floats(self, x):
        return x


def every(x, dim):
    return tuple(range(x.ndim)) if dim is None else dim


class Torch:
    """PyTorch under Ember's names, in a dtype."""

    def __init__(self, dtype=torch.float64):
        self.dtype = dtype

    def __getattr__(self, name):
        return getattr(torch, name) if hasattr(torch, name) else getattr(F, name)

    def index(self, values):
        return torch.tensor(np.asarray(values), dtype=torch.int64)

    def constant(self, values):
        return torch.tensor(np.asarray(values, "f4"), dtype=self.dtype)

    def floats(self, x):
        return x.to(self.dtype)

    def floor_divide(self, a, b):
        return torch.floor_divide(a.detach(), b.detach())  # PyTorch has no gradient here, where Ember's is 0

    def rfft(self, x, n=None, norm=None):
        return torch.view_as_real(torch.fft.rfft(x, n, norm=norm))

    def irfft(self, x, n=None, norm=None):
        return torch.fft.irfft(torch.view_as_complex(x.contiguous()), n, norm=norm)

    def power_spectrum(self, x, n=None, norm=None):
        return self.rfft(x, n, norm).square().sum(-1)

    def stft(self, x, n_fft, hop_length, win_length, window, center, pad_mode, normalized):
        """Ember's frames come before its bins."""
        y = torch.stft(x, n_fft, hop_length, win_length, window, center, pad_mode, normalized, True, True)
        return torch.view_as_real(y.transpose(-1, -2))

    def repeat_interleave(self, x, repeats, dim):
        return torch.repeat_interleave(x, torch.tensor(repeats) if isinstance(repeats, list) else repeats, dim)

    def tile(self, x, *sizes):
        return torch.tile(x, sizes)

    def amax(self, x, dim=None, keepdim=False):
        return torch.amax(x, every(x, dim), keepdim)

    def amin(self, x, dim=None, keepdim=False):
        return torch.amin(x, every(x, dim), keepdim)

    max, min = amax, amin

    def sum(self, x, dim=None, keepdim=False):
        return torch.sum(x, every(x, dim), keepdim)

    def mean(self, x, dim=None, keepdim=False):
        return torch.mean(x, every(x, dim), keepdim)

    def prod(self, x, dim=None, keepdim=False):
        return torch.prod(x) if dim is None else torch.prod(x, dim, keepdim)

    def logsumexp(self, x, dim=None, keepdim=False):
        return torch.logsumexp(x, every(x, dim), keepdim)

    def norm(self, x, p=2, dim=None, keepdim=False):
        return torch.linalg.vector_norm(x, p, dim, keepdim)

    def any(self, x, dim=None, keepdim=False):
        return (torch.any(x) if dim is None else torch.any(x, dim, keepdim)).to(self.dtype)

    def all(self, x, dim=None, keepdim=False):
        return (torch.all(x) if dim is None else torch.all(x, dim, keepdim)).to(self.dtype)

    def argmax(self, x, dim=None, keepdim=False):
        return torch.argmax(x, dim, keepdim).to(self.dtype)

    def argmin(self, x, dim=None, keepdim=False):
        return torch.argmin(x, dim, keepdim).to(self.dtype)

    def argsort(self, x, dim=-1, descending=False):
        return torch.argsort(x, dim=dim, descending=descending, stable=True).to(self.dtype)

    def sort(self, x, dim=-1, descending=False):
        values, indices = torch.sort(x, dim=dim, descending=descending, stable=True)
        return values, indices.to(self.dtype)

    def flip(self, x, *dims):
        return torch.flip(x, dims)

    def expand(self, x, *sizes):
        return x.expand(*sizes)

    def repeat(self, x, *sizes):
        return x.repeat(*sizes)

    def permute(self, x, *order):
        return x.permute(*order)

    def reshape(self, x, *shape):
        return x.reshape(*shape)

    def index_select(self, x, dim, index):
        return torch.index_select(x, dim, torch.tensor([k % x.shape[dim] for k in index]))

    def where(self, condition, a, b):
        return torch.where(condition != 0, a, b)

    def masked_fill(self, x, mask, value):
        return x.masked_fill(mask != 0, value)

    def one_hot(self, index, num_classes):
        return F.one_hot(index, num_classes).to(self.dtype)

    def prelu(self, x, weight):
        """Ember's channels are the last dimension."""
        return F.prelu(x.movedim(-1, 1), weight).movedim(1, -1) if x.ndim > 1 else F.prelu(x[None], weight)[0]

    def swiglu(self, x, dim=-1):
        a, b = x.chunk(2, dim)
        return F.silu(a) * b

    def bilinear(self, x1, x2, weight, bias=None):
        return F.bilinear(x1, x2, weight.permute(2, 0, 1).contiguous(), bias)

    def gelu(self, x, approximate="none"):
        return F.gelu(x, approximate=approximate)


for _name in "eq ne lt le gt ge logical_not logical_and logical_or logical_xor isnan isinf isfinite".split():
    setattr(Torch, _name, lambda self, *inputs, _name=_name: getattr(torch, _name)(*inputs).to(self.dtype))


def numpy(x):
    """A tensor of either, as an array of float64."""
    if isinstance(x, Tensor):
        return np.array(x.tolist(), "f8")
    return np.array(x.detach().to(torch.float64).numpy())


def gradient(x):
    """Zeros where none has come."""
    if x.grad is None:
        return np.zeros(tuple(x.shape))
    return numpy(x.grad)
