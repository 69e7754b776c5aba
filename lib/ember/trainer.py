"""The Trainer: a model, a loss and an optimizer become one program over one arena, and training is running it."""

import gc

from . import vm
from .build import as_made, build, clear, replaced, retired, settle
from .check import plain, whole
from .program import FLOATS, PREDICT, TYPES, ZERO
from .recording import Recording
from .running import Running
from .sections import affine, record
from .tensor import Tensor, numel
from .update import extras, trained_groups


class Trainer(Running):
    """Trains `model` on batches of up to batch_size samples of input_shape.

    loss          a module of nn, or a function (output, target) -> a tensor of one element, a mean over the batch
    input_dtype   typecode of the inputs as they are handed over: "f", or "B", "b", "h", "H", "i", "I"; times
                  input_scale, then plus input_offset, each a number or a list of one a channel (the last dimension).
                  input_scale=None: whole numbers reach the model as they are, as indices for nn.Embedding
    target_dtype  typecode of the targets; by default labels are "B" ("h" from 257 classes), values are "f"
                  (given for a loss with labels, they are probabilities)
    target_shape  of a sample's target, where the loss takes another than the output's: (S,) for nn.CTCLoss
    memory        bytes allowed for all that training keeps. If they do not do, batches are taken in parts, and where
                  the smallest does not fit, activations are made again instead of kept (docs/budget.md);
                  print(trainer.plan) says what was done, MemoryError how many bytes the least takes
    micro_batch   samples that are taken at once, if not the whole batch
    schedule      of the learning rate: fit steps it, and save and load keep where it is; may be set later
    clip_value    bounds each element of the mean gradient, and clip_norm then its norm over all parameters, as PyTorch
                  does; .bounds holds [clip_value, clip_norm, ema], which may be changed between steps
    fused         plain SGD within the backward pass: gradients take no memory (docs/budget.md). A step is whole then:
                  no batch in parts, and no parameter used twice
    state_dtype   "bfloat16" keeps the optimizer's state in half of the memory, in numbers of 16 bits that are rounded
                  up or down by chance, right on average (docs/budget.md)
    ema           keep a moving average of the weights, this much of it at every step: see averaged()

    optimizer may be a list of them, each with parameters of its own; a schedule changes the first.

    Several inputs: input_shape is a list of shapes (input_dtype, input_scale, input_offset may be lists of one for
    each), forward takes as many tensors, and x is a tuple. Several outputs: forward returns a tuple, target_dtype has
    an entry for each (integers are labels), y is a tuple, and the loss gets the tuples (outputs, targets); evaluate
    then gives no accuracy.
    """

    def __init__(self, model, loss, optimizer, input_shape, batch_size=32, input_dtype="f", input_scale=1.0,
                 target_dtype=None, memory=None, schedule=None, micro_batch=None, clip_value=None, clip_norm=None,
                 ema=None, fused=False, state_dtype="f", target_shape=None,
                 input_offset=0.0, **unknown):  # fmt: skip
        if unknown:
            from .names import unknown_keyword

            raise unknown_keyword(list(unknown)[0])
        if isinstance(loss, type) or not callable(loss):
            raise ValueError("loss is %r; it may be a loss of nn, made by calling its class, or a function" % (loss,))
        batch_size, micro_batch, memory = whole("batch_size", batch_size), plain(micro_batch), plain(memory)
        if micro_batch is not None and (not isinstance(micro_batch, int) or not 1 <= micro_batch <= batch_size):
            raise ValueError("micro_batch is %r; it may be from 1 to batch_size, %d" % (micro_batch, batch_size))
        if memory is not None and (isinstance(memory, bool) or not isinstance(memory, int) or memory < 1):
            raise ValueError("memory is %r; it may be a number of bytes from 1" % (memory,))
        if state_dtype not in ("f", "bfloat16"):
            raise ValueError("state_dtype is %r; it may be 'f' or 'bfloat16'" % (state_dtype,))
        self.state_dtype = state_dtype
        self._parts = None  # several inputs or targets
        nested = isinstance(input_shape, (tuple, list)) and input_shape and isinstance(input_shape[0], (tuple, list))
        if nested or isinstance(target_dtype, (tuple, list)):
            from .several import Parts

            self._parts = Parts(input_shape, input_dtype, input_scale, input_offset, target_dtype)
            input_shape, input_dtype, input_scale, input_offset, target_dtype = self._parts.first()
        for dtype in (input_dtype, target_dtype or "f"):
            if len(dtype) != 1 or dtype not in TYPES:
                raise ValueError("dtype is %r; it may be one of %s" % (dtype, ", ".join(TYPES)))
        if isinstance(input_shape, (tuple, list)):
            input_shape = tuple([plain(n) for n in input_shape])
        if not isinstance(input_shape, tuple) or any([not isinstance(n, int) or n < 1 for n in input_shape]):
            raise ValueError("input_shape is %r; it may be a tuple of whole numbers from 1" % (input_shape,))
        self._many = self._parts is not None and self._parts.many_y
        self._target_shape = target_shape
        if target_shape is not None:
            from .several import check_shape

            self._target_shape = check_shape(target_shape, self._many)
        self._extras = extras(clip_value, clip_norm, ema)
        self.optimizers = list(optimizer) if isinstance(optimizer, (tuple, list)) else [optimizer]
        self._groups = trained_groups(self.optimizers)
        self.model, self.criterion, self.optimizer = model, loss, self.optimizers[0]
        self.batch_size, self.input_shape = batch_size, input_shape
        self.micro_batch = micro_batch
        self.input_dtype, self.target_dtype = input_dtype, target_dtype
        self.input_scale, self.input_offset = input_scale, input_offset
        self.sample_size = numel(self.input_shape)
        self._affine = affine(input_dtype, input_scale, input_offset, self.input_shape)
        buffers = model.buffers()
        self._changing = [p for p in buffers if not p.fixed]
        parameters = model.parameters() + [p for p in buffers if p.fixed] + self._changing
        self._trained = [p for group in self._groups for p in group]
        self._frozen = [p for p in parameters if not any([p is q for q in self._trained])]
        self._left = ""
        self._still = [p for o in self.optimizers for group in o.groups for p in group.params if not p.requires_grad]
        if not self._trained:
            raise ValueError("the model has no parameters" + (" to train" if parameters else ""))
        # How many, where targets are labels; with target_dtype "f" they are probabilities.
        labelled = not self._many and target_dtype != "f"
        self.classes = 1 if getattr(loss, "classes", False) and labelled else 0
        self._labels = 1 if getattr(loss, "sequences", False) and labelled else self.classes
        self.target_size = 1
        self.validation, self.schedule = None, schedule
        self.fused, kind = fused, Recording
        if fused:
            from .fused import Fused, check

            kind = Fused
            check(self, micro_batch)
        searches = any([o.searches for o in self.optimizers])
        if searches:
            from . import moves

            moves.check(self)
        self._make(memory, kind)
        if searches:
            moves.Moves(self)

    # Recording.

    def _make(self, memory, kind):
        trained, gradients = self._trained, [p.grad for p in self._trained]
        frozen = [p for p in self._frozen if p.requires_grad]
        for p in frozen:  # of the model, but not of the optimizer
            p.requires_grad = False
        try:
            rows = self.micro_batch or self.batch_size
            whole = self.micro_batch or self.fused or any([module.mixes_samples for module in self.model.modules()])
            self.plan, self.program = build(rows, self._record, memory, kind, not whole)
        except BaseException:
            for p, grad in zip(trained, gradients):
                p.grad = grad
            raise
        finally:
            for p in self._trained + self._frozen:
                p._place = None
            for p in frozen:
                p.requires_grad = True
        gc.collect()
        self._kept, self._shapes = self.plan.kept, [p.shape for p in self._trained + self._frozen]
        if self._left:
            self.plan.budget += ("\n  " if self.plan.budget else "") + self._left
        self._followers = []  # recorded functions that use the parameters where they lie here
        self._predictions = None
        if self._parts:
            self._binding = self._parts.binding(self.program.code)
        self._begin(self.program.code, self.program.segments, self.program.state, vm.run)
        self._run(ZERO)
        self._settle(memoryview(self._arena))

    def _settle(self, arena):
        """Parameters and gradients become views of the arena, hyperparameters of the float slots."""
        offset, trained, gradients = 0, self.plan.kept[0][2], self.plan.kept[2][1]
        clear(arena, self.plan.kept[3][1], self.plan.start)  # the optimizer's state, statistics
        for p in self._trained + self._frozen:
            n = p.numel()
            settle(p, arena, offset, self)
            if self.fused:
                p.grad = None
            elif offset < trained:
                p.grad = Tensor(arena[gradients + offset : gradients + offset + n], p._dims)
            offset += n
        floats = memoryview(self._segments[FLOATS])
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
        return record(self, r)

    _as_made = as_made

    def _idle(self):
        """And its parameters are still those of the model: else what it saves, or exports, were not what trains."""
        if self._vm_run is retired or self._vm_run is replaced:
            self._vm_run()
        Running._idle(self)

    def _names(self):
        from .export import names_of

        return names_of(self)

    # Running, as far as it takes what recorded.

    def _convert(self, x, y, sections):
        """The slow way: make of a batch what the program reads, or say what is wrong with it."""
        self._unbind()  # what is wrong does not stay bound
        if y is None and sections != PREDICT:
            raise ValueError("y is None; a step, and evaluate, take the targets of x")
        x, y, rows = self._accept(x, y)
        if y is None:
            self._fits_alone(x)
        else:
            self._fits(x, y)
        self._run(sections)

    def _accept(self, x, y):
        """(x, y, rows), as buffers of the types that the program reads."""
        from .batch import accept

        return self._parts.accept(self, x, y) if self._parts else accept(self, x, y)

    def predict(self, x, out=None):
        """The model's output for 1 to batch_size samples, in evaluation mode: a Tensor of its own. With a buffer `out`
        of float32, it is written there, and out is returned: that allocates nothing from the second time on."""
        if self._cutter:
            from .predict import in_parts

            return in_parts(self, x, out)
        return self._predict(x, out)

    def _predict(self, x, out):
        if self._predictions is None:
            self._predict_first()
        return self._predictions.predict(x, out)

    def _predict_first(self):
        from .predict import Predictions

        self._predictions = Predictions(self)

    def fit(self, batches, epochs, validation=None, callbacks=(), on_step=None, schedule=None, schedule_every="epoch"):
        """Train for some epochs: for each, every batch once, then the callbacks, each called with the trainer.
        They find .epoch, .running_loss and, with validation batches, .validation = (loss, accuracy);
        one that returns True ends the training. on_step, if given, is called with the trainer after every step.
        schedule (by default the trainer's) is stepped every "epoch" or "step"; one that takes a measure is given the
        validation's loss, or where there is none, and at steps, the running loss. A batch in which no label counts is
        no step: neither on_step nor the schedule see it; of an epoch of such batches nobody hears.
        Afterwards the model is in evaluation mode."""
        from .fit import fit

        fit(self, batches, epochs, validation, callbacks, on_step, schedule, schedule_every)

    def averaged(self):
        """`with trainer.averaged():` the weights are their moving averages, to evaluate and predict, not to train."""
        from .update_more import averaged

        return averaged(self)

    @property
    def _fingerprint(self):
        """A number that differs when the shapes of the parameters differ, or their order, or what state they have."""
        total = len(self._trained)
        for o in self.optimizers:
            total = total * 31 + o.states
        if self.state_dtype != "f":
            total += 1 << 16
        for p in self._trained + self._frozen:
            for d in p.shape + (0,):
                total = (total * 31 + d + 1) & 0x3FFFFF
        return total

    def export(self, path):
        """Write program, memory layout, constants, slots and weights to a file that travels: ember.runtime runs it
        where the rest of Ember does not fit, to the same bits. The optimizer's state goes along after the first step.
        Returns its bytes."""
        from .export import export

        return export(self, path)
