"""What a runner does now and then. First its calls of these names: what they were given is in `asked`, see alone.py."""

from ..instructions import program
from .alone import ready


def accumulate(runner):
    ready(runner)
    x, y = runner.asked
    if runner.cutter:
        runner.cutter.accumulate(x, y)
    else:
        accumulate_part(runner, x, y)


def update(runner):
    if runner.swapped:
        runner.swapped.refuse()
    if not runner.fresh:
        runner.unfinished = False
    if runner.executor.paused or runner.unfinished:
        runner.idle()
    if runner.fresh:
        if runner.executor.done < -1:  # that was skipped
            return
        raise RuntimeError("update: nothing was accumulated since the last update")
    runner.fresh = True  # before it runs: if it is interrupted, it is finished before whatever comes next
    if not runner.attempt(program.UPDATE):
        _update_unbound(runner)


def evaluate(runner):
    from .fit import evaluate

    return evaluate(runner, *runner.asked)


def save(runner):
    from .checkpoint import save
    from .finite import check

    path, (half, budget_us) = runner.asked
    runner.idle()
    check(runner)
    return save(runner, path, half, budget_us)


def load(runner):
    path, (weights_only, strict) = runner.asked
    if runner.swapped:
        runner.swapped.refuse()
    if weights_only:
        from .named import load_named

        runner.idle()
        return load_named(runner, path, strict)
    from .restore import load

    return load(runner, path)


def resume(runner):
    from .restore import resume

    if runner.swapped:
        runner.swapped.refuse()
    return resume(runner, *runner.asked)


def accumulate_part(runner, x, y):
    """Of at most micro_batch samples."""
    if runner.executor.paused or runner.unfinished:
        runner.idle()
    if runner.fresh:
        take(runner, x, y, program.CHECK_TO_BACKWARD)
        if runner.executor.done < 0:  # fused, and skipped
            return
        runner.executor.paused = True  # until both are said
        runner.fresh = False
        starts = runner.image.starts
        runner.unfinished = starts[program.GRADIENTS] == starts[program.STATE]  # fused: update() is to find its batch
        runner.executor.paused = False
    else:
        take(runner, x, y, program.CHECK)
        runner.run(program.FORWARD_TO_BACKWARD)


def go_on(runner, x, y):
    """A step, after accumulate."""
    take(runner, x, y, program.CHECK)
    runner.fresh = True
    runner.run(program.FORWARD_TO_UPDATE)


def _update_unbound(runner):
    """Where there was no memory to convert a batch, nor to bind another, what cannot be read is bound still."""
    runner.fresh = False
    runner.unbind()
    runner.fresh = True
    runner.run(program.UPDATE)


def take(runner, x, y, sections):
    """Run sections on a batch, in place where it is in the types the program reads. What is wrong with it is found when
    it is bound or by the first section, before anything has changed."""
    if runner.executor.paused or runner.unfinished:
        runner.idle()
    if not runner.bind(x, y) or not runner.attempt(sections):
        from .convert import convert

        convert(runner, x, y, sections)
