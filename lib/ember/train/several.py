"""Several inputs, or several outputs with a target each: what a Trainer of such a model knows of those after the first.

The first input and the first target have the segments they always have, the others those that follow.
"""

from ..base.check import sizes
from ..instructions import emit, isa
from ..tensors.sink import numel
from .sections import affine, read

_MORE = isa.FIRST_BOUND + 2  # the first segment of the others


def _each(value, n, name):
    """One for each: the value n times, or the list that it is."""
    values = list(value) if isinstance(value, (tuple, list)) else [value] * n
    if len(values) != n:
        raise ValueError("%s has %d entries for %d inputs" % (name, len(values), n))
    return values


def check_shape(target_shape, many):
    """A target_shape as a tuple; many: whether there are several targets."""
    shape = None if many else sizes(target_shape)
    if shape is None:
        raise ValueError("target_shape is %r; it may be a tuple of whole numbers from 1, or None, which several "
                         "targets take" % (target_shape,))  # fmt: skip
    return shape


class Several:
    """Their shapes, types and scales, as the Trainer was given them; how they are recorded, and taken from a batch."""

    def __init__(self, input_shape, input_dtype, input_scale, input_offset, target_dtype):
        self.many_x = isinstance(input_shape, (tuple, list)) and isinstance(input_shape[0], (tuple, list))
        self.many_y = isinstance(target_dtype, (tuple, list))
        shapes = list(input_shape) if self.many_x else [input_shape]
        n = len(shapes)
        for shape in shapes:
            if not isinstance(shape, (tuple, list)) or any([not isinstance(d, int) or d < 1 for d in shape]):
                raise ValueError("input_shape has %r; it may have tuples of whole numbers from 1" % (shape,))
        self.shapes = [tuple(shape) for shape in shapes]
        self.scales = _each(input_scale, n, "input_scale") if self.many_x else [input_scale]
        self.offsets = _each(input_offset, n, "input_offset") if self.many_x else [input_offset]
        self.dtypes = _each(input_dtype, n, "input_dtype")
        self.targets = list(target_dtype) if self.many_y else [target_dtype]
        if not self.targets:
            raise ValueError("target_dtype is empty; it may have an entry for each output")
        for dtype in self.dtypes + self.targets[1:]:
            if not isinstance(dtype, str) or len(dtype) != 1 or dtype not in isa.TYPES:
                raise ValueError("dtype is %r; it may be one of %s" % (dtype, ", ".join(isa.TYPES)))
        self.affines = [affine(*part) for part in zip(self.dtypes, self.scales, self.offsets, self.shapes)]
        self.sizes = [1] * len(self.targets)  # elements a sample, known when the model was recorded
        self.classes = [1] * len(self.targets)
        self.dims = [()] * len(self.targets)

    def first(self):
        return self.shapes[0], self.dtypes[0], self.scales[0], self.offsets[0], self.targets[0]

    # Recording.

    def inputs(self, front, recording):
        return [read(recording, _MORE + i - 1, self.dtypes[i], self.affines[i], self.shapes[i])
                for i in range(1, len(self.shapes))]  # fmt: skip

    def outputs(self, found):
        if not self.many_y:
            return (found,)
        if not isinstance(found, (tuple, list)) or len(found) != len(self.targets):
            raise ValueError("the model returned %r; target_dtype names %d outputs" % (found, len(self.targets)))
        for j in range(len(found)):
            dims, self.classes[j] = found[j].dims, 0
            if self.targets[j] != "f":  # labels
                dims, self.classes[j] = dims[:-1], dims[-1]
            self.dims[j], self.sizes[j] = dims, abs(numel(dims))
        return tuple(found)

    def record_checks(self, recording):
        """The first recording does not know sizes yet; the instructions are as many and as long."""
        for j in range(len(self.targets)):
            if self.many_y and self.targets[j] != "f":
                n = -self.sizes[j]
                emit.check_index(recording, n=n, high=self.classes[j],
                                 index=recording.input(self._segment(j), self.targets[j], (n,)))  # fmt: skip

    def target(self, recording):
        return tuple([recording.input(self._segment(j), self.targets[j], self.dims[j])
                      for j in range(len(self.targets))])  # fmt: skip

    def _segment(self, j):
        """Of a target."""
        return isa.FIRST_BOUND + 1 if j == 0 else _MORE + len(self.shapes) - 1 + j - 1

    def counts(self):
        """How many inputs and targets there are where x, or y, is a tuple of them, else 0."""
        return len(self.shapes) if self.many_x else 0, len(self.targets) if self.many_y else 0

    # Running.

    def accept(self, front, binding, x, y):
        """The slow way: each part as the program reads it, and the rows; or what is wrong."""
        from ..nn.loss import labels
        from ..tensors.values import typed
        from .batch import flat

        parts = binding.parts(x, y)
        found, counts, n = [], [], len(self.shapes)
        for what, _, part in parts[:n]:
            values, rows = flat(part, self.shapes[len(found)], what, front)
            found.append(typed(self.dtypes[len(found)], values, what))
            counts.append(rows)
        many_x, many_y = tuple(found) if self.many_x else found[0], []
        for what, _, part in parts[n:]:
            j = len(many_y)
            dims, classes, dtype = self.dims[j][1:], self.classes[j], self.targets[j]
            if not self.many_y:
                dims, classes, dtype = front.target_dims[1:], front.labels, front.target_dtype
            values, rows = flat(part, dims, what, front)
            many_y.append(typed(dtype, labels(values, classes) if classes else values, what))
            counts.append(rows)
        for n in counts:
            if n != counts[0]:
                raise ValueError("the parts of the batch have %s samples" % counts)
        return many_x, None if y is None else tuple(many_y) if self.many_y else many_y[0], counts[0]
