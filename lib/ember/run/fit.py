"""What a Trainer does with many batches: fitting and evaluating."""

from ..instructions.program import CHECK, CORRECT, INTS, PREDICT, PREDICT_AND_SCORE, SCORE, SCORED, SCORED_LOSS, Y
from .jobs import take

_CORRECT, _SCORED = (INTS << 24) + CORRECT, (INTS << 24) + SCORED
_MOST = 0x7FFFFFFF  # where a counter stays


def evaluate(trainer, batches, metrics):
    executor, at = trainer.executor, trainer.image.statistics + SCORED_LOSS
    loss = loss_rest = total = total_rest = 0.0  # sums, each with what rounding took
    count = correct = scored = 0
    if metrics and trainer.image.targets:
        raise ValueError("metrics take one output and its target; this model has several")
    for metric in metrics:
        metric.reset()
    for batch in batches:
        executor.write(_CORRECT, 0)
        executor.write(_SCORED, 0)
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise ValueError("evaluate: batches has %r; each may be a pair (x, y)" % (batch,))
        for x, y in trainer.cutter.of(batch[0], batch[1]) if trainer.cutter else (batch,):
            take(trainer, x, y, CHECK)
            if metrics:
                _measure(trainer, metrics)
            else:
                trainer.run(PREDICT_AND_SCORE)
            loss, loss_rest = _plus(loss, loss_rest, executor.read(at))
            total, total_rest = _plus(total, total_rest, executor.read(at + 1))
        count += 1
        correct, scored = correct + executor.read(_CORRECT), scored + executor.read(_SCORED)
    if not scored:
        raise ValueError("evaluate: no batches")
    accuracy = correct / (scored * trainer.target_size) if trainer.classes else None
    return (loss + loss_rest) / (total + total_rest or count), accuracy


def _measure(trainer, metrics):
    trainer.run(PREDICT)
    output = trainer.result(*trainer.image.results[0])
    for metric in metrics:
        metric.update(output, trainer.executor.bound(Y))
    trainer.run(SCORE)


def _plus(s, rest, value):
    """A sum in two floats, and value (Knuth's two-sum): what rounding took goes into the next sum; 0 of what is
    infinite."""
    value += rest
    total = s + value
    part = total - s
    rest = (s - (total - part)) + (value - part)
    return total, rest if rest == rest else 0.0


def fit(trainer, batches, epochs, validation=None, callbacks=(), on_step=None, schedule=None, schedule_every="epoch"):
    if schedule_every not in ("epoch", "step"):
        raise ValueError("schedule_every is %r; it may be 'epoch' or 'step'" % (schedule_every,))
    from ..base.check import whole  # which a program that travelled does without

    epochs = whole("epochs", epochs, 0)
    if schedule is not None:
        trainer.schedule = schedule
    each_step = trainer.schedule if schedule_every == "step" else None
    each_epoch = trainer.schedule if schedule_every == "epoch" else None
    trainer.validation, trainer.data = None, batches if hasattr(batches, "state") else None
    _begin(trainer, callbacks)
    for _ in range(epochs):
        if not trainer.place:
            trainer.reset_running()
        steps = -1 if trainer.place else trainer.steps
        if not _epoch(trainer, batches, each_step, on_step):
            raise ValueError("fit: no batches in epoch %d (a generator runs once; a list or Batches runs again)"
                             % (trainer.epoch + 1))  # fmt: skip
        trainer.place = 0
        if steps == trainer.steps < _MOST:
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


def _begin(trainer, callbacks):
    """An epoch that a checkpoint was in the midst of goes on if resume said so; callbacks get what they knew then."""
    if not trainer.resumed:
        trainer.place = 0
    kept = [c for c in callbacks if hasattr(c, "state")]
    knew = trainer.waiting["callbacks"] if trainer.resumed else ()
    if knew and [type(c).__name__ for c in kept] != [name for name, _ in knew]:
        raise ValueError("callbacks: what was saved is of %s, in this order" % ", ".join([name for name, _ in knew]))
    for callback, (_, state) in zip(kept, knew):
        callback.load(state)
    trainer.callbacks, trainer.resumed = kept, False


def _epoch(trainer, batches, each_step, on_step):
    """Train on what is left of it; whether there was any batch."""
    left = 0 if trainer.data else trainer.place  # to be passed over
    for x, y in batches:
        if left:
            left -= 1
            continue
        steps, skipped = trainer.steps, trainer.skipped
        try:
            trainer.step(x, y)
        except BaseException:
            if trainer.data:
                trainer.data.back()  # it was none, so its batch is still to come
            raise
        trainer.place += 1
        if steps == trainer.steps < _MOST or trainer.skipped != skipped:  # no label of it counts, or it was none
            continue
        if each_step:
            _advance(each_step, trainer.running_loss)
        if on_step:
            on_step(trainer)
    return trainer.place > 0


def _advance(schedule, measure):
    if schedule.measured:
        schedule.step(measure)
    else:
        schedule.step()
