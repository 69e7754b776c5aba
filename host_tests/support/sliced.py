"""Trainers that tests step in slices."""

import random
from array import array

import ember
from ember import nn, optim

BATCH, FEATURES, CLASSES = 6, 9, 3


class Recurrent(nn.Module):
    def __init__(self):
        self.gru, self.out = nn.GRU(3, 4), nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.out(self.gru(x.reshape(-1, 3, 3))[0][:, -1])


MODELS = {
    "dropout": lambda: nn.Sequential(nn.Linear(FEATURES, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, CLASSES)),
    "norm": lambda: nn.Sequential(nn.Linear(FEATURES, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, CLASSES)),
    "recurrent": Recurrent,
}


def make(name="dropout", **settings):
    ember.manual_seed(3)
    model = MODELS[name]()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (FEATURES,), BATCH, **settings)


def batch(seed, rows=BATCH):
    r = random.Random(seed)
    return (array("f", [r.gauss(0, 1) for _ in range(rows * FEATURES)]),
            array("B", [r.randrange(CLASSES) for _ in range(rows)]))  # fmt: skip
