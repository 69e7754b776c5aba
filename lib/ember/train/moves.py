"""L-BFGS in a Trainer: loss and gradients are the program's, the moves between its runs are the optimizer's."""

from array import array

from ..instructions.program import COUNT, FLOATS, GRADIENTS, INTS, LOSS, STATISTICS, TOTAL, UPDATE
from ..ops.rules import DIV_FN
from ..run.alone import alone
from ..run.finite import first as not_finite
from ..run.guard import act
from ..run.jobs import accumulate
from ..tensors.sink import numels
from ..tensors.tensor import Tensor, current_sink


class Bad(Exception):
    """A batch whose loss or gradients are not finite."""


def _step(trainer):
    trainer.asked[0].move(trainer.asked[1])


def check(front):
    """ValueError where one of the optimizers looks at the loss more than once a step, and that does not fit."""
    if len(front.optimizers) > 1:
        raise ValueError("LBFGS is one of %d optimizers; it trains alone" % len(front.optimizers))
    if front.extras:
        raise ValueError("LBFGS takes no clip_value, clip_norm or ema")
    if front.state_dtype != "f":
        raise ValueError("LBFGS takes no state_dtype but 'f', got %r" % front.state_dtype)


class Moves:
    """What a Trainer's step and update are then."""

    def __init__(self, trainer):
        self.trainer, self.optimizer, self.batch = trainer, trainer.optimizer, None
        arena = memoryview(trainer.executor.segments[0])
        first, size = trainer.image.block(GRADIENTS)
        self.gradients = Tensor(arena[first : first + size])
        n = numels(trainer.front.changing)
        self.buffers, at = arena[first - n : first], trainer.image.statistics + STATISTICS  # as sections.py has them
        self.changed = arena[at : at + n]
        trainer.step, trainer.update, trainer.moves = self.step, self.update, self

    def step(self, x, y, budget_us=None):
        """A step of the optimizer: the loss and its gradients as often as it asks. .loss is that of before it.
        Interrupted, the weights are those of before its last move."""
        t = self.trainer
        if budget_us is not None:
            raise ValueError("budget_us is %r; LBFGS takes whole steps" % (budget_us,))
        alone(t, _step, self, (x, y))

    def move(self, batch):
        t = self.trainer
        self.batch, self.seen, buffers = batch, None, array("f", self.buffers)
        self.optimizer.gather()
        t.changing = True
        try:
            self.optimizer.move_by(self._look)
            self._check(0, self.gradients.numel())
        except Bad:
            self.optimizer.back()
            self.optimizer.forget()
            self.buffers[:] = buffers
            act(t)
            return
        except BaseException:
            self.optimizer.back()
            raise
        finally:
            self.batch, t.fresh, t.changing = None, True, False
        for slot, value in zip(self._slots(), self.seen):
            t.executor.write(slot, value)
        t.run(UPDATE)

    def _slots(self):
        at = self.trainer.image.statistics
        return at + LOSS, at + TOTAL, (INTS << 24) + COUNT

    def _look(self):
        """Loss and gradients where the weights are now. What is counted is the first look; buffers follow each."""
        t = self.trainer
        t.fresh = True
        t.asked[0], t.asked[1] = self.batch
        accumulate(t)
        seen = [t.executor.read(slot) for slot in self._slots()]
        if self.seen is None:
            self.seen = seen
            self._guard(seen)
        if not seen[1]:  # no label counts: gradients are 0, and there is no move
            return 0.0
        n, at = len(self.changed), t.image.statistics + STATISTICS
        if n and not_finite(t.executor, at, n) == n:  # not of a look too far off
            self.buffers[:] = self.changed
        sink = current_sink()
        sink.map(DIV_FN, self.gradients, self.gradients, sink.scalar(seen[1]))
        sink.flush()
        return t.loss

    def _guard(self, seen):
        """A bad batch is found before the first move. Later looks may be at places that are too far off."""
        first, size = self.trainer.image.block(GRADIENTS)
        self._check(FLOATS << 24, 1, 1.0, 1)
        if seen[1]:
            self._check(self._slots()[0], 2, seen[1])
            self._check(first, size, seen[1], 1)
            if len(self.changed):
                self._check(self.trainer.image.statistics + STATISTICS, len(self.changed))

    def _check(self, first, n, total=1.0, squared=0):
        if not_finite(self.trainer.executor, first, n, total, squared) < n:
            raise Bad

    def update(self):
        raise RuntimeError("update: LBFGS looks at the loss again and again; it takes step(x, y)")

    def state(self):
        """What the optimizer knows of its moves: numbers, and tensors' elements."""
        o = self.optimizer
        known = [(y.elements(), s.elements(), inverse) for y, s, inverse in o.history[: o.known]]
        return (o.steps, o.moves, o.evaluations, o.t, o.diagonal, o.before.elements(), o.d.elements(), o.g.elements(),
                known)  # fmt: skip

    def fits(self, state):
        """Whether it is what state() gives."""
        o = self.optimizer
        n, arrays = o.x.numel(), list(state[5:8]) + [part for y, s, _ in state[8] for part in (y, s)]
        return len(state) == 9 and all([isinstance(v, (int, float)) for v in state[:5]]) and all(
            [len(values) == n for values in arrays])  # fmt: skip

    def load(self, state):
        """Go on with these; without any it forgets its moves, which were from other weights."""
        o = self.optimizer
        o.forget()
        if state is None:
            return
        o.steps, o.moves, o.evaluations, o.t, o.diagonal = state[:5]
        known = state[8][-len(o.history) :]  # of a longer history the newest
        o.known = len(known)
        for tensor, values in zip((o.before, o.d, o.g), state[5:8]):
            tensor.elements()[:] = values
        for entry, (y, s, inverse) in zip(o.history, known):
            entry[0].elements()[:], entry[1].elements()[:], entry[2] = y, s, inverse
