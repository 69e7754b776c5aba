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
from .running import Running, segment, word

try:
    import ember_vm as vm
except ImportError:
    from . import kernels as vm

MAGIC, VERSION = 0x21424D45, 3  # b"EMB!", below 2**30: a small int
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
        flags, _, self.sample_size = segment(code, program.X)
        self.input_dtype = program.TYPES[flags & 7]
        flags, _, self.target_size = segment(code, program.Y)
        self.target_dtype = program.TYPES[flags & 7]
        self._fingerprint, self._kept, offset = words[SHAPES], [], 0
        for k in range(PARAMETERS, STATE + 1):
            self._kept.append(("", offset, words[k]))
            offset += words[k]
        self._statistics = offset
        self._results, self._many = [(words[RESULT], (-1, words[RESULT_SIZE]))], False
        self._last = self._other = 0, None  # rows, and views of so many
        self.names = ""
        self._begin(code, segments, array("i", (0, 0, 0, 0)), vm.run)

    def _convert(self, x, y, sections):
        from .travel import check

        check(self, x, y, sections)

    def _accept(self, x, y):
        from .travel import accept

        return accept(self, x, y)

    def _fault(self):
        from .travel import explain

        explain(self)

    def predict(self, x, out=None):
        """The model's output for 1 to batch_size samples, in evaluation mode: a memoryview of float32, row after row,
        where it lies, until something else runs; of more than micro_batch samples an array. With a buffer `out` of
        float32 it is written there, and out is returned. Several outputs: a tuple of them, and out is a tuple."""
        if self._cutter and not self._fits_alone(x):
            return self._cutter.predict(x, out)
        return self._predict(x, out)

    def _predict(self, x, out):
        if not self._fits_alone(x) or not self._attempt():
            self._convert(x, None, program.PREDICT)
        rows = self._ints[program.ROWS]
        if rows != self._last[0]:
            self._last, self._other = self._other, self._last
            if rows != self._last[0]:
                self._last = rows, self._views(rows)
        if out is None:
            return self._last[1]
        if self._many:
            self._binding.write(self, out, self._last[1])
        else:
            self._write(out, self._last[1])
        return out

    def _views(self, rows):
        found = [memoryview(self._arena)[at : at + rows * dims[1]] for at, dims in self._results]
        return tuple(found) if self._many else found[0]

    def _write(self, out, view):
        n = len(view)
        if len(out) < n or hasattr(out, "ndim"):
            from .travel import in_a_row

            out = in_a_row(out, n, self._last[0])
        (out if isinstance(out, memoryview) else memoryview(out))[:n] = view

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
        code = _code(file, n, there, name)
        if code is None:
            raise ValueError("%s is damaged: the VM refuses its program" % name)
        binding, last = None, program.Y
        if words[1] > 2:
            from .binding import read

            binding, last = read(file, words, code)
        if not _fits_together(words, code, last):
            raise ValueError("%s is damaged: its parts do not fit together" % name)
        return _make(file, words, code, there, name, binding)


def _check_head(file, words, name):
    if file.readinto(words) < 4 * HEAD or words[0] != MAGIC:
        raise ValueError("%s is not a program that Ember exported" % name)
    if not 2 <= words[1] <= VERSION:
        raise ValueError("%s is of version %d; this Ember reads 2 to %d" % (name, words[1], VERSION))
    if words[TABLE] != vm.isa:
        from .needs import check_table

        check_table(name, words[TABLE], vm.isa)
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


def _code(file, n, there, name):
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
    verdict = vm.verify(code)
    if verdict >> 24 == program.ABSENT:
        from .needs import lacks

        lacks(name, code, vm.components)
    return None if verdict else code


def _fits_together(words, code, last):
    """Whether what the head says is true of a program that was verified. last: the last segment that is bound."""
    _, size, rows, count, sections = unpack_from("<5i", code, 0)
    if count <= last or sections != program.SCORE + 1:
        return False
    total, kept, (_, arena, _) = HEAD + size, 0, segment(code, program.ARENA)
    for k in range(count):
        flags, n, per_row = segment(code, k)
        if k < program.X and (flags != (8, 0, 0, 9)[k] or per_row):
            return False
        if program.X <= k <= last and (n or not per_row):
            return False
        if k > last and (per_row or flags):
            return False
        if k != program.ARENA:
            total += n
    for k in range(PARAMETERS, STATE + 1):
        if not 0 <= words[k] <= arena:
            return False
        kept += words[k]
    if words[STATE_HERE] not in (0, words[STATE]) or not 0 <= words[TEXT] <= words[LENGTH]:
        return False
    return (
        segment(code, program.INTS)[1] > program.SCORED
        and segment(code, program.FLOATS)[1] > 0
        and rows <= words[BATCH]
        and words[CLASSES] >= 0
        and kept + program.STATISTICS <= arena
        and 0 <= words[RESULT] <= arena
        and 0 < words[RESULT_SIZE] <= (arena - words[RESULT]) // rows
        and total + words[PARAMETERS] + words[FROZEN] + words[STATE_HERE] + words[TEXT] == words[LENGTH]
    )


def _array(file, dtype, n):
    found = array(dtype, range(n))
    file.readinto(found)
    return found


def _make(file, words, code, there, name, binding):
    n, free = segment(code, program.ARENA)[1], getattr(gc, "mem_free", None)
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
    for k in range(1, word(code, 3)):
        flags, n, per_row = segment(code, k)
        found = None
        if k > program.Y and not per_row and isinstance(code, memoryview):  # weights stay, where the program does
            at = file.tell()
            found = there[at : at + 4 * n]
            file.seek(at + 4 * n)
        elif not per_row:
            found = _array(file, program.TYPES[flags & 7], n)
        segments.append(found)
    file.readinto(view[: words[PARAMETERS] + words[FROZEN]])
    if words[STATE_HERE]:
        at = words[PARAMETERS] + words[FROZEN] + words[GRADIENTS]
        file.readinto(view[at : at + words[STATE]])
    model = Model(words, code, segments)
    if binding:
        binding.join(model)
    try:
        model.names = str(file.read(4 * words[TEXT]), "utf-8").rstrip("\0")
    except ValueError:
        raise ValueError("%s is damaged: its names are no text" % name)  # noqa: B904
    model._run(program.ZERO)
    return model
