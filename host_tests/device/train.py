"""Trains two small models on made-up digits and prints what came out, as a hash and in numbers.

    train.py VM STEPS FOLDER [CHECKPOINT [load]]

FOLDER holds ember, and may hold ember_vm.mpy. With CHECKPOINT, the MLP is saved there after its steps; with load, it
begins from there instead.
"""

import sys
from array import array

sys.path[:0] = sys.argv[3].split(":")

import hashlib  # noqa: E402

import ember  # noqa: E402
from ember import nn, optim, vm  # noqa: E402

BATCH, FEATURES, CLASSES = 12, 64, 10


def digits(k):
    """Batch k: a blurred stroke for each class, with noise; whole numbers from 0 to 16."""
    x, y = bytearray(BATCH * FEATURES), bytearray(BATCH)
    seed = k * 7919 + 17
    for i in range(BATCH):
        y[i] = (i * 7 + k) % CLASSES
        for j in range(FEATURES):
            seed = (seed * 1103 + 12345) & 0x7FFFF
            on = (j * (y[i] + 3)) % 11 < 4
            x[i * FEATURES + j] = (8 if on else 0) + (seed >> 12) % 9
    return x, y


def mlp():
    model = nn.Sequential(nn.Linear(64, 12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 10))
    return model, optim.Adam(model.parameters(), lr=0.01), (64,)


def cnn():
    model = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3, stride=2),
                          nn.Tanh(), nn.Flatten(), nn.Linear(4, 10))  # fmt: skip
    return model, optim.SGD(model.parameters(), lr=0.05, momentum=0.9), (8, 8, 1)


def build(make):
    ember.manual_seed(3)
    model, optimizer, shape = make()
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, shape, BATCH, input_dtype="B", input_scale=1 / 16)


def digest(trainer):
    """Of parameters, gradients, state and statistics."""
    h = hashlib.sha256()
    h.update(memoryview(trainer.executor.segments[0])[: trainer.plan.start])
    return "".join(["%02x" % b for b in h.digest()])


def run(name, make, steps):
    trainer = build(make)
    losses = array("f", range(steps))
    start = 0
    if len(sys.argv) > 5 and make is mlp:
        trainer.load(sys.argv[4])
        start = trainer.steps
    for k in range(steps):
        x, y = digits(start + k)
        if k % 4 == 3:  # a smaller batch, in two parts
            trainer.accumulate(x[: 5 * FEATURES], y[:5])
            trainer.accumulate(x[5 * FEATURES : 8 * FEATURES], y[5:8])
            trainer.update()
        else:
            trainer.step(x, y)
        losses[k] = trainer.loss
    if len(sys.argv) == 5 and make is mlp:
        trainer.save(sys.argv[4])
    held_out = digits(99)
    loss, accuracy = trainer.evaluate([held_out, (held_out[0][:64], held_out[1][:1])])
    print(name, vm.name, digest(trainer))
    print(name, "losses", " ".join(["%.6f" % v for v in losses]))
    print(name, "evaluated", "%.6f %.4f" % (loss, accuracy), trainer.plan.total(), trainer.steps)


vm.select(sys.argv[1])
run("mlp", mlp, int(sys.argv[2]))
run("cnn", cnn, int(sys.argv[2]))
