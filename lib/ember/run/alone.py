"""What a runner does while nothing else runs what shares its arena; and the mark that sees to it."""

from ..instructions import program

# In MicroPython a call of more than 11 words of locals, operands and handlers (3 a try) takes its frame from the
# heap. So what runs at every step is cut into calls that each stay below.
# And to store on an object whose class has a property takes 2,000 instructions, as the class is searched first. So what
# changes at every step lies in the list `asked`, and on the executor.


def busy():
    raise RuntimeError("busy: this trainer is running; a callback, a timer or a thread may ask its predictor()")


def alone(self, job, x, y):
    """job(self), which finds x and y in `asked`; RuntimeError where something else runs what shares the arena.
    MicroPython looks at timers, threads and Ctrl-C where it jumps: not between the mark's going and `try`. CPython: see
    busy.py."""
    if not self.mark:
        busy()
    self.mark.pop()
    self.asked[0] = x
    self.asked[1] = y
    return during(self, job)


def during(self, job):
    try:
        return job(self)
    finally:
        self.asked[0] = None
        self.asked[1] = None
        self.mark.append(None)


def ready(self):
    """To train, or an error."""
    if self.front:
        self.front.as_made(self)
    if self.swapped:
        self.swapped.refuse()


def step(self):
    ready(self)
    x, y = self.asked
    if self.executor.paused or self.unfinished:
        self.idle()
    if self.cutter:
        self.cutter.step(x, y)
    elif self.fresh:
        if not self.bind(x, y) or not self.attempt(program.CHECK_TO_UPDATE):
            from .convert import convert

            convert(self, x, y, program.CHECK_TO_UPDATE)
    else:
        self.jobs.go_on(self, x, y)


def predict(self):
    x, out = self.asked
    return self.predict_part(x, out)
