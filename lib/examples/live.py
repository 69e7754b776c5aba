"""Train while a task keeps a beat of 1 kHz: it samples and blinks, and notes how late it is. Runs on MicroPython and on
CPython.

    micropython live.py SECONDS [BUDGET]

BUDGET is the microseconds that training may take at once, 300 by default; 0 trains whole steps. The beat takes them as
they come. The last line is how late it was, in microseconds: typically (the median), at worst.
"""

import asyncio
import sys
import time
from array import array

import ember
from ember import nn, optim
from ember.data import Batches

DATA = __file__[: len(__file__) - len("live.py")] + "digits.bin"
BEAT = 1000  # microseconds
BINS, WIDTH = 400, 50  # of lateness: how many, and how many microseconds each is

if hasattr(time, "ticks_us"):
    from time import ticks_add, ticks_diff, ticks_us
else:

    def ticks_us():
        return time.monotonic_ns() // 1000

    def ticks_add(a, b):
        return a + b

    def ticks_diff(a, b):
        return a - b


class Pulse:
    """What is to happen every millisecond: a sample is taken, a lamp is switched; both are pretended here."""

    def __init__(self):
        self.late, self.worst, self.beats = array("i", [0] * BINS), 0, 0
        self.lamp, self.sample = 0, 0
        self.due = ticks_add(ticks_us(), BEAT)

    def look(self):
        """Beat if it is time."""
        late = ticks_diff(ticks_us(), self.due)
        if late >= 0:
            self.lamp ^= 1
            self.sample = (self.sample * 5 + 3) & 0xFFF
            self.late[min(late // WIDTH, BINS - 1)] += 1
            self.worst, self.beats = max(self.worst, late), self.beats + 1
            self.due = ticks_add(self.due, BEAT)

    def typical(self):
        """The median, to a bin."""
        seen, k = 0, 0
        while seen * 2 < self.beats:
            seen += self.late[k]
            k += 1
        return k * WIDTH


async def beat(pulse, ends):
    while ticks_diff(ends, ticks_us()) > 0:
        pulse.look()
        await asyncio.sleep(0)


async def train(trainer, batches, budget, ends):
    """As a loop of one's own would: a slice, and then whatever else waits."""
    while ticks_diff(ends, ticks_us()) > 0:
        for x, y in batches:
            if not budget:
                trainer.step(x, y)
            else:
                finished = trainer.step(x, y, budget)
                while not finished:
                    await asyncio.sleep(0)
                    finished = trainer.poll(budget)
            await asyncio.sleep(0)
            if ticks_diff(ends, ticks_us()) <= 0:
                break


async def both(seconds, budget):
    batches, test = Batches(DATA, 32, seed=1), Batches(DATA, 16, split="test")
    ember.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (8, 8, 1), 32, input_dtype="B",
                            input_scale=batches.scale)  # fmt: skip
    trainer.slices.calibrate()
    print(trainer.plan)
    ends = ticks_add(ticks_us(), int(seconds * 1000000))
    pulse = Pulse()
    await asyncio.gather(beat(pulse, ends), train(trainer, batches, budget, ends))
    trainer.slices.drop()
    print("%d steps, test accuracy %.4f, %d beats" % (trainer.steps, trainer.evaluate(test)[1], pulse.beats))
    print("late: typically %d µs, at worst %d µs" % (pulse.typical(), pulse.worst))


if sys.argv[0].endswith("live.py"):
    asyncio.run(both(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300))
