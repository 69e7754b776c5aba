"""The way back from a step whose numbers are not finite: to a state that is kept in memory, or to the last checkpoint.
Loaded where guard asks for it."""

from array import array

from ..instructions import program
from .alone import alone
from .finite import first

_KEY, _FLOATS = (program.INTS << 24) + program.KEY, program.FLOATS << 24


def rewind(runner, source, why):
    if isinstance(source, str):
        from .restore import load

        skipped = runner.skipped
        try:
            load(runner, source)
        except OSError as error:
            raise ValueError("%s: %s" % (why, error))  # noqa: B904
        runner.skipped = skipped
    elif not runner.kept:
        raise ValueError("%s: no good state was kept to go back to" % why)
    else:
        runner.kept.restore()
    if first(runner.executor, 0, runner.image.starts[program.GRADIENTS]) < runner.image.starts[program.GRADIENTS]:
        raise ValueError("%s: the state to go back to is not good either" % why)


def _take(runner):
    runner.asked[0].take()


class Kept:
    """A good state in memory: what lasts from step to step, its slots, where the schedule is. It is taken after the
    first step, and then every so many. Takes the place of the runner's step, poll and update."""

    def __init__(self, runner, every):
        self.runner, self.every = runner, every
        image, executor = runner.image, runner.executor
        self.blocks = ((0, image.starts[program.GRADIENTS]), image.block(program.STATE))
        n = self.blocks[0][1] + self.blocks[1][1]
        self.room = executor.view(image.kept, n) if image.kept else memoryview(array("f", range(n)))
        self.floats = array("f", [executor.read(_FLOATS + k) for k in range(len(image.floats))])
        self.inner = runner.step, runner.poll, runner.update
        runner.step, runner.poll, runner.update = self.step, self.poll, self.update
        self.take()

    def leave(self):
        self.runner.step, self.runner.poll, self.runner.update = self.inner

    def step(self, x, y, budget_us=None):
        done = self.inner[0](x, y, budget_us)
        self.look()
        return done

    def poll(self, budget_us):
        done = self.inner[1](budget_us)
        self.look()
        return done

    def update(self):
        self.inner[2]()
        self.look()

    def look(self):
        if self.runner.steps >= self.next:
            alone(self.runner, _take, self, None)

    def take(self):
        """What came to a step's end is finite."""
        runner, at = self.runner, 0
        executor = runner.executor
        if runner.unfinished or runner.executor.paused:
            return
        for address, n in self.blocks:
            self.room[at : at + n] = executor.view(address, n)
            at += n
        for k in range(len(self.floats)):
            self.floats[k] = executor.read(_FLOATS + k)
        self.key, self.steps, self.epoch = executor.read(_KEY), runner.steps, runner.epoch
        self.schedule = runner.schedule.state() if runner.schedule else None
        self.next = self.steps + self.every

    def restore(self):
        runner, at = self.runner, 0
        executor = runner.executor
        runner.changing = True
        for address, n in self.blocks:
            executor.store(address, self.room[at : at + n])
            at += n
        if self.schedule is not None:
            runner.schedule.load(self.schedule)
        for k in range(len(self.floats)):
            executor.write(_FLOATS + k, self.floats[k])
        executor.write((program.INTS << 24) + program.STEP, self.steps)
        runner.epoch, runner.changing = self.epoch, False
        self.next = self.steps + self.every
