"""Reading a program that travels: a file, or bytes, becomes an image and an executor with its weights. It is little
endian, in words of 4 bytes (docs/file.md): HEAD, program, constants, float slots, integer slots, weights that are read
where they lie, parameters, frozen parameters, optimizer state if there is any yet, names.
"""

import gc
from array import array
from binascii import crc32
from io import BytesIO
from struct import unpack_from

from ..instructions import program
from ..machine.executor import Executor
from ..machine.image import Image, segment, word
from .blocks import Checked, checksum, into_place

_MOST = 1 << 24  # elements of an arena
MAGIC, VERSION = 0x21424D45, 3  # b"EMB!", below 2**30: a small int
# Words at the beginning. What the checksum is of begins with BATCH.
(TABLE, LENGTH, CRC, BATCH, CLASSES, RESULT, RESULT_SIZE, PARAMETERS, FROZEN, GRADIENTS, STATE, UNUSED, STATE_HERE,
 TEXT, HEAD) = range(2, 17)  # fmt: skip


def read(source, executor, vm):
    """(image, executor) of what a file holds, or a bytes object: see runtime.load. vm is to accept the program."""
    name, there = "the program", None
    if not isinstance(source, (bytes, bytearray, memoryview)):
        from .files import find

        name, file = repr(source), find(source, "program", whole)
    else:
        file, there = BytesIO(source), memoryview(source)
        if _may_change(source):
            there = None
    with file:
        words, several = array("i", range(HEAD)), (0, 0, program.Y, [], b"")
        _check_head(file, words, name, vm)
        gc.collect()  # so that what is made now lies low, and the arena finds room in one piece
        file.seek(4 * HEAD)
        head, arena = _array(Checked(file, 4 * (program.HEAD + 2), name), "i", program.HEAD + 2), None
        n, size = head[1], head[program.HEAD + 1]
        if there is not None and not executor and 0 < size <= _MOST:
            arena = _arena(size)  # first: the smallest boards have room in one piece only now
        file.seek(4 * HEAD)
        # What is read now is what becomes of it, so it is checked once more.
        checked = Checked(file, 4 * (words[LENGTH] - HEAD), name, crc32(memoryview(words)[BATCH:]))
        if not program.HEAD <= n <= words[LENGTH] - HEAD:
            raise ValueError("%s is damaged: its program has %d words" % (name, n))
        code = _code(checked, n, there, name, vm)
        if code is None:
            raise ValueError("%s is damaged: the VM refuses its program" % name)
        if words[1] > 2:
            from .binding import read as read_several

            several = read_several(file, words, code)
        if not _fits_together(words, code, several[2]):
            raise ValueError("%s is damaged: its parts do not fit together" % name)
        if not _soon(code):
            raise ValueError("%s is damaged: what begins a step does not end soon" % name)
        return _make(checked, words, code, there, several, executor, arena, vm)


def _may_change(source):
    """Whether a buffer may be written to."""
    try:
        source[:0] = b""
        return True
    except TypeError:
        return False


def whole(file):
    """Whether a file is all that was written."""
    words = array("i", range(HEAD))
    if file.readinto(words) < 4 * HEAD or words[0] != MAGIC or words[LENGTH] < HEAD:
        return False
    file.seek(4 * BATCH)
    crc = checksum(file, 4 * (words[LENGTH] - BATCH))
    return crc is not None and not (crc ^ words[CRC]) & 0xFFFFFFFF and not file.read(1)


def _check_head(file, words, name, vm):
    if file.readinto(words) < 4 * HEAD or words[0] != MAGIC:
        raise ValueError("%s is not a program that Ember exported" % name)
    if not 2 <= words[1] <= VERSION:
        raise ValueError("%s is of version %d; this Ember reads 2 to %d" % (name, words[1], VERSION))
    if words[TABLE] != vm.isa:
        from ..instructions.needs import check_table

        check_table(name, words[TABLE], vm.isa)
    file.seek(4 * BATCH)
    left = 4 * (words[LENGTH] - BATCH)
    crc = checksum(file, left)
    if crc is None:
        raise ValueError("%s is truncated" % name)
    if (crc ^ words[CRC]) & 0xFFFFFFFF or left < 0 or file.read(1):
        raise ValueError("%s is damaged: its checksum does not fit" % name)


def _code(checked, n, there, name, vm):
    """The program's words, verified; None if they are refused. In flash they stay where they lie, if the VM reads them
    there: the native one does, from a multiple of 4."""
    if there is not None:
        try:
            code = there[4 * HEAD : 4 * (HEAD + n)]
            if not vm.verify(code):
                checked.skip(4 * n)
                return code
        except (ValueError, TypeError):
            pass
    code = _array(checked, "i", n)
    verdict = vm.verify(code)
    if verdict >> 24 == program.ABSENT:
        from ..instructions.needs import lacks

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


def _soon(code):
    """Whether the section ZERO, which loading runs, makes each element of the arena once at the most."""
    ends = program.HEAD + 3 * word(code, 3)
    at, left = word(code, ends), segment(code, program.ARENA)[1]
    while at < word(code, ends + program.ZERO):
        if word(code, at) != program.COUNT_UP:
            n = word(code, at + 3)  # of a map
            left -= n if n > 0 else -n * word(code, 2)
            if word(code, at) or left < 0:
                return False
            at += 4
        at += 5
    return True


def _array(checked, dtype, n):
    found = array(dtype, range(n))
    if n:
        checked.readinto(found, 4 * n)
    return found


def _make(checked, words, code, there, several, executor, arena, vm):
    if not executor and (arena is None or len(arena) != segment(code, program.ARENA)[1]):
        arena = None
        arena = _arena(segment(code, program.ARENA)[1])  # first, while there is room in one piece
    image = Image(code, (), *[_array(checked, program.TYPES[segment(code, k)[0] & 7], segment(code, k)[1])
                              for k in (program.CONSTANTS, program.FLOATS, program.INTS)])  # fmt: skip
    image.inputs, image.targets, last, more, end = several
    image.mapped = [_mapped(checked, code, k, there) for k in range(last + 1, word(code, 3))]
    image.batch_size, image.classes = words[BATCH], words[CLASSES]
    image.results = [(words[RESULT], (-1, words[RESULT_SIZE]))] + more
    image.starts, at = (0,), 0
    for size in list(words[PARAMETERS : STATE + 1]) + [program.STATISTICS]:
        at += size
        image.starts += (at,)
    image.statistics = image.starts[program.THE_STATISTICS]
    executor = executor(image) if executor else Executor(code, image.segments(arena), vm.run)
    into_place(executor, checked, 0, words[PARAMETERS] + words[FROZEN])
    if words[STATE_HERE]:
        into_place(executor, checked, image.starts[program.STATE], words[STATE])
    image.names = checked.text(4 * words[TEXT]).rstrip("\0")
    if checked.read(checked.left) != end or (checked.crc ^ words[CRC]) & 0xFFFFFFFF:
        checked.damaged()
    return image, executor


def _arena(n):
    gc.collect()
    try:
        arena = array("f", range(n))
    except MemoryError:
        raise MemoryError("the arena takes %d bytes in one piece; of the heap %d are free"
                          % (4 * n, getattr(gc, "mem_free", int)()))  # fmt: skip  # noqa: B904
    for k in range(n):
        arena[k] = 0.0
    gc.collect()  # what is made next fills the gaps below
    return arena


def _mapped(checked, code, k, there):
    """Weights that are read where they lie: with the program in flash they stay there."""
    n = segment(code, k)[1]
    if not isinstance(code, memoryview):
        return _array(checked, "f", n)
    at = len(there) - checked.left
    checked.skip(4 * n)
    return there[at : at + 4 * n]
