"""Weights that are read where they lie: in flash, in a file of ROMFS, in a bytes object."""

import sys

from .sink import numel
from .tensor import Tensor


def frombuffer(buffer, shape=None, offset=0):
    """A tensor of float32, little endian, in bytes that are never copied and never written: no RAM is taken.

    buffer    bytes of a frozen module, a memoryview of a file in ROMFS; the native VM wants it at a multiple of 4
    shape     by default all elements from offset on, in one dimension
    offset    in bytes from the buffer's start

    Set it in place of a layer's parameter, `model.hidden.weight = ember.frombuffer(…)`: a constant of the model from
    then on, neither trained nor saved. ValueError where shape does not fit, or where it does not lie so. After
    torch.frombuffer.
    """
    view = memoryview(buffer)
    if sys.implementation.name != "micropython" and view.format in ("f", "b", "c", "B") and view.c_contiguous:
        view = view.cast("B")
    if len(bytes(view[:1])) > 1:
        raise ValueError("the buffer has elements of more than a byte; it may be bytes that hold float32, in one piece")
    if not isinstance(offset, int) or not 0 <= offset < len(view) or offset % 4:
        raise ValueError("offset is %r; it may be a multiple of 4 below %d" % (offset, len(view)))
    shape = ((len(view) - offset) // 4,) if shape is None else tuple(shape)
    n = numel(shape)
    if n < 1 or offset + 4 * n > len(view) or min(shape + (1,)) < 1:
        raise ValueError(
            "shape is %s; from offset %d there are %d elements" % (shape, offset, (len(view) - offset) // 4)
        )
    t = Tensor()
    t.storage, t.dims, t.mapped = view[offset : offset + 4 * n], shape, n
    if sys.implementation.name != "micropython":
        t.storage = t.storage.cast("f")
    _check_place(t.storage)
    return t


def _check_place(view):
    try:
        from uctypes import addressof
    except ImportError:  # a VM will tell
        return
    if addressof(view) % 4:
        raise ValueError("the buffer lies at address 0x%x; it may lie at a multiple of 4" % addressof(view))
