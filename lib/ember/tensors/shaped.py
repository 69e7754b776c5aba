"""Buffers in several dimensions, and of types that are not ours, such as NumPy's: on CPython alone."""

import struct
import sys

from ..instructions.program import TYPES
from .sink import numel


def _native(order):
    return order in ("", "@", "=", "<" if sys.byteorder == "little" else ">")


def flat(data):
    """(elements in a row, dimensions). Where they are of a type of ours, in order and in one piece, they are seen in
    place; the rest are copied, and what holds no numbers raises ValueError."""
    try:
        view = memoryview(data)
    except ValueError as error:  # NumPy's dates
        raise ValueError("data of type %s holds no numbers: %s" % (type(data).__name__, error))  # noqa: B904
    order, code, n = view.format[:-1], view.format[-1:], numel(view.shape)
    if order not in ("", "@", "=", "<", ">", "!") or code not in "?bBhHiIlLqQnNefd":
        raise ValueError("a buffer has elements of format %r; it may have numbers" % view.format)
    if code not in TYPES or not _native(order) or not view.c_contiguous or not n:
        return struct.unpack("%s%d%s" % (order, n, code), view.tobytes()), view.shape
    dims = view.shape
    if view.ndim != 1 or view.format != code:
        view = view.cast("B")
        view = view if code == "B" else view.cast(code)
    return view, dims


def in_a_row(out, dims):
    """A buffer to be written, as one row: samples of these dimensions, if it has more than one; where dims are one
    number, as in a program that travelled, of so many elements."""
    view = memoryview(out)
    if view.ndim == 1 and view.c_contiguous:
        return out
    good = view.shape[1:] == dims or len(dims) == 1 and numel(view.shape[1:]) == dims[0]
    if view.format != "f" or not view.c_contiguous or view.readonly or not good:
        raise ValueError("out has shape %s and format %r; it may have shape (N, ...) with %s for each, float32, in one "
                         "piece, and be writable" % (view.shape, view.format, dims))  # fmt: skip
    return view.cast("B").cast("f")
