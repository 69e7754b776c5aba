"""Shows that a step allocates nothing, in both ways: under a locked heap, and by the total of allocated bytes.

allocations.py FOLDER STEPS
"""

import gc
import sys
from array import array

sys.path[:0] = sys.argv[1].split(":")

import micropython  # noqa: E402

import ember  # noqa: E402
from ember import nn, optim, vm  # noqa: E402

BATCH = 8
ember.manual_seed(1)


def trainers():
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3))
    yield "mlp", ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), BATCH), "f", "B"
    model = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Tanh(), nn.MaxPool2d(2, padding=1), nn.Flatten(), nn.Linear(4, 3))
    yield ("cnn", ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), momentum=0.5), (2, 3, 1), BATCH,
                                input_dtype="B"), "B", "f")  # fmt: skip


def step(trainer, x, y, steps):
    for _ in range(steps):
        trainer.step(x, y)


def parts(trainer, x, y, steps):
    for _ in range(steps):
        trainer.accumulate(x, y)
        trainer.accumulate(x, y)
        trainer.update()


def step_after_part(trainer, x, y, steps):
    for _ in range(steps):
        trainer.accumulate(x, y)
        trainer.step(x, y)


def locked(use, trainer, x, y):
    micropython.heap_lock()
    try:
        use(trainer, x, y, 3)
    finally:
        micropython.heap_unlock()


def counted(use, trainer, x, y, steps):
    gc.collect()
    gc.disable()
    try:
        use(trainer, x, y, 1)
        before = gc.mem_alloc()
        use(trainer, x, y, steps)
        kept = gc.mem_alloc() - before
        total = micropython.mem_total()  # what was given back within a step too, as the frames of large functions are
        total = micropython.mem_total()
        use(trainer, x, y, 0)
        loop = micropython.mem_total() - total
        total = micropython.mem_total()
        use(trainer, x, y, steps)
        return kept + micropython.mem_total() - total - loop
    finally:
        gc.enable()


vm.select("native")
for name, trainer, dtype, target in trainers():
    x = array(dtype, [(i * 7) % 5 for i in range(BATCH * trainer.sample_size)])
    y = array(target, [i % 3 for i in range(BATCH * trainer.target_size)])
    for use in (step, parts, step_after_part):
        locked(use, trainer, x, y)
        print(name, use.__name__, counted(use, trainer, x, y, int(sys.argv[2])))
