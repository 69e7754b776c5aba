# Trains two nets on the board and prints one dict: what was learned, how fast, in how much memory.
import gc
import hashlib
import sys
import time
from array import array

gc.collect()
start = gc.mem_free()

import ember  # noqa: E402
from ember import nn, optim  # noqa: E402

ember.Trainer  # noqa: B018  (loads what training needs)
gc.collect()
imported = gc.mem_free()
ticks = getattr(time, "ticks_us", None) or (lambda: int(time.time() * 1e6))
difference = getattr(time, "ticks_diff", None) or (lambda a, b: a - b)


def trainer_of(net, inputs, batch):
    ember.manual_seed(1)
    optimizer = optim.SGD(net.parameters(), lr=0.25, momentum=0.5)
    return ember.Trainer(net, nn.CrossEntropyLoss(), optimizer, (inputs,), batch, input_dtype="B", input_scale=1 / 16)


def made_up(inputs, batch, classes):
    """Samples whose class shows in where they are large."""
    x, y = bytearray(inputs * batch), bytearray(batch)
    for i in range(batch):
        y[i] = i % classes
        for j in range(inputs):
            x[i * inputs + j] = (12 if j % classes == y[i] else 0) + (i * 7 + j * 3) % 5
    return x, y


def learn(steps=20):
    """The same small training everywhere: first and last loss, and a hash of every bit that was learned."""
    net = nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 4))
    trainer = trainer_of(net, 8, 8)
    x, y = made_up(8, 8, 4)
    losses = array("f", [0.0] * steps)
    for k in range(steps):
        trainer.step(x, y)
        losses[k] = trainer.loss
    digest = hashlib.sha256()
    for parameter in net.parameters():
        rows = parameter.tolist()
        for row in rows if isinstance(rows[0], list) else [rows]:
            digest.update(array("f", row))
    return losses[0], losses[steps - 1], "".join(["%02x" % byte for byte in digest.digest()])


def allocated(trainer, x, y):
    """Heap bytes that a step takes, with the collector off. None for the portable VM: its floats are on the heap."""
    if ember.vm.name == "portable":
        return None
    gc.disable()
    before = gc.mem_alloc()
    before = gc.mem_alloc()
    trainer.step(x, y)
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken


def speed():
    """The digits net of the README: (microseconds a step, its bytes, heap bytes a step), for the batch that fits."""
    for batch in BATCHES:  # noqa: F821
        gc.collect()
        try:
            net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
            trainer = trainer_of(net, 64, batch)
            x, y = made_up(64, batch, 10)
        except MemoryError:
            net = trainer = None
            continue
        heap = allocated(trainer, x, y)
        count, begin, taken = 0, ticks(), 0
        while taken < 500000 and count < 200:
            trainer.step(x, y)
            count += 1
            taken = difference(ticks(), begin)
        return {"batch": batch, "us": taken / count, "bytes": trainer.plan.total(), "heap": heap}
    return None


result = {"vm": ember.vm.name, "version": ember.__version__, "file": getattr(ember, "__file__", None)}
result["first"], result["last"], result["hash"] = learn()
gc.collect()
result["speed"] = speed()
gc.collect()
result.update({"start": start, "imported": imported, "end": gc.mem_free(), "python": sys.version})
print(repr(result))
