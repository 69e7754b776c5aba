"""Schedules of the learning rate. Names, defaults and formulas are PyTorch's, each in its closed form: from the number
of steps so far, not from the rate before, so that nothing drifts where floats are single.

    schedule = CosineAnnealingLR(optimizer, T_max=100)
    ...
    schedule.step()                      # after an epoch, or after every update: the counts are of these calls

Making a schedule sets the rate of step 0. Each parameter group keeps a base of its own, what its rate was when the
first schedule was made (group.initial_lr); a rate set by hand in between is overwritten by the next step.
`trainer.schedule = schedule` has its state saved and loaded with the trainer.
"""

import math

from ..base.check import not_negative, number, whole
from ..base.homes import look_up


def rising(values, low):
    if not isinstance(values, (list, tuple)):
        raise ValueError("milestones is %r; it may be a list of whole numbers from %d" % (values, low))
    return [whole("milestones", m, low) for m in values]


def bases(optimizer):
    if not hasattr(optimizer, "groups"):
        raise ValueError("optimizer is %r; it may be an Optimizer" % (optimizer,))
    for group in optimizer.groups:
        if not hasattr(group, "initial_lr"):
            group.initial_lr = group.hyper[0]
    return [group.initial_lr for group in optimizer.groups]


def cosine(first, last, left):
    """From first (left = 1) to last (left = 0) along half a cosine; exact near its end, where 1 + cos cancels."""
    s = math.sin(left * math.pi / 2)
    return last + (first - last) * (s * s)


class Schedule:
    """What all have in common: `at(base, t)` is the rate after t steps of a group with that base."""

    chains = True  # `at` is all there is to it: it may be one of several
    scales = True  # `at` is the base times a factor
    measured = False  # step() takes a measure

    def __init__(self, optimizer):
        self.optimizer, self.last_epoch = optimizer, 0
        self.bases = bases(optimizer)
        self.apply()

    def apply(self):
        groups, bases, t = self.optimizer.groups, self.bases, self.last_epoch
        for i in range(len(groups)):
            groups[i].hyper[0] = self.rate(i, bases[i], t)

    def rate(self, i, base, t):
        """`at`, of group i."""
        return self.at(base, t)

    def after(self, i, base, t, rate):
        """The rate at step t of group i where other schedules too have made it, `rate` being what they made so far."""
        if not self.scales or not t:
            return self.rate(i, rate if self.scales else base, t)
        before = self.at(1.0, t - 1)
        return rate * (self.at(1.0, t) / before) if before else rate

    def resumed(self, i, base, t, rate):
        """The rate t steps after this schedule took over, in a sequence, from another that had come to `rate`."""
        return self.rate(i, base, t)

    def step(self):
        self.last_epoch += 1
        self.apply()

    def get_last_lr(self):
        """The rate of each group."""
        return [group.hyper[0] for group in self.optimizer.groups]

    def state(self):
        """What must be kept to go on later: a few numbers, always as many and of the same kinds."""
        return (self.last_epoch,)

    def load(self, state):
        self.last_epoch = state[0]
        self.apply()


_THIRD = 1.0 / float(3)  # worked out where it runs: written out in digits it is read a unit off where floats are single


class ConstantLR(Schedule):
    """base * factor for total_iters steps, then base. total_iters of 0: always base * factor, or base where another
    schedule comes before it in a sequence."""

    def __init__(self, optimizer, factor=_THIRD, total_iters=5):
        self.factor = number("factor", factor, 0, 1)
        self.total_iters = whole("total_iters", total_iters, 0)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        return base * self.factor if t < self.total_iters or not self.total_iters else base

    def resumed(self, i, base, t, rate):
        return self.at(base, t) if self.total_iters else base


class LinearLR(Schedule):
    """From base * start_factor to base * end_factor in total_iters steps, a warm-up by default."""

    def __init__(self, optimizer, start_factor=_THIRD, end_factor=1.0, total_iters=5):
        self.start = number("start_factor", start_factor, 0, 1)
        self.end = number("end_factor", end_factor, 0, 1)
        if not start_factor:
            raise ValueError("start_factor is %r; it may be from above 0 to 1" % (start_factor,))
        self.total_iters = whole("total_iters", total_iters)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        left = max(0, self.total_iters - t) / self.total_iters
        return base * (self.end + (self.start - self.end) * left)


class ExponentialLR(Schedule):
    """base * gamma ** t"""

    def __init__(self, optimizer, gamma):
        self.gamma = not_negative("gamma", gamma)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        return base * self.gamma**t


class StepLR(Schedule):
    """base * gamma ** (t // step_size)"""

    def __init__(self, optimizer, step_size, gamma=0.1):
        self.step_size = whole("step_size", step_size)
        self.gamma = not_negative("gamma", gamma)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        return base * self.gamma ** (t // self.step_size)


class MultiStepLR(Schedule):
    """base * gamma for every milestone that was reached."""

    def __init__(self, optimizer, milestones, gamma=0.1):
        self.milestones = rising(milestones, 0)
        self.gamma = not_negative("gamma", gamma)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        reached = 0
        for m in self.milestones:
            reached += m <= t
        return base * self.gamma**reached


class PolynomialLR(Schedule):
    """base * (1 - t / total_iters) ** power, then 0."""

    def __init__(self, optimizer, total_iters=5, power=1.0):
        self.total_iters = whole("total_iters", total_iters)
        self.power = not_negative("power", power)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        return base * (max(0, self.total_iters - t) / self.total_iters) ** self.power


class CosineAnnealingLR(Schedule):
    """From base to eta_min along half a cosine in T_max steps, and back in as many (Loshchilov and Hutter, 2017)."""

    scales = False

    def __init__(self, optimizer, T_max, eta_min=0.0):
        self.T_max = whole("T_max", T_max)
        self.eta_min = not_negative("eta_min", eta_min)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        t %= 2 * self.T_max
        return cosine(base, self.eta_min, abs(self.T_max - t) / self.T_max)

    def after(self, i, base, t, rate):
        """PyTorch's recursion: what is above eta_min falls by a factor, and rises from there by what base is above."""
        if not t:
            return rate
        before, t = [cosine(1.0, 0.0, abs(self.T_max - k % (2 * self.T_max)) / self.T_max) for k in (t - 1, t)]
        if not before:
            return rate + (base - self.eta_min) * t
        return self.eta_min + (rate - self.eta_min) * (t / before)


class CosineAnnealingWarmRestarts(Schedule):
    """From base to eta_min along half a cosine in T_0 steps, then again from base; each time T_mult times as long."""

    scales = False

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0):
        self.T_0, self.T_mult = whole("T_0", T_0), whole("T_mult", T_mult)
        self.eta_min = not_negative("eta_min", eta_min)
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        period = self.T_0
        if self.T_mult == 1:
            t %= period
        while t >= period:
            t -= period
            period *= self.T_mult
        return cosine(base, self.eta_min, (period - t) / period)


class NoamLR(Schedule):
    """factor * model_size ** -0.5 * min(t ** -0.5, t * warmup_steps ** -1.5), t from 1, whatever the base: of
    "Attention is all you need" (Vaswani et al., 2017), to be stepped after every update."""

    scales = False

    def __init__(self, optimizer, model_size, warmup_steps, factor=1.0):
        self.warmup_steps = whole("warmup_steps", warmup_steps)
        self.factor = not_negative("factor", factor) / math.sqrt(whole("model_size", model_size))
        Schedule.__init__(self, optimizer)

    def at(self, base, t):
        t, warmup = t + 1, self.warmup_steps
        return self.factor * (1 / math.sqrt(t) if t > warmup else t / (warmup * math.sqrt(warmup)))


# Those that are more than a function of the step and the base, and those made of others.
_HOMES = (
    " schedule.more: CyclicLR OneCycleLR ReduceLROnPlateau "
    "schedule.several: LambdaLR MultiplicativeLR SequentialLR ChainedScheduler "
)


def __getattr__(name):
    found = look_up(name, _HOMES)
    if found is None:
        raise AttributeError("ember.schedule has no %r" % name)
    return found
