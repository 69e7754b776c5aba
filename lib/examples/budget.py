"""Handwritten digits of 28 × 28 pixels, learnt within a budget of memory. Runs on MicroPython and on CPython.

    micropython budget.py NAME DATA [plain] [SEED]

DATA is what `make data` packs. NAME is one of

    linear         784 → 10, Adam, 64 digits a step. Parameters, gradients and Adam's state alone are 125,600 bytes, so
                   the 64 arrive sixteen at a time, as bytes: accumulate, four times, then update.
    convolutions   four convolutions and nothing else, Adam, 16 digits a step. memory= has the Trainer take them apart.

    linear-16, convolutions-16: the same, Adam's state in bfloat16, in less memory.
"""

import gc
import sys

import ember
from ember import nn, optim
from ember.data import Batches
from ember.progress import Progress

# Bytes, for all of training.
BUDGETS = {"linear": 150000, "linear-16": 120000, "convolutions": 100000, "convolutions-16": 80000}


def linear():
    """The model, its learning rate, samples that arrive at once, how often that is one step, epochs."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), 0.001, 16, 4, 12


def convolutions():
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(6, 10, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(10, 12, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(12, 10, 4), nn.Flatten(),
    ), 0.004, 16, 1, 12  # fmt: skip


MODELS = {"linear": linear, "convolutions": convolutions}


def trainer_of(name, data, seed=1):
    """A Trainer within its budget, the digits to learn from and to be tested on, and what they take as they arrive."""
    ember.manual_seed(seed)
    net, _, bits = name.partition("-")
    model, lr, arriving, _, _ = MODELS[net]()
    batches, test = Batches(data, arriving, seed=seed), Batches(data, 4, split="test")
    size = 28 * 28 + 1  # a sample and its label, as bytes
    arrived = size * (batches.batch_size + test.batch_size)
    optimizer = optim.Adam(model.parameters(), lr=lr)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, batches.shape, arriving, input_dtype="B",
                            input_scale=batches.scale, memory=BUDGETS[name] - arrived,
                            state_dtype="bfloat16" if bits else "f")  # fmt: skip
    return trainer, batches, test, arrived


def main(name, data, live, seed=1):
    if hasattr(gc, "threshold"):
        gc.threshold(4096)  # so that what stays of making the model leaves room in one piece (docs/boards-real.md)
    _, lr, _, parts, epochs = MODELS[name.partition("-")[0]]()
    trainer, batches, test, arrived = trainer_of(name, data, seed)
    print("%s, %d parameters, %s VM" % (name, sum([p.numel() for p in trainer.model.parameters()]), ember.vm.name))
    print(trainer.plan)
    print("with the digits as they arrive: %d of %d bytes" % (trainer.plan.total() + arrived, BUDGETS[name]))
    bar = Progress(batches, epochs, live)
    waiting = 0
    for epoch in range(epochs):
        trainer.reset_running()
        trainer.optimizer.lr = lr * (1 - epoch / epochs)
        for x, y in batches:
            trainer.accumulate(x, y)
            waiting += 1
            if waiting == parts:
                trainer.update()
                waiting = 0
            bar.step(trainer)
        trainer.validation = trainer.evaluate(test)
        bar(trainer)
    gc.collect()
    if hasattr(gc, "mem_alloc"):
        print("heap in use, the library and this program among it: %d bytes" % gc.mem_alloc())
    print("test accuracy %.4f" % trainer.validation[1])


if len(sys.argv) > 2 and sys.argv[0].endswith("budget.py"):
    main(sys.argv[1], sys.argv[2], "plain" not in sys.argv, int(sys.argv[4]) if len(sys.argv) > 4 else 1)
