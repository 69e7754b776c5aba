"""A step allocates nothing, in both ways: under a locked heap, and by the interpreter's total of allocated bytes.

Each alone is blind: a call with a large frame takes it from the heap, and silently from the stack under the lock. The
portable VM is no part of this: where floats are objects, a float is an allocation.
"""

import gc
import unittest
from array import array

import micropython

import ember
from ember import nn, optim, vm

BATCH = 8
# Boards keep no total; what is in use, with the collector off, is the total less what is given back at once.
TOTAL = getattr(micropython, "mem_total", None) or gc.mem_alloc


def mlp():
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), BATCH)
    return trainer, array("f", [i % 5 for i in range(6 * BATCH)]), bytearray([i % 3 for i in range(BATCH)])


def cnn():
    ember.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Tanh(), nn.MaxPool2d(2, padding=1), nn.Flatten(), nn.Linear(4, 3))
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), momentum=0.5), (2, 3, 1), BATCH,
                            input_dtype="B")  # fmt: skip
    return trainer, bytes([i % 7 for i in range(6 * BATCH)]), array("f", [i % 3 for i in range(3 * BATCH)])


def in_parts():
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 3))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.RMSprop(model.parameters()), (6,), BATCH, micro_batch=3)
    x, y = array("f", [i % 5 for i in range(6 * BATCH)]), bytearray([i % 3 for i in range(BATCH)])
    trainer.step(x, y)  # a batch that is new is cut: that allocates
    return trainer, x, y


def fused():
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.2), nn.Linear(5, 3))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (6,), BATCH, fused=True)
    return trainer, array("f", [i % 5 for i in range(6 * BATCH)]), bytearray([i % 3 for i in range(BATCH)])


def step(trainer, x, y, steps):
    for _ in range(steps):
        trainer.step(x, y)


def parts(trainer, x, y, steps):
    for _ in range(steps):
        trainer.accumulate(x, y)
        trainer.accumulate(x, y)
        trainer.update()


def one_part(trainer, x, y, steps):
    for _ in range(steps):
        trainer.accumulate(x, y)
        trainer.update()


def in_slices(trainer, x, y, steps):
    for _ in range(steps):
        done = trainer.step(x, y, 500)
        while not done:
            done = trainer.poll(500)


def step_after_part(trainer, x, y, steps):
    for _ in range(steps):
        trainer.accumulate(x, y)
        trainer.step(x, y)


def under_a_locked_heap(use, trainer, x, y):
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
        total = TOTAL()
        total = TOTAL()
        use(trainer, x, y, 0)
        loop = TOTAL() - total
        total = TOTAL()
        use(trainer, x, y, steps)
        return TOTAL() - total - loop
    finally:
        gc.enable()


def check(test, trainer, x, y, uses=((step, 1000), (parts, 300), (step_after_part, 300), (in_slices, 30))):
    test.assertEqual(vm.name, "native")
    trainer.slices.calibrate()
    for use, steps in uses:
        under_a_locked_heap(use, trainer, x, y)
        test.assertEqual(counted(use, trainer, x, y, steps), 0, use.__name__)


class Allocations(unittest.TestCase):
    def test_mlp(self):
        check(self, *mlp())

    def test_cnn(self):
        check(self, *cnn())

    def test_fused(self):
        check(self, *fused(), ((step, 1000), (one_part, 300), (in_slices, 30)))

    def test_in_parts(self):
        check(self, *in_parts())
