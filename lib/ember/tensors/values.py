"""Numbers from outside: lists, buffers of other types, NumPy's arrays on CPython. As elements of a type, each is what
it was, or ValueError says which is not; what is beyond float32 is an infinity, as everywhere.
"""

from array import array

from ..base.check import plain
from ..instructions.program import TYPES
from .tensor import SHAPED, Tensor

_BITS = (0, 32, 8, 8, 16, 16, 32)  # of the integers, as in TYPES
_UNSIGNED = "BHI"
_NUMBERS = int, float, bool  # the latter is no int under MicroPython


def limits(dtype):
    """The least and the greatest of an integer type; None for float32."""
    if not isinstance(dtype, str) or len(dtype) != 1 or dtype not in TYPES:
        raise ValueError("dtype is %r; it may be one of %s" % (dtype, ", ".join(TYPES)))
    bits = _BITS[TYPES.index(dtype)]
    if not bits:
        return None
    return (0, (1 << bits) - 1) if dtype in _UNSIGNED else (-(1 << bits - 1), (1 << bits - 1) - 1)


def typed(dtype, values, what="data"):
    """An array of these numbers. ValueError names the first that its type does not hold: in silence nothing wraps, and
    nothing is cut off."""
    bounds = limits(dtype)
    if isinstance(values, (bytes, bytearray)):  # of which an array takes the bytes
        values = list(values)
    try:
        if bounds is None or not len(values) or bounds[0] <= min(values) and max(values) <= bounds[1]:
            return array(dtype, values)
    except (TypeError, ValueError, OverflowError):  # one of them is no whole number, or no number
        pass
    return array(dtype, [_one(dtype, values[i], bounds, i, what) for i in range(len(values))])


def _one(dtype, value, bounds, i, what):
    value = plain(value)
    if isinstance(value, _NUMBERS):
        if bounds is None:
            try:
                return float(value)
            except OverflowError:  # where ints are larger than any float
                return float("inf") if value > 0 else -float("inf")
        if value - value == 0 and value == int(value) and bounds[0] <= value <= bounds[1]:
            return int(value)
    raise ValueError("%s has %r at index %d; type %r holds %s" % (
        what, value, i, dtype, "numbers" if bounds is None else "whole numbers from %d to %d" % bounds))  # fmt: skip


def read(value):
    """(elements in a row, their dimensions) of a tensor, of nested lists or of a buffer; of a buffer in one dimension,
    which says no more than its length, the dimensions are None."""
    if isinstance(value, Tensor):
        data, n = value.elements(), value.numel()
        return (data if len(data) == n else data[value.offset : value.offset + n]), value.shape
    if isinstance(value, (list, tuple)):
        flat, dims = [], []
        flatten(value, flat, dims, 0)
        return flat, tuple(dims)
    data, dims = flat_buffer(value)
    return data, None if len(dims) == 1 else dims


def flatten(data, flat, dims, depth):
    """Append what nested lists hold, and to dims their lengths; a buffer within them counts as the list that it is."""
    if not isinstance(data, (list, tuple)) and not isinstance(data, _NUMBERS) and _is_buffer(data):
        data, inner = flat_buffer(data)
        if depth == len(dims):
            dims.extend(inner)
        elif tuple(dims[depth:]) != tuple(inner):
            raise ValueError("nested lists are ragged: %s beside %s at depth %d" % (dims[depth:], inner, depth))
        flat.extend(data)
    elif isinstance(data, (list, tuple)):
        if depth == len(dims):
            dims.append(len(data))
        elif dims[depth] != len(data):
            raise ValueError("nested lists are ragged: %d beside %d at depth %d" % (len(data), dims[depth], depth))
        for item in data:
            flatten(item, flat, dims, depth + 1)
    elif depth != len(dims):
        raise ValueError("nested lists are ragged: a number at depth %d" % depth)
    else:
        flat.append(data)


def has_length(data):
    try:
        len(data)
        return True
    except TypeError:
        return False


def _is_buffer(data):
    try:
        memoryview(data)
        return True
    except (TypeError, ValueError):
        return False


def flat_buffer(data):
    """(elements in a row, dimensions) of a buffer: in place where its elements are ours, in order and in one piece."""
    if SHAPED:
        from .shaped import flat

        return flat(data)
    memoryview(data)  # TypeError
    return data, (len(data),)


def take(data, dtype, shape):
    """(buffer, shape) of a tensor: a buffer of its type as it is, all else converted."""
    limits(dtype)
    if isinstance(data, _NUMBERS):
        found, dims = (data,), ()
    elif isinstance(data, (list, tuple)):
        found, dims = read(data)
    elif isinstance(data, str) or not _is_buffer(data):
        raise ValueError("data is %r; it may be a number, lists of numbers or a buffer" % (data,))
    else:
        from ..portable.bind import is_of

        found, dims = flat_buffer(data)
        if is_of(found, dtype) and not (dtype == "f" and getattr(found, "readonly", False)):
            if not isinstance(data, (array, bytes, bytearray)):
                data = found
            return data, _shape(shape, dims)
    return typed(dtype, found), _shape(shape, dims)


def _shape(shape, dims):
    if shape is None:
        return dims
    return tuple([plain(n) for n in shape])
