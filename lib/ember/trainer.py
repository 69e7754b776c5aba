"""The Trainer: a model, a loss and an optimizer become one program over one arena, and training is running it."""

import gc
from array import array

from . import _collect_after, isa, vm
from .record import Recording
from .sink import CORRECT, COUNT, INTS, ONE, ROWS, SCORED, SEEN, STEP
from .tensor import Tensor, no_grad, numel, use

_X, _Y = isa.FIRST_BOUND, isa.FIRST_BOUND + 1  # segments
# Sections, in the order of the program; some are run together with those that follow.
_INIT, _CHECK, _ZERO, _FORWARD, _BACKWARD, _UPDATE, _PREDICT, _SCORE = range(8)
_STEP, _FIRST, _NEXT, _LAST, _EVALUATE = (
    _CHECK + 4 * isa.FOLLOWING,  # check to update
    _CHECK + 3 * isa.FOLLOWING,  # check to backward
    _FORWARD + isa.FOLLOWING,  # forward, backward
    _FORWARD + 2 * isa.FOLLOWING,  # forward to update
    _PREDICT + isa.FOLLOWING,
)
_LOSS, _RUNNING, _SCORED, _STATISTICS = 0, 1, 2, 3  # sums of the loss over rows: this step, since reset, evaluation


def _zeros(dtype, n):
    return array(dtype, bytes(n * (1 if dtype in "Bb" else 2 if dtype == "h" else 4)))


def _retired(*_):
    raise RuntimeError("the parameters of this Trainer have moved into the arena of a newer one: use that")


class Trainer:
    """Trains `model` on batches of up to batch_size samples of input_shape.

    loss          a module of nn, or a function (output, target) -> a tensor of one element, a mean over the batch
    input_dtype   typecode of the inputs as they are handed over: "f", or "B", "b", "h", "i"; times input_scale.
                  input_scale=None: whole numbers reach the model as they are, as indices for nn.Embedding
    target_dtype  typecode of the targets; by default labels are "B" ("h" from 257 classes), values are "f"
                  (given for a loss with labels, they are probabilities)
    memory        bytes allowed for all that training keeps: MemoryError says how many are missing
    """

    def __init__(self, model, loss, optimizer, input_shape, batch_size=32, input_dtype="f", input_scale=1.0,
                 target_dtype=None, memory=None):  # fmt: skip
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError("batch_size is %r; it may be a whole number from 1" % (batch_size,))
        for dtype in (input_dtype, target_dtype or "f"):
            if len(dtype) != 1 or dtype not in isa.TYPES:
                raise ValueError("dtype is %r; it may be one of %s" % (dtype, ", ".join(isa.TYPES)))
        if not isinstance(input_shape, (tuple, list)) or any([not isinstance(n, int) or n < 1 for n in input_shape]):
            raise ValueError("input_shape is %r; it may be a tuple of whole numbers from 1" % (input_shape,))
        self.model, self.criterion, self.optimizer = model, loss, optimizer
        self.batch_size, self.input_shape = batch_size, tuple(input_shape)
        self.input_dtype, self.input_scale, self.target_dtype = input_dtype, input_scale, target_dtype
        self.sample_size = numel(self.input_shape)
        parameters = model.parameters()
        self._groups = [[p for p in group.params if p.requires_grad] for group in optimizer.groups]
        self._trained = [p for group in self._groups for p in group]
        self._frozen = [p for p in parameters if not any([p is q for q in self._trained])]
        if not self._trained:
            raise ValueError("the model has no parameters" + (" to train" if parameters else ""))
        # How many, where targets are labels; with target_dtype "f" they are probabilities.
        self.classes = 1 if getattr(loss, "classes", False) and target_dtype != "f" else 0
        self.target_size = 1
        self.epoch, self.validation = 0, None
        if optimizer.steps:
            raise ValueError("the optimizer has already taken %d steps of its own; give a new one" % optimizer.steps)
        self._make(memory)

    # Recording.

    def _make(self, memory):
        gradients = [p.grad for p in self._trained]
        frozen = [p for p in self._frozen if p.requires_grad]
        for p in frozen:  # of the model, but not of the optimizer
            p.requires_grad = False
        # So what recording keeps, modules among it, lies low in the heap, and the arena finds room in one piece.
        before = _collect_after(4096)
        try:
            recording = Recording(self.batch_size)
            self._record(recording)
            self.plan = plan = recording.finish()
            if memory is not None and plan.total() > memory:
                raise MemoryError("training needs %d bytes, allowed are %d (batch_size=%d)"
                                  % (plan.total(), memory, self.batch_size))  # fmt: skip
            recording = None
            gc.collect()
            arena, code = array("f", range(plan.arena)), array("i", range(plan.words))
            recording = Recording(self.batch_size, plan, code)
            self._record(recording)
            self.program = recording.program(arena)
        except BaseException:
            for p, grad in zip(self._trained, gradients):
                p.grad = grad
            raise
        finally:
            _collect_after(before)
            for p in self._trained + self._frozen:
                p._place = None
            for p in frozen:
                p.requires_grad = True
        recording = None
        gc.collect()
        self._arena, self._code = arena, code
        self._segments, self._state = self.program.segments, self.program.state
        self._ints = self._segments[isa.INTS]
        self._vm_run = vm.run
        self._fresh = True  # gradients are to be zeroed before the next batch
        self._unbind()
        self._run(_INIT)
        self._run(_ZERO)
        self._settle(memoryview(arena))

    def _unbind(self):
        """Every segment is bound on every run, if the sections that run need it or not: here to something that fits."""
        self._segments[_X] = _zeros(self.input_dtype, self.sample_size)
        self._segments[_Y] = _zeros(self.target_dtype, self.target_size)
        self._ints[ROWS] = 1

    def _settle(self, arena):
        """Parameters and gradients become views of the arena, hyperparameters of the float slots."""
        offset, trained, gradients = 0, self.plan.kept[0][2], self.plan.kept[2][1]
        for p in self._trained + self._frozen:
            n = p.numel()
            view = arena[offset : offset + n]
            if p._data is not None:
                for i in range(n):
                    view[i] = p._data[p._offset + i]
            p._data, p._offset = view, 0
            if p.owner is not None:
                p.owner._vm_run = _retired
            p.owner = self
            if offset < trained:
                p.grad = Tensor(arena[gradients + offset : gradients + offset + n], p._dims)
            offset += n
        floats = memoryview(self._segments[isa.FLOATS])
        offset = 0
        for group in self.optimizer.groups:
            size = len(group.hyper)
            group.hyper = floats[offset : offset + size]
            offset += size
        self.optimizer.trainer = self

    def _record(self, r):
        size = sum([p.numel() for p in self._trained])
        r.keep("parameters", size)
        r.keep("frozen", sum([p.numel() for p in self._frozen]))
        gradients = r.keep("gradients", size)
        state = r.keep("optimizer state", size * self.optimizer.states)
        self._statistics = r.keep("statistics", _STATISTICS)
        offset = 0
        for p in self._trained + self._frozen:
            p._place = offset
            if offset < size:
                p.grad = r.at(gradients + offset, p._dims)
            offset += p.numel()
        with use(r):
            r.fill(r.at(state, (size * self.optimizer.states + _STATISTICS,)), 0.0)
            for p in self._trained + self._frozen:
                if p._data is None:
                    r.uniform(p, p.low, p.high, p.stream)
            r.section("init")
            if self.classes:  # the first recording does not know how many yet; the instruction is as long
                n = -self.target_size
                r.emit(isa.CHECK_INDEX, n, self.classes, r.input(_Y, self.target_dtype or "B", (n,)))
            if self.input_scale is None and self.input_dtype != "f":
                n = -self.sample_size
                r.emit(isa.CHECK_INDEX, n, r.plan.high if r.plan else 1, r.input(_X, self.input_dtype, (n,)))
            r.section("check")
            r.fill(r.at(gradients, (size,)), 0.0)
            r.fill(r.at(self._statistics + _LOSS, ()), 0.0)
            r.emit(isa.COUNT, 0, 0, 1, INTS + COUNT)
            r.section("zero")
            self._record_step(r, size, gradients, state)
            with no_grad():
                self.model.eval()
                output = self._output(r)
                self._result, self._result_dims = r.locate(output), output._dims
                r.section("predict")
                if self.classes:
                    target = self._target(r, output)
                    n = numel(target._dims)
                    r.emit(isa.COUNT_CORRECT, n, self.classes, INTS + CORRECT, output, target)
                self._loss(r, output, (_SCORED,))
                r.emit(isa.COUNT, 1, 1, -1, INTS + SCORED)
                r.section("score")
                self.model.train()

    def _record_step(self, r, size, gradients, state):
        self.model.train()
        output = self._output(r)
        loss, rows = self._loss(r, output, (_LOSS, _RUNNING))
        r.section("forward")
        # Seeded so, gradients are sums over rows, however a batch is cut; the optimizer divides by their count.
        loss.backward(rows)
        for slot in (COUNT, SEEN):
            r.emit(isa.COUNT, 1, 1, -1, INTS + slot)
        r.section("backward")
        offset = 0
        for group, trained in zip(self.optimizer.groups, self._groups):
            n = sum([p.numel() for p in trained])
            hyper = r.at(r.slot(list(group.hyper)), (len(group.hyper),))
            if n:
                states = [r.at(state + k * size + offset, (n,)) for k in range(self.optimizer.states)]
                p, g = r.at(offset, (n,)), r.at(gradients + offset, (n,))
                self.optimizer.emit(r, n, p, g, states, hyper, ONE if rows is None else COUNT)  # a sum stays a sum
            offset += n
        r.emit(isa.COUNT, 1, 1, 1, INTS + STEP)
        r.section("update")

    def _output(self, r):
        x = r.input(_X, self.input_dtype, (-1,) + self.input_shape)
        if self.input_scale is not None and (self.input_dtype != "f" or self.input_scale != 1.0):
            raw, x = x, r.new(x._dims)
            r.emit(isa.CONVERT, numel(x._dims), x, raw, r.constants((float(self.input_scale), 0.0)))
        output = self.model(x)
        if not output._dims or output._dims[0] != -1:
            raise ValueError("the model made shape %s of a batch of %s: the batch is the first dimension"
                             % (output.shape, x.shape))  # fmt: skip
        if self.classes:
            self.classes = output._dims[-1]
        if self.target_dtype is None:
            self.target_dtype = "f"
            if self.classes:
                self.target_dtype = "B" if self.classes <= 256 else "h" if self.classes <= 32768 else "i"
        return output

    def _target(self, r, output):
        dims = output._dims[:-1] if self.classes else output._dims
        self.target_size = -numel(dims)
        return r.input(_Y, self.target_dtype, dims)

    def _loss(self, r, output, sums):
        """Record the loss, and add it to these statistics, weighted by rows. Returns it and rows as a tensor."""
        loss = self.criterion(output, self._target(r, output))
        if numel(loss._dims) != 1:
            raise ValueError("the loss has shape %s; a Trainer takes one number: 'mean' or 'sum'" % (loss.shape,))
        rows, weighted = None, loss
        if getattr(self.criterion, "reduction", "mean") == "mean":
            rows = r.count(-1).alias(loss._dims)
            weighted = loss.detach() * rows
        for slot in sums:
            r.copy(r.at(self._statistics + slot, loss._dims), weighted, isa.ADD)
        return loss, rows

    # Running.

    # In MicroPython a call of more than 11 words of locals, operands and handlers (3 a try) takes its frame from the
    # heap. So what runs at every step is cut into calls that each stay below.

    def _run(self, section):
        self._state[0] = section
        if self._vm_run(self._code, self._segments, self._state, -1) != 1:
            vm.fault(self._code, self._segments, self._state)

    def _take(self, x, y, sections):
        """Run sections on a batch, in place where it is in the types the program reads. What is wrong with it is
        found when it is bound or by the first section, before anything has changed."""
        self._state[0] = sections
        if not self._fits(x, y) or not self._attempt():
            self._convert(x, y, sections)

    def _fits(self, x, y):
        """Bind a batch; whether its lengths fit."""
        rows = len(y) // self.target_size
        self._segments[_X] = x
        self._segments[_Y] = y
        self._ints[ROWS] = rows
        return rows * self.sample_size == len(x) and rows * self.target_size == len(y) and 0 < rows <= self.batch_size

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
        x, y, self._ints[ROWS] = accept(self, x, y)
        self._segments[_X], self._segments[_Y] = x, y
        self._run(sections)

    def accumulate(self, x, y):
        """Add the gradients of 1 to batch_size samples. x, y: flat buffers (used in place), tensors or lists."""
        if self._fresh:
            self._take(x, y, _FIRST)
            self._fresh = False
        else:
            self._take(x, y, _CHECK)
            self._run(_NEXT)

    def update(self):
        """One step of the optimizer on the mean gradient of what was accumulated."""
        if self._fresh:
            raise RuntimeError("update: nothing was accumulated since the last update")
        self._run(_UPDATE)
        self._fresh = True

    def step(self, x, y):
        """accumulate(x, y) and update(). Allocates nothing where x and y are buffers of the right type."""
        if self._fresh:
            self._take(x, y, _STEP)
        else:
            self._take(x, y, _CHECK)
            self._run(_LAST)
            self._fresh = True

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

    def predict(self, x):
        """The model's output for 1 to batch_size samples, in evaluation mode: a Tensor of its own."""
        from .batch import accept

        rows = len(x) // self.sample_size
        try:
            if rows * self.sample_size != len(x) or not 0 < rows <= self.batch_size:
                raise ValueError
            self._predict(x, rows)
        except (ValueError, TypeError):
            self._unbind()
            x, _, rows = accept(self, x, None)
            self._predict(x, rows)
        dims = (-self._result_dims[0] * rows,) + self._result_dims[1:]
        at = self._result & 0xFFFFFF
        return Tensor(array("f", memoryview(self._segments[self._result >> 24])[at : at + numel(dims)]), dims)

    def _predict(self, x, rows):
        y = self._segments[_Y]
        if len(y) < rows * self.target_size:
            y = _zeros(self.target_dtype, self.batch_size * self.target_size)
        self._segments[_X], self._segments[_Y], self._ints[ROWS] = x, y, rows
        self._run(_PREDICT)

    def evaluate(self, batches):
        """(mean loss, accuracy) over batches of (x, y), in evaluation mode; accuracy is None without classes."""
        self._arena[self._statistics + _SCORED] = 0
        self._ints[CORRECT] = self._ints[SCORED] = 0
        for x, y in batches:
            self._take(x, y, _CHECK)
            self._run(_EVALUATE)
        scored = self._ints[SCORED]
        if not scored:
            raise ValueError("evaluate: no batches")
        accuracy = self._ints[CORRECT] / (scored * self.target_size) if self.classes else None
        return self._arena[self._statistics + _SCORED] / scored, accuracy

    def fit(self, batches, epochs, validation=None, callbacks=(), on_step=None):
        """Train for some epochs: for each, every batch once, then the callbacks, each called with the trainer.
        They find .epoch, .running_loss and, with validation batches, .validation = (loss, accuracy);
        one that returns True ends the training. on_step, if given, is called with the trainer after every step."""
        self.validation = None
        for _ in range(epochs):
            self.reset_running()
            steps = self.steps
            for x, y in batches:
                self.step(x, y)
                if on_step:
                    on_step(self)
            if self.steps == steps:
                raise ValueError("fit: no batches in epoch %d (a generator runs once; a list or Batches runs again)"
                                 % (self.epoch + 1))  # fmt: skip
            self.epoch += 1
            if validation:
                self.validation = self.evaluate(validation)
            if any([callback(self) for callback in callbacks]):
                break

    def save(self, path):
        """Write parameters, optimizer state and counters to a file."""
        from .checkpoint import save

        save(self, path)

    def load(self, path):
        """Read them back. A file that is damaged or of another model raises, and nothing has changed."""
        from .checkpoint import load

        load(self, path)
