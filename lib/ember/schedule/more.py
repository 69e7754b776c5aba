"""Schedules that do more than multiply a base: cycles, which move momentum too, and a rate that follows a measure.
Found in `schedule` under their names."""

from ..base.check import chance, flag, not_negative, number, whole
from . import Schedule, bases, cosine


class OneCycleLR(Schedule):
    """Up to max_lr and down far below where it began, momentum the other way (Smith and Topin, 2018); to be stepped
    after every update, total_steps times at the most (the last time changes nothing).

    max_lr           the highest rate, or a list of one for each group; it begins at max_lr / div_factor and ends at
                     that / final_div_factor
    total_steps      or epochs and steps_per_epoch
    anneal_strategy  "cos" or "linear"
    cycle_momentum   from max_momentum to base_momentum and back, where the optimizer has momentum, or else beta1
    three_phase      down as long as up, then to the end; otherwise down to the end at once
    """

    chains = False  # the rates are its own

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
                 anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0,
                 final_div_factor=1e4, three_phase=False):  # fmt: skip
        bases(optimizer)
        if total_steps is None:
            total_steps = whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)
        self.total_steps = whole("total_steps", total_steps)
        number("pct_start", pct_start, 0, 1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError("anneal_strategy is %r; it may be 'cos' or 'linear'" % (anneal_strategy,))
        self.linear = anneal_strategy == "linear"
        self.max_lr = _each("max_lr", max_lr, optimizer, float("inf"))
        for name, value in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            if not not_negative(name, value):
                raise ValueError("%s is 0; it may be above" % name)
        low, high = (
            chance("base_momentum", base_momentum),
            chance("max_momentum", max_momentum),
        )
        self.momentum = _momentum(optimizer) if flag("cycle_momentum", cycle_momentum) else 0
        first, last = 1 / div_factor, 1 / div_factor / final_div_factor
        end, up = total_steps - 1, pct_start * total_steps - 1
        # (its last step, where rate and momentum go from and to)
        if flag("three_phase", three_phase):
            self.phases = ((up, first, 1.0, high, low), (2 * pct_start * total_steps - 2, 1.0, first, low, high),
                           (end, first, last, high, high))  # fmt: skip
        else:
            self.phases = ((up, first, 1.0, high, low), (end, 1.0, last, low, high))
        Schedule.__init__(self, optimizer)

    def apply(self):
        t, before = self.last_epoch, 0
        if t > self.total_steps:
            self.last_epoch = self.total_steps
            raise ValueError("step %d; this schedule has total_steps=%d" % (t, self.total_steps))
        t = min(t, self.total_steps - 1)
        last = self.phases[-1]
        for phase in self.phases:
            if t <= phase[0] or phase is last:
                break
            before = phase[0]
        left = (phase[0] - t) / (phase[0] - before) if phase[0] != before else 0.0
        groups = self.optimizer.groups
        for i in range(len(groups)):
            rate = self.max_lr[i]
            groups[i].hyper[0] = self._between(rate * phase[1], rate * phase[2], left)
            if self.momentum:
                groups[i].hyper[self.momentum] = self._between(phase[3], phase[4], left)

    def _between(self, first, last, left):
        return last + (first - last) * left if self.linear else cosine(first, last, left)


def _momentum(optimizer):
    """Which of the hyperparameters is momentum, or beta1; 0 where there is none."""
    if not optimizer.states or not getattr(optimizer, "momentum", True):
        return 0
    for name in ("momentum", "betas"):  # those before are one number each
        if name in optimizer.settings:
            return getattr(optimizer, "slots", optimizer.settings).index(name)
    return 0


def _each(name, value, optimizer, high):
    """A number for each group."""
    values = list(value) if isinstance(value, (list, tuple)) else [value] * len(optimizer.groups)
    if len(values) != len(optimizer.groups):
        raise ValueError("%s is %r; the optimizer has %d groups" % (name, value, len(optimizer.groups)))
    return [number(name, v, 0, high, "high") for v in values]


class CyclicLR(Schedule):
    """From base_lr up to max_lr in step_size_up steps and down again in step_size_down, if not as many, again and again
    (Smith, 2017); to be stepped after every update.

    base_lr, max_lr  or lists of one for each group
    mode             "triangular": each cycle as high; "triangular2": each half as high as the one before; "exp_range":
                     times gamma ** t
    scale_fn         a factor of one's own instead, of the cycle from 1, or with scale_mode="iterations" of t
    cycle_momentum   from max_momentum to base_momentum and back; ValueError where the optimizer has neither momentum
                     nor betas
    """

    scales = False

    def __init__(self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0,
                 scale_fn=None, scale_mode="cycle", cycle_momentum=True, base_momentum=0.8,
                 max_momentum=0.9):  # fmt: skip
        if not hasattr(optimizer, "groups"):
            bases(optimizer)  # which says so
        any_rate = float("inf")
        self.low, self.high = [
            _each(name, value, optimizer, any_rate) for name, value in (("base_lr", base_lr), ("max_lr", max_lr))
        ]
        self.up = whole("step_size_up", step_size_up)
        self.down = self.up if step_size_down is None else whole("step_size_down", step_size_down)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is %r; it may be 'triangular', 'triangular2' or 'exp_range'" % (mode,))
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError("scale_mode is %r; it may be 'cycle' or 'iterations'" % (scale_mode,))
        if scale_fn is not None and not callable(scale_fn):
            raise ValueError("scale_fn is %r; it may be a function of one number" % (scale_fn,))
        self.mode, self.gamma = mode, number("gamma", gamma, 0, any_rate, "high")
        self.scale_fn, self.scale_mode = scale_fn, scale_mode
        self.momentum, self.momenta = 0, None
        if flag("cycle_momentum", cycle_momentum):
            self.momenta = [
                _each(name, value, optimizer, 1)
                for name, value in (("max_momentum", max_momentum), ("base_momentum", base_momentum))
            ]
            self.momentum = _momentum(optimizer)
            if not self.momentum:
                raise ValueError("cycle_momentum is True; this %s has no momentum: make it with one, or take "
                                 "cycle_momentum=False" % optimizer.__class__.__name__)  # fmt: skip
        self.chains = not self.momentum  # which a schedule of several would not move
        for group, rate in zip(optimizer.groups, self.low):
            group.hyper[0] = rate
        Schedule.__init__(self, optimizer)

    def _height(self, t):
        """How far from low to high."""
        cycle, place = t // (self.up + self.down) + 1, t % (self.up + self.down)
        height = place / self.up if place <= self.up else (self.up + self.down - place) / self.down
        if self.scale_fn is not None:
            return height * self.scale_fn(cycle if self.scale_mode == "cycle" else t)
        if self.mode == "triangular2":
            return height * 0.5 ** (cycle - 1)
        return height * self.gamma**t if self.mode == "exp_range" else height

    def rate(self, i, base, t):
        return self.low[i] + (self.high[i] - self.low[i]) * self._height(t)

    def after(self, i, base, t, rate):
        return self.rate(i, base, t) if t else base  # as PyTorch, where other schedules were there before

    def at(self, base, t):
        return self.rate(0, base, t)

    def apply(self):
        Schedule.apply(self)
        if self.momentum:
            height = self._height(self.last_epoch)
            for group, first, last in zip(self.optimizer.groups, self.momenta[0], self.momenta[1]):
                group.hyper[self.momentum] = first + (last - first) * height


class ReduceLROnPlateau(Schedule):
    """Multiplies the rates by factor when the measure given to step() has not improved for more than patience steps.

    mode            "min" or "max": what is better
    threshold       by how much it must be better to count: threshold_mode "rel" of the best so far, or "abs"
    cooldown        steps after a reduction in which nothing counts
    min_lr          the lowest rate, or a list of one for each group; changes of at most eps are not made
    """

    chains = False
    measured = True

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel",
                 cooldown=0, min_lr=0.0, eps=1e-8):  # fmt: skip
        bases(optimizer)
        self.factor = chance("factor", factor)
        if mode not in ("min", "max"):
            raise ValueError("mode is %r; it may be 'min' or 'max'" % (mode,))
        if threshold_mode not in ("rel", "abs"):
            raise ValueError("threshold_mode is %r; it may be 'rel' or 'abs'" % (threshold_mode,))
        self.sign = 1 if mode == "min" else -1
        self.relative = threshold_mode == "rel"
        self.patience, self.cooldown = whole("patience", patience, 0), whole("cooldown", cooldown, 0)
        self.threshold = not_negative("threshold", threshold)
        self.eps = not_negative("eps", eps)
        self.min_lrs = _each("min_lr", min_lr, optimizer, float("inf"))
        self.best = self.sign * float("inf")
        self.num_bad_epochs = self.cooldown_counter = 0
        Schedule.__init__(self, optimizer)
        self.rates = self.get_last_lr()

    def apply(self):
        """The rates are as they are."""

    def better(self, measure):
        if self.best in (float("inf"), -float("inf")):
            return self.sign * measure < self.sign * self.best
        margin = self.threshold * (self.best if self.relative else 1)
        return self.sign * measure < self.sign * self.best - margin

    def step(self, measure):
        if not isinstance(measure, (int, float)):
            raise ValueError("measure is %r; it may be a number" % (measure,))
        self.last_epoch += 1
        if self.better(measure):
            self.best, self.num_bad_epochs = float(measure), 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _reduce(self):
        groups = self.optimizer.groups
        for i in range(len(groups)):
            rate = max(self.rates[i] * self.factor, self.min_lrs[i])
            if self.rates[i] - rate > self.eps:
                self.rates[i] = groups[i].hyper[0] = rate

    def state(self):
        return (self.last_epoch, self.num_bad_epochs, self.cooldown_counter, self.best) + tuple(self.rates)

    def load(self, state):
        self.last_epoch, self.num_bad_epochs, self.cooldown_counter, self.best = state[:4]
        self.rates = list(state[4:])
        for group, rate in zip(self.optimizer.groups, self.rates):
            group.hyper[0] = rate
