"""Cases of the activations, as functions and as modules. Beside a name: what NumPy has for it, and its derivative."""

import numpy as np

import ember
from ember import nn
from op_cases import covers, soft
from op_cases_math import erf

ROOT = np.sqrt(2 / np.pi)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(0, x)


def inner(x):
    return np.tanh(ROOT * (x + 0.044715 * x**3))


def mish_slope(x):
    t = np.tanh(softplus(x))
    return t + x * (1 - t**2) * sigmoid(x)


def exponential(alpha, width, scale=1.0):
    return (lambda x: scale * np.where(x > 0, x, alpha * np.expm1(x / width)),
            lambda x: scale * np.where(x > 0, 1, alpha / width * np.exp(x / width)))  # fmt: skip


# (function, module, arguments): (what NumPy has for it, its derivative)
SMOOTH = {
    ("silu", "SiLU", ()): (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    ("mish", "Mish", ()): (lambda x: x * np.tanh(softplus(x)), mish_slope),
    ("gelu", "GELU", ()): (
        lambda x: x / 2 * (1 + erf(x / np.sqrt(2))),
        lambda x: (1 + erf(x / np.sqrt(2))) / 2 + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    ),
    ("gelu", "GELU", ("tanh",)): (
        lambda x: x / 2 * (1 + inner(x)),
        lambda x: (1 + inner(x)) / 2 + x / 2 * (1 - inner(x) ** 2) * ROOT * (1 + 3 * 0.044715 * x**2),
    ),
    ("softplus", "Softplus", ()): (softplus, sigmoid),
    ("softplus", "Softplus", (2.5, 1e9)): (lambda x: softplus(2.5 * x) / 2.5, lambda x: sigmoid(2.5 * x)),
    ("softplus", "Softplus", (0.5, 0.4)): (
        lambda x: np.where(x > 0.8, x, softplus(x / 2) * 2),
        lambda x: np.where(x > 0.8, 1, sigmoid(x / 2)),
    ),
    ("softsign", "Softsign", ()): (lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2),
    ("logsigmoid", "LogSigmoid", ()): (lambda x: -softplus(-x), lambda x: sigmoid(-x)),
    ("tanhshrink", "Tanhshrink", ()): (lambda x: x - np.tanh(x), lambda x: np.tanh(x) ** 2),
}
PIECEWISE = {
    ("relu6", "ReLU6", ()): (lambda x: np.clip(x, 0, 6), lambda x: (x > 0) & (x < 6)),
    ("leaky_relu", "LeakyReLU", ()): (lambda x: np.where(x > 0, x, x / 100), lambda x: np.where(x > 0, 1, 0.01)),
    ("leaky_relu", "LeakyReLU", (1.5,)): (lambda x: np.where(x > 0, x, 1.5 * x), lambda x: np.where(x > 0, 1, 1.5)),
    ("elu", "ELU", ()): exponential(1, 1),
    ("elu", "ELU", (0.4,)): exponential(0.4, 1),
    ("elu", "ELU", (2,)): exponential(2, 1),
    ("celu", "CELU", (0.75,)): exponential(0.75, 0.75),
    ("celu", "CELU", (2,)): exponential(2, 2),
    ("selu", "SELU", ()): exponential(1.6732632423543772, 1, 1.0507009873554805),
    ("hardtanh", "Hardtanh", ()): (lambda x: np.clip(x, -1, 1), lambda x: abs(x) < 1),
    ("hardtanh", "Hardtanh", (-0.5, 2.25)): (lambda x: np.clip(x, -0.5, 2.25), lambda x: (x > -0.5) & (x < 2.25)),
    ("hardsigmoid", "Hardsigmoid", ()): (lambda x: np.clip(x + 3, 0, 6) / 6, lambda x: (abs(x) < 3) / 6),
    ("hardswish", "Hardswish", ()): (
        lambda x: x * np.clip(x + 3, 0, 6) / 6,
        lambda x: np.where(x > 3, 1, np.where(x < -3, 0, x / 3 + 0.5)),
    ),
    ("softshrink", "Softshrink", ()): (lambda x: x - np.clip(x, -0.5, 0.5), lambda x: abs(x) > 0.5),
    ("softshrink", "Softshrink", (1.25,)): (lambda x: x - np.clip(x, -1.25, 1.25), lambda x: abs(x) > 1.25),
    ("hardshrink", "Hardshrink", ()): (lambda x: x * (abs(x) > 0.5), lambda x: abs(x) > 0.5),
    ("threshold", "Threshold", (0.25, -3.0)): (lambda x: np.where(x > 0.25, x, -3.0), lambda x: x > 0.25),
}


def activation(d, table, x):
    name, module, arguments = key = d.choice(sorted(table, key=str))
    in_numpy, slope = table[key]
    in_ember = d.choice((
        lambda x: getattr(x, name)(*arguments), lambda x: getattr(ember, name)(x, *arguments),
        getattr(nn, module)(*arguments),
    ))  # fmt: skip
    return [x], in_ember, in_numpy, lambda g, x: (g * slope(x),)


@covers("SILU", "MISH", "GELU", "GELU_TANH", "SOFTPLUS", "LOGSIGMOID", "SOFTSIGN")
def smooth_activation(d):
    x = d.normal(d.shape()) * d.choice((1.0, 3.0))
    return activation(d, SMOOTH, np.where(abs(x - 0.8) < 0.01, 1.0, x))


@covers("LEAKY_RELU", "ELU", "HARDTANH", "HARDSIGMOID", "HARDSWISH", "SOFTSHRINK", "HARDSHRINK")
def piecewise_activation(d):
    return activation(d, PIECEWISE, (d.apart(d.shape()) + 1 / 32) * d.choice((1, 6)))  # no corner is near


@covers("PRELU")
def prelu(d):
    x = d.apart(d.shape())
    weight = d.normal((d.choice((1, x.shape[-1])),))

    def gradient(g, x, w):
        of_weight = (g * np.minimum(x, 0)).reshape(-1, x.shape[-1]).sum(0)
        return g * np.where(x > 0, 1, w), of_weight if w.size > 1 else of_weight.sum(keepdims=True)

    return [x, weight], ember.prelu, lambda x, w: np.where(x > 0, x, w * x), gradient


@covers("SILU")
def gated(d):
    shape = list(d.shape())
    dim = d.choice(range(-len(shape), len(shape)))
    shape[dim] *= 2
    name, module, act, slope = d.choice((
        ("glu", nn.GLU, lambda b: b, lambda b: np.ones_like(b)),
        ("swiglu", nn.SwiGLU, *SMOOTH["silu", "SiLU", ()]),
    ))  # fmt: skip

    def halves(x):
        a, b = np.split(x, 2, dim)
        return (b, a) if name == "swiglu" else (a, b)  # what is multiplied with, what is gated

    def numpy(x):
        a, b = halves(x)
        return a * (sigmoid(b) if name == "glu" else act(b))

    def gradient(g, x):
        a, b = halves(x)
        if name == "glu":
            return (np.concatenate([g * sigmoid(b), g * a * sigmoid(b) * sigmoid(-b)], dim),)
        return (np.concatenate([g * a * slope(b), g * act(b)], dim),)

    in_ember = d.choice((lambda x: getattr(x, name)(dim), module(dim)))
    return [d.normal(tuple(shape))], in_ember, numpy, gradient


@covers("SOFTMAX")
def along(d):
    x = d.normal(d.shape())
    dim = d.choice(range(-x.ndim, x.ndim))

    def pull(y, g):
        return y * g - y * (y * g).sum(dim, keepdims=True)

    layer, in_numpy, gradient = d.choice((
        (nn.Softmax(dim), lambda x: soft(x, dim), lambda g, x: (pull(soft(x, dim), g),)),
        (nn.Softmin(dim), lambda x: soft(-x, dim), lambda g, x: (-pull(soft(-x, dim), g),)),
        (lambda x: x.softmin(dim), lambda x: soft(-x, dim), lambda g, x: (-pull(soft(-x, dim), g),)),
        (nn.LogSoftmax(dim), lambda x: np.log(soft(x, dim)),
         lambda g, x: (g - soft(x, dim) * g.sum(dim, keepdims=True),)),
    ))  # fmt: skip
    return [x], layer, in_numpy, gradient
