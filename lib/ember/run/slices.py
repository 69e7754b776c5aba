"""A training step in slices of time, for a loop that must not wait.

if trainer.step(x, y, budget_us=500): …                # begun; finished too, if it was short
while not trainer.poll(500): …                         # what else is to be done

The bits are those of a step in one go. A slice ends in time but for one row of the costliest instruction, as the plan
has it. What Python takes, and the call of the VM, is measured once, by calibrate().
"""

import sys
import time

from ..base.check import whole
from ..instructions import program
from .alone import alone, ready
from .travel import drop, idle

_MOST_US = 2048  # after so long at most, the clock is looked at
_ENOUGH_US = 10000  # to measure a prediction for
_PART = 32  # a pace is kept in sixteenths; and a run takes half of the time that is left

if hasattr(time, "ticks_us"):
    from time import ticks_diff, ticks_us
else:

    def ticks_us():
        return time.monotonic_ns() // 1000

    def ticks_diff(a, b):
        return a - b


class Slices:
    """pace: cost units (eighths of a multiply-accumulate) a microsecond; weights: array('H'), what instructions and
    functions cost in these units, None as the instruction table has it; overhead: microseconds of a call of the VM and
    of Python around it. All are measured at the first step, or by calibrate(), and may be set."""

    def __init__(self, trainer):
        self.trainer, self._jobs = trainer, trainer.jobs
        self._pace, self.overhead, self.weights = 0, 0, None
        self._row, self._sections = 0, program.PREDICT  # units of the costliest row; what runs
        self._pieces, self._next, self._start = None, 0, 0  # of a batch that comes in parts; when the step began

    @property
    def pace(self):
        return self._pace / 16

    @pace.setter
    def pace(self, value):
        self._pace = max(1, min(1 << 18, round(16 * value)))
        if self.trainer.plan:
            self.trainer.plan.longest_us = (self._row or self.trainer.image.longest) / value

    def calibrate(self):
        """Measure weights and pace of this board, on each kind of instruction that the program has, and on some
        fifteen predictions: takes about a tenth of a second."""
        alone(self.trainer, _calibrate, None, None)
        return self.pace

    def measure(self):
        idle(self.trainer)
        try:
            self._measure()
        except BaseException:
            self._pace, self.trainer.executor.paused = 0, True
            raise

    def _measure(self):
        t = self.trainer
        self._weigh()
        at, ints, executor = t.image.statistics + program.SCORED_LOSS, program.INTS << 24, t.executor
        scored = (at, at + 1, ints + program.CORRECT, ints + program.SCORED)  # of an evaluation
        before = [executor.read(slot) for slot in scored]
        try:
            t.unbind(t.micro_batch)
        except MemoryError:  # one sample will do, if its row is not too short to measure
            t.unbind()
        self._fill()
        units = self._cost()
        calls = self._calls(max(1, units >> 3))
        at_once, called, sliced = [self._time(run, n) for run, n in (
            (self._calls, -1), (self._calls, max(1, units >> 3)), (self._in_slices, max(1, units >> 3)))]  # fmt: skip
        longest = min([self._longest(self._row // 2) for _ in range(3)])
        t.unbind()
        for slot, value in zip(scored, before):
            executor.write(slot, value)
        self.overhead = int(max(0, (sliced - at_once) / max(1, calls - 1)))
        overhead = max(0, min(at_once / 2, (called - at_once) / max(1, calls - 1)))
        self.pace = units / max(1, at_once - overhead)
        if t.plan:
            t.plan.longest_us = max(longest - overhead, t.plan.longest_us)

    def _weigh(self):
        """By weights.py; where that is not on the board, or does not fit any more, the table's will do."""
        t = self.trainer
        self.weights, self._row = None, t.image.longest or 1
        try:
            from .weights import longest, measure

            self.weights = measure(t.image.code, t.executor.vm_run)
            self._row = longest(t.image.code, t.micro_batch, self.weights)
        except (ImportError, MemoryError, AttributeError):  # the latter: an executor that keeps its VM to itself
            pass
        package = sys.modules["ember"]
        try:  # of no more use
            del sys.modules["ember.weights"], sys.modules["ember.probe"], package.weights, package.probe
        except (AttributeError, KeyError):
            pass

    def _fill(self):
        """With what is not 0, as zeros are quick where floats are software; but for indices, of which 1 may be too
        many, and 0.7 is none."""
        t = self.trainer
        x, value = t.executor.bound(program.X), 0.7 if t.input_dtype == "f" else 1
        for i in range(len(x)):
            x[i] = value
        try:
            t.run(program.CHECK)
            t.run(program.PREDICT)
        except ValueError:
            for i in range(len(x)):
                x[i] = 0

    def _cost(self):
        """Cost units of a prediction with its score, to a sixteenth: the least with which it is one call."""
        low, high = 0, 1 << 12
        while high < 1 << 28 and self._calls(high) > 1:
            low, high = high, high << 2
        while high - low > high >> 4:
            middle = (low + high) >> 1
            if self._calls(middle) > 1:
                low = middle
            else:
                high = middle
        return high

    def _calls(self, units):
        executor, calls = self.trainer.executor, 1
        while not executor.run(program.PREDICT_AND_SCORE, units, self.weights):
            calls += 1
        return calls

    def _time(self, run, units):
        """Microseconds of a prediction with its score, by calls of so many units, or by slices: the least of a few
        means, as something else may have the board at times."""
        least, total, means = 1e9, 0, 0
        while total < _ENOUGH_US or means < 3:
            start, times, took = ticks_us(), 0, 0
            while took < _ENOUGH_US // 40:
                run(units)
                times += 1
                took = ticks_diff(ticks_us(), start)
            least = min(least, took / times)
            means += 1
            total += max(1, least * times)  # what else has the board does not count
        return least

    def _in_slices(self, units):
        """As a step runs, Python's part and all: a microsecond is so many units, and none is left after it."""
        self._pieces, self._pace, self.overhead = None, _PART * units, 0
        self._sections = program.PREDICT_AND_SCORE
        asked, done = self.trainer.asked, False
        while not done:
            asked[0], asked[1] = ticks_us(), 1
            done = self._slice()

    def _longest(self, units):
        """The longest call of a prediction, in microseconds. What costs more than so many units is one row a call."""
        executor, longest = self.trainer.executor, 0
        while True:
            start = ticks_us()
            done = executor.run(program.PREDICT, units, self.weights)
            longest = max(longest, ticks_diff(ticks_us(), start))
            if done:
                return longest

    # A step. As in runner.py, each call's frame stays small.

    def begin(self, x, y, budget_us):
        whole("budget_us", budget_us)
        self._pace or self.calibrate()
        alone(self.trainer, _take, x, y)
        return alone(self.trainer, _slice, self._start, budget_us)

    def take(self):
        """The batch is taken, and the step stands before its first section."""
        t = self.trainer
        ready(t)
        idle(t)
        self._start = ticks_us()
        x, y = t.asked
        self._take(x, y)
        self._sections = self._first()
        t.fresh = True  # afterwards, or if it is dropped
        t.unfinished = True

    def _take(self, x, y):
        """Bind the batch, or the first part of it, after all of it was looked at."""
        t = self.trainer
        if t.cutter:
            self._pieces, self._next = t.cutter.of(x, y), 1
            self._bind(self._pieces[0])
        else:
            self._pieces = None
            self._jobs.take(t, x, y, program.CHECK)

    def _bind(self, piece):
        self.trainer.bind(piece[0], piece[1])

    def _first(self):
        """The sections that come first."""
        fresh = self.trainer.fresh
        if self._pieces:
            return program.ZERO + 2 * program.FOLLOWING if fresh else program.FORWARD_TO_BACKWARD
        return program.ZERO + 3 * program.FOLLOWING if fresh else program.FORWARD_TO_UPDATE

    def go_on(self, budget_us):
        whole("budget_us", budget_us)
        if self.trainer.saving:
            return alone(self.trainer, _save, budget_us, None)
        return alone(self.trainer, _slice, ticks_us(), budget_us)

    def slice(self):
        if not self.trainer.unfinished or not self.trainer.fresh:
            raise RuntimeError("poll: no step in slices is unfinished")
        try:
            return self._slice()
        except BaseException:  # as a whole step: it is as if it had not begun, or its update is finished first
            self.trainer.executor.paused, self.trainer.unfinished = True, False
            raise

    def _slice(self):
        """Run until the time is over, at least a row; whether the step is finished. A call of the VM is begun where
        half of what is left is enough for it, as the other half is for what it runs."""
        start, budget = self.trainer.asked
        while True:
            left = budget - ticks_diff(ticks_us(), start)
            if self._go(max(0, min(left, _MOST_US)) * self._pace // _PART + 1):
                return True
            if budget - ticks_diff(ticks_us(), start) <= 2 * self.overhead:
                return False

    def _go(self, units):
        """Run for so many cost units; whether the step is finished."""
        done = self.trainer.executor.run(self._sections, units, self.weights)
        if not done or (done > 0 and self._following()):
            return False
        self.trainer.unfinished = False
        if done < 0:
            self.trainer.fault()
        return True

    def _following(self):
        """The next part of the batch, or the update; whether there is any."""
        if not self._pieces or self._next > len(self._pieces):
            return False
        if self._next == len(self._pieces):
            self._sections = program.UPDATE
        else:
            self._bind(self._pieces[self._next])
            self._sections = program.FORWARD_TO_BACKWARD
        self._next += 1
        return True

    def save(self, budget_us):
        """Go on with a save; whether it is finished."""
        start, t, done = ticks_us(), self.trainer, True
        try:
            whole("budget_us", budget_us)
            for _ in t.saving:
                done = ticks_diff(ticks_us(), start) < budget_us
                if not done:
                    break
        finally:
            t.saving, t.unfinished = (None, False) if done else (t.saving, True)
        return done

    def drop(self):
        """Give up the step that is unfinished, if any is: weights and the optimizer's state are those of before it. If
        it is updating already, it is finished. A save that is unfinished is given up too: what there was stays."""
        alone(self.trainer, drop, None, None)


def _calibrate(trainer):
    trainer.slices.measure()


def _take(trainer):
    trainer.slices.take()


def _save(trainer):
    return trainer.slices.save(trainer.asked[0])


def _slice(trainer):
    return trainer.slices.slice()
