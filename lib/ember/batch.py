"""Batches that are not buffers of the right type: tensors, lists, other types. The slow, explaining path."""

from array import array

from .loss import labels
from .tensor import Tensor, _flatten


def _flat(value, shape, what, trainer):
    """Values in a row, and how many samples. A list says its shape; a buffer only its length."""
    size = 1
    for d in shape:
        size *= d
    if isinstance(value, Tensor):
        found, value = value.shape, value.elements()
    elif isinstance(value, (list, tuple)):
        nested, found, value = value, [], []
        _flatten(nested, value, found, 0)
    else:
        found = None
    rows = len(value) // size
    if found is None:
        good, found = rows * size == len(value), "%d elements" % len(value)
    else:
        good, found = tuple(found[1:]) == shape, "shape %s" % (tuple(found),)
    if not good or not 0 < rows <= trainer.batch_size:
        name, takes = trainer.model.__class__.__name__, "".join([" %d," % d for d in shape])[:-1]
        raise ValueError("%s has %s; %s takes (N,%s) with N from 1 to %d" % (
            what, found, name, takes, trainer.batch_size))  # fmt: skip
    return value, rows


def accept(trainer, x, y):
    """The batch as arrays of the types the program reads, and its rows; ValueError says what is wrong with it."""
    x, rows = _flat(x, trainer.input_shape, "x", trainer)
    x = _typed(x, trainer.input_dtype, "x")
    if y is None:
        return x, None, rows
    y, targets = _flat(y, trainer._target_dims[1:], "y", trainer)
    if targets != rows:
        raise ValueError("x has %d samples, y has %d" % (rows, targets))
    if trainer._labels:
        y = labels(y, trainer._labels)
    return x, _typed(y, trainer.target_dtype, "y"), rows


def _typed(values, dtype, what):
    try:
        return array(dtype, list(values))
    except (TypeError, OverflowError, ValueError) as error:
        raise ValueError("%s does not fit an array of type %r: %s" % (what, dtype, error))  # noqa: B904
