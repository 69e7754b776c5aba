"""What a runner takes only now and then: going on after an interruption, the words for what is wrong with a batch, its
averages."""

from array import array

from ..instructions import program
from ..machine.image import rows_in, segment
from .alone import alone

_PIECE = 64  # elements that are moved at once


def idle(runner, loading=False):
    """After an interrupted run: an update is finished, anything else is as if it had not begun, and if it was
    training, what was accumulated is dropped. RuntimeError where a step in slices is unfinished, or an update was
    broken off within an instruction. loading: what that left is about to be replaced."""
    if runner.saving:
        raise RuntimeError("a save in slices is unfinished: poll() until it returns True, or slices.drop()")
    if runner.loading is True:
        raise RuntimeError("a load was cut off, and half of the state is another: load again")
    if runner.loading:
        from .restore import settle

        settle(runner)
    if runner.unfinished and not runner.fresh:
        raise RuntimeError("this Trainer is fused, and keeps no gradients: after accumulate comes update(), "
                           "or slices.drop()")  # fmt: skip
    if runner.unfinished:
        raise RuntimeError("a step in slices is unfinished: poll() until it returns True, or slices.drop()")
    if runner.swapped:
        runner.swapped.settle()
    found = runner.executor.recover(program.UPDATE, True)
    if found == -2 and not loading:
        raise RuntimeError("the last update was broken off within an instruction, and weights may be half old, half "
                           "new: load() a checkpoint, or go on with them by slices.drop()")  # fmt: skip
    fused = runner.image.starts and not runner.image.block(program.GRADIENTS)[1]
    if program.ZERO <= found <= program.UPDATE or found == -1 and fused:
        runner.fresh = True
    if found != -2:
        found = runner.executor.recover(program.UPDATE)
        runner.executor.paused = False
        if found == program.UPDATE and runner.executor.done < 0:
            runner.fault()


def drop(runner):
    """See Slices.drop; and an update that was broken off is given up."""
    if runner.saving:
        runner.saving.close()
        runner.saving = None
    elif runner.unfinished:
        runner.fresh = True
    runner.unfinished = False
    if runner.executor.recover(program.UPDATE, True) == -2:
        runner.fresh = True
        runner.executor.recover(-1)
    idle(runner)


def accept(model, x, y):
    """(x, y, rows), as buffers of the types that the program reads."""
    binding = model.binding
    parts = binding.parts(x, y) if binding else [("x", program.X, x)] + ([] if y is None else [("y", program.Y, y)])
    found, counts = [], []
    for what, k, part in parts:
        flags, _, size = segment(model.image.code, k)
        part, dims = _typed(part, program.TYPES[flags & 7], what)
        n = rows_in(part, size, model.batch_size)
        if not n or dims is not None and dims[:1] != (n,):
            n = rows_in(part, size, len(part))
            raise ValueError("%s has %d elements%s; this program takes 1 to %d samples of %d, of type %r"
                             % (what, len(part), ", %d samples" % n if n else "", model.batch_size, size,
                                program.TYPES[flags & 7]))  # fmt: skip
        found.append(part)
        counts.append(n)
    if min(counts) < max(counts):
        if binding:
            raise ValueError("the parts of the batch have %s samples" % counts)
        raise ValueError("x has %d samples, y has %d" % tuple(counts))
    if not binding:
        return found[0], None if y is None else found[1], counts[0]
    n = len(binding.inputs)
    return (tuple(found[:n]) if binding.many_x else found[0],
            None if y is None else tuple(found[n:]) if binding.many_y else found[n], counts[0])  # fmt: skip


def _typed(part, dtype, what):
    """Numbers from outside as a buffer of this type, and their dimensions, if they say any. Where the front is not on
    the board, buffers alone will do."""
    try:
        from ..tensors.values import has_length, read, typed
    except (ImportError, MemoryError):  # not there, or no room for it
        if isinstance(part, (int, float, list, tuple)) or part is None or hasattr(part, "dims"):
            raise TypeError("%s is a %s; where the rest of Ember is not there, it may be a buffer of type %r"
                            % (what, type(part).__name__, dtype))  # fmt: skip
        return part, None
    if not hasattr(part, "dims") and not has_length(part):
        raise ValueError("%s is %r; it may be a buffer of type %r" % (what, part, dtype))
    values, dims = read(part)
    return typed(dtype, values, what), dims


def in_a_row(out, n, rows):
    """A buffer, of several dimensions too, as NumPy has, as one row that holds n elements."""
    if hasattr(out, "ndim"):
        from ..tensors import shaped

        out = shaped.in_a_row(out, (n // rows,))
        if len(out) >= n:
            return memoryview(out)
    raise ValueError("out has %d elements; %d rows of %d take %d" % (len(out), rows, n // rows, n))


class Slots:
    """Some of the float slots, as a list of so many."""

    def __init__(self, executor, first, size):
        self.executor, self.first, self.size = executor, first, size

    def __len__(self):
        return self.size

    def _at(self, k):
        if not -self.size <= k < self.size:
            raise IndexError("there are %d slots" % self.size)
        return (program.FLOATS << 24) + self.first + k % self.size

    def __getitem__(self, k):
        return self.executor.read(self._at(k))

    def __setitem__(self, k, value):
        self.executor.write(self._at(k), value)


def bounds(model):
    """[clip_value, clip_norm, ema], as a Trainer's .bounds, where the one that was exported had one of them."""
    n, names = len(model.image.floats), model.names.split("\n")[0].split(" ")
    if names[-3:-1] != ["clip_value", "clip_norm"] or len(names) != n:
        raise ValueError("bounds: the Trainer that was exported had no clip_value, clip_norm or ema")
    return Slots(model.executor, n - 3, 3)


def averages(runner):
    """Whether there is an average of the weights."""
    return runner.names.split("\n")[0][-4:] == " ema"


class Averaged:
    """Weights and their averages change places, and at the end of the block change back: so many elements, piece by
    piece, and what is interrupted goes on where it stood."""

    def __init__(self, runner, size, at):
        self.runner, self.size, self.at = runner, size, at
        self.done = self.goal = 0  # elements that are averages, and that are to be
        self.piece = None  # (first, done afterwards, weights, averages): may be stored again

    def __enter__(self):
        self._turn(self.size)

    def __exit__(self, kind, error, trace):
        self._turn(0)

    def _turn(self, goal):
        try:
            self.goal = goal
            alone(self.runner, _turn, self, None)
        except BaseException:
            if self.runner.swapped is self:
                self.goal = 0
                alone(self.runner, _turn, self, None)
            raise

    def refuse(self):
        self.runner.idle()
        if self.runner.swapped is None:  # it was interrupted
            return
        raise RuntimeError("the weights are their averages: they train, and load, after the end of `with averaged():`")

    def settle(self):
        self.runner.changing = self.runner.executor.paused = True
        if self.piece:
            self._store()
        while self.done != self.goal:
            self._move()
        self.runner.swapped = self if self.goal else None
        self.runner.executor.recover(program.UPDATE)  # a prediction within the block
        self.runner.changing = self.runner.executor.paused = False

    def _move(self):
        run, on = self.runner.executor, self.done < self.goal
        first = self.done if on else (self.done - 1) // _PIECE * _PIECE
        n = min(_PIECE, self.size - first)
        self.piece = (first, first + n if on else first, array("f", run.view(first, n)),
                      array("f", run.view(self.at + first, n)))  # fmt: skip
        self._store()

    def _store(self):
        first, done, weights, means = self.piece
        self.runner.executor.store(first, means)
        self.runner.executor.store(self.at + first, weights)
        self.done = done
        self.piece = None


def _turn(runner):
    averaged = runner.asked[0]
    if runner.unfinished or runner.executor.paused and runner.swapped is None:
        runner.idle()
    if runner.swapped is None:
        averaged.done, averaged.piece = 0, None
    elif runner.swapped is not averaged:  # one within another, or that was never left
        averaged.done, averaged.piece = runner.swapped.done, runner.swapped.piece
    runner.swapped = averaged
    averaged.settle()


def averaged(runner):
    """`with runtime.averaged(model):` as a Trainer's averaged(), where the one that was exported had ema."""
    (_, size), (at, n) = runner.image.block(program.PARAMETERS), runner.image.block(program.STATE)
    if not averages(runner) or n < size:
        raise ValueError("ema is None; averaged() takes a Trainer with one, as ema=0.999, or what it exported")
    return Averaged(runner, size, at + n - size)  # it comes last
