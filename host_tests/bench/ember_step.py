"""Runs under MicroPython: the digits-MLP step. `time STEPS` prints µs a step; `heap` prints what a step allocates."""

import gc
import sys
import time
from array import array

import micropython

import ember
from ember import nn, optim

ember.manual_seed(1)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = optim.SGD(model.parameters(), lr=0.1)
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, input_shape=(64,), batch_size=32)
x = array("f", [i * 7 % 17 / 8 - 1 for i in range(64 * 32)])
y = bytearray([i % 10 for i in range(32)])


def run(steps):
    for _ in range(steps):
        trainer.step(x, y)


def time_steps(steps):
    run(10)
    start = time.ticks_us()
    run(steps)
    print(time.ticks_diff(time.ticks_us(), start) / steps)


def heap(steps):
    run(2)
    gc.collect()
    gc.disable()
    before = micropython.mem_total()
    before = micropython.mem_total()
    run(0)
    empty = micropython.mem_total() - before
    before = micropython.mem_total()
    run(steps)
    total = micropython.mem_total() - before - empty
    micropython.heap_lock()
    run(1)  # MemoryError if anything were allocated
    micropython.heap_unlock()
    print(ember.vm.name, total / steps)


if sys.argv[1] == "time":
    time_steps(int(sys.argv[2]))
else:
    heap(1000)
