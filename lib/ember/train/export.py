"""Writing an image, with its weights, to a file that travels: see run/reader.py and docs/file.md."""

import gc
from array import array
from binascii import crc32

from ..instructions import program
from ..instructions.needs import table_of
from ..machine.image import per_row, segment, word
from ..run import reader
from ..run.averaged import averages
from ..run.blocks import put
from ..run.files import replace
from ..run.finite import check
from ..run.pieces import pieces

_PIECE = 256  # elements that are drawn at once


def exported(runner):
    return export(runner, runner.asked[0])


def export(runner, path):
    """Write what a runner has come to. Returns the bytes."""
    runner.idle()
    if runner.front and runner.front.moves:
        raise ValueError("LBFGS moves between the program's runs, which alone travels")
    check(runner)
    image, executor, state = runner.image, runner.executor, runner.image.block(program.STATE)
    begun = runner.steps or averages(runner)  # an average begins as the weights
    kept = [(executor, 0, image.starts[program.GRADIENTS])]
    if begun and state[1]:
        kept.append((executor,) + state)
    floats = [executor.read((program.FLOATS << 24) + k) for k in range(len(image.floats))]
    ints = [executor.read((program.INTS << 24) + k) for k in range(len(image.ints))]
    ints[program.ROWS] = word(image.code, 2)  # whatever batch came last
    return write(image, runner.names, path, pieces, kept, array("f", floats), array("i", ints))


def compile(model, loss, optimizer, input_shape, batch_size=32, path=None, **options):
    """Write what a Trainer of these would run to a file, which ember.runtime loads and trains: see Trainer for the
    arguments. No arena is made, and parameters are drawn one at a time: so a board compiles for itself what it cannot
    train beside the front; after a reset it loads it. Returns the bytes of the file."""
    from .front import Front

    if not isinstance(path, str):
        raise ValueError("path is %r; it may be the name of a file, as path='model.ember'" % (path,))
    front = Front(model, loss, optimizer, input_shape, batch_size, **options)
    if front.moves:
        raise ValueError("LBFGS moves between the program's runs, which alone travels")
    _, image, _ = front.image(False)
    begin = [(image.parameters, 0)]
    if front.extras and front.extras.averages:  # the optimizer's state is zeros, then the average, as the weights begin
        begin.append((front.trained, image.block(program.STATE)[1] - image.starts[program.FROZEN]))
    return write(image, front.names(), path, _values, begin, image.floats, image.ints)


def _values(parameters, zeros):
    """So many zeros, then the values of each, in turn; what is not drawn yet is drawn for this alone, in pieces where
    it can be."""
    from ..tensors.parameter import PIECEWISE
    from ..tensors.tensor import Tensor

    while zeros > 0:
        n = min(zeros, 64)
        yield array("f", bytes(4 * n))
        zeros -= n
    for p in parameters:
        gc.collect()
        n, drawn = p.numel(), p.storage is None
        if drawn and p.initial[0] in PIECEWISE:
            for first in range(0, n, _PIECE):
                piece = Tensor(array("f", range(min(_PIECE, n - first))))
                piece.stream, piece.first = p.stream, first
                p.initial[0](piece, *p.initial[1:])
                yield piece.storage
        else:
            yield memoryview(p.elements())[p.offset : p.offset + n]
            if drawn:
                p.storage = None


def write(image, names, path, make, kept, floats, ints):
    """kept: of the weights, and of the optimizer's state if there is any, what make(*kept[k]) makes pieces of float32
    of, twice to the same bits. floats, ints: the slots. Returns the bytes."""
    outputs = [(address, per_row(dims)) for address, dims in image.results]
    if any([address >> 24 != program.ARENA for address, _ in outputs]):
        raise ValueError("the model's output is its input, or a constant; a program that travels computes it")
    several = array("i", [number for output in outputs[1:] for number in output] + [image.inputs, image.targets])
    text = bytes(names, "utf-8")
    text += bytes(-len(text) % 4)
    head = array("i", range(reader.HEAD))
    head[0], head[1], head[reader.TABLE] = reader.MAGIC, 2, table_of(image.code)
    head[reader.BATCH], head[reader.CLASSES] = image.batch_size, image.classes
    head[reader.RESULT], head[reader.RESULT_SIZE] = outputs[0]
    for k in range(4):
        head[reader.PARAMETERS + k] = image.block(k)[1]
    head[reader.UNUSED], head[reader.TEXT] = 0, len(text) // 4
    head[reader.STATE_HERE] = image.block(program.STATE)[1] if kept[1:] else 0
    head[reader.LENGTH] = reader.HEAD + word(image.code, 1) + len(text) // 4 + head[reader.STATE_HERE]
    head[reader.LENGTH] += image.starts[program.GRADIENTS]
    parts = [image.code, image.constants, floats, ints]
    for k in range(len(image.mapped)):  # float32, wherever they lie
        at = word(image.code, 3) - len(image.mapped) + k
        parts.append(bytes(image.mapped[k])[: 4 * segment(image.code, at)[1]])
    for k in range(1, word(image.code, 3)):
        head[reader.LENGTH] += segment(image.code, k)[1]
    end = [text]
    if image.inputs or image.targets:
        head[1] = reader.VERSION
        head[reader.LENGTH] += len(several)
        end.append(several)
    crc = crc32(memoryview(head)[reader.BATCH :])
    for piece in _parts(parts, make, kept, end):
        crc = crc32(piece, crc)
    head[reader.CRC] = crc - (1 << 32) if crc >> 31 else crc
    replace(path, _write, ([head], parts, make, kept, end), reader.whole)
    return 4 * head[reader.LENGTH]


def _parts(parts, make, kept, end):
    yield from parts
    for what in kept:
        yield from make(*what)
    yield from end


def _write(what, file):
    """From the first byte to the last: where files lie on raw devices, or are sealed, nobody goes back."""
    head, *more = what
    put(file, head)
    put(file, _parts(*more))
