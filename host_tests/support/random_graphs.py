"""Random graphs, recorded and run eagerly."""

from array import array

import numpy as np

import ember
from ember import Tensor, nn, optim
from ember.tensors.parameter import Parameter
from ember.tensors.tensor import current_sink

WIDTH = 4
BATCH = 5

# What a step of a random graph may do to tensors x and y of shape [N, 4].
STEPS = {
    "tanh": lambda m, x, y: x.tanh(),
    "sigmoid": lambda m, x, y: x.sigmoid(),
    "relu": lambda m, x, y: x.relu(),
    "neg": lambda m, x, y: -x,
    "exp": lambda m, x, y: x.tanh().exp(),
    "log": lambda m, x, y: (x * x + 1).log(),
    "sqrt": lambda m, x, y: (x.sigmoid() + y.sigmoid()).sqrt(),
    "power": lambda m, x, y: x.tanh() ** 3,
    "add": lambda m, x, y: x + y,
    "sub": lambda m, x, y: x - y,
    "mul": lambda m, x, y: x.tanh() * y.tanh(),
    "div": lambda m, x, y: x / (y.sigmoid() + 1),
    "double": lambda m, x, y: x + x,
    "number": lambda m, x, y: 2 - x / 3,
    "center": lambda m, x, y: x - x.mean(1, keepdim=True),
    "scale": lambda m, x, y: x / (y.max(1, keepdim=True).sigmoid() + 0.5),
    "total": lambda m, x, y: x.tanh() + y.sum().tanh(),
    "columns": lambda m, x, y: x - y.mean(0),
    "softmax": lambda m, x, y: x.softmax(-1),
    "log_softmax": lambda m, x, y: x.log_softmax(1),
    "matmul": lambda m, x, y: x @ m.weight,
    "linear": lambda m, x, y: m.linear(x),
    "bias": lambda m, x, y: (x + m.bias).tanh(),
    "parameter": lambda m, x, y: x * m.bias.tanh() + m.weight.sum(0),
    "turn": lambda m, x, y: x.reshape(-1, 2, 2).transpose(1, 2).reshape(-1, 4),
    "inner": lambda m, x, y: x.reshape(-1, 2, 2).softmax(1).flatten(1),
    "mix": lambda m, x, y: ember.cat([x[:, 2:], y[:, :2]], 1),
    "pick": lambda m, x, y: x[:, 1].reshape(-1, 1) * y + x[:, ::3].sum(1, keepdim=True),
    "batched": lambda m, x, y: (x.tanh().reshape(-1, 2, 2) @ y.tanh().reshape(-1, 2, 2)).reshape(-1, 4),
    "image": lambda m, x, y: m.conv(x.tanh().reshape(-1, 2, 2, 1)).flatten(1),
    "pool": lambda m, x, y: m.pool(x.reshape(-1, 2, 2, 1)).flatten(1) + y,
    "detach": lambda m, x, y: x.detach() * y.tanh(),
    "dropout": lambda m, x, y: m.dropout(x),
    "outside": lambda m, x, y: x * m.outside,
}


class Graph(nn.Module):
    """A random graph: each step makes a tensor from two earlier ones; the result adds up the last few."""

    def __init__(self, steps):
        ember.manual_seed(3)
        self.weight, self.bias = Parameter((WIDTH, WIDTH), -0.5, 0.5), Parameter((WIDTH,), -0.5, 0.5)
        self.linear, self.conv, self.pool = nn.Linear(WIDTH, WIDTH), nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.4)
        self.outside = Tensor([1.0, -0.5, 2.0, 0.25], requires_grad=True)
        self.steps = steps

    def forward(self, x):
        pool = [self.linear(x)]
        for name, i, j in self.steps:
            pool.append(STEPS[name](self, pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]))
        y = pool[-1]
        for x in pool[-3:-1]:
            y = y + x
        return y


def data(rows, loss, seed=0):
    rng = np.random.default_rng(seed)
    x = array("f", rng.normal(size=rows * WIDTH).astype("f4"))
    if isinstance(loss, nn.CrossEntropyLoss):
        return x, array("B", rng.integers(WIDTH, size=rows).tolist())
    return x, array("f", rng.normal(size=rows * WIDTH).astype("f4"))


def huber(output, target):
    """A loss of one's own."""
    d = output - target
    return ((d * d + 1).sqrt() - 1).sum(1).mean() + output.sum() * 0.01


def recorded(steps, loss, batch, rows):
    model = Graph(steps)
    trainer = ember.Trainer(model, loss, optim.SGD(model.parameters(), lr=0.1), (WIDTH,), batch)
    trainer.accumulate(*data(rows, loss))
    return trainer, gradients(model.parameters())


def gradients(parameters):
    """None of what the loss does not reach."""
    return [None if p.grad is None else p.grad.tolist() for p in parameters]


def eager(steps, loss, rows):
    model = Graph(steps)
    x, y = data(rows, loss)
    labels = isinstance(loss, nn.CrossEntropyLoss)
    target = Tensor(y, (rows,), dtype="B") if labels else Tensor(y, (rows, WIDTH))
    machine = current_sink()
    streams, machine.streams, machine.ints[3] = machine.streams, 1 << 20, 0  # the masks of a first step
    out = loss(model(Tensor(x, (rows, WIDTH))), target)
    out.backward(Tensor([float(rows)], out.shape))
    machine.streams, machine.ints[3] = streams, 1
    return out.item(), gradients(model.parameters())


def same(found, expected, exact):
    for a, b in zip(found, expected):
        if b is None:
            assert a is None
        elif exact:
            assert np.array_equal(a, b, equal_nan=True)
        else:
            assert np.allclose(a, b, rtol=1e-4, atol=1e-4)
