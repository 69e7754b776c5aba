"""What predicts while a Trainer trains: the section that predicts, recorded once more, over the trainer's weights and
memory of its own: see Trainer.predictor and docs/time.md."""

from .. import vm
from ..base.check import whole
from ..instructions import isa
from ..instructions.program import GRADIENTS, HEAD, PREDICT, UPDATE
from ..machine.executor import Executor
from ..machine.image import segment, word
from ..machine.refused import INSIDE
from ..recording.build import build
from ..run.alone import alone
from ..run.runner import Runner
from ..tensors.tensor import no_grad, use
from .predict import Predictions
from .sections import output_of


class Predictor(Runner):
    """Of 1 to batch_size samples at once, which nothing comes between."""

    def __init__(self, trainer, batch_size, budget_us):
        batch_size = whole("batch_size", batch_size)
        if budget_us is not None:
            budget_us = whole("budget_us", budget_us)
        front = trainer.front
        if front is None:
            raise RuntimeError("predictor: make it before release(): it records the model once more")
        trainer.idle()
        weights, places, results = trainer.image.starts[GRADIENTS], [], []

        def record(recording):
            offset, places[:] = 0, []
            recording.bound = [None] * (word(trainer.image.code, 3) - isa.FIRST_BOUND - len(trainer.image.mapped))
            place = isa.FIRST_BOUND + len(recording.bound)
            for k in range(len(recording.bound)):
                recording.bound[k] = segment(trainer.image.code, isa.FIRST_BOUND + k)
            recording.bound.append((0, weights, 0))
            for p in front.trained + front.frozen:
                p.place = (place << 24) + offset
                offset += p.numel()
            for name in ("check", "zero", "forward", "backward", "update"):
                recording.section(name)
            with use(recording), no_grad():
                front.model.eval()
                output = output_of(front, recording)
                results[:] = [(recording.locate(t), t.dims) for t in (output if front.many else (output,))]
            recording.section("predict")

        modes = [(module, module.training) for module in front.model.modules()]
        try:
            plan, image, arena = build(batch_size, record)
        finally:
            for p in front.trained + front.frozen:
                p.place = None
            for module, training in modes:
                module.training = training
        image.batch_size, image.results = batch_size, results
        image.starts = (0, 0, 0, 0, 0, 0)
        if front.several:
            image.inputs, image.targets = front.several.counts()
        executor = Beside(image, arena, trainer, budget_us)
        executor.bind_part(word(image.code, 3) - 1 - len(image.mapped),
                           memoryview(trainer.executor.segments[0])[:weights])  # fmt: skip
        Runner.__init__(self, image, executor)
        self.plan, self.predictions = plan, Predictions(self)
        trainer.executor.followers += (executor,)

    def predict_part(self, x, out):
        if out is None or hasattr(out, "ndim"):
            return Runner.predict_part(self, x, out)
        return self.predictions.predict(x, out)


class Beside(Executor):
    """Predicts where the weights of a trainer are those of one step."""

    def __init__(self, image, arena, trainer, budget_us):
        Executor.__init__(self, image.code, image.segments(arena), vm.run)
        self.explain, self.trainer = vm.fault, trainer
        code = trainer.image.code
        ends = HEAD + 3 * word(code, 3)
        self.first, self.last = word(code, ends + UPDATE - 1), word(code, ends + UPDATE)
        self.allowed = True
        if budget_us is not None:
            from ..run.weights import units

            pace = trainer.slices.pace or trainer.slices.calibrate()
            took = units(code, self.first, self.last, trainer.micro_batch, trainer.slices.weights) / pace
            self.allowed = took <= budget_us

    def run(self, sections, budget, weights=None):
        mark = self.trainer.mark
        if sections != PREDICT:
            return Executor.run(self, sections, budget, weights)
        if len(mark) or not isinstance(mark, list) and not mark.mine():
            return alone(self.trainer, _apart, self, None)
        if self.trainer.changing:
            raise RuntimeError("busy: the weights are being replaced")
        return self.beside()

    def beside(self):
        """In one run, which no other thread of an interpreter that takes turns comes between."""
        steps = self.trainer.steps
        if self.within():
            self.finish()
            steps = self.trainer.steps
        done = Executor.run(self, PREDICT, -1)
        if self.within() or self.trainer.steps != steps:
            raise RuntimeError("busy: the weights changed meanwhile")
        return done

    def within(self):
        """Whether the trainer's update is begun, and not finished."""
        state = self.trainer.executor.state
        if state[3] == INSIDE:
            raise RuntimeError("busy: the trainer is within an instruction")
        return self.first <= state[1] < self.last

    def finish(self):
        """The update that this falls into. Who began it finds that it is finished: isa.ENDED."""
        if not self.allowed:
            raise RuntimeError("busy: an update is under way, and takes longer than budget_us")
        state = self.trainer.executor.state
        done = self.trainer.executor.run(state[0], -1)
        state[1] -= done  # 0 - 1 is isa.ENDED; with no jump between
        if done < 0:  # at a label that is out of range, or a number that is not finite: it stands there
            state[1] += done
            raise RuntimeError("busy: the update that is under way cannot be finished")


def _apart(trainer):
    if trainer.executor.paused and (trainer.swapped or trainer.loading):
        trainer.idle()
    return trainer.asked[0].beside()
