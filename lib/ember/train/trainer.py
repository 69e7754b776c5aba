"""The Trainer: a model, a loss and an optimizer become one program over one arena, and training is running it.

It is the face over two: the front, which records (front.py), and the runner, which runs the program (run/runner.py).
What this file imports stays when the front leaves.
"""

from .. import vm
from ..instructions.program import ZERO
from ..run.alone import alone
from ..run.runner import Runner


class Trainer(Runner):
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

    guard         what is done with a step that comes to a loss or a gradient which is not finite: "raise" (ValueError),
                  "skip", "reduce" (skip it, and halve the rate), "rewind" (to a good state), see docs/guards.md

    optimizer may be a list of them, each with parameters of its own; a schedule changes the first.

    Several inputs: input_shape is a list of shapes (input_dtype, input_scale, input_offset may be lists of one for
    each), forward takes as many tensors, and x is a tuple. Several outputs: forward returns a tuple, target_dtype has
    an entry for each (integers are labels), y is a tuple, and the loss gets the tuples (outputs, targets); evaluate
    then gives no accuracy.
    """

    _predictions = None

    def __init__(self, model, loss, optimizer, input_shape, batch_size=32, *more, **options):
        from .front import Front

        front = Front(model, loss, optimizer, input_shape, batch_size, *more, **options)
        self.plan, image, arena = front.image()
        Runner.__init__(self, image, vm.execute(image, arena))
        self.front = front
        self.model, self.criterion, self.optimizers = model, loss, front.optimizers
        self.optimizer, self.schedule = front.optimizer, front.schedule
        self.input_shape, self.input_scale, self.input_offset = front.input_shape, front.input_scale, front.input_offset
        self.fused, self.state_dtype = front.fused, front.state_dtype
        self.run(ZERO)
        front.settle(self)
        if front.guard != "raise":
            from ..run.guard import guard

            guard(self, front.guard)
        if front.moves:
            front.moves.Moves(self)

    def predict(self, x, out=None):
        """The model's output for 1 to batch_size samples, in evaluation mode: a Tensor of its own. With a buffer `out`
        of float32, it is written there, and out is returned: that allocates nothing from the second time on."""
        found = Runner.predict(self, x, out)
        if out is None and self.cutter and self.front:
            from .predict import tensors

            return tensors(self, found)
        return found

    def predict_part(self, x, out):
        if self.front is None and (out is None or not self._predictions or not self._predictions.writers):
            return Runner.predict_part(self, x, out)
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
        from ..run.fit import fit

        fit(self, batches, epochs, validation, callbacks, on_step, schedule, schedule_every)

    def predictor(self, batch_size=1, budget_us=None):
        """What predicts while this trains: from a callback or a timer, and between the slices of a step. It has memory
        of its own for what lies between input and output, and reads the weights where they are. predict(x, out=None) of
        1 to batch_size samples: a memoryview of float32, row after row, until it predicts again, or out, a buffer that
        it is written to; neither allocates from the second time on. Several outputs: a tuple of them. RuntimeError
        where it would find weights half old, half new (docs/time.md).

        budget_us   for an update that it falls into, which is finished first; None: what that takes
        """
        from .predictor import Predictor

        return Predictor(self, batch_size, budget_us)

    def averaged(self):
        """`with trainer.averaged():` the weights are their moving averages, to evaluate and predict, not to train."""
        from ..run.averaged import averaged

        return averaged(self)

    def release(self, names=None):
        """Let the front go, which made the program: from here on the trainer steps, evaluates, predicts (as views, see
        run/runner.py), saves, loads and exports without it. The rate is .lr; .model, .optimizer and .plan are None.

        names   globals(), or another dict: what it holds of the front (a model, an optimizer, nn) is deleted from it

        Returns (what, bytes of heap that it gave back) for the front, and for each of the names. Names that are kept,
        keep their part of the front. What is made afterwards loads the front anew: import it anew too."""
        from .release import release

        return alone(self, release, names, None)

    def export(self, path):
        """Write program, memory layout, constants, slots and weights to a file that travels: ember.runtime runs it
        where the rest of Ember does not fit, to the same bits. The optimizer's state goes along after the first step.
        Returns its bytes."""
        try:
            from .export import exported

            return alone(self, exported, path, None)
        except MemoryError:
            from ..recording.shortage import no_room_to_write

            raise no_room_to_write(self)
