"""Binding of segments for the portable VM: any buffer seen as elements of its segment's type, and the checks on it."""

import struct
import sys
from array import array

from ..instructions import isa

OFFSET = 0xFFFFFF  # of an address
_MICROPYTHON = sys.implementation.name == "micropython"
_INVERSE = None if _MICROPYTHON else bytes(range(255, -1, -1))


class Cells:
    """Plain bytes seen as elements of a type, where memoryview has no cast."""

    def __init__(self, buffer, typecode):
        self.buffer, self.typecode, self.size = buffer, typecode, struct.calcsize(typecode)
        self.length = byte_length(buffer) // self.size

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        return struct.unpack_from(self.typecode, self.buffer, i * self.size)[0]

    def __setitem__(self, i, value):
        struct.pack_into(self.typecode, self.buffer, i * self.size, value)


def _holds_byte(buffer, i):
    try:
        struct.unpack_from("B", buffer, i)
        return True
    except ValueError:
        return False


def byte_length(buffer):
    """How many bytes a buffer holds. MicroPython does not tell, but for struct it stops at the end."""
    count = len(buffer)
    if not _MICROPYTHON:
        return memoryview(buffer).nbytes
    size = 1
    while count and _holds_byte(buffer, count * size):
        size *= 2
    return count * size


def _is_of_micropython(buffer, wanted):
    if isinstance(buffer, array):
        return str(buffer[:0])[7] == wanted  # "array('f')"
    if isinstance(buffer, (bytes, bytearray)):
        return wanted == "B"
    # A memoryview keeps its typecode to itself: size, kind and range have to do.
    if not isinstance(buffer, memoryview) or not len(buffer):
        return isinstance(buffer, memoryview)
    size = byte_length(buffer) // len(buffer)
    if size != struct.calcsize(wanted) or isinstance(buffer[0], float) != (wanted == "f"):
        return False
    return wanted == "f" or (min(buffer) >= 0 if wanted in "BHI" else max(buffer) < 1 << 8 * size - 1)


def is_of(buffer, wanted):
    """Whether a buffer is one row of elements of this type."""
    if _MICROPYTHON:
        return _is_of_micropython(buffer, wanted)
    try:
        memory = memoryview(buffer)
    except (TypeError, ValueError):
        return False
    found = memory.format
    if found[:1] in ("@", "=", "<" if sys.byteorder == "little" else ">"):
        found = found[1:]
    return found == wanted and memory.ndim == 1 and memory.c_contiguous


def view(buffer, wanted):
    """What indexes a buffer's elements as this type, or None: the buffer is of another."""
    if is_of(buffer, wanted):
        return buffer if _MICROPYTHON or isinstance(buffer, array) else memoryview(buffer).cast("B").cast(wanted)
    if wanted == "b" or not is_of(buffer, "B"):  # plain bytes would be as many elements, and others
        return None
    if _MICROPYTHON:
        return Cells(buffer, wanted)
    memory = memoryview(buffer)
    return memory[: memory.nbytes - memory.nbytes % struct.calcsize(wanted)].cast("B").cast(wanted)


def is_writable(buffer):
    """Whether a buffer can be written: found by writing its first byte as it is."""
    if not _MICROPYTHON:
        return not memoryview(buffer).readonly
    if len(buffer):
        try:
            struct.pack_into("B", buffer, 0, struct.unpack_from("B", buffer, 0)[0])
        except TypeError:
            return False
    return True


def overlap(written, other):
    """Whether two buffers share memory, of which the first is writable.

    Python tells no addresses, so a byte is changed in one, looked for in the other, and put back. CPython says which
    object a memoryview is of, so it is exact there; MicroPython does not, and only an equal start is found.
    """
    if not len(written) or not len(other):
        return False
    if written is other:
        return True
    if _MICROPYTHON:
        byte = struct.unpack_from("B", written, 0)[0]
        if struct.unpack_from("B", other, 0)[0] != byte:
            return False
        struct.pack_into("B", written, 0, byte ^ 255)
        shared = struct.unpack_from("B", other, 0)[0] != byte
        struct.pack_into("B", written, 0, byte)
        return shared
    written, other = memoryview(written), memoryview(other)
    if written.obj is not other.obj:
        return False
    whole = memoryview(written.obj).nbytes
    if written.nbytes == whole or other.nbytes == whole:
        return True
    written = written.cast("B")
    before, kept = other.tobytes(), written.tobytes()
    written[:] = kept.translate(_INVERSE)
    shared = other.tobytes() != before
    written[:] = kept
    return shared


def bind(program, segments):
    """Every segment checked and seen as its type: a list, and rows. ValueError where one does not fit."""
    count = program[3]
    if len(segments) != count:
        raise ValueError("%d segments are bound; the program has %d" % (len(segments), count))
    bound = []
    for k in range(count):
        flags = program[5 + 3 * k]
        wanted = isa.TYPES[flags & 7]
        cells = view(segments[k], wanted)
        if cells is None:
            raise ValueError("segment %d must be array(%r) or plain bytes of that layout" % (k, wanted))
        if flags & isa.WRITABLE and not is_writable(segments[k]):
            raise ValueError("segment %d must be writable" % k)
        bound.append(cells)
    rows = bound[isa.INTS][0] if len(bound[isa.INTS]) else 0
    if not 1 <= rows <= program[2]:
        raise ValueError("rows, the first integer slot, is %d; it may be 1 to %d" % (rows, program[2]))
    for k in range(count):
        needed = program[6 + 3 * k] + program[7 + 3 * k] * rows
        if len(bound[k]) < needed:
            raise ValueError("segment %d holds %d elements; at %d rows it needs %d" % (k, len(bound[k]), rows, needed))
        if program[5 + 3 * k] & isa.WRITABLE:
            for j in range(count):
                if j != k and overlap(segments[k], segments[j]):
                    raise ValueError("segments %d and %d overlap, and one of them is written" % (k, j))
    return bound, rows
