"""Batches that are not buffers of the right type: tensors, lists, other types. The slow, explaining path."""

from ..machine.image import rows_in
from ..nn.loss import labels
from ..tensors.tensor import Tensor
from ..tensors.values import has_length, read, typed


def flat(value, shape, what, front):
    """Values in a row, and how many samples. What has dimensions says its shape; other buffers only their length."""
    size = 1
    for d in shape:
        size *= d
    if not isinstance(value, Tensor) and not has_length(value):
        raise ValueError("%s is %r; it may be a buffer, a tensor or a list of samples%s" % (
            what, value, ": predict(x) takes no y" if value is None else ""))  # fmt: skip
    value, found = read(value)
    rows = rows_in(value, size, len(value))
    if found is None:
        good, found = rows > 0, "%d elements" % len(value)
    else:
        good, found = tuple(found[1:]) == shape and len(found) > 0, "shape %s" % (tuple(found),)
    if not good or not rows_in(value, size, front.batch_size):
        found += ", %d samples" % rows if good and rows else ""
        raise ValueError("%s has %s; %s takes (N,%s) with N from 1 to %d" % (
            what, found, front.model.__class__.__name__, "".join([" %d," % d for d in shape])[:-1],
            front.batch_size))  # fmt: skip
    return value, rows


def accept(front, x, y):
    """The batch as arrays of the types the program reads, and its rows; ValueError says what is wrong with it."""
    x, rows = flat(x, front.input_shape, "x", front)
    x = typed(front.input_dtype, x, "x")
    if y is None:
        return x, None, rows
    y, targets = flat(y, front.target_dims[1:], "y", front)
    if targets != rows:
        raise ValueError("x has %d samples, y has %d" % (rows, targets))
    if front.labels:
        y = labels(y, front.labels)
    return x, typed(front.target_dtype, y, "y"), rows
