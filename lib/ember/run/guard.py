"""What is done with a step whose numbers are not finite: loaded when there is one, or where more is asked for than an
error. See docs/guards.md."""

from ..base.check import number, whole
from ..instructions import program
from .finite import LIMIT, first

_KEY, _FLOATS = (program.INTS << 24) + program.KEY, program.FLOATS << 24
_BOUNDS = ("clip_value", "clip_norm", "ema", "no_ema", ".", "")  # slots at which nobody looks
_EVERY = 100  # steps between two states that are kept, unless it is said


def parse(guard):
    """(what, with what), or ValueError."""
    what, value = guard if isinstance(guard, (tuple, list)) and len(guard) == 2 else (guard, None)
    if what == "reduce":
        return what, number("the factor of guard", 0.5 if value is None else value, 0, 1, "low high")
    if what == "rewind":
        if isinstance(value, str):
            return what, value
        return what, whole("the steps of guard", _EVERY if value is None else value)
    if what in ("raise", "skip") and value is None:
        return what, None
    raise ValueError("guard is %r; it may be 'raise', 'skip', 'reduce' or ('reduce', factor), 'rewind' or "
                     "('rewind', steps) or ('rewind', path)" % (guard,))  # fmt: skip


def keeps(guard):
    """Whether it keeps a state in memory."""
    what, value = parse(guard)
    return what == "rewind" and not isinstance(value, str)


def guard(runner, guard):
    """From now on a runner does this with a bad step: see Trainer. A state that is kept takes memory of its own, unless
    the plan has room for it, as that of a Trainer has which was made with such a guard."""
    kept = None
    if keeps(guard):
        from .rewind import Kept

        kept = Kept(runner, parse(guard)[1])
    if runner.kept:
        runner.kept.leave()
    runner.guard, runner.kept = guard, kept


def act(runner):
    """A run has stopped at a number that is not finite: ValueError says which, or the step is none."""
    runner.executor.recover(-1)
    runner.fresh, runner.unfinished, runner.executor.paused = True, False, False
    why, lost = found(runner)
    (what, value), key = parse(runner.guard), runner.executor.read(_KEY)
    if what == "rewind":
        from .rewind import rewind

        rewind(runner, value, why)
    elif lost:
        raise ValueError("%s: no step mends it; load() a state that was good" % why)
    elif what == "raise":
        raise ValueError("%s: the step is not made, and nothing has changed" % why)
    elif what == "reduce":
        _reduce(runner, value)
    runner.skipped += 1
    # The count of steps, of which what is random is a function, stands still: so that the next step draws anew, its
    # key is another. It is saved and exported with the rest.
    runner.executor.write(_KEY, (key + 0x1E3779B9) & 0x3FFFFFFF)


def found(runner):
    """(words for what is not finite, whether it is a parameter, which is so for good)"""
    image, executor = runner.image, runner.executor
    n = image.starts[program.GRADIENTS]
    i = first(executor, 0, n)
    if i < n:
        return named(runner, "", i, executor.view(i, 1)[0]), True
    for k, name in enumerate(runner.names.split("\n")[0].split(" ")):
        value = executor.read(_FLOATS + k)
        if name not in _BOUNDS and not abs(value) < LIMIT:
            return "%s is %r" % (name, value), False
    at = image.statistics
    loss, total = executor.read(at + program.LOSS), executor.read(at + program.TOTAL)
    if first(executor, at, 2, total) < 2:
        return "the loss is %r" % (loss / total if total else loss), False
    at, n = image.block(program.GRADIENTS)
    i = first(executor, at, n, total, 1)
    if i < n:
        return named(runner, "the gradient of ", i, executor.view(at + i, 1)[0] / total), False
    changing = runner.front.changing if runner.front else ()
    size, at = sum([p.numel() for p in changing]), image.statistics + program.STATISTICS
    i = first(executor, at, size) if size else 0
    if i < size:
        return named(runner, "the new ", image.starts[program.GRADIENTS] - size + i, executor.view(at + i, 1)[0]), False
    return "a running statistic, or the gradient where the backward pass begins, is not finite", False


def named(runner, what, left, value):
    """ "0.weight is nan at element 3": left is where an element lies, of parameters and what is frozen."""
    where = ""
    for line in runner.names.split("\n")[1:]:
        words, n = line.split(" "), 1
        for d in words[1:]:
            n *= int(d)
        if left < n:
            where = words[0] if words[0] != "." else "a parameter of shape (%s)" % ", ".join(words[1:])
            break
        left -= n
    return "%s%s is %r at element %d" % (what, where, value, left)


def _reduce(runner, factor):
    """The rate of each group. A schedule begins from bases, which are reduced as well."""
    executor = runner.executor
    for k, name in enumerate(runner.names.split("\n")[0].split(" ")):
        if name == "lr":
            executor.write(_FLOATS + k, executor.read(_FLOATS + k) * factor)
    if hasattr(runner.schedule, "bases"):
        runner.schedule.bases = [base * factor for base in runner.schedule.bases]
