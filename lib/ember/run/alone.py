"""What a runner does while nothing else runs what shares its arena; and the mark that sees to it."""

from ..instructions import program

# In MicroPython a call of more than 11 words of locals, operands and handlers (3 a try) takes its frame from the
# heap. So what runs at every step is cut into calls that each stay below.


def busy():
    raise RuntimeError("busy: this trainer is running; a callback, a timer or a thread may ask its predictor()")


def alone(self, job, x, y):
    """job(self), which finds x and y there; RuntimeError where something else runs what shares the arena. MicroPython
    looks at timers, threads and Ctrl-C where it jumps: not between the mark's going and `try`. CPython: see busy.py."""
    if not self.mark:
        busy()
    self.mark.pop()
    self.x = x
    self.y = y
    return during(self, job)


def during(self, job):
    try:
        return job(self)
    finally:
        self.x = self.y = None
        self.mark.append(None)


def ready(self):
    """To train, or an error."""
    if self.front:
        self.front.as_made(self)
    if self.swapped:
        self.swapped.refuse()


def step(self):
    ready(self)
    x, y = self.x, self.y
    if self.paused or self.unfinished:
        self.idle()
    if self.cutter:
        self.cutter.step(x, y)
    elif self.fresh:
        if not self.bind(x, y) or not self.attempt(program.CHECK_TO_UPDATE):
            self.convert(x, y, program.CHECK_TO_UPDATE)
    else:
        self.take(x, y, program.CHECK)
        self.fresh = True
        self.run(program.FORWARD_TO_UPDATE)


def accumulate(self):
    ready(self)
    if self.cutter:
        self.cutter.accumulate(self.x, self.y)
    else:
        self.accumulate_part(self.x, self.y)


def update(self):
    if self.swapped:
        self.swapped.refuse()
    if not self.fresh:
        self.unfinished = False
    if self.paused or self.unfinished:
        self.idle()
    if self.fresh:
        if self.executor.done < -1:  # that was skipped
            return
        raise RuntimeError("update: nothing was accumulated since the last update")
    self.fresh = True  # before it runs: if it is interrupted, it is finished before whatever comes next
    if not self.attempt(program.UPDATE):
        update_unbound(self)


def update_unbound(self):
    """Where there was no memory to convert a batch, nor to bind another, what cannot be read is bound still."""
    self.fresh = False
    self.unbind()
    self.fresh = True
    self.run(program.UPDATE)


def predict(self):
    return self.foretell(self.x, self.y)


def rare(self):
    """What is done now and then, by its name: see jobs.py."""
    from . import jobs

    return getattr(jobs, self.x)(self, *self.y)
