"""What looks at batches before a step, and at losses after it: see docs/guards.md.

    screen = Screen(trainer, batches, limit=100.0)
    trainer.fit(screen, epochs=10, on_step=Watch(trainer, factor=10.0))
    print(screen.dropped)

Both run a program of a few instructions; once they are made they allocate nothing.
"""

from array import array

from .base.check import number, positive, whole
from .instructions import isa, program
from .run.convert import accept
from .run.finite import LIMIT, Look
from .run.guard import guard  # noqa: F401, which people find here

_REFUSED = ValueError, TypeError
_FN_MUL, _FN_ADD, _FN_DIV, _FN_ABS = 18, 16, 19, 2


class Screen:
    """Batches (x, y) without those in which a number is NaN, or is not below a limit in size. dropped: how many these
    were. Where a trainer takes whole numbers there is nothing to look at.

    limit, target_limit    above 0; None: any finite number
    """

    def __init__(self, trainer, batches, limit=None, target_limit=None):
        if trainer.binding:
            raise ValueError("Screen is for a trainer with one input and one target")
        limits = [None if limit is None else positive("limit", limit),
                  None if target_limit is None else positive("target_limit", target_limit)]  # fmt: skip
        self.trainer, self.batches, self.dropped = trainer, batches, 0
        self.limits, self.looks = limits, ([None, None], [None, None])
        self.types = trainer.input_dtype, trainer.target_dtype

    def __iter__(self):
        for batch in self.batches:
            if self.fits(batch[0], batch[1]):
                yield batch
            else:
                self.dropped += 1

    def fits(self, x, y):
        """Whether a batch is fit to be trained on."""
        found = self._fits(0, x)
        if found:
            found = self._fits(1, y)
        return self._converted(x, y) if found is None else found

    def _converted(self, x, y):
        x, y = accept(self.trainer, x, y)[:2]
        return self._fits(0, x) and self._fits(1, y)

    # As in run/runner.py, each call's frame stays small.

    def _fits(self, k, values):
        """None where these are no buffer of the trainer's type."""
        if self.types[k] != "f":
            return True
        look = self.looks[k][0]
        if look is None or look.n != len(values):
            look = self._look(k, len(values))
        look.segments[program.X] = values
        return self._passes(look)

    def _passes(self, look):
        try:
            return look.found() == look.n
        except _REFUSED:
            return None

    def _look(self, k, n):
        """Of so many; the last two are kept, a full batch and one that is not."""
        pair, limit = self.looks[k], self.limits[k]
        pair[0], pair[1] = pair[1], pair[0]
        if pair[0] is None or pair[0].n != n:
            pair[0] = Look(self.trainer.executor.vm_run, n, limit is not None)
            pair[0].total[0] = 1.0 if limit is None else limit / LIMIT
        return pair[0]


class Watch:
    """on_step of fit, or called with the trainer after a step: ValueError where the loss was not below `factor` times
    its moving average for `patience` steps on end; or, instead, then(trainer) is called, and it is counted.

    beta    how much of the average a step keeps
    """

    def __init__(self, trainer, factor=10.0, patience=3, beta=0.98, then=None):
        self.factor, self.patience = number("factor", factor, 1, without="low"), whole("patience", patience)
        number("beta", beta, 0, 1, "low high")
        self.then, self.begun = then, False
        self.waited = self.diverged = 0
        self.mean = array("f", (0.0, 0.0, 0.0))  # the average; scratch
        at, executor = trainer.image.statistics, trainer.executor
        self.run, self.state, none = executor.vm_run, array("i", (0, 0, 0, 0)), array("f", (0.0,))
        self.segments = [self.mean, array("f", (self.factor / LIMIT, beta, 1.0 - beta)), none,
                         array("i", (1,)), executor.view(at, 2)]  # fmt: skip
        mean, limit, own = 0, 1, 2
        factor, keep, add = [(program.CONSTANTS << 24) + k for k in range(3)]
        loss, total = program.X << 24, (program.X << 24) + 1
        words = _map(_FN_DIV, own, loss, total) + _map(_FN_ABS, own, own, own) + _map(_FN_MUL, limit, mean, factor)
        words += (isa.CHECK_FINITE, 1, 1, own, limit)
        words += _map(_FN_MUL, mean, mean, keep) + _map(_FN_MUL, own, own, add) + _map(_FN_ADD, mean, mean, own)
        size = 26 - 5 + len(words)
        self.code = array("i", (isa.MAGIC, size, 1, 5, 1, 8, 3, 0, 0, 3, 0, 0, 1, 0, 9, 1, 0, 0, 2, 0, size) + words)

    def __call__(self, trainer):
        if not self.begun:
            self.mean[0], self.begun = abs(trainer.loss), True
        elif self.run(self.code, self.segments, self.state, -1, None) > 0:
            self.waited = 0
            return
        else:
            self._grown(trainer)

    def _grown(self, trainer):
        self.state[1] = self.state[2] = self.state[3] = 0
        self.waited += 1
        if self.waited < self.patience:
            return
        self.waited = 0
        self.diverged += 1
        if self.then is None:
            raise ValueError("the loss is %r, and was not below %r times its average, %r, for %d steps"
                             % (trainer.loss, self.factor, self.mean[0], self.patience))  # fmt: skip
        self.then(trainer)


def _map(fn, d, a, b):
    return (isa.MAP, fn, isa.WRITE, 1, 1, 1, d, a, b)
