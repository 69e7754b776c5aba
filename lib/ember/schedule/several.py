"""Schedules by functions of one's own, and schedules made of schedules. Found in `schedule` under their names."""

from . import Schedule, bases, rising


class LambdaLR(Schedule):
    """base * lr_lambda(t); lr_lambda: a function, or one for each group. In a chain it keeps nothing of what those
    before it made, as in PyTorch."""

    scales = False

    def __init__(self, optimizer, lr_lambda):
        count = len(bases(optimizer))
        self.lambdas = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        if len(self.lambdas) != count or not all([callable(f) for f in self.lambdas]):
            raise ValueError("lr_lambda is %r; it may be a function, or a list of %d" % (lr_lambda, count))
        Schedule.__init__(self, optimizer)

    def rate(self, i, base, t):
        return base * self.lambdas[i](t)

    def at(self, base, t):
        return self.rate(0, base, t)


class MultiplicativeLR(LambdaLR):
    """base * lr_lambda(1) * lr_lambda(2) * … * lr_lambda(t); lr_lambda: a function, or one for each group."""

    scales = True

    def __init__(self, optimizer, lr_lambda):
        self.products = [(0, 1.0)] * len(bases(optimizer))
        LambdaLR.__init__(self, optimizer, lr_lambda)

    def rate(self, i, base, t):
        """The product goes on from the last that was asked for, of each group."""
        done, product = self.products[i]
        if done > t:
            done, product = 0, 1.0
        while done < t:
            done += 1
            product *= self.lambdas[i](done)
        self.products[i] = done, product
        return base * product

    def after(self, i, base, t, rate):
        return rate * self.lambdas[i](t) if t else rate

    def resumed(self, i, base, t, rate):
        """In a sequence it goes on from the rate that it finds, as in PyTorch."""
        return self.rate(i, rate * self.lambdas[i](0), t)


def _several(schedulers, optimizer):
    """Schedules whose steps are counted for them."""
    if not isinstance(schedulers, (list, tuple)):
        raise ValueError("schedulers is %r; it may be a list of schedules" % (schedulers,))
    for s in schedulers:
        if not isinstance(s, Schedule) or s.optimizer is not optimizer or not s.chains:
            raise ValueError("schedulers holds %r; it may hold schedules of this optimizer that are functions of base "
                             "and step alone" % (s,))  # fmt: skip
    return list(schedulers)


class SequentialLR(Schedule):
    """schedulers one after the other: the next from each milestone on, counting from 0 there."""

    scales = False

    def __init__(self, optimizer, schedulers, milestones):
        self.schedulers = _several(schedulers, optimizer)
        self.milestones = rising(milestones, 1)
        if len(self.milestones) != len(self.schedulers) - 1 or sorted(self.milestones) != self.milestones:
            raise ValueError("milestones is %r; it may be %d rising steps, one less than the schedulers"
                             % (milestones, len(self.schedulers) - 1))  # fmt: skip
        Schedule.__init__(self, optimizer)

    def _now(self, t):
        """Which of them it is at t, and since when."""
        k = 0
        while k < len(self.milestones) and self.milestones[k] <= t:
            k += 1
        return self.schedulers[k], self.milestones[k - 1] if k else 0

    def rate(self, i, base, t):
        now, since = self._now(t)
        return now.resumed(i, base, t - since, self.rate(i, base, since - 1)) if since else now.rate(i, base, t)

    def after(self, i, base, t, rate):
        now, since = self._now(t)
        if since < t:
            return now.after(i, base, t - since, rate)
        return now.resumed(i, base, 0, rate) if t else now.rate(i, base, 0)

    def at(self, base, t):
        return self.rate(0, base, t)


class ChainedScheduler(Schedule):
    """All schedulers at once: factors multiply. Where not all are factors a step is PyTorch's recursion: each makes a
    rate of that which those before it made, or makes it anew, and of theirs nothing is left."""

    def __init__(self, schedulers, optimizer=None):
        if not schedulers:
            raise ValueError("schedulers is %r, which is empty; it may be a list of schedules" % (schedulers,))
        if optimizer is None and isinstance(schedulers, (list, tuple)):
            optimizer = getattr(schedulers[0], "optimizer", None)
        self.schedulers = _several(schedulers, optimizer)
        self.scales = self.chains = all([s.scales for s in self.schedulers])
        self.rates = []  # of each group, where not all are factors
        Schedule.__init__(self, optimizer)

    def rate(self, i, base, t):
        for s in self.schedulers:
            base = s.rate(i, base, t)
        return base

    def at(self, base, t):
        return self.rate(0, base, t)

    def apply(self):
        if self.scales:
            return Schedule.apply(self)
        t, rates = self.last_epoch, self.rates
        for i in range(len(self.bases)):
            base = self.bases[i]
            if not t:
                rates.append(base)
            for s in self.schedulers:
                rates[i] = s.after(i, base, t, rates[i])
        self._set()

    def _set(self):
        for group, rate in zip(self.optimizer.groups, self.rates):
            group.hyper[0] = rate

    def state(self):
        return (self.last_epoch,) + tuple([float(rate) for rate in self.rates])

    def load(self, state):
        self.last_epoch = state[0]
        if self.scales:
            return self.apply()
        self.rates = list(state[1:])
        self._set()
