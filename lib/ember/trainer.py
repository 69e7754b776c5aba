"""The Trainer: a model, a loss and an optimizer become one program over one arena, and training is running it."""

import gc
from array import array

from . import isa, vm
from .build import build, clear, settle
from .sections import _CHECK, _FIRST, _LAST, _LOSS, _NEXT, _RUNNING, _STEP, _UPDATE, _X, _Y, _ZERO, record
from .sink import COUNT, ROWS, SEEN, STEP
from .tensor import Tensor, numel
from .update import extras, trained_groups

_STRETCH = 1 << 20  # cost units that a run takes without a look at what interrupts it


def _zeros(dtype, n):
    return array(dtype, bytes(n * (1 if dtype in "Bb" else 2 if dtype == "h" else 4)))


class Trainer:
    """Trains `model` on batches of up to batch_size samples of input_shape.

    loss          a module of nn, or a function (output, target) -> a tensor of one element, a mean over the batch
    input_dtype   typecode of the inputs as they are handed over: "f", or "B", "b", "h", "i"; times input_scale.
                  input_scale=None: whole numbers reach the model as they are, as indices for nn.Embedding
    target_dtype  typecode of the targets; by default labels are "B" ("h" from 257 classes), values are "f"
                  (given for a loss with labels, they are probabilities)
    memory        bytes allowed for all that training keeps. If they do not do, batches are taken in parts, and where
                  the smallest does not fit, activations are made again instead of kept (docs/budget.md);
                  print(trainer.plan) says what was done, MemoryError how many bytes the least takes
    micro_batch   samples that are taken at once, if not the whole batch
    schedule      of the learning rate: fit steps it, and save and load keep where it is; may be set later
    clip_value    bounds each element of the mean gradient, and clip_norm then its norm over all parameters, as PyTorch
                  does; .bounds holds [clip_value, clip_norm, ema], which may be changed between steps
    ema           keep a moving average of the weights, this much of it at every step: see averaged()

    optimizer may be a list of them, each with parameters of its own; a schedule changes the first.

    Several inputs: input_shape is a list of shapes (input_dtype and input_scale may be lists), forward takes as many
    tensors, and x is a tuple. Several outputs: forward returns a tuple, target_dtype has an entry for each (integers
    are labels), y is a tuple, and the loss gets the tuples (outputs, targets); evaluate then gives no accuracy.
    """

    def __init__(self, model, loss, optimizer, input_shape, batch_size=32, input_dtype="f", input_scale=1.0,
                 target_dtype=None, memory=None, schedule=None, micro_batch=None, clip_value=None, clip_norm=None,
                 ema=None):  # fmt: skip
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError("batch_size is %r; it may be a whole number from 1" % (batch_size,))
        if micro_batch is not None and (not isinstance(micro_batch, int) or not 1 <= micro_batch <= batch_size):
            raise ValueError("micro_batch is %r; it may be from 1 to batch_size, %d" % (micro_batch, batch_size))
        if memory is not None and (not isinstance(memory, int) or memory < 1):
            raise ValueError("memory is %r; it may be a number of bytes from 1" % (memory,))
        self._parts = None  # several inputs or targets
        nested = isinstance(input_shape, (tuple, list)) and input_shape and isinstance(input_shape[0], (tuple, list))
        if nested or isinstance(target_dtype, (tuple, list)):
            from .several import Parts

            self._parts = Parts(input_shape, input_dtype, input_scale, target_dtype)
            input_shape, input_dtype, input_scale, target_dtype = self._parts.first()
        for dtype in (input_dtype, target_dtype or "f"):
            if len(dtype) != 1 or dtype not in isa.TYPES:
                raise ValueError("dtype is %r; it may be one of %s" % (dtype, ", ".join(isa.TYPES)))
        if not isinstance(input_shape, (tuple, list)) or any([not isinstance(n, int) or n < 1 for n in input_shape]):
            raise ValueError("input_shape is %r; it may be a tuple of whole numbers from 1" % (input_shape,))
        self._extras = extras(clip_value, clip_norm, ema)
        self.optimizers = list(optimizer) if isinstance(optimizer, (tuple, list)) else [optimizer]
        self._groups = trained_groups(self.optimizers)
        self.model, self.criterion, self.optimizer = model, loss, self.optimizers[0]
        self.batch_size, self.input_shape = batch_size, tuple(input_shape)
        self.micro_batch = micro_batch
        self.input_dtype, self.input_scale, self.target_dtype = input_dtype, input_scale, target_dtype
        self.sample_size = numel(self.input_shape)
        parameters = model.parameters() + model.buffers()
        self._trained = [p for group in self._groups for p in group]
        self._frozen = [p for p in parameters if not any([p is q for q in self._trained])]
        if not self._trained:
            raise ValueError("the model has no parameters" + (" to train" if parameters else ""))
        self._many = self._parts is not None and self._parts.many_y
        # How many, where targets are labels; with target_dtype "f" they are probabilities.
        self.classes = 1 if getattr(loss, "classes", False) and not self._many and target_dtype != "f" else 0
        self.target_size = 1
        self.epoch, self.validation, self.schedule = 0, None, schedule
        self._make(memory)

    # Recording.

    def _make(self, memory):
        gradients = [p.grad for p in self._trained]
        frozen = [p for p in self._frozen if p.requires_grad]
        for p in frozen:  # of the model, but not of the optimizer
            p.requires_grad = False
        try:
            rows = self.micro_batch or self.batch_size
            cut = not self.micro_batch and not any([module.mixes_samples for module in self.model.modules()])
            self.plan, self.program = build(rows, self._record, memory, cut=cut)
        except BaseException:
            for p, grad in zip(self._trained, gradients):
                p.grad = grad
            raise
        finally:
            for p in self._trained + self._frozen:
                p._place = None
            for p in frozen:
                p.requires_grad = True
        gc.collect()
        self._segments, self._state = self.program.segments, self.program.state
        self._arena, self._code = self._segments[isa.ARENA], self.program.code
        self._ints = self._segments[isa.INTS]
        self.micro_batch, self._cutter = self.plan.rows, None
        if self.micro_batch < self.batch_size:
            from .micro import Parts

            self._cutter = Parts(self)
        self._vm_run = vm.run
        self._fresh = True  # gradients are to be zeroed before the next batch
        self._followers = []  # recorded functions that use the parameters where they lie here
        self._predictions = self._slices = None
        self._unfinished = False  # a step in slices
        self._unbind()
        self._run(_ZERO)
        self._settle(memoryview(self._arena))

    def _unbind(self):
        """Every segment is bound on every run, if the sections that run need it or not: here to something that fits."""
        self._segments[_X] = _zeros(self.input_dtype, self.sample_size)
        self._segments[_Y] = _zeros(self.target_dtype, self.target_size)
        if self._parts:
            self._parts.unbind(self._segments)
        self._ints[ROWS] = 1

    def _settle(self, arena):
        """Parameters and gradients become views of the arena, hyperparameters of the float slots."""
        offset, trained, gradients = 0, self.plan.kept[0][2], self.plan.kept[2][1]
        clear(arena, self.plan.kept[3][1], self.plan.start)  # the optimizer's state, statistics
        for p in self._trained + self._frozen:
            n = p.numel()
            settle(p, arena, offset, self)
            if offset < trained:
                p.grad = Tensor(arena[gradients + offset : gradients + offset + n], p._dims)
            offset += n
        floats = memoryview(self._segments[isa.FLOATS])
        offset = 0
        for optimizer in self.optimizers:
            for group in optimizer.groups:
                size = len(group.hyper)
                group.hyper = floats[offset : offset + size]
                offset += size
            optimizer.trainer = self
        if self._extras:
            self.bounds = floats[offset : offset + 3]
            if self._extras.averages:
                arena[self._average : self._average + trained] = arena[:trained]

    def _record(self, r):
        record(self, r)

    # Running.

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
            vm.fault(self._code, self._segments, self._state)

    def _idle(self):
        """Nothing is half done any more, or RuntimeError."""
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
        """Bind a batch; whether its lengths fit."""
        return self._parts.fits(self, x, y) if self._parts else self._fits_first(x, y)

    def _fits_first(self, x, y):
        rows = len(y) // self.target_size
        self._segments[_X] = x
        self._segments[_Y] = y
        self._ints[ROWS] = rows
        return rows * self.sample_size == len(x) and rows * self.target_size == len(y) and 0 < rows <= self.micro_batch

    def _attempt(self):
        try:
            self._run(self._state[0])
            return True
        except (ValueError, TypeError):
            return False

    def _convert(self, x, y, sections):
        """The slow way: make of a batch what the program reads, or say what is wrong with it."""
        from .batch import accept

        self._unbind()  # what is wrong does not stay bound
        x, y, rows = self._parts.accept(self, x, y) if self._parts else accept(self, x, y)
        if y is None:
            self._predictions.fits(x)
        else:
            self._fits(x, y)
        self._run(sections)

    def accumulate(self, x, y):
        """Add the gradients of 1 to batch_size samples. x, y: flat buffers (used in place), tensors or lists."""
        if self._cutter:
            self._cutter.accumulate(x, y)
        else:
            self._accumulate(x, y)

    def _accumulate(self, x, y):
        if self._state[1] or self._unfinished:
            self._idle()
        if self._fresh:
            self._take(x, y, _FIRST)
            self._fresh = False
        else:
            self._take(x, y, _CHECK)
            self._run(_NEXT)

    def update(self):
        """One step of the optimizer on the mean gradient of what was accumulated."""
        if self._state[1] or self._unfinished:
            self._idle()
        if self._fresh:
            raise RuntimeError("update: nothing was accumulated since the last update")
        self._fresh = True  # before it runs: if it is interrupted, it is finished before whatever comes next
        self._run(_UPDATE)

    def step(self, x, y, budget_us=None):
        """accumulate(x, y) and update(). Allocates nothing where x and y are buffers of the right type. Interrupted
        (Ctrl-C), it is as if it had not begun, with what was accumulated for it, or it is finished if it was updating.

        budget_us   begin the step, return after so many microseconds, and say whether it is finished. If not, poll()
                    goes on with it; x and y must stay as they are until then.
        """
        if budget_us is not None:
            return self.slices.begin(x, y, budget_us)
        if self._state[1] or self._unfinished:
            self._idle()
        if self._cutter:
            self.accumulate(x, y)
            self.update()
        elif self._fresh:
            self._take(x, y, _STEP)
        else:
            self._take(x, y, _CHECK)
            self._fresh = True
            self._run(_LAST)
        return True

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
        """The mean loss over what the last step, or accumulation, saw."""
        return self._arena[self._statistics + _LOSS] / max(1, self._ints[COUNT])

    @property
    def running_loss(self):
        """The mean loss over all samples since reset_running()."""
        return self._arena[self._statistics + _RUNNING] / max(1, self._ints[SEEN])

    def reset_running(self):
        self._arena[self._statistics + _RUNNING] = 0
        self._ints[SEEN] = 0

    @property
    def steps(self):
        """Updates so far."""
        return self._ints[STEP]

    def predict(self, x, out=None):
        """The model's output for 1 to batch_size samples, in evaluation mode: a Tensor of its own. With a buffer `out`
        of float32, it is written there, and out is returned: that allocates nothing from the second time on."""
        if self._cutter:
            from .micro import predict

            return predict(self, x, out)
        return self._predict(x, out)

    def _predict(self, x, out):
        if self._predictions is None:
            self._predict_first()
        return self._predictions.predict(x, out)

    def _predict_first(self):
        from .predict import Predictions

        self._predictions = Predictions(self)

    def evaluate(self, batches, metrics=()):
        """(mean loss, accuracy) over batches of (x, y), in evaluation mode; accuracy is None without classes. metrics
        (see metrics.py) are reset and then fed each batch's outputs and targets."""
        from .fit import evaluate

        return evaluate(self, batches, metrics)

    def fit(self, batches, epochs, validation=None, callbacks=(), on_step=None, schedule=None, schedule_every="epoch"):
        """Train for some epochs: for each, every batch once, then the callbacks, each called with the trainer.
        They find .epoch, .running_loss and, with validation batches, .validation = (loss, accuracy);
        one that returns True ends the training. on_step, if given, is called with the trainer after every step.
        schedule (by default the trainer's) is stepped every "epoch" or "step"; one that takes a measure is given the
        validation's loss, or where there is none, and at steps, the running loss.
        Afterwards the model is in evaluation mode."""
        from .fit import fit

        fit(self, batches, epochs, validation, callbacks, on_step, schedule, schedule_every)

    def averaged(self):
        """`with trainer.averaged():` the weights are their moving averages, to evaluate and predict, not to train."""
        from .update_more import averaged

        return averaged(self)

    def save(self, path):
        """Write parameters, optimizer state, counters and where the schedule is to a file."""
        from .checkpoint import save

        save(self, path)

    def load(self, path):
        """Read them back. A file that is damaged or of another model raises, and nothing has changed."""
        from .checkpoint import load

        load(self, path)
