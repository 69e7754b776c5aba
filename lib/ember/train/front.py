"""The front: a model, a loss and optimizers become an image, which a runner can train without them. It may leave then:
see Trainer.release."""

import gc

from ..base.check import plain, sizes, whole
from ..instructions.program import FLOATS, FROZEN, GRADIENTS, STATE, THE_STATISTICS, TYPES
from ..recording.build import as_made, build, clear, settle
from ..recording.recording import Recording
from ..tensors.sink import is_among
from ..tensors.tensor import Tensor, numel
from .sections import affine, record
from .update import extras, trained_groups


class Front:
    """What a Trainer is asked for, checked; what recording finds. Arguments are the Trainer's."""

    def __init__(self, model, loss, optimizer, input_shape, batch_size=32, input_dtype="f", input_scale=1.0,
                 target_dtype=None, memory=None, schedule=None, micro_batch=None, clip_value=None, clip_norm=None,
                 ema=None, fused=False, state_dtype="f", target_shape=None,
                 input_offset=0.0, guard="raise", **unknown):  # fmt: skip
        if hasattr(gc, "mem_free"):  # MicroPython: what is made now is to lie below where the arena finds room
            gc.collect()
        if unknown:
            from ..base.names import unknown_keyword

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
        self.guard, self.keeps = guard, 0
        if guard != "raise":
            from ..run.guard import keeps

            self.keeps = keeps(guard)  # whether a good state is kept in memory
        self.several = None  # several inputs or targets
        nested = isinstance(input_shape, (tuple, list)) and input_shape and isinstance(input_shape[0], (tuple, list))
        if nested or isinstance(target_dtype, (tuple, list)):
            from .several import Several

            self.several = Several(input_shape, input_dtype, input_scale, input_offset, target_dtype)
            input_shape, input_dtype, input_scale, input_offset, target_dtype = self.several.first()
        for dtype in (input_dtype, target_dtype or "f"):
            if len(dtype) != 1 or dtype not in TYPES:
                raise ValueError("dtype is %r; it may be one of %s" % (dtype, ", ".join(TYPES)))
        shape, input_shape = input_shape, sizes(input_shape)
        if input_shape is None:
            raise ValueError("input_shape is %r; it may be a tuple of whole numbers from 1" % (shape,))
        self.many = self.several is not None and self.several.many_y
        self.target_shape = target_shape
        if target_shape is not None:
            from .several import check_shape

            self.target_shape = check_shape(target_shape, self.many)
        self.extras = extras(clip_value, clip_norm, ema)
        self.optimizers = list(optimizer) if isinstance(optimizer, (tuple, list)) else [optimizer]
        self.groups = trained_groups(self.optimizers)
        self.model, self.criterion, self.optimizer = model, loss, self.optimizers[0]
        self.batch_size, self.memory, self.micro_batch, self.schedule = batch_size, memory, micro_batch, schedule
        self.input_shape, self.input_dtype, self.target_dtype = input_shape, input_dtype, target_dtype
        self.input_scale, self.input_offset, self.state_dtype = input_scale, input_offset, state_dtype
        self.sample_size = numel(input_shape)
        self.affine = affine(input_dtype, input_scale, input_offset, input_shape)
        buffers = model.buffers()
        self.changing = [p for p in buffers if not p.fixed]
        parameters = model.parameters() + [p for p in buffers if p.fixed] + self.changing
        self.trained, self.still, self.left = [], [], ""
        for o in self.optimizers:
            for group in o.groups:
                for p in group.params:
                    (self.trained if p.requires_grad else self.still).append(p)
        self.frozen = [p for p in parameters if not is_among(p, self.trained)]
        if not self.trained:
            raise ValueError("the model has no parameters" + (" to train" if parameters else ""))
        # How many, where targets are labels; with target_dtype "f" they are probabilities.
        labelled = not self.many and target_dtype != "f"
        self.classes = 1 if getattr(loss, "classes", False) and labelled else 0
        self.labels = 1 if getattr(loss, "sequences", False) and labelled else self.classes
        self.target_size = 1
        self.fused, self.kind = fused, Recording
        if fused:
            from ..recording.fused import Fused, check

            self.kind = Fused
            check(self, micro_batch)
        self.moves = None
        if any([o.searches for o in self.optimizers]):
            from . import moves

            moves.check(self)
            self.moves = moves

    def image(self, runs=True):
        """(plan, image, arena): what was recorded; arena is None unless it runs here."""
        trained, gradients = self.trained, [p.grad for p in self.trained]
        frozen = [p for p in self.frozen if p.requires_grad]
        for p in frozen:  # of the model, but not of the optimizer
            p.requires_grad = False
        try:
            rows = self.micro_batch or self.batch_size
            whole = self.micro_batch or self.fused or any([module.mixes_samples for module in self.model.modules()])
            plan, image, arena = build(rows, self.record, self.memory, self.kind, not whole, runs)
            runs = arena is not None
        except BaseException:
            runs = False
            raise
        finally:
            for p, grad in zip(trained, () if runs else gradients):
                p.grad = grad
            for p in self.trained + self.frozen:
                p.place = None
            for p in frozen:
                p.requires_grad = True
        gc.collect()
        if self.left:
            plan.budget += ("\n  " if plan.budget else "") + self.left
        image.batch_size, image.classes, image.results = self.batch_size, self.classes, self.results
        image.starts = tuple([offset for _, offset, _ in plan.kept]) + (plan.start,)
        image.statistics, image.kept = image.starts[THE_STATISTICS], int(self.keeps)
        image.parameters = self.trained + self.frozen
        if self.several:
            image.inputs, image.targets = self.several.counts()
        return plan, image, arena

    def record(self, recording):
        """As build() asks for it."""
        again = record(self, recording)
        if recording.plan is None:  # what is left of it would lie where the arena is to find room
            for p in self.trained:
                p.grad = None
        return again

    def settle(self, trainer):
        """Parameters and gradients become views of the trainer's arena, hyperparameters of its float slots."""
        arena, starts, offset = memoryview(trainer.executor.segments[0]), trainer.image.starts, 0
        trained, gradients = starts[FROZEN], starts[GRADIENTS]
        clear(arena, starts[STATE], trainer.plan.start)  # the optimizer's state, statistics
        for p in trainer.image.parameters:
            n = p.numel()
            settle(p, arena, offset, trainer)
            if self.fused:
                p.grad = None
            elif offset < trained:
                p.grad = Tensor(arena[gradients + offset : gradients + offset + n], p.dims)
            offset += n
        trainer.image.parameters = ()
        floats = memoryview(trainer.executor.segments[FLOATS])
        offset = 0
        for optimizer in self.optimizers:
            for group in optimizer.groups:
                size = len(group.hyper)
                group.hyper = floats[offset : offset + size]
                offset += size
            optimizer.trainer = trainer
        if self.extras:
            trainer.bounds = floats[offset : offset + 3]
            if self.extras.averages:
                arena[self.average : self.average + trained] = arena[:trained]

    # While it runs.

    def as_made(self, trainer):
        """As build.as_made, without another call."""
        for p in self.trained:
            if not p.requires_grad:
                as_made(trainer, self.trained, self.still)
        for p in self.still:
            if p.requires_grad:
                as_made(trainer, self.trained, self.still)

    def accept(self, binding, x, y):
        """(x, y, rows), as buffers of the types that the program reads; ValueError says what is wrong with a batch."""
        from .batch import accept

        return self.several.accept(self, binding, x, y) if self.several else accept(self, x, y)

    def names(self):
        """Of float slots and parameters, as an image has them."""
        from .image_names import names_of

        return names_of(self)
