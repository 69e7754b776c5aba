"""Trains each model of a table and prints the SHA-256 of all its weights and optimizer state: the same bits everywhere.

import bits; bits.main("digits.bin")
"""

import gc
import hashlib

import ember
from ember import nn, optim
from ember.data import Batches


def mlp():
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
    return model, optim.Adam(model.parameters(), lr=0.01), (64,), 16


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1), nn.Tanh(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip
    return model, optim.SGD(model.parameters(), lr=0.05, momentum=0.9), (8, 8, 1), 4


# Every model that is added joins the table: name, what makes it, here or in bits_nets.py, steps.
MODELS = (
    ("digits MLP, Adam, dropout", "mlp", 200),
    ("digits CNN, SGD with momentum", "cnn", 200),
    ("digits MLP, subnormal inputs", "subnormal", 50),
    ("functions of elements, SGD", "functions", 20),
    ("digits GRU of two layers, dropout", "gru", 30),
    ("digits Transformer layer, dropout", "transformer", 30),
    ("digits MLP, every optimizer", "optimizers", 20),
    ("digits MLP, Adam, state in bfloat16", "half", 30),
)


def trainer_of(make, data):
    """A fresh trainer of a model, and its batches."""
    ember.manual_seed(7)
    function = globals().get(make) or getattr(__import__("bits_nets"), make)
    model, optimizer, shape, batch_size = function()
    batches = Batches(data, batch_size, seed=7)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, shape, batch_size, input_dtype="B",
                            input_scale=getattr(model, "SCALE", batches.scale),
                            state_dtype="bfloat16" if make == "half" else "f")  # fmt: skip
    return trainer, batches


def trained(make, data, steps, around=None):
    """A trainer after that many steps. around(step, x, y) takes each, in place of step(x, y)."""
    trainer, batches = trainer_of(make, data)
    while trainer.steps < steps:
        for x, y in batches:
            if around is None:
                trainer.step(x, y)
            else:
                around(trainer.step, x, y)
            if trainer.steps == steps:
                break
    batches.close()
    return trainer


def digest(trainer):
    """Of parameters, frozen parameters, gradients and optimizer state, as they lie in the arena."""
    h = hashlib.sha256(memoryview(trainer.executor.segments[0])[: trainer.plan.kept[4][1]])
    return "".join(["%02x" % b for b in h.digest()])


def main(data, models=MODELS, around=None):
    if hasattr(gc, "threshold"):
        gc.threshold(4096)  # as docs/boards-real.md says of heaps that are nearly full
    for name, make, steps in models:
        trainer = trained(make, data, steps, around)
        print("%s | %s | %.6f | %d bytes" % (name, digest(trainer), trainer.loss, trainer.plan.total()))
        trainer = None
