"""The bytes of an input or a target of a sample, of whatever numbers it is given as."""

from array import array

from ..base.check import plain
from .head import size_of


def encoded(part, value, i, is_target):
    """part: as head.Head has it; i: the sample's number. ValueError where value is not such."""
    typecode, dims, _, _, classes, _ = part
    what, size = "the target of sample %d" % i if is_target else "sample %d" % i, size_of(dims)
    values, found = _numbers(value, what)
    if len(values) != size or found is not None and len(found) > 1 and tuple(found) != dims:
        found = "%d elements" % len(values) if found is None else "shape %s" % (tuple(found),)
        raise ValueError("%s has %s; it may have %d elements, or shape %s" % (what, found, size, dims))
    for label in values if classes else ():
        label = plain(label)
        if not isinstance(label, (int, float)) or not 0 <= label < classes or label != int(label):
            raise ValueError("sample %d has label %r; it may be a whole number from 0 to %d" % (i, label, classes - 1))
    return bytes(_typed(typecode, values, what))


def _numbers(value, what):
    """(numbers in a row, their dimensions, which a number and a flat buffer have none of)"""
    value = plain(value)
    if isinstance(value, (int, float)) or value is None or isinstance(value, str):
        return (value,), None
    try:
        from ..tensors.values import read
    except ImportError:  # where only programs run
        return value, None
    try:
        return read(value)
    except TypeError:
        raise ValueError("%s is %r; it may be a list of numbers, or a buffer" % (what, value))  # noqa: B904


def _typed(typecode, values, what):
    try:
        from ..tensors.values import typed
    except ImportError:
        return _as_it_is(typecode, list(values), what)
    return typed(typecode, values, what)


def _as_it_is(typecode, values, what):
    """Where only programs run: what an array would change is refused."""
    try:
        data = array(typecode, values)
    except (TypeError, OverflowError):
        data = ()
    for k in range(len(values)):
        if not data or typecode != "f" and data[k] != values[k]:
            raise ValueError("%s has %r, which type %r does not hold" % (what, values[k], typecode))
    return data
