"""A trainer in NumPy, float64, written apart from Ember: what ten steps of training should give.

A network is a list of layers; each keeps its parameters in `w` (a list) and their gradients in `g`. Images are
channels last, as Ember's are.
"""

import numpy as np


class Linear:
    def __init__(self, weight, bias):
        self.w = [weight, bias]

    def forward(self, x):
        self.x = x
        return x @ self.w[0] + self.w[1]

    def backward(self, g):
        self.g = [self.x.T @ g, g.sum(0)]
        return g @ self.w[0].T


class Relu:
    w = ()

    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, g):
        return g * self.on


class Tanh:
    w = ()

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, g):
        return g * (1 - self.y**2)


class Flatten:
    w = ()

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, g):
        return g.reshape(self.shape)


class Conv:
    """Stride 1; the sum over kernel positions, each one matrix product."""

    def __init__(self, weight, bias, padding):
        self.w, self.p = [weight, bias], padding

    def forward(self, x):
        p = self.p
        self.x = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        kh, kw = self.w[0].shape[:2]
        self.h, self.k = self.x.shape[1] - kh + 1, self.x.shape[2] - kw + 1
        y = np.zeros((len(x), self.h, self.k, self.w[0].shape[3])) + self.w[1]
        for i in range(kh):
            for j in range(kw):
                y += self.x[:, i : i + self.h, j : j + self.k] @ self.w[0][i, j]
        return y

    def backward(self, g):
        dx, dw = np.zeros_like(self.x), np.zeros_like(self.w[0])
        flat = g.reshape(-1, g.shape[-1])
        for i in range(dw.shape[0]):
            for j in range(dw.shape[1]):
                part = self.x[:, i : i + self.h, j : j + self.k]
                dw[i, j] = part.reshape(-1, part.shape[-1]).T @ flat
                dx[:, i : i + self.h, j : j + self.k] += g @ self.w[0][i, j].T
        self.g = [dw, flat.sum(0)]
        p = self.p
        return dx[:, p : dx.shape[1] - p, p : dx.shape[2] - p]


class Pool:
    """2 by 2, stride 2; a last odd row or column is left out."""

    w = ()

    def forward(self, x):
        self.shape = x.shape
        n, h, w, c = x.shape
        x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
        x = x.transpose(0, 1, 3, 5, 2, 4).reshape(n, h // 2, w // 2, c, 4)
        self.first = x.argmax(-1)
        return x.max(-1)

    def backward(self, g):
        n, h, w, c = self.shape
        dx = np.zeros(self.shape)
        i, a, b, k = np.indices(g.shape)
        dx[i, 2 * a + self.first // 2, 2 * b + self.first % 2, k] = g
        return dx


def cross_entropy(z, label):
    """Loss, gradient of the mean, and how many are right."""
    rows = np.arange(len(z))
    log_p = z - z.max(1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(1, keepdims=True))
    g = np.exp(log_p)
    g[rows, label] -= 1
    return -log_p[rows, label].mean(), g / len(z), int((z.argmax(1) == label).sum())


def squared_error(z, target):
    return ((z - target) ** 2).mean(), 2 * (z - target) / z.size, None


class Sgd:
    def __init__(self, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        self.lr, self.mu, self.damp, self.wd, self.nesterov = lr, momentum, dampening, weight_decay, nesterov
        self.v = {}

    def update(self, key, w, g):
        g = g + self.wd * w
        if self.mu:
            self.v[key] = g if key not in self.v else self.mu * self.v[key] + (1 - self.damp) * g
            g = g + self.mu * self.v[key] if self.nesterov else self.v[key]
        return w - self.lr * g


class Adam:
    def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
        self.lr, self.betas, self.eps, self.wd, self.decoupled = lr, betas, eps, weight_decay, decoupled
        self.m, self.v, self.t = {}, {}, {}

    def update(self, key, w, g):
        a, b = self.betas
        t = self.t[key] = self.t.get(key, 0) + 1
        if self.decoupled:
            w = w * (1 - self.lr * self.wd)
        else:
            g = g + self.wd * w
        m = self.m[key] = a * self.m.get(key, 0) + (1 - a) * g
        v = self.v[key] = b * self.v.get(key, 0) + (1 - b) * g**2
        return w - self.lr * (m / (1 - a**t)) / (np.sqrt(v / (1 - b**t)) + self.eps)


class Trainer:
    def __init__(self, layers, loss, optimizer):
        self.layers, self.loss_of, self.optimizer = layers, loss, optimizer

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def step(self, x, y):
        """The loss before the update."""
        loss, g, _ = self.loss_of(self.forward(x), y)
        for layer in reversed(self.layers):
            g = layer.backward(g)
        for i, layer in enumerate(self.layers):
            for k in range(len(layer.w)):
                layer.w[k] = self.optimizer.update((i, k), layer.w[k], layer.g[k])
        return loss

    def parameters(self):
        return np.concatenate([w.ravel() for layer in self.layers for w in layer.w])
