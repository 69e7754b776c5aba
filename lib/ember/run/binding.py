"""Several inputs, or several targets: how batches of them are bound. The first of each has the segment it always has,
the others those that follow: inputs, then targets."""

from array import array

from ..instructions import program
from ..machine.image import rows_in, segment, word, zeros

_LENGTH = 3  # reader.LENGTH
_ROWS = (program.INTS << 24) + program.ROWS


def sizes(code):
    """Elements of a row, in each segment that is bound."""
    return [segment(code, k)[2] for k in range(program.FIRST_BOUND, word(code, 3))]


def bind_part(runner, k, part):
    """Bind one part of a batch, in segment k; the first of all says how many rows. Whether its length fits."""
    rows = rows_in(part, runner.sizes[k - program.FIRST_BOUND], runner.micro_batch)
    if k == program.X:
        runner.executor.write(_ROWS, rows)
    runner.executor.bind_part(k, part)
    return 0 < rows == runner.rows


class Binding:
    """inputs, targets: how many there are where x, or y, is a tuple of them; 0 where it is one by itself."""

    def __init__(self, inputs, targets):
        self.many_x, self.many_y = inputs > 0, targets > 0
        k = program.Y + max(1, inputs)
        self.inputs = [program.X] + list(range(program.Y + 1, k))
        self.targets = [program.Y] + list(range(k, k + max(0, targets - 1)))

    def parts(self, x, y):
        """(what it is called, its segment, the part) of a batch; y: None in a prediction. ValueError where they are not
        as many as the program takes."""
        xs, ys = x if self.many_x else (x,), () if y is None else y if self.many_y else (y,)
        if len(xs) != len(self.inputs) or y is not None and len(ys) != len(self.targets):
            raise ValueError("the batch has %d inputs and %d targets; the program takes %d and %d"
                             % (len(xs), len(ys), len(self.inputs), len(self.targets)))  # fmt: skip
        return ([("input %d" % i, self.inputs[i], xs[i]) for i in range(len(xs))]
                + [("target %d" % j, self.targets[j], ys[j]) for j in range(len(ys))])  # fmt: skip

    # Each call's frame stays small, as in runner.py.

    def bind(self, runner, x, y):
        """Bind a batch; whether its lengths fit."""
        if not self._counted(x, y):
            return False
        return self._bind_inputs(runner, x) and self._bind_targets(runner, y)

    def _counted(self, x, y):
        return not (self.many_x and len(x) != len(self.inputs) or self.many_y and len(y) != len(self.targets))

    def _bind_inputs(self, runner, x):
        if not self.many_x:
            return bind_part(runner, program.X, x)
        for k in range(len(self.inputs)):
            if not bind_part(runner, self.inputs[k], x[k]):
                return False
        return True

    def _bind_targets(self, runner, y):
        if not self.many_y:
            return bind_part(runner, program.Y, y)
        for k in range(len(self.targets)):
            if not bind_part(runner, self.targets[k], y[k]):
                return False
        return True

    def bind_input(self, runner, x):
        """Bind a batch without targets, for a prediction; whether its length fits."""
        if self.many_x and len(x) != len(self.inputs):
            return False
        if not self._bind_inputs(runner, x):
            return False
        self._make_room(runner)
        return True

    def _make_room(self, runner):
        """Targets are bound even where they are not read."""
        for k in range(len(self.targets)):
            if len(runner.executor.bound(self.targets[k])) < runner.rows * runner.sizes[self.targets[k] - program.X]:
                self._widen(runner)

    def _widen(self, runner):
        for k in self.targets:
            flags, _, size = segment(runner.image.code, k)
            runner.executor.bind_part(k, zeros(program.TYPES[flags & 7], runner.micro_batch * size))

    def write(self, runner, out, views):
        """Copy outputs into the buffers of the tuple out."""
        if len(out) != len(views):
            raise ValueError("out has %d buffers for %d outputs" % (len(out), len(views)))
        self._write(runner, out, views, 0)

    def _write(self, runner, out, views, j):
        while j < len(views):
            runner.write(out[j], views[j])
            j += 1


def read(file, words, code):
    """(inputs, targets, the last segment that is bound, (address, dimensions) of each output after the first, the bytes
    that say so), with which a file of version 3 ends; a segment that is not there where that cannot be. What it takes
    is taken off the file's length, as the rest is as of version 2; the file is left where it was."""
    at, length, rows, (_, arena, _) = file.tell(), words[_LENGTH], word(code, 2), segment(code, program.ARENA)
    inputs, targets = _last(file, length, 2)
    found, more, last = (), [], program.Y + max(0, inputs - 1) + max(0, targets - 1)
    good = inputs >= 0 and targets >= 0 and inputs + targets and last < word(code, 3)
    if good:
        found = _last(file, length, 2 * max(1, targets))
        words[_LENGTH] -= len(found)
        for k in range(0, len(found) - 2, 2):
            more.append((found[k], (-1, found[k + 1])))
            good = good and 0 <= found[k] <= arena and 0 < found[k + 1] <= (arena - found[k]) // rows
    file.seek(at)
    return inputs, targets, last if good else word(code, 3), more, bytes(found)


def _last(file, length, n):
    found = array("i", range(n))
    file.seek(4 * (length - n))
    file.readinto(found)
    return found
