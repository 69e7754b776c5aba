"""The nets of bits.py that need more of a heap than the first two: loaded when they are asked for."""

import math

import ember
from ember import nn, optim


class Subnormal(nn.Module):
    """Its inputs, and what its first layer makes of them, are below the smallest normal number. Flushed to zero, they
    would teach it nothing."""

    SCALE = math.ldexp(1.0, -130)

    def __init__(self):
        self.hidden = nn.Linear(64, 32, bias=False)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        return self.out((self.hidden(x) * math.ldexp(1.0, 124)).tanh())


class Functions(nn.Module):
    """Goes through every function of elements that has a gradient of its own."""

    def __init__(self):
        self.hidden = nn.Linear(64, 8)
        self.out = nn.Linear(16, 10)

    def forward(self, x):
        y = self.hidden(x)
        even = y.cos() + y.erf() + y.abs().log1p() + (y * 40.0).cos() + y.atan2(x[:, :8] + 0.5)
        odd = y.sin() + y.clamp(-3.0, 3.0).expm1() - y.floor() * 0.1 + y % 0.7 + (y.abs() + 0.1) ** y.tanh()
        return self.out(ember.cat([even.maximum(y), ember.where(y > 0.0, odd, y.sinh())], 1))


class Rows(nn.Module):
    """Reads a digit row by row, through a layer that takes [N, 8, 8]."""

    def __init__(self, layer, width):
        self.layer, self.out = layer, nn.Linear(width, 10)

    def forward(self, x):
        x = self.layer(x.reshape(-1, 8, 8))
        return self.out(x[0][:, -1] if isinstance(x, tuple) else x.mean(1))


def gru():
    model = Rows(nn.GRU(8, 6, num_layers=2, dropout=0.2), 6)
    return model, optim.Adam(model.parameters(), lr=0.01), (64,), 2


def transformer():
    model = Rows(nn.Sequential(nn.SinusoidalEncoding(8, 8), nn.TransformerEncoderLayer(8, 2, 8, 0.2, bias=False)), 8)
    return model, optim.SGD(model.parameters(), lr=0.05), (64,), 1


def functions():
    model = Functions()
    return model, optim.SGD(model.parameters(), lr=0.02), (64,), 4


def subnormal():
    model = Subnormal()
    return model, optim.SGD(model.parameters(), lr=0.5), (64,), 16


def half():
    """With an odd number of parameters, in two parts."""
    model = nn.Sequential(nn.Linear(64, 9), nn.ReLU(), nn.Linear(9, 10))
    return model, optim.Adam(model.parameters(), lr=0.01), (64,), 8


class Heads(nn.Module):
    """A layer each for every optimizer, side by side."""

    def __init__(self, heads):
        self.hidden = nn.Linear(64, 8)
        self.heads = [nn.Linear(8, 10, bias=False) for _ in range(heads)]

    def forward(self, x):
        h, y = self.hidden(x).tanh(), None
        for head in self.heads:
            y = head(h) if y is None else y + head(h)
        return y


def optimizers():
    makers = (
        lambda p: optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
        lambda p: optim.Adam(p, lr=0.01, amsgrad=True, weight_decay=0.01),
        lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1, cautious_weight_decay=True),
        lambda p: optim.RMSprop(p, momentum=0.5, centered=True),
        lambda p: optim.Adagrad(p, lr_decay=0.1),
        optim.Adadelta,
        lambda p: optim.Lion(p, lr=0.01, weight_decay=0.1),
        lambda p: optim.Adan(p, lr=0.01),
        lambda p: optim.LAMB(p, lr=0.01),
        lambda p: optim.Muon(p, lr=0.01),
    )
    model = Heads(len(makers))
    made = [make([head.weight]) for make, head in zip(makers, model.heads)]
    made.append(optim.SGD(model.hidden.parameters(), lr=0.05))
    return model, made, (64,), 4
