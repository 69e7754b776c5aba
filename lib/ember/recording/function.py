"""Recorded functions: a training step of one's own, written as a plain function, becomes a program.

def step(x, y):
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss

train = ember.record(step, (32, 6), Tensor(bytes(32), dtype="B"))
loss = train(x, y)                    # buffers, used in place; allocates nothing
print(loss.item())
"""

from .. import vm
from ..base.check import sizes
from ..instructions import emit, isa
from ..instructions.program import STEP
from ..machine.image import rows_in
from ..run.alone import alone, busy, during
from ..run.binding import bind_part
from ..run.runner import Runner
from ..tensors import tensor
from ..tensors.parameter import Parameter
from ..tensors.sink import INTS, is_among, numel
from ..tensors.tensor import Tensor, use
from .build import as_made, build, clear, retired, settle
from .recording import Recording


def record(function, *examples, memory=None):
    """Run function once to count and once to write, on inputs without values, and give back a callable that runs what
    it did: on flat buffers of the examples' types, of the batch they have or a smaller one.

    examples   one to four: tensors (of which shape and dtype count) or shapes of float32; the first dimension is the
               batch, the same for all
    memory     bytes allowed: MemoryError says how many are missing

    Lists, buffers of other types and, on CPython, NumPy's arrays are converted; what its type does not hold is refused.

    The callable returns what the function returned, a tensor, a tuple of tensors or None: always the same objects,
    whose elements the next call overwrites. .plan says where every byte is, .steps how often it ran.

    Parameters that the function meets move into the callable's arena; those that are already in the arena of a Trainer
    or of another recorded function stay there and are used in place, so functions of one model share its weights.
    Limits: what is Python runs while recording only (numbers, branches, the modules' training mode stay as they were
    then; other tensors are constants); values cannot be looked at inside (item, tolist); gradients begin anew in every
    call and last until its end (return them, or accumulate over micro-batches inside); each optimizer steps at most
    once in a call, belongs to one function and must be new; a label out of range raises ValueError when it is met.
    """
    return Function(function, examples, memory)


class _Recording(Recording):
    def adopt(self, inputs):
        for x in inputs:
            if x.place is None:
                if isinstance(x, Parameter):
                    self.function.join(self, x)
                elif x.requires_grad and x.node is None and tensor.grad_enabled:
                    _grown_within(x)
        return Recording.adopt(self, inputs)

    def capture(self, t):
        if isinstance(t, Parameter):  # one that no operation has as an input, as a running statistic
            self.function.join(self, t)
            return t.place
        return Recording.capture(self, t)

    def update(self, optimizer):
        """What an optimizer's step() is while recording."""
        if is_among(optimizer, self.stepped):
            raise RuntimeError("record: an optimizer may step once in a call, this one did before")
        if optimizer.steps:
            raise ValueError("the optimizer has already taken %d steps of its own; give a new one" % optimizer.steps)
        self.stepped.append(optimizer)
        for group in optimizer.groups:
            hyper = self.at(self.slot(list(group.hyper)), (len(group.hyper),))
            for p in group.params:
                if not p.requires_grad:
                    self.function.still.append(p)
                elif p.place is not None and p.grad is not None:
                    self.function.trained.append(p)
                    n, first = p.numel(), self.function.own + self.states
                    states = [self.at(first + k * n, p.dims) for k in range(optimizer.states)]
                    self.states += n * optimizer.states
                    states += [self.at(first + n * optimizer.states + k, ()) for k in range(optimizer.scalars)]
                    self.states += optimizer.scalars
                    optimizer.emit(self, n, p, p.grad, states, hyper, self.scalar(1.0))


def _grown_within(t):
    from .changed import grown_within

    grown_within(t)


class Function:
    """A recorded function: see record()."""

    def __init__(self, function, examples, memory):
        if not callable(function):
            raise ValueError("function is %r; it may be a function of tensors" % (function,))
        if not 1 <= len(examples) <= 4:
            raise ValueError("there are %d examples; a recorded function takes one to four inputs" % len(examples))
        self._function, self._inputs = function, [_example(e) for e in examples]
        rows = self._inputs[0][0][0]
        for shape, _ in self._inputs:
            if shape[0] != rows:
                raise ValueError("examples have %d and %d samples; the first dimension is the batch, the same for all"
                                 % (rows, shape[0]))  # fmt: skip
        self.batch_size = rows
        self._parameters, self._gradients, self._owners = [], [], []
        self.own = 0  # elements of the parameters that move here
        try:
            self.plan, self.image, arena = build(rows, self._record, memory, _Recording)
        finally:
            for p, grad in zip(self._parameters, self._gradients):
                p.place, p.grad = None, grad
        self.plan.outputs = self._located
        self.executor = vm.execute(self.image, arena)
        self._runner = Runner(self.image, self.executor)
        self._runner.sizes = [numel(shape[1:]) for shape, _ in self._inputs]
        self._settle(memoryview(arena))

    # Recording.

    def _record(self, recording):
        recording.function, recording.stepped, recording.states = self, [], 0
        self.trained, self.still = [], []
        owners, self._owners = self._owners, []
        inputs = []
        for i in range(len(self._inputs)):
            shape, dtype = self._inputs[i]
            inputs.append(recording.input(isa.FIRST_BOUND + i, dtype, (-1,) + shape[1:]))
        for owner in owners:  # the second time they are known
            self._refer(recording, owner)
        offset = 0
        for p in self._parameters:
            offset = self.lay(recording, p, offset)
        with use(recording):
            found = self._function(*inputs)
            several = isinstance(found, (tuple, list))
            outputs = [_output(recording, t) for t in (found if several else () if found is None else (found,))]
            emit.count(recording, keep=1, add=1, n=1, counter=INTS + STEP)
            self._located = [(recording.locate(t), t.dims) for t in outputs]
            recording.section("function")
        self._several, self._stepped = several, recording.stepped
        recording.keep("parameters", self.own)
        recording.keep("optimizer state", recording.states)

    def join(self, recording, p):
        """A parameter that the first recording meets; in the second all are known."""
        if recording.plan is not None:
            _grown_within(p)
        self._parameters.append(p)
        self._gradients.append(p.grad)
        self.own = self.lay(recording, p, self.own)

    def lay(self, recording, p, offset):
        """Where it lies: in its owner's arena, or here from offset on. The next offset."""
        p.grad = None
        if p.owner is None or p.owner.executor.stopped is retired:
            p.place = offset
            return offset + p.numel()
        p.place = (self._refer(recording, p.owner) << 24) + p.owner_at
        return offset

    def _refer(self, recording, owner):
        """The segment that is bound to the arena of another."""
        for i in range(len(self._owners)):
            if self._owners[i] is owner:
                return isa.FIRST_BOUND + len(self._inputs) + i
        self._owners.append(owner)
        recording.bound.append((isa.WRITABLE, len(owner.executor.segments[0]), 0))
        return isa.FIRST_BOUND + len(recording.bound) - 1

    def _settle(self, arena):
        """Parameters become views of the arena, hyperparameters of the slots, outputs tensors over the arena."""
        clear(arena, self.own, self.plan.start)  # the optimizers' state
        for i in range(len(self._owners)):
            self.executor.bind_part(isa.FIRST_BOUND + len(self._inputs) + i, self._owners[i].executor.segments[0])
            self._owners[i].executor.followers += (self.executor,)
        self.asked, self.others, self.mark = [None] * 4, [], None
        for owner in [other for o in self._owners for other in [o] + getattr(o, "others", [])] or [self._runner]:
            if self.mark is None:
                self.mark = owner.mark
            elif not is_among(owner.mark, [self.mark] + [other.mark for other in self.others]):
                self.others.append(owner)
        offset = 0
        for p in self._parameters:
            if not is_among(p.owner, self._owners):
                settle(p, arena, offset, self)
                offset += p.numel()
        floats, offset = memoryview(self.executor.segments[isa.FLOATS]), 0
        for optimizer in self._stepped:
            optimizer.trainer = self
            for group in optimizer.groups:
                size = len(group.hyper)
                group.hyper = floats[offset : offset + size]
                offset += size
        self._outputs = tuple([self._view(arena, address, dims) for address, dims in self._located])
        self._result = self._outputs if self._several else self._outputs[0] if self._outputs else None
        self._rows = self.batch_size

    def _view(self, arena, address, dims):
        n = numel(dims)
        t = Tensor(arena[address : address + (n if n > 0 else -n * self.batch_size)])
        t.dims = dims if n > 0 else (-dims[0] * self.batch_size,) + dims[1:]
        return t

    # Running: cut into small calls, as in a Trainer.

    def __call__(self, a, b=None, c=None, d=None):
        if not self.mark:
            busy()
        self.mark.pop()  # as runner.alone
        self.asked[0] = a
        self.asked[1] = b
        self.asked[2] = c
        self.asked[3] = d
        return during(self, _call)

    def among(self, k):
        """Run it, with the marks of the owners from the k-th on too."""
        if k < len(self.others):
            return alone(self.others[k], _call_among, self, k)
        asked = self.asked
        if self._count(0) != len(self._inputs):
            raise TypeError("this recorded function takes %d inputs" % len(self._inputs))
        as_made(self, self.trained, self.still)
        self._change(bool(self._stepped))
        if not self._bind_all(0) or not self._attempt():
            self._convert(asked)
        if self._done < 0:
            self.executor.fault()
        self._change(False)
        return self._found()

    def _count(self, n):
        """How many inputs were given: what an array is equal to, is no truth value."""
        for x in self.asked:
            n += x is not None
        return n

    def _change(self, changing):
        """Whether weights of others are being replaced."""
        for owner in self._owners:
            owner.changing = changing

    def _bind_all(self, i):
        while i < len(self._inputs):
            if not self._bind(i, self.asked[i]):
                return False
            i += 1
        return True

    def _bind(self, i, x):
        """Whether its length fits."""
        x = x.elements() if isinstance(x, Tensor) else x
        return bind_part(self._runner, isa.FIRST_BOUND + i, x)

    def _attempt(self):
        """Whether the inputs are buffers of the right types: then it has run."""
        try:
            self.executor.recover(-1)  # what was broken off
            self._done = self.executor.run(0, -1)
            return True
        except (ValueError, TypeError):
            return False

    def _convert(self, inputs):
        """The slow way: make of inputs what the program reads, or say what is wrong with them."""
        from ..tensors.values import read, typed

        rows, found = 0, []
        for i in range(len(self._inputs)):
            (shape, dtype), size = self._inputs[i], self._runner.sizes[i]
            values, dims = read(inputs[i])
            n = rows_in(values, size, self.batch_size)
            fits = dims is None or tuple(dims[1:]) == shape[1:] and len(dims) > 0
            if not fits or not n or i and n != rows:
                raise ValueError("input %d has %s: %d for each of 1 to %d samples, as many as the others have" % (
                    i, "%d elements" % len(values) if dims is None else "shape %s" % (dims,), size,
                    self.batch_size))  # fmt: skip
            rows = n
            found.append(typed(dtype, values, "input %d" % i))
        for i in range(len(found)):
            self._bind(i, found[i])
        self._done = self.executor.run(0, -1)

    def _found(self):
        if self._rows != self._runner.rows:
            self._reshape(self._runner.rows)
        return self._result

    def _reshape(self, rows):
        """Another batch size than the last call's."""
        self._rows = rows
        for t, (_, dims) in zip(self._outputs, self._located):
            if numel(dims) < 0:
                t.dims = (-dims[0] * rows,) + dims[1:]

    @property
    def steps(self):
        return self._runner.steps


def _call(function):
    return function.among(0)


def _call_among(owner):
    return owner.asked[0].among(owner.asked[1] + 1)


def _example(e):
    shape, dtype = (e.shape, e.dtype) if isinstance(e, Tensor) else (e, "f")
    shape = sizes(shape)
    if not shape:
        raise ValueError("an example is %r; it may be a tensor or a shape, the batch first" % (e,))
    return shape, dtype


def _output(recording, t):
    """A returned tensor, in a place of its own that lasts to the end."""
    if not isinstance(t, Tensor) or t.dtype != "f":
        raise ValueError("the function returned %r; it may return float32 tensors, or None" % (t,))
    if t.place is not None and t.place < 0:
        return t
    y = recording.new(t.dims)
    recording.copy(y, t)
    return y
