"""Programs that travel: a Trainer's program runs where the rest of Ember does not fit.

    from ember import runtime

    model = runtime.load("model.ember")     # written by trainer.export
    for x, y in batches:
        model.step(x, y)
    print(model.loss, model.evaluate(test))
    model.save("model.ckpt")

A file is little endian, in words of 4 bytes (docs/file.md): HEAD, program, constants, float slots, integer slots,
weights that are read where they lie, parameters, frozen parameters, optimizer state if there is any yet, names.
"""

import gc
from array import array
from binascii import crc32
from io import BytesIO
from struct import unpack_from

from . import program
from .running import Running

try:
    import ember_vm as vm
except ImportError:
    from . import kernels as vm

MAGIC, VERSION = 0x21424D45, 1  # b"EMB!", below 2**30: a small int
# Words at the beginning. What the checksum is of begins with BATCH.
(TABLE, LENGTH, CRC, BATCH, CLASSES, RESULT, RESULT_SIZE, PARAMETERS, FROZEN, GRADIENTS, STATE, SHAPES, STATE_HERE,
 TEXT, HEAD) = range(2, 17)  # fmt: skip
_CHUNK = 256  # bytes


class Model(Running):
    """A program that trains, evaluates and predicts. x and y are flat buffers of input_dtype and target_dtype (array
    typecodes), used in place: 1 to batch_size samples of sample_size numbers, and target_size targets each.

    lr             the learning rate, of all groups
    names          "lr momentum …", the float slots, then a line a parameter: its name and shape
    """

    plan = None

    def __init__(self, words, code, segments):
        self.batch_size, self.classes = words[BATCH], words[CLASSES]
        flags, _, self.sample_size = _segment(code, program.X)
        self.input_dtype = program.TYPES[flags & 7]
        flags, _, self.target_size = _segment(code, program.Y)
        self.target_dtype = program.TYPES[flags & 7]
        self._fingerprint, self._kept, offset = words[SHAPES], [], 0
        for k in range(PARAMETERS, STATE + 1):
            self._kept.append(("", offset, words[k]))
            offset += words[k]
        self._statistics = offset
        self._result, self._result_dims = words[RESULT], (-1, words[RESULT_SIZE])
        self.names = ""
        self._begin(code, segments, array("i", (0, 0, 0, 0)), vm.run)
        at = self._result & 0xFFFFFF
        self._output = memoryview(segments[self._result >> 24])[at : at + self.micro_batch * words[RESULT_SIZE]]

    def _convert(self, x, y, sections):
        """The slow way, as in a Trainer: make of a batch what the program reads, or say what is wrong with it."""
        x, y, _ = self._accept(x, y)
        if y is None:
            self._fits_alone(x)
        else:
            self._fits(x, y)
        self._run(sections)

    def _accept(self, x, y):
        self._unbind()  # what is wrong does not stay bound
        try:
            from .values import read, typed

            (x, x_dims), (y, y_dims) = read(x), (None, None) if y is None else read(y)
            x_rows, rows = [None if dims is None else dims[0] if dims else 0 for dims in (x_dims, y_dims)]
            found = typed(self.input_dtype, x, "x"), None if y is None else typed(self.target_dtype, y, "y")
        except ImportError:  # it is not on this board: buffers of the right types only
            found, x_rows, rows = (x, y), None, None
        n = len(x) // self.sample_size
        most = self.micro_batch if y is None else self.batch_size
        fits = n * self.sample_size == len(x) and (y is None or n * self.target_size == len(y))
        if fits and 0 < n <= most and x_rows in (None, n) and rows in (None, n):
            return found[0], found[1], n
        raise ValueError("x has %d elements%s; a batch is 1 to %d samples of %d of type %r, and %d of type %r"
                         % (len(x), "" if y is None else ", y has %d" % len(y),
                            self.micro_batch if y is None else self.batch_size, self.sample_size,
                            self.input_dtype, self.target_size, self.target_dtype))  # fmt: skip

    def _fault(self):
        self._state[1] = self._state[2] = self._state[3] = 0
        raise ValueError("a label or an index of the batch is out of range")

    def predict(self, x, out=None):
        """The model's output for 1 to micro_batch samples, in evaluation mode, where it lies: a memoryview of float32,
        row after row, until something else runs. With a buffer `out` of float32 it is copied there."""
        if not self._fits_alone(x) or not self._attempt():
            self._convert(x, None, program.PREDICT)
        if out is None:
            return self._output
        n = self._ints[program.ROWS] * self._result_dims[1]
        if getattr(out, "ndim", 1) != 1:  # on CPython
            memoryview(out).cast("B").cast("f")[:n] = self._output[:n]
            return out
        if len(out) < n:
            raise ValueError("out has %d elements; the output takes %d" % (len(out), n))
        memoryview(out)[:n] = self._output[:n]
        return out

    @property
    def lr(self):
        return self._segments[program.FLOATS][0]

    @lr.setter
    def lr(self, value):
        for k, name in enumerate(self.names.split("\n")[0].split(" ")):
            if name == "lr" and k < len(self._segments[program.FLOATS]):
                self._segments[program.FLOATS][k] = value


def load(source):
    """The Model that a file holds, or a bytes object. ValueError says what is wrong with it, MemoryError how much room
    it needs: nothing of it has run by then."""
    if isinstance(source, str):
        try:
            file = open(source, "rb")
        except OSError as error:
            raise OSError("no program %r (%s)" % (source, error))  # noqa: B904
        name, there = repr(source), None
    else:
        file, name, there = BytesIO(source), "the program", memoryview(source)
    with file:
        words = array("i", range(HEAD))
        _check_head(file, words, name)
        file.seek(4 * HEAD + 4)
        (n,) = _array(file, "i", 1)
        if not program.HEAD <= n <= words[LENGTH] - HEAD:
            raise ValueError("%s is damaged: its program has %d words" % (name, n))
        gc.collect()  # so that code lies low, and the arena finds room in one piece
        code = _code(file, n, there)
        if code is None:
            raise ValueError("%s is damaged: the VM refuses its program" % name)
        if not _fits_together(words, code):
            raise ValueError("%s is damaged: its parts do not fit together" % name)
        return _make(file, words, code, there, name)


def _check_head(file, words, name):
    if file.readinto(words) < 4 * HEAD or words[0] != MAGIC:
        raise ValueError("%s is not a program that Ember exported" % name)
    if words[1] != VERSION:
        raise ValueError("%s is of version %d; this Ember reads version %d" % (name, words[1], VERSION))
    if words[TABLE] != vm.isa:
        raise ValueError(
            "%s is for instruction table %d; this VM has %d: export it again" % (name, words[TABLE], vm.isa)
        )
    file.seek(4 * BATCH)
    left, crc, chunk = 4 * (words[LENGTH] - BATCH), 0, memoryview(bytearray(_CHUNK))
    while left > 0:
        piece = chunk[: min(left, _CHUNK)]
        if file.readinto(piece) < len(piece):
            raise ValueError("%s is truncated" % name)
        crc = crc32(piece, crc)
        left -= len(piece)
    if (crc ^ words[CRC]) & 0xFFFFFFFF or left or file.read(1):
        raise ValueError("%s is damaged: its checksum does not fit" % name)


def _code(file, n, there):
    """The program's words, verified; None if they are refused. In flash they stay where they lie, if the VM reads them
    there: the native one does, from a multiple of 4."""
    if there is not None:
        try:
            code = there[4 * HEAD : 4 * (HEAD + n)]
            if not vm.verify(code):
                file.seek(4 * (HEAD + n))
                return code
        except (ValueError, TypeError):
            pass
    file.seek(4 * HEAD)
    code = _array(file, "i", n)
    return None if vm.verify(code) else code


def _word(code, k):
    return unpack_from("<i", code, 4 * k)[0]


def _segment(code, k):
    """(type, elements, elements per row)"""
    return unpack_from("<iii", code, 4 * (program.HEAD + 3 * k))


def _fits_together(words, code):
    """Whether what the head says is true of a program that was verified."""
    _, size, rows, count, sections = unpack_from("<5i", code, 0)
    if count <= program.Y or sections != program.SCORE + 1:
        return False
    total, kept, (_, arena, _) = HEAD + size, 0, _segment(code, program.ARENA)
    for k in range(count):
        flags, n, per_row = _segment(code, k)
        if k < program.X and (flags != (8, 0, 0, 9)[k] or per_row):
            return False
        if program.X <= k <= program.Y and (n or not per_row):
            return False
        if k > program.Y and (per_row or flags):
            return False
        if k not in (program.ARENA, program.X, program.Y):
            total += n
    for k in range(PARAMETERS, STATE + 1):
        if not 0 <= words[k] <= arena:
            return False
        kept += words[k]
    if words[STATE_HERE] not in (0, words[STATE]) or not 0 <= words[TEXT] <= words[LENGTH]:
        return False
    at, size = words[RESULT], words[RESULT_SIZE]
    return (
        _segment(code, program.INTS)[1] > program.ONE
        and _segment(code, program.FLOATS)[1] > 0
        and rows <= words[BATCH]
        and words[CLASSES] >= 0
        and kept + program.STATISTICS <= arena
        and 0 <= at <= arena
        and 0 < size <= arena
        and at + rows * size <= arena
        and total + words[PARAMETERS] + words[FROZEN] + words[STATE_HERE] + words[TEXT] == words[LENGTH]
    )


def _array(file, dtype, n):
    found = array(dtype, range(n))
    file.readinto(found)
    return found


def _make(file, words, code, there, name):
    n, free = _segment(code, program.ARENA)[1], getattr(gc, "mem_free", None)
    gc.collect()
    try:
        arena = array("f", range(n))
    except MemoryError:
        raise MemoryError("the arena takes %d bytes in one piece; of the heap %d are free"
                          % (4 * n, free() if free else 0))  # fmt: skip  # noqa: B904
    for k in range(n):
        arena[k] = 0.0
    view = memoryview(arena)
    segments = [arena]
    for k in range(1, _word(code, 3)):
        flags, n, _ = _segment(code, k)
        found = None
        if k > program.Y and isinstance(code, memoryview):  # weights stay where they lie, if the program does
            at = file.tell()
            found = there[at : at + 4 * n]
            file.seek(at + 4 * n)
        elif k not in (program.X, program.Y):
            found = _array(file, program.TYPES[flags & 7], n)
        segments.append(found)
    file.readinto(view[: words[PARAMETERS] + words[FROZEN]])
    if words[STATE_HERE]:
        at = words[PARAMETERS] + words[FROZEN] + words[GRADIENTS]
        file.readinto(view[at : at + words[STATE]])
    model = Model(words, code, segments)
    try:
        model.names = str(file.read(4 * words[TEXT]), "utf-8").rstrip("\0")
    except ValueError:
        raise ValueError("%s is damaged: its names are no text" % name)  # noqa: B904
    model._run(program.ZERO)
    return model
