"""What a runner has whose Trainer had bounds, or an average of the weights: of a Trainer, and of runtime.load."""

from array import array

from ..instructions import program
from .alone import alone

_PIECE = 64  # elements that are moved at once


class Slots:
    """Some of the float slots, as a list of so many."""

    def __init__(self, executor, first, size):
        self.executor, self.first, self.size = executor, first, size

    def __len__(self):
        return self.size

    def _at(self, k):
        if not -self.size <= k < self.size:
            raise IndexError("there are %d slots" % self.size)
        return (program.FLOATS << 24) + self.first + k % self.size

    def __getitem__(self, k):
        return self.executor.read(self._at(k))

    def __setitem__(self, k, value):
        self.executor.write(self._at(k), value)


def bounds(model):
    """[clip_value, clip_norm, ema], as a Trainer's .bounds, where the one that was exported had one of them."""
    n, names = len(model.image.floats), model.names.split("\n")[0].split(" ")
    if names[-3:-1] != ["clip_value", "clip_norm"] or len(names) != n:
        raise ValueError("bounds: the Trainer that was exported had no clip_value, clip_norm or ema")
    return Slots(model.executor, n - 3, 3)


def averages(runner):
    """Whether there is an average of the weights."""
    return runner.names.split("\n")[0][-4:] == " ema"


class Averaged:
    """Weights and their averages change places, and at the end of the block change back: so many elements, piece by
    piece, and what is interrupted goes on where it stood."""

    def __init__(self, runner, size, at):
        self.runner, self.size, self.at = runner, size, at
        self.done = self.goal = 0  # elements that are averages, and that are to be
        self.piece = None  # (first, done afterwards, weights, averages): may be stored again

    def __enter__(self):
        self._turn(self.size)

    def __exit__(self, kind, error, trace):
        self._turn(0)

    def _turn(self, goal):
        try:
            self.goal = goal
            alone(self.runner, _turn, self, None)
        except BaseException:
            if self.runner.swapped is self:
                self.goal = 0
                alone(self.runner, _turn, self, None)
            raise

    def refuse(self):
        self.runner.idle()
        if self.runner.swapped is None:  # it was interrupted
            return
        raise RuntimeError("the weights are their averages: they train, and load, after the end of `with averaged():`")

    def settle(self):
        self.runner.changing = self.runner.executor.paused = True
        if self.piece:
            self._store()
        while self.done != self.goal:
            self._move()
        self.runner.swapped = self if self.goal else None
        self.runner.executor.recover(program.UPDATE)  # a prediction within the block
        self.runner.changing = self.runner.executor.paused = False

    def _move(self):
        run, on = self.runner.executor, self.done < self.goal
        first = self.done if on else (self.done - 1) // _PIECE * _PIECE
        n = min(_PIECE, self.size - first)
        self.piece = (first, first + n if on else first, array("f", run.view(first, n)),
                      array("f", run.view(self.at + first, n)))  # fmt: skip
        self._store()

    def _store(self):
        first, done, weights, means = self.piece
        self.runner.executor.store(first, means)
        self.runner.executor.store(self.at + first, weights)
        self.done = done
        self.piece = None


def _turn(runner):
    averaged = runner.asked[0]
    if runner.unfinished or runner.executor.paused and runner.swapped is None:
        runner.idle()
    if runner.swapped is None:
        averaged.done, averaged.piece = 0, None
    elif runner.swapped is not averaged:  # one within another, or that was never left
        averaged.done, averaged.piece = runner.swapped.done, runner.swapped.piece
    runner.swapped = averaged
    averaged.settle()


def averaged(runner):
    """`with runtime.averaged(model):` as a Trainer's averaged(), where the one that was exported had ema."""
    (_, size), (at, n) = runner.image.block(program.PARAMETERS), runner.image.block(program.STATE)
    if not averages(runner) or n < size:
        raise ValueError("ema is None; averaged() takes a Trainer with one, as ema=0.999, or what it exported")
    return Averaged(runner, size, at + n - size)  # it comes last
