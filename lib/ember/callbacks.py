"""Callbacks for Trainer.fit(…, callbacks=[…]): any function of the trainer is one; True ends the training.

monitor: "loss" (of the validation, or where there is none of the training), "accuracy" of the validation, or a function
of the trainer that returns a number. Less is better, but for "accuracy". NaN is never better.
"""

from array import array

from .base.check import not_negative, whole
from .instructions.program import GRADIENTS


def _monitor(monitor):
    """The function, and 1 where less is better, else -1."""
    if callable(monitor):
        return monitor, 1
    if monitor == "loss":
        return _loss, 1
    if monitor == "accuracy":
        return _accuracy, -1
    raise ValueError("monitor is %r; it may be 'loss', 'accuracy' or a function of the trainer" % (monitor,))


def _loss(trainer):
    return trainer.validation[0] if trainer.validation else trainer.running_loss


def _accuracy(trainer):
    if not trainer.validation or trainer.validation[1] is None:
        raise ValueError("monitor is 'accuracy': that takes validation batches, and targets that are labels")
    return trainer.validation[1]


class EarlyStopping:
    """Ends the training when `monitor` has not become better by more than min_delta for `patience` epochs. .best is the
    best there was, .waited the epochs since."""

    def __init__(self, patience=5, min_delta=0.0, monitor="loss"):
        patience = whole("patience", patience)
        not_negative("min_delta", min_delta)
        self.measure, self.sign = _monitor(monitor)
        self.patience, self.min_delta = patience, min_delta
        self.best, self.waited = None, 0

    def __call__(self, trainer):
        value = self.measure(trainer)
        best = float("inf") if self.best is None else self.sign * self.best
        if self.sign * value < best - self.min_delta:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        return self.waited >= self.patience

    def state(self):
        """What a checkpoint keeps of it."""
        return self.best, self.waited

    def load(self, state):
        self.best, self.waited = state


class KeepBest:
    """Keeps the trainer as it is where `monitor` is best: in the file `path`, as a checkpoint, or, without a path, the
    parameters in memory (4 bytes each, taken once). restore(trainer) goes back there."""

    def __init__(self, path=None, monitor="loss"):
        if path is not None and not isinstance(path, str):
            raise ValueError("path is %r; it may be the name of a file, or None" % (path,))
        self.measure, self.sign = _monitor(monitor)
        self.path, self.kept = path, None
        self.best, self.epoch = None, 0

    def __call__(self, trainer):
        value = self.measure(trainer)
        if self.sign * value < (float("inf") if self.best is None else self.sign * self.best):
            if self.path is not None:
                trainer.save(self.path)
            else:
                n = _size(trainer)
                self.kept = self.kept or array("f", range(n))
                memoryview(self.kept)[:] = trainer.executor.view(0, n)
            self.best, self.epoch = value, trainer.epoch

    def state(self):
        return self.best, self.epoch, self.kept

    def load(self, state):
        self.best, self.epoch, self.kept = state

    def restore(self, trainer):
        if self.best is None:
            raise RuntimeError("restore: nothing was kept yet")
        if self.path is not None:
            trainer.load(self.path)
        else:
            trainer.executor.store(0, self.kept)


def _size(trainer):
    """Parameters and frozen ones, which lie first in the arena."""
    return trainer.image.starts[GRADIENTS]


class Save:
    """Saves the trainer every so many epochs, or, as fit's on_step, steps: all that resume(path, data) goes on from. In
    a list of callbacks it comes last: what comes after it is not in the checkpoint yet.

    path      of the file; with a %d in it, of as many files as `keep` says, each named by the steps so far
    keep      how many files there are at most: the newest
    half      floats in half precision, of which .written has less

    .written are the bytes so far: a flash wears by them. newest() is the path of the newest file, or None.
    """

    def __init__(self, path, every=1, keep=1, half=False):
        self.numbered = isinstance(path, str) and "%d" in path
        self.keep = whole("keep", keep)
        if self.keep > 1 and not self.numbered:
            raise ValueError("path is %r; to keep %d files it takes a %%d, as 'model-%%d.ckpt'" % (path, keep))
        self.path, self.every, self.half, self.written, self.called = path, whole("every", every), half, 0, 0

    def __call__(self, trainer):
        self.called += 1
        if self.called % self.every == 0:
            path = self.path % trainer.steps if self.numbered else self.path
            self.written += trainer.save(path, self.half)
            if self.numbered:
                self._remove()

    def state(self):
        return self.called, self.written

    def load(self, state):
        self.called, self.written = state

    def newest(self):
        there = self._there()
        return self.path % there[-1] if there else None

    def _there(self):
        """The steps of the files that there are, in order."""
        import os

        folder, _, name = self.path.rpartition("/")
        before, _, after = name.partition("%d")
        found = []
        for there in os.listdir(folder or self.path[: -len(name)] or "."):
            middle = there[len(before) : len(there) - len(after)]
            if there == before + middle + after and middle.isdigit():
                found.append(int(middle))
        found.sort()
        return found

    def _remove(self):
        import os

        for steps in self._there()[: -self.keep]:
            os.remove(self.path % steps)
