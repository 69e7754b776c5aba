"""Numbers from outside: lists, buffers of other types, NumPy's arrays on CPython. As elements of a type, each is what
it was, or ValueError says which is not; what is beyond float32 is an infinity, as everywhere.
"""

import struct
import sys
from array import array

from .check import number, plain
from .program import TYPES
from .tensor import Tensor, numel

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
        return (data if len(data) == n else data[value._offset : value._offset + n]), value.shape
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


def _is_buffer(data):
    try:
        memoryview(data)
        return True
    except (TypeError, ValueError):
        return False


def flat_buffer(data):
    """(elements in a row, dimensions) of a buffer. Where it has elements of ours, in order and in one piece, they are
    seen in place; the rest are copied."""
    if sys.implementation.name == "micropython":
        memoryview(data)  # TypeError
        return data, (len(data),)
    try:
        view = memoryview(data)
    except ValueError as error:  # NumPy's dates
        raise ValueError("data of type %s holds no numbers: %s" % (type(data).__name__, error))  # noqa: B904
    order, code = view.format[:-1], view.format[-1:]
    if order not in ("", "@", "=", "<", ">", "!") or code not in "?bBhHiIlLqQnNefd":
        raise ValueError("a buffer has elements of format %r; it may have numbers" % view.format)
    n = numel(view.shape)
    if code in TYPES and view.c_contiguous and n and order in ("", "@", "=", "<" if sys.byteorder == "little" else ">"):
        if view.ndim != 1 or view.format != code:
            view = view.cast("B").cast(code) if view.format != "B" else view.cast("B")
        return view, tuple(memoryview(data).shape)
    return struct.unpack("%s%d%s" % (order, n, code), view.tobytes()), tuple(view.shape)


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
        from .kernels_bind import is_of

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


def by_channel(scale, offset, shape):
    """Scales, then offsets, of a sample's last dimension: each may be one number for all."""
    if scale is None:
        raise ValueError("input_offset is %r, and input_scale None, which takes numbers as they are" % (offset,))
    channels, found = shape[-1] if shape else 1, []
    for name, given in (("input_scale", scale), ("input_offset", offset)):
        try:
            part = (number(name, given),) if isinstance(plain(given), (int, float)) else read(given)[0]
        except TypeError:
            part = ()
        if len(part) not in (1, channels):
            raise ValueError("%s is %r; it may be a number, or a list of %d, one a channel of %s"
                             % (name, given, channels, shape))  # fmt: skip
        found.append([float(number(name, v)) for v in part])
    n = max(len(found[0]), len(found[1]))
    return tuple([part[c % len(part)] for part in found for c in range(n)])
