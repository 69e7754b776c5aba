"""The runner: batches are bound, and sections of a program run. A Trainer is one, of what it recorded; runtime.load
makes one of what it reads from a file."""

from array import array

from . import program
from .image import per_row, segment, word, zeros

_NUMBERS = (int, float, type(None))
_STRETCH = 1 << 20  # cost units that a run takes without a look at what interrupts it


class Runner:
    """Runs an image over an arena: trains, evaluates, predicts, saves. x and y are flat buffers of input_dtype and
    target_dtype (array typecodes), used in place: 1 to batch_size samples of sample_size numbers, and target_size
    targets each. run: the VM's.

    image   what it runs: see image.py
    front   what recorded it, if that is still there: see front.py
    lr      the learning rate, of all groups
    """

    front = plan = schedule = validation = _binding = _cutter = _slices = None
    epoch = 0
    _stopped = None  # says why it may not go on
    _unfinished = False  # a step in slices, or, if not _fresh, one that is fused
    _fresh = True  # gradients are to be zeroed before the next batch

    def __init__(self, image, arena, run):
        code = image.code
        self.image, self._code, self._segments = image, code, image.segments(arena)
        self._arena, self._ints = arena, image.ints
        self._state, self._vm_run = array("i", (0, 0, 0, 0)), run
        self.batch_size, self.micro_batch, self.classes = image.batch_size, word(code, 2), image.classes
        flags, _, self.sample_size = segment(code, program.X)
        self.input_dtype = program.TYPES[flags & 7]
        flags, _, self.target_size = segment(code, program.Y)
        self.target_dtype = program.TYPES[flags & 7]
        self._kept, self._statistics = image.kept, image.kept[4][1]
        self._results, self._many = image.results, image.targets > 0
        self._last = self._other = 0, None  # rows, and views of so many
        if image.inputs or image.targets:
            from .binding import Binding

            self._binding = Binding(code, image.inputs, image.targets)
        if self.micro_batch < self.batch_size:
            from .micro import Parts

            self._cutter = Parts(self)
        self._unbind()

    def _unbind(self, rows=1):
        """Every segment is bound on every run, if the sections that run need it or not: here to something that fits."""
        self._segments[program.X] = zeros(self.input_dtype, rows * self.sample_size)
        self._segments[program.Y] = zeros(self.target_dtype, rows * self.target_size)
        if self._binding:
            self._binding.unbind(self._segments, rows)
        self._ints[program.ROWS] = rows

    # In MicroPython a call of more than 11 words of locals, operands and handlers (3 a try) takes its frame from the
    # heap. So what runs at every step is cut into calls that each stay below.

    def _run(self, section):
        """Now and then the VM returns to Python, which then may be interrupted (Ctrl-C)."""
        if self._state[1] or self._unfinished:
            self._idle()
        self._state[0] = section
        done = 0
        while not done:
            done = self._vm_run(self._code, self._segments, self._state, _STRETCH)
        if done < 0:
            self._fault()

    def _fault(self):
        """ValueError that names the index at which the run stopped."""
        from .travel import explain

        explain(self)

    def _idle(self):
        """Nothing is half done any more, or RuntimeError."""
        if self._stopped:
            self._stopped()
        if self._state[1] or self._unfinished:
            from .slices import idle

            idle(self)

    def _take(self, x, y, sections):
        """Run sections on a batch, in place where it is in the types the program reads. What is wrong with it is
        found when it is bound or by the first section, before anything has changed."""
        if self._state[1] or self._unfinished:
            self._idle()
        self._state[0] = sections
        if not self._fits(x, y) or not self._attempt():
            self._convert(x, y, sections)

    def _fits(self, x, y):
        """Bind a batch; whether its lengths fit. What has none does not."""
        if isinstance(x, _NUMBERS) or isinstance(y, _NUMBERS):
            return False
        return self._binding.fits(self, x, y) if self._binding else self._fits_first(x, y)

    def _fits_first(self, x, y):
        rows = len(y) // self.target_size
        self._segments[program.X] = x
        self._segments[program.Y] = y
        self._ints[program.ROWS] = rows
        return rows * self.sample_size == len(x) and rows * self.target_size == len(y) and 0 < rows <= self.micro_batch

    def _fits_alone(self, x):
        """Bind a batch without targets, for a prediction; whether its length fits."""
        if isinstance(x, _NUMBERS):
            return False
        return self._binding.fits_alone(self, x) if self._binding else self._fits_first_alone(x)

    def _fits_first_alone(self, x):
        if self._state[1] or self._unfinished:
            self._idle()
        rows = len(x) // self.sample_size
        if len(self._segments[program.Y]) < rows * self.target_size:
            self._segments[program.Y] = zeros(self.target_dtype, self.micro_batch * self.target_size)
        self._segments[program.X] = x
        self._ints[program.ROWS] = rows
        self._state[0] = program.PREDICT
        return rows * self.sample_size == len(x) and 0 < rows <= self.micro_batch

    def _convert(self, x, y, sections):
        """The slow way: make of a batch what the program reads, or say what is wrong with it, in that order."""
        self._unbind()  # what is wrong does not stay bound
        if y is None and sections != program.PREDICT:
            raise ValueError("y is None; a step, and evaluate, take the targets of x")
        x, y = self._accept(x, y)[:2]
        if y is None:
            self._fits_alone(x)
        else:
            self._fits(x, y)
        self._run(sections)

    def _accept(self, x, y):
        """(x, y, rows), as buffers of the types that the program reads."""
        from .travel import accept

        return accept(self, x, y)

    def _attempt(self):
        try:
            self._run(self._state[0])
            return True
        except (ValueError, TypeError):
            return False

    def accumulate(self, x, y):
        """Add the gradients of 1 to batch_size samples. x, y: flat buffers (used in place), tensors or lists."""
        if self.front:
            self.front.as_made(self)
        if self._cutter:
            self._cutter.accumulate(x, y)
        else:
            self._accumulate(x, y)

    def _accumulate(self, x, y):
        if self._state[1] or self._unfinished:
            self._idle()
        if self._fresh:
            self._take(x, y, program.CHECK_TO_BACKWARD)
            self._fresh = False
            self._unfinished = not self._kept[2][2]  # fused: update() is to find the batch, and what was made of it
        else:
            self._take(x, y, program.CHECK)
            self._run(program.FORWARD_TO_BACKWARD)

    def update(self):
        """One step of the optimizer on the mean gradient of what was accumulated; none where no label of it counts."""
        if not self._fresh:
            self._unfinished = False
        if self._state[1] or self._unfinished:
            self._idle()
        if self._fresh:
            raise RuntimeError("update: nothing was accumulated since the last update")
        self._fresh = True  # before it runs: if it is interrupted, it is finished before whatever comes next
        self._run(program.UPDATE)

    def step(self, x, y, budget_us=None):
        """accumulate(x, y) and update(). Allocates nothing where x and y are buffers of the right type. Interrupted
        (Ctrl-C), it is as if it had not begun, with what was accumulated for it, or it is finished if it was updating.

        budget_us   begin the step, return after so many microseconds, and say whether it is finished. If not, poll()
                    goes on with it; x and y must stay as they are until then.
        """
        if self.front:
            self.front.as_made(self)
        if budget_us is not None:
            return self.slices.begin(x, y, budget_us)
        if self._state[1] or self._unfinished:
            self._idle()
        if self._cutter:
            self._cutter.accumulate(x, y)
            self.update()
        elif self._fresh:
            self._take(x, y, program.CHECK_TO_UPDATE)
        else:
            self._take(x, y, program.CHECK)
            self._fresh = True
            self._run(program.FORWARD_TO_UPDATE)

    def poll(self, budget_us):
        """Go on for so many microseconds with a step that step(x, y, budget_us) began: whether it is finished."""
        return self.slices.go_on(budget_us)

    @property
    def slices(self):
        """The step in slices: .calibrate(), .pace, .drop(); see slices.py."""
        if self._slices is None:
            from .slices import Slices

            self._slices = Slices(self)
        return self._slices

    @property
    def loss(self):
        """The loss of what the last step, or accumulation, saw, as PyTorch has it for all of that at once: a mean over
        rows or weights, or a sum. 0 where no label counted."""
        at = self._statistics
        return self._arena[at + program.LOSS] / (self._arena[at + program.TOTAL] or 1.0)

    @property
    def running_loss(self):
        """The mean loss since reset_running(), over all rows or weights; of losses that are sums, over steps."""
        at = self._statistics + program.RUNNING
        return self._exact(at) / (self._exact(at + 1) or 1.0)

    def _exact(self, at):
        """A sum that is kept in two floats."""
        s = self._arena[at]
        total = s + self._arena[at + program.RUNNING_REST - program.RUNNING]
        return total if total == total else s  # of what is infinite no rest is known

    def reset_running(self):
        for at in range(program.RUNNING, program.SCORED_LOSS):
            self._arena[self._statistics + at] = 0.0

    @property
    def steps(self):
        """Updates so far."""
        return self._ints[program.STEP]

    def predict(self, x, out=None):
        """The model's output for 1 to batch_size samples, in evaluation mode: a memoryview of float32, row after row,
        where it lies, until something else runs; of more than micro_batch samples an array. With a buffer `out` of
        float32 it is written there, and out is returned. Several outputs: a tuple of them, and out is a tuple."""
        if self._cutter and not self._fits_alone(x):
            return self._cutter.predict(x, out)
        return self._predict(x, out)

    def _predict(self, x, out):
        if not self._fits_alone(x) or not self._attempt():
            self._convert(x, None, program.PREDICT)
        rows = self._ints[program.ROWS]
        if rows != self._last[0]:
            self._last, self._other = self._other, self._last
            if rows != self._last[0]:
                self._last = rows, self._views(rows)
        if out is None:
            return self._last[1]
        if self._many:
            self._binding.write(self, out, self._last[1])
        else:
            self._write(out, self._last[1])
        return out

    def _views(self, rows):
        found = []
        for address, dims in self._results:
            found.append(memoryview(self._arena)[address : address + rows * per_row(dims)])
        return tuple(found) if self._many else found[0]

    def _write(self, out, view):
        n = len(view)
        if len(out) < n or hasattr(out, "ndim"):
            from .travel import in_a_row

            out = in_a_row(out, n, self._last[0])
        (out if isinstance(out, memoryview) else memoryview(out))[:n] = view

    @property
    def names(self):
        """ "lr momentum …", the float slots, then a line a parameter: its name and shape."""
        return self.image.names or self.front.names()

    @property
    def lr(self):
        return self._segments[program.FLOATS][0]

    @lr.setter
    def lr(self, value):
        for k, name in enumerate(self.names.split("\n")[0].split(" ")):
            if name == "lr" and k < len(self._segments[program.FLOATS]):
                self._segments[program.FLOATS][k] = value

    def evaluate(self, batches, metrics=()):
        """(mean loss, accuracy) over batches of (x, y), in evaluation mode: the mean is over all rows or weights, of
        losses that are sums over batches; accuracy is None without classes. metrics (see metrics.py) are reset and then
        fed each batch's outputs and targets."""
        from .fit import evaluate

        return evaluate(self, batches, metrics)

    def save(self, path):
        """Write parameters, optimizer state, counters and where the schedule is to a file."""
        from .checkpoint import save

        save(self, path)

    def load(self, path):
        """Read them back. A file that is damaged or of another model raises, and nothing has changed."""
        from .checkpoint import load

        load(self, path)
