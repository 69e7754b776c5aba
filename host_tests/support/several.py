"""A Trainer of several inputs and outputs, and what it learns."""

from array import array

import ember
from ember import nn, optim

BATCH = 4


class Net(nn.Module):
    """Values and an image in; classes and a value out."""

    def __init__(self, many=True):
        ember.manual_seed(2)
        self.a, self.b, self.many = nn.Linear(3, 4), nn.Linear(4, 4), many
        self.classes, self.value = nn.Linear(4, 3), nn.Linear(4, 2)

    def forward(self, a, b):
        hidden = (self.a(a) + self.b(b.flatten(1))).tanh()
        return (self.classes(hidden), self.value(hidden)) if self.many else self.classes(hidden)


def loss(outputs, targets):
    return nn.CrossEntropyLoss()(outputs[0], targets[0]) + nn.MSELoss()(outputs[1], targets[1]) * 0.5


def build(many=True, criterion=None, batch=BATCH, **more):
    model = Net(many)
    if many:
        more = dict(dict(target_dtype=("B", "f")), **more)
    return ember.Trainer(model, criterion or (loss if many else nn.CrossEntropyLoss()),
                         optim.SGD(model.parameters(), lr=0.1), [(3,), (2, 2, 1)], batch,
                         input_dtype=("f", "B"), input_scale=(1.0, 0.25), **more)  # fmt: skip


def inputs(k, rows=BATCH):
    return (array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(3 * rows)]),
            bytes([(i * 3 + k) % 9 for i in range(4 * rows)]))  # fmt: skip


def targets(k, rows=BATCH):
    return bytes([(i + k) % 3 for i in range(rows)]), array("f", [((i + k) % 5) / 4 for i in range(2 * rows)])


X, Y = inputs(1), targets(1)
