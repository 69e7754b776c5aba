"""What a Trainer does with many batches: fitting and evaluating."""

from ..instructions.program import CHECK, CORRECT, INTS, PREDICT, PREDICT_AND_SCORE, SCORE, SCORED, SCORED_LOSS, Y

_CORRECT, _SCORED = (INTS << 24) + CORRECT, (INTS << 24) + SCORED


def evaluate(trainer, batches, metrics):
    executor, at = trainer.executor, trainer.image.statistics + SCORED_LOSS
    loss = loss_rest = total = total_rest = 0.0  # sums, each with what rounding took
    count = 0
    executor.write(_CORRECT, 0)
    executor.write(_SCORED, 0)
    if metrics and trainer.image.targets:
        raise ValueError("metrics take one output and its target; this model has several")
    for metric in metrics:
        metric.reset()
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise ValueError("evaluate: batches has %r; each may be a pair (x, y)" % (batch,))
        for x, y in trainer.cutter.of(batch[0], batch[1]) if trainer.cutter else (batch,):
            trainer.take(x, y, CHECK)
            if metrics:
                _measure(trainer, metrics)
            else:
                trainer.run(PREDICT_AND_SCORE)
            loss, loss_rest = _plus(loss, loss_rest, executor.read(at))
            total, total_rest = _plus(total, total_rest, executor.read(at + 1))
        count += 1
    scored = executor.read(_SCORED)
    if not scored:
        raise ValueError("evaluate: no batches")
    accuracy = executor.read(_CORRECT) / (scored * trainer.target_size) if trainer.classes else None
    if loss + loss_rest == loss + loss_rest:  # of what is infinite no rest is known
        loss += loss_rest
    return loss / (total + total_rest or count), accuracy


def _measure(trainer, metrics):
    trainer.run(PREDICT)
    output = trainer.result(*trainer.image.results[0])
    for metric in metrics:
        metric.update(output, trainer.executor.bound(Y))
    trainer.run(SCORE)


def _plus(s, rest, value):
    """A sum in two floats, and value (Knuth's two-sum)."""
    total = s + value
    part = total - s
    return total, rest + ((s - (total - part)) + (value - part))


def fit(trainer, batches, epochs, validation=None, callbacks=(), on_step=None, schedule=None, schedule_every="epoch"):
    if schedule_every not in ("epoch", "step"):
        raise ValueError("schedule_every is %r; it may be 'epoch' or 'step'" % (schedule_every,))
    from ..base.check import whole  # which a program that travelled does without

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
            steps, skipped, any_batch = trainer.steps, trainer.skipped, True
            trainer.step(x, y)
            if trainer.steps == steps or trainer.skipped != skipped:  # no label of it counts, or it was none
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
