"""Modules of both with the same weights. Ember's channels are the last dimension, PyTorch's the second; Ember's weights
are [in, out], PyTorch's [out, in]: both are turned here."""

import numpy as np
import torch

from ember import nn


def last(x):
    """Channels from the second dimension to the last."""
    return np.moveaxis(x, 1, -1)


def same(x):
    return x


def turned(w):
    return w.T


def kernel(w):
    """[out, in, K ...] to [K ..., in, out]; of one dimension [1, K, in, out]."""
    w = np.moveaxis(np.moveaxis(w, 1, -1), 0, -1)
    return w if w.ndim == 4 else w[None]


class Match:
    """A module of each: the inputs as PyTorch takes them; to, back: what turns a tensor for Ember, and back, of inputs
    and of the output; weights: (Ember's parameter, PyTorch's, how it is turned)."""

    def __init__(self, text, ours, theirs, inputs, to=same, out=None, weights=(), call=None):
        self.text, self.ours, self.theirs, self.inputs, self.to = text, ours, theirs, inputs, to
        self.out, self.weights = (to if out is None else out), list(weights)
        self.call = call or (lambda module, *x: module(*x))


def text_of(name, arguments, options):
    said = [str(a) for a in arguments] + ["%s=%s" % (k, v) for k, v in options.items()]
    return "%s(%s)" % (name, ", ".join(said))


def pair(name, *arguments, **options):
    """(its text, Ember's, PyTorch's)"""
    return (text_of(name, arguments, options), getattr(nn, name)(*arguments, **options),
            getattr(torch.nn, name)(*arguments, **options).double())  # fmt: skip


def affine(ours, theirs, turn=same):
    found = [(ours.weight, theirs.weight, turn)] if getattr(ours, "weight", None) is not None else []
    if getattr(ours, "bias", None) is not None:
        found.append((ours.bias, theirs.bias, same))
    return found
