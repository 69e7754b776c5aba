"""Trains on real digits for a few steps on the portable VM, a step a call of more(), as MicroPython in a browser needs
it: see host_tests/node/run.mjs. Prints the accuracy then, and the most memory that was held between steps."""

import gc
import sys

import ember
from ember import nn, optim, vm

STEPS = 24
allocated = getattr(gc, "mem_alloc", lambda: 0)  # CPython does not tell
held, trainer, batches = 0, None, None


def begin():
    global trainer, batches
    vm.select("portable")
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-3)
    batches = ember.Batches("digits.bin", 32, seed=1)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, input_shape=(64,), batch_size=32,
                            input_dtype="B", input_scale=batches.scale)  # fmt: skip
    iter(batches)


def more():
    """Begin, then a step a call, then the score; whether there is more to do."""
    global held
    held = max(held, allocated())  # what is held, as garbage was collected after the call before
    if trainer is None:
        begin()
    elif trainer.steps < STEPS:
        trainer.step(*next(batches))
    else:
        print("%.4f %d" % (trainer.evaluate(ember.Batches("digits.bin", 32, split="test"))[1], held))
        return False
    gc.collect()
    return True


if sys.platform != "webassembly":
    while more():
        pass
