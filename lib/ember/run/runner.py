"""The runner: batches are bound, and sections of a program run, whoever made its image: a Trainer, a recorded function,
a metric, or runtime.load of what it reads from a file."""

import gc

from ..instructions import program
from ..machine.image import per_row, rows_in, segment, word, zeros
from .alone import alone, predict, step

_REFUSED, _NUMBERS = (ValueError, TypeError), (int, float, type(None))
_is = isinstance  # a step finds it sooner here than among all builtins
_ROWS, _LR = (program.INTS << 24) + program.ROWS, program.FLOATS << 24
_STEP = (program.INTS << 24) + program.STEP


class Runner:
    """Runs an image by an executor: trains, evaluates, predicts, saves. x and y are flat buffers of input_dtype and
    target_dtype (array typecodes), used in place: 1 to batch_size samples of sample_size numbers, and target_size
    targets each.

    image     what it runs: see machine/image.py
    executor  reaches the memory of it: see machine/executor.py
    front     what recorded it, if that is still there: see train/front.py
    lr        the learning rate, of all groups
    skipped   steps that were none, as their numbers were not finite: see guard.py
    metadata  None, or what a script wants saved besides: text, numbers, bytes, and tuples and dicts of these
    epoch, place  how many epochs are done, and batches of the one that was begun: see fit and resume

    What runs it, as slices.py, finds:

    sizes       elements of a row in each segment that is bound, where there are several
    stretch     cost units that a run takes without a look at what interrupts it; below zero it runs to its end
    fresh       gradients are to be zeroed before the next batch
    unfinished  a step in slices, or, if not fresh, one that is fused
    data, callbacks, moves  what is saved besides: what fit trains on, and calls; L-BFGS's moves
    saving, loading  a save in slices; what is to take the place of the state, True where half of it did
    waiting     what was loaded and has nobody yet who takes it; resumed: whether fit is to go on with that
    mark        empty while one of its calls runs, or one of whoever shares its arena; asked: what that call was given
                (see alone.py)
    changing    weights are being replaced, and not by a section
    swapped     what has put their averages in the place of weights
    """

    front = plan = schedule = validation = sliced = sizes = data = moves = metadata = loading = saving = None
    waiting = kept = swapped = _jobs = None
    changing = False
    epoch, place, callbacks, target_size, skipped, stretch, guard, resumed = 0, 0, (), 0, 0, 1 << 20, "raise", False

    def __init__(self, image, executor):
        code = image.code
        self.image, self.executor = image, executor
        self.binding = self.cutter = None  # a step finds these sooner here than in the class
        self.unfinished = False
        self.mark, self.asked = [None], [None, None]
        if hasattr(gc, "freeze"):  # CPython
            from .busy import Mark

            self.mark = Mark()
        self.fresh, self.stretch = True, self.stretch
        self.micro_batch, self.classes = word(code, 2), image.classes
        self.batch_size = image.batch_size or self.micro_batch
        flags, _, self.sample_size = segment(code, program.X)
        self.input_dtype = program.TYPES[flags & 7]
        if word(code, 3) > program.Y:
            flags, _, self.target_size = segment(code, program.Y)
            self.target_dtype = program.TYPES[flags & 7]
        self._last = self._other = 0, None  # rows, and views of so many
        if image.inputs or image.targets:
            from .binding import Binding, sizes

            self.binding, self.sizes = Binding(image.inputs, image.targets), sizes(code)
        if self.micro_batch < self.batch_size:
            from .micro import Cutter

            self.cutter = Cutter(self)
        self.unbind()

    def unbind(self, rows=1):
        """Every segment is bound on every run, if the sections that run need it or not: here to something that fits."""
        for k in range(program.FIRST_BOUND, word(self.image.code, 3)):
            flags, _, size = segment(self.image.code, k)
            if size:
                self.executor.bind_part(k, zeros(program.TYPES[flags & 7], rows * size))
        self.executor.write(_ROWS, rows)

    @property
    def rows(self):
        """Of the batch that is bound."""
        return self.executor.read(_ROWS)

    # As in alone.py, each call's frame stays small.

    def bind(self, x, y):
        """Bind a batch; whether its lengths fit. What has none does not."""
        if _is(x, _NUMBERS) or _is(y, _NUMBERS):
            return False
        if self.binding:
            return self.binding.bind(self, x, y)
        rows = rows_in(y, self.target_size, self.micro_batch)
        self.executor.bind(rows, x, y)
        return rows > 0 and rows == rows_in(x, self.sample_size, self.micro_batch)

    def bind_input(self, x):
        """Bind a batch without targets, for a prediction; whether its length fits."""
        if self.executor.paused or self.unfinished:
            self.idle()
        if _is(x, _NUMBERS):
            return False
        if self.binding:
            return self.binding.bind_input(self, x)
        rows = rows_in(x, self.sample_size, self.micro_batch)
        y = self.executor.bound(program.Y)
        if len(y) < rows * self.target_size:  # targets are bound even where they are not read
            y = zeros(self.target_dtype, self.micro_batch * self.target_size)
        self.executor.bind(rows, x, y)
        return rows > 0

    def run(self, sections):
        """Now and then the VM returns to Python, which then may be interrupted (Ctrl-C)."""
        if self.executor.paused or self.unfinished:
            self.idle()
        self.executor.paused, done = True, 0
        while not done:
            done = self.executor.run(sections, self.stretch)
        if done < 0:
            self.fault()
        self.executor.paused = False

    def attempt(self, sections):
        """Run sections on what is bound; False where it is not of the types that are read, or an index is too large."""
        try:
            self.executor.paused = True
            while not self.executor.run(sections, self.stretch):
                pass
            if self.executor.done == -1:
                self.executor.fault()
            self.executor.paused = False
        except _REFUSED:  # before it began, or when it had come to its end
            self.executor.paused = False
            return False
        if self.executor.done < 0:
            self.fault()
        return True

    def fault(self):
        """ValueError names the index at which a run stopped; where it was a number, what `guard` says is done."""
        if self.executor.done == -1:
            self.executor.fault()
        from .guard import act

        act(self)

    def idle(self, loading=False):
        """Nothing is half done any more, or RuntimeError. loading: all that lasts is about to be replaced."""
        if self.executor.stopped:
            self.executor.stopped()
        if self.executor.paused or self.unfinished:
            from .travel import idle

            idle(self, loading)

    def accumulate(self, x, y):
        """Add the gradients of 1 to batch_size samples. x, y: flat buffers (used in place), tensors or lists. The first
        call loads what it takes; after that it allocates nothing, as update() does."""
        alone(self, self.jobs.accumulate, x, y)

    def update(self):
        """One step of the optimizer on the mean gradient of what was accumulated; none where no label of it counts."""
        alone(self, self.jobs.update, None, None)

    def step(self, x, y, budget_us=None):
        """accumulate(x, y) and update(). Allocates nothing where x and y are buffers of the right type. Interrupted
        (Ctrl-C), it is as if it had not begun, with what was accumulated for it, or it is finished if it was updating.

        budget_us   begin the step, return after so many microseconds, and say whether it is finished. If not, poll()
                    goes on with it; x and y must stay as they are until then.
        """
        if budget_us is not None:
            return self.slices.begin(x, y, budget_us)
        alone(self, step, x, y)

    def poll(self, budget_us):
        """Go on for so many microseconds with a step that step(x, y, budget_us) began: whether it is finished."""
        return self.slices.go_on(budget_us)

    @property
    def jobs(self):
        """The module of what is done now and then, which loads when it is first asked for."""
        if self._jobs is None:
            from . import jobs

            self._jobs = jobs
        return self._jobs

    @property
    def slices(self):
        """The step in slices: .calibrate(), .pace, .drop(); see slices.py."""
        if self.sliced is None:
            from .slices import Slices

            self.sliced = Slices(self)
        return self.sliced

    @property
    def loss(self):
        """The loss of what the last step, or accumulation, saw, as PyTorch has it for all of that at once: a mean over
        rows or weights, or a sum. 0 where no label counted."""
        at = self.image.statistics
        return self.executor.read(at + program.LOSS) / (self.executor.read(at + program.TOTAL) or 1.0)

    @property
    def running_loss(self):
        """The mean loss since reset_running(), over all rows or weights; of losses that are sums, over steps."""
        at = self.image.statistics + program.RUNNING
        return _exact(self.executor, at) / (_exact(self.executor, at + 1) or 1.0)

    def reset_running(self):
        for at in range(program.RUNNING, program.SCORED_LOSS):
            self.executor.write(self.image.statistics + at, 0.0)

    @property
    def steps(self):
        """Updates so far; 2**31 - 1: as many, or more."""
        return self.executor.read(_STEP)

    def predict(self, x, out=None):
        """The model's output for 1 to batch_size samples, in evaluation mode: a memoryview of float32, row after row,
        where it lies, until something else runs; of more than micro_batch samples an array. With a buffer `out` of
        float32 it is written there, and out is returned. Several outputs: a tuple of them, and out is a tuple."""
        return alone(self, predict, x, out)

    def predict_part(self, x, out):
        """As predict, which sees to it that nothing else runs meanwhile."""
        if not self.foresee(x):
            return self.cutter.predict(x, out)
        rows = self.rows
        if rows != self._last[0] or not self.executor.in_place:
            self._last, self._other = self._other, self._last
            if rows != self._last[0] or not self.executor.in_place:
                self._last = rows, _views(self)
        if out is None:
            return self._last[1]
        if self.image.targets:
            self.binding.write(self, out, self._last[1])
        else:
            self.write(out, self._last[1])
        return out

    def foresee(self, x):
        """Run the prediction of x: what it comes to is in the results. Whether it ran: not of more than micro_batch."""
        if not self.bind_input(x) or not self.attempt(program.PREDICT):
            from .convert import convert

            return convert(self, x, None, program.PREDICT)
        return True

    def result(self, address, dims):
        """One of the image's results, of the rows that are bound, where it lies."""
        return self.executor.view(address, self.rows * per_row(dims))

    def write(self, out, view):
        """Copy a result into a buffer, which may be longer."""
        n = len(view)
        if len(out) < n or hasattr(out, "ndim"):
            from .travel import in_a_row

            out = in_a_row(out, n, self.rows)
        (out if isinstance(out, memoryview) else memoryview(out))[:n] = view

    @property
    def names(self):
        """ "lr momentum …", the float slots, then a line a parameter: its name and shape."""
        return self.image.names or self.front.names()

    @property
    def lr(self):
        return self.executor.read(_LR)

    @lr.setter
    def lr(self, value):
        for k, name in enumerate(self.names.split("\n")[0].split(" ")):
            if name == "lr" and k < len(self.image.floats):
                self.executor.write(_LR + k, value)

    def evaluate(self, batches, metrics=()):
        """(mean loss, accuracy) over batches of (x, y), in evaluation mode: the mean is over all rows or weights, of
        losses that are sums over batches; accuracy is None without classes. metrics are reset, then fed each batch."""
        return alone(self, self.jobs.evaluate, batches, metrics)

    def save(self, path, half=False, budget_us=None):
        """Write all that it takes to go on exactly to a file, or ember.Slots: at any time there is a whole one. Returns
        its bytes.

        half        floats in half precision, which a load then begins from
        budget_us   begin it, return after so many microseconds, and say whether it is finished. If not, poll() goes on
                    with it; until then nothing else runs.
        """
        return alone(self, self.jobs.save, path, (half, budget_us))

    def load(self, path, weights_only=False, strict=True):
        """Read it back. A file that is damaged, or of other mathematics, raises ValueError, and nothing has changed.

        weights_only  parameters alone, each by its name. Returns the names of those that are not in the file, in that
                      shape; if strict, they are a ValueError.
        """
        return alone(self, self.jobs.load, path, (weights_only, strict))

    def resume(self, path, data=None):
        """Go on where a checkpoint was saved, if there is one: whether there is. data, what fit trains on, goes on with
        the batch that is next, and callbacks, when fit is given them, with what they knew."""
        return alone(self, self.jobs.resume, path, data)


def _exact(executor, at):
    """A sum that is kept in two floats."""
    s = executor.read(at)
    total = s + executor.read(at + program.RUNNING_REST - program.RUNNING)
    return total if total == total else s  # of what is infinite no rest is known


def _views(runner):
    found = [runner.result(address, dims) for address, dims in runner.image.results]
    return tuple(found) if runner.image.targets else found[0]
