"""What a Trainer does with many batches: fitting and evaluating."""

from .program import CHECK, CORRECT, PREDICT, PREDICT_AND_SCORE, ROWS, SCORE, SCORED, SCORED_LOSS, Y


def evaluate(trainer, batches, metrics):
    ints = trainer._ints
    trainer._arena[trainer._statistics + SCORED_LOSS] = 0
    ints[CORRECT] = ints[SCORED] = 0
    if metrics and trainer._many:
        raise ValueError("metrics take one output and its target; this model has several")
    for metric in metrics:
        metric.reset()
    for x, y in _parts(trainer, batches):
        trainer._take(x, y, CHECK)
        if metrics:
            trainer._run(PREDICT)
            output = _output(trainer)
            for metric in metrics:
                metric.update(output, trainer._segments[Y])
            trainer._run(SCORE)
        else:
            trainer._run(PREDICT_AND_SCORE)
    scored = ints[SCORED]
    if not scored:
        raise ValueError("evaluate: no batches")
    accuracy = ints[CORRECT] / (scored * trainer.target_size) if trainer.classes else None
    return trainer._arena[trainer._statistics + SCORED_LOSS] / scored, accuracy


def _parts(trainer, batches):
    """Batches as they come, or in parts."""
    if not trainer._cutter:
        return batches
    return _cut(trainer._cutter, batches)


def _cut(cutter, batches):
    for x, y in batches:
        yield from cutter.of(x, y)


def _output(trainer):
    """What was predicted last, where it lies."""
    address, dims = trainer._results[0]
    at, size = address & 0xFFFFFF, trainer._ints[ROWS]
    for d in dims[1:]:
        size *= d
    return memoryview(trainer._segments[address >> 24])[at : at + size]


def fit(trainer, batches, epochs, validation=None, callbacks=(), on_step=None, schedule=None, schedule_every="epoch"):
    if schedule_every not in ("epoch", "step"):
        raise ValueError("schedule_every is %r; it may be 'epoch' or 'step'" % (schedule_every,))
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise ValueError("epochs is %r; it may be a whole number from 0" % (epochs,))
    if schedule is not None:
        trainer.schedule = schedule
    each_step = trainer.schedule if schedule_every == "step" else None
    each_epoch = trainer.schedule if schedule_every == "epoch" else None
    trainer.validation = None
    for _ in range(epochs):
        trainer.reset_running()
        steps = trainer.steps
        for x, y in batches:
            trainer.step(x, y)
            if each_step:
                _advance(each_step, trainer.running_loss)
            if on_step:
                on_step(trainer)
        if trainer.steps == steps:
            raise ValueError("fit: no batches in epoch %d (a generator runs once; a list or Batches runs again)"
                             % (trainer.epoch + 1))  # fmt: skip
        trainer.epoch += 1
        if validation:
            trainer.validation = trainer.evaluate(validation)
        if each_epoch:
            _advance(each_epoch, trainer.validation[0] if trainer.validation else trainer.running_loss)
        if any([callback(trainer) for callback in callbacks]):
            break
    if trainer.plan:  # of what travelled there is no model
        trainer.model.eval()


def _advance(schedule, measure):
    if schedule.measured:
        schedule.step(measure)
    else:
        schedule.step()
