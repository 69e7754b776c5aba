"""Schedules that do more than multiply a base: one cycle, which moves momentum too, and a rate that follows a measure.
Found in `schedule` under their names."""

from .check import flag, whole
from .schedule import Schedule, _bases, _cosine, _within


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
        _bases(optimizer)
        if total_steps is None:
            total_steps = whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)
        self.total_steps = whole("total_steps", total_steps)
        _within("pct_start", pct_start, 0, 1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError("anneal_strategy is %r; it may be 'cos' or 'linear'" % (anneal_strategy,))
        self.linear = anneal_strategy == "linear"
        self.max_lr = list(max_lr) if isinstance(max_lr, (list, tuple)) else [max_lr] * len(optimizer.groups)
        if len(self.max_lr) != len(optimizer.groups):
            raise ValueError("max_lr is %r; the optimizer has %d groups" % (max_lr, len(optimizer.groups)))
        for rate in self.max_lr:
            _within("max_lr", rate, 0, float("inf"), True)
        for name, value in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            if not _within(name, value, 0, float("inf"), True):
                raise ValueError("%s is 0; it may be above" % name)
        low, high = (
            _within("base_momentum", base_momentum, 0, 1, True),
            _within("max_momentum", max_momentum, 0, 1, True),
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

    def _apply(self):
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
        return last + (first - last) * left if self.linear else _cosine(first, last, left)


def _momentum(optimizer):
    """Which of the hyperparameters is momentum, or beta1; 0 where there is none."""
    if not optimizer.states:
        return 0
    for name in ("momentum", "betas"):  # those before are one number each
        if name in optimizer.settings:
            return optimizer.settings.index(name)
    return 0


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
        _bases(optimizer)
        self.factor = _within("factor", factor, 0, 1, True)
        if mode not in ("min", "max"):
            raise ValueError("mode is %r; it may be 'min' or 'max'" % (mode,))
        if threshold_mode not in ("rel", "abs"):
            raise ValueError("threshold_mode is %r; it may be 'rel' or 'abs'" % (threshold_mode,))
        self.sign = 1 if mode == "min" else -1
        self.relative = threshold_mode == "rel"
        self.patience, self.cooldown = whole("patience", patience, 0), whole("cooldown", cooldown, 0)
        self.threshold = _within("threshold", threshold, 0, float("inf"), True)
        self.eps = _within("eps", eps, 0, float("inf"), True)
        self.min_lrs = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * len(optimizer.groups)
        if len(self.min_lrs) != len(optimizer.groups):
            raise ValueError("min_lr is %r; the optimizer has %d groups" % (min_lr, len(optimizer.groups)))
        for rate in self.min_lrs:
            _within("min_lr", rate, 0, float("inf"), True)
        self.best = self.sign * float("inf")
        self.num_bad_epochs = self.cooldown_counter = 0
        Schedule.__init__(self, optimizer)
        self.rates = self.get_last_lr()

    def _apply(self):
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
