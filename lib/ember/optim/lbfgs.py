"""L-BFGS (Liu and Nocedal, 1989), as PyTorch has it: step(closure)."""

from array import array

from ..base.check import not_negative, whole
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import MAXIMUM
from ..ops.reduce import summed
from ..ops.rules import ABS_FN, ADD_FN, COPY_FN, MUL_FN, NEG_FN, SUB_FN, strided
from ..tensors.sink import numels
from ..tensors.tensor import Tensor, current_sink
from . import Optimizer

_ANY = float("inf")


def single(value):
    """As a float32. What is one number for all is rounded after each operation, so that it is the same where Python's
    floats are double and where they are single."""
    return array("f", (value,))[0]


class LBFGS(Optimizer):
    """Steps towards where the gradient would be 0, by how it changed over the last history_size moves.

    step(closure) moves up to max_iter times. closure() finds loss and gradients where the parameters are now: it
    returns the loss, having called zero_grad() and loss.backward(); or a recorded function's loss and gradients,
    (loss, gradient, ...), one for each parameter. line_search_fn: None, or "strong_wolfe" (Nocedal and Wright, 2006).
    A step looks at the loss max_eval times at the most, 5 / 4 of max_iter if not given; a search that begins tries one
    place at least, and as PyTorch's one more than is left.

    Keeps 5 + 2 * history_size numbers for each parameter, from when it is made: on a board choose a small history.
    ValueError: more than one group, a negative or wrong setting.

    In a Trainer loss and gradients are its program's, of the batch that step(x, y) is given; the moves run between its
    runs, allocate, and are not saved, nor exported.
    """

    searches = True

    def __init__(self, params, lr=1.0, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9,
                 history_size=100, line_search_fn=None):  # fmt: skip
        self.max_iter = whole("max_iter", max_iter)
        self.max_eval = self.max_iter * 5 // 4 if max_eval is None else whole("max_eval", max_eval)
        self.tolerance_grad = single(not_negative("tolerance_grad", tolerance_grad))
        self.tolerance_change = single(not_negative("tolerance_change", tolerance_change))
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError("line_search_fn is %r; it may be None or 'strong_wolfe'" % (line_search_fn,))
        self.line_search_fn, self.history_size = line_search_fn, whole("history_size", history_size)
        Optimizer.__init__(self, params, {"lr": lr})
        self.members = [p for p in self.groups[0].params if p.requires_grad]
        n = numels(self.members)
        if not n:
            raise ValueError("LBFGS got no parameters to train")
        self.x, self.g, self.before, self.d, self.work = [Tensor(array("f", range(n))) for _ in range(5)]
        self.history = [[Tensor(array("f", range(n))), Tensor(array("f", range(n))), 0.0]
                        for _ in range(self.history_size)]  # fmt: skip
        self.known = 0  # entries of history in use, the oldest first: change of gradient, move, 1 / their product
        self.t, self.diagonal, self.moves, self.evaluations = 0.0, 1.0, 0, 0

    def add_param_group(self, given):
        if self.groups:
            raise ValueError("LBFGS got %d groups; it takes one" % (len(self.groups) + 1))
        Optimizer.add_param_group(self, given)

    def hyper(self, values):
        return (not_negative("lr", values["lr"]),)

    def step(self, closure):
        """Returns the loss where it began, as a number."""
        if self.trainer:
            raise RuntimeError("this optimizer belongs to a Trainer: call trainer.step(x, y)")
        if current_sink().records:
            raise RuntimeError("LBFGS steps outside of a recorded function; its closure may call one")
        return self.move_by(closure)

    def emit(self, sink, n, p, g, states, hyper, total):
        """Of a Trainer's program nothing."""

    def move_by(self, closure):
        """As step."""
        first = loss = self._evaluate(closure)
        evaluations = 1
        if self.largest(self.g) <= self.tolerance_grad:
            return first
        for i in range(self.max_iter):
            self._direct()
            self._map(COPY_FN, self.before, self.g)
            before, lr = loss, self.lr
            self.t = lr if self.moves else single(min(1.0, single(1.0 / self._sum_of_sizes())) * lr)
            self.moves += 1
            slope = self._dot(self.g, self.d)
            if slope > -self.tolerance_change:
                break
            self.gather()
            if self.line_search_fn:
                from .wolfe import search

                loss, self.t, n = search(self, closure, self.t, loss, slope, self.max_eval - evaluations)
                evaluations += n
            else:
                self.move(self.t)
                if i == self.max_iter - 1:
                    break
                loss = self._evaluate(closure)
                evaluations += 1
            if evaluations >= self.max_eval or self.largest(self.g) <= self.tolerance_grad:
                break
            if single(abs(self.t) * self.largest(self.d)) <= self.tolerance_change:
                break
            if single(abs(loss - before)) < self.tolerance_change:
                break
        self.steps += 1
        return first

    def try_at(self, closure, t):
        """(loss, slope) at x + t * d."""
        self.move(t)
        loss = self._evaluate(closure)
        return loss, self._dot(self.g, self.d)

    def move(self, t):
        """The parameters = x + t * d."""
        offset = 0
        for p in self.members:
            self._map(MUL_FN, p, self.d.alias(p.dims, offset), t)
            self._map(ADD_FN, p, p, self.x.alias(p.dims, offset))
            offset += p.numel()

    def note(self, gradient):
        """Of the best place so far."""
        self._map(COPY_FN, self.work, gradient)

    def back_to(self, t):
        """The parameters, and their gradient, are those of the best place, which was at t."""
        self.move(t)
        self._map(COPY_FN, self.g, self.work)

    def _direct(self):
        """d: where to go, by the gradient g and what is known."""
        if self.moves:
            self._remember()
        d, factors = self.d, [0.0] * self.known
        self._map(NEG_FN, d, self.g)
        for i in range(self.known - 1, -1, -1):
            y, s, inverse = self.history[i]
            factors[i] = single(self._dot(s, d) * inverse)
            self._add(d, y, -factors[i])
        self._map(MUL_FN, d, d, self.diagonal)
        for i in range(self.known):
            y, s, inverse = self.history[i]
            self._add(d, s, single(factors[i] - single(self._dot(y, d) * inverse)))

    def _remember(self):
        self._map(SUB_FN, self.before, self.g, self.before)  # how the gradient changed
        self._map(MUL_FN, self.work, self.d, self.t)
        product = self._dot(self.before, self.work)
        if product > single(1 / 10000000000):
            if self.known == self.history_size:
                self.history.append(self.history.pop(0))
                self.known -= 1
            entry = self.history[self.known]
            self._map(COPY_FN, entry[0], self.before)
            self._map(COPY_FN, entry[1], self.work)
            entry[2] = single(1.0 / product)
            self.known += 1
            self.diagonal = single(product / self._dot(self.before, self.before))

    def _evaluate(self, closure):
        """The loss; its gradient is then in g."""
        found = closure()
        self.evaluations += 1
        if isinstance(found, (tuple, list)):
            loss, gradients = found[0], found[1:]
            if len(gradients) != len(self.members):
                raise ValueError("the closure returned %d gradients for %d parameters"
                                 % (len(gradients), len(self.members)))  # fmt: skip
        else:
            loss, gradients = found, [p.grad for p in self.members]
        offset = 0
        for p, g in zip(self.members, gradients):
            part = self.g.alias(p.dims, offset)
            self._map(COPY_FN, part, 0.0 if g is None else g)
            offset += p.numel()
        return single(loss.item() if isinstance(loss, Tensor) else loss)

    def gather(self):
        """x: the parameters, which back() puts there again."""
        self._copy(True)

    def back(self):
        self._copy(False)

    def _copy(self, gather):
        offset = 0
        for p in self.members:
            part = self.x.alias(p.dims, offset)
            self._map(COPY_FN, part if gather else p, p if gather else part)
            offset += p.numel()

    def forget(self):
        """What the moves so far told."""
        self.known, self.moves, self.diagonal = 0, 0, 1.0

    # What the VM does with vectors.

    def _map(self, fn, d, a, b=None):
        sink = current_sink()
        a = a if isinstance(a, Tensor) else sink.scalar(a)
        sink.map(fn, d, a, b if b is None or isinstance(b, Tensor) else sink.scalar(b))
        sink.flush()

    def _add(self, d, a, factor):
        """d += factor * a"""
        sink = current_sink()
        sink.map(MUL_FN, d, a, sink.scalar(factor), INTO_ADD)
        sink.flush()

    def _sum(self, fn, a, b):
        sink = current_sink()
        total = sink.new(())
        summed(sink, fn, a.dims, total, (0,), a, (1,), b, (1,))
        sink.flush()
        return total.item()

    def _dot(self, a, b):
        return self._sum(MUL_FN, a, b)

    def largest(self, a):
        sink = current_sink()
        most = sink.scalar(0.0)
        strided(sink, ABS_FN, MAXIMUM, a.dims, most, (0,), a, (1,))
        sink.flush()
        return most.item()

    def _sum_of_sizes(self):
        return self._sum(ABS_FN, self.g, self.g)
