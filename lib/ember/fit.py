"""What a Trainer does with many batches: fitting and evaluating."""

from .image import per_row
from .program import CHECK, CORRECT, PREDICT, PREDICT_AND_SCORE, ROWS, SCORE, SCORED, SCORED_LOSS, Y


def evaluate(trainer, batches, metrics):
    ints, arena, at = trainer._ints, trainer._arena, trainer._statistics + SCORED_LOSS
    loss = loss_rest = total = total_rest = 0.0  # sums, each with what rounding took
    count = ints[CORRECT] = ints[SCORED] = 0
    if metrics and trainer._many:
        raise ValueError("metrics take one output and its target; this model has several")
    for metric in metrics:
        metric.reset()
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise ValueError("evaluate: batches has %r; each may be a pair (x, y)" % (batch,))
        for x, y in trainer._cutter.of(batch[0], batch[1]) if trainer._cutter else (batch,):
            trainer._take(x, y, CHECK)
            if metrics:
                _measure(trainer, metrics)
            else:
                trainer._run(PREDICT_AND_SCORE)
            loss, loss_rest = _plus(loss, loss_rest, arena[at])
            total, total_rest = _plus(total, total_rest, arena[at + 1])
        count += 1
    if not ints[SCORED]:
        raise ValueError("evaluate: no batches")
    accuracy = ints[CORRECT] / (ints[SCORED] * trainer.target_size) if trainer.classes else None
    if loss + loss_rest == loss + loss_rest:  # of what is infinite no rest is known
        loss += loss_rest
    return loss / (total + total_rest or count), accuracy


def _measure(trainer, metrics):
    trainer._run(PREDICT)
    output = _output(trainer)
    for metric in metrics:
        metric.update(output, trainer._segments[Y])
    trainer._run(SCORE)


def _plus(s, rest, value):
    """A sum in two floats, and value (Knuth's two-sum)."""
    total = s + value
    part = total - s
    return total, rest + ((s - (total - part)) + (value - part))


def _output(trainer):
    """What was predicted last, where it lies."""
    address, dims = trainer._results[0]
    at = address & 0xFFFFFF
    return memoryview(trainer._segments[address >> 24])[at : at + trainer._ints[ROWS] * per_row(dims)]


def fit(trainer, batches, epochs, validation=None, callbacks=(), on_step=None, schedule=None, schedule_every="epoch"):
    if schedule_every not in ("epoch", "step"):
        raise ValueError("schedule_every is %r; it may be 'epoch' or 'step'" % (schedule_every,))
    from .check import whole  # which a program that travelled does without

    epochs = whole("epochs", epochs, 0)
    if schedule is not None:
        trainer.schedule = schedule
    each_step = trainer.schedule if schedule_every == "step" else None
    each_epoch = trainer.schedule if schedule_every == "epoch" else None
    trainer.validation = None
    for _ in range(epochs):
        trainer.reset_running()
        first, any_batch = trainer.steps, False
        for x, y in batches:
            steps, any_batch = trainer.steps, True
            trainer.step(x, y)
            if trainer.steps == steps:  # no label of it counts
                continue
            if each_step:
                _advance(each_step, trainer.running_loss)
            if on_step:
                on_step(trainer)
        if not any_batch:
            raise ValueError("fit: no batches in epoch %d (a generator runs once; a list or Batches runs again)"
                             % (trainer.epoch + 1))  # fmt: skip
        if trainer.steps == first:
            continue
        trainer.epoch += 1
        if validation:
            trainer.validation = trainer.evaluate(validation)
        if each_epoch:
            _advance(each_epoch, trainer.validation[0] if trainer.validation else trainer.running_loss)
        if any([callback(trainer) for callback in callbacks]):
            break
    if trainer.front:
        trainer.front.model.eval()


def _advance(schedule, measure):
    if schedule.measured:
        schedule.step(measure)
    else:
        schedule.step()
