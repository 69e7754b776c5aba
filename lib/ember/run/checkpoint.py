"""Checkpoints: what must survive to go on training exactly. docs/checkpoint.md has the bytes.

    0   b"EMBK", version 3, flags (1: gradients of what was accumulated are in it), blocks, uint32 bytes of all of it
    12  for each block its name in 12 bytes, uint32 bytes, what it holds, zeros up to a multiple of 4
    end CRC-32 of all before

restore.py reads it.
"""

from array import array
from binascii import crc32
from struct import calcsize, pack

from ..instructions import program
from ..instructions.components import TO_BFLOAT16, WORDS
from ..machine.image import word
from . import files, values
from .identity import bounds, identity
from .pieces import pieces

MAGIC, VERSION, ACCUMULATED = b"EMBK", 3, 1
HEAD, BLOCK = "<4sBBHI", "<12sI"
_SLICE = 64  # elements that are written at once where a save is in slices
INTS, FLOATS = (program.INTS << 24) + program.KEY, program.FLOATS << 24


def save(runner, path, half, budget_us):
    """See Runner.save."""
    saving = files.replacing(path, _write, parts(runner, half, 0 if budget_us is None else _SLICE))
    if budget_us is None:
        return sum(saving)
    runner.saving, runner.unfinished = saving, True
    return runner.slices.save(budget_us)


def _write(pieces, file):
    """Yields the bytes of each, when it is written."""
    for piece in pieces:
        file.write(piece)
        yield len(piece) if isinstance(piece, bytes) else len(piece) * len(bytes(piece[:1]))


def parts(trainer, half=False, most=0):
    """A checkpoint of a trainer that is idle, piece by piece: of float arrays so many elements at once, or all."""
    count, total = 0, calcsize(HEAD) + 4
    for _, n, _ in _blocks(trainer, half, most):
        count, total = count + 1, total + calcsize(BLOCK) + n + (-n & 3)
    piece = pack(HEAD, MAGIC, VERSION, 0 if trainer.fresh else ACCUMULATED, count, total)
    crc = crc32(piece)
    yield piece
    for name, n, content in _blocks(trainer, half, most):
        for piece in _block(name, n, content):
            crc = crc32(piece, crc)
            yield piece
    yield pack("<I", crc)


def _block(name, n, content):
    yield pack(BLOCK, bytes(name, "utf-8"), n)
    yield from content
    if n & 3:
        yield bytes(-n & 3)


def _blocks(trainer, half, most):
    """(name, bytes, pieces) of each. What one takes in the heap is free before the next is made."""
    image = trainer.image
    what = bytes(trainer.names, "utf-8")
    yield "names", len(what), (what,)
    what = identity(image)[0]
    yield "identity", 2 * len(what), (what,)
    what = _values(trainer)
    yield "values", values.size(what), values.encoded(what)
    what = integers(trainer)
    yield "integers", 4 * len(what), (what,)
    what = floats(trainer)
    yield "floats", 4 * len(what), (what,)
    for name, address, n in arrays(image, not trainer.fresh):
        what = pieces(trainer.executor, address, n, most)
        if half and _rounds(name, image):
            from .half import halves

            yield name, 2 * n, halves(what)
        else:
            yield name, 4 * n, what


def floats(trainer):
    """The float slots."""
    return array("f", [trainer.executor.read(FLOATS + k) for k in range(len(trainer.image.floats))])


def integers(trainer):
    """The integer slots that are saved: from the generator's key on."""
    return array("i", [trainer.executor.read(INTS + k) for k in range(program.SCORED - program.KEY + 1)])


def arrays(image, accumulated):
    """(name, address, elements) of what lasts in the arena."""
    found = [("parameters",) + image.block(program.PARAMETERS), ("frozen",) + image.block(program.FROZEN),
             ("state",) + image.block(program.STATE), ("statistics", image.statistics, program.STATISTICS)]  # fmt: skip
    if accumulated:
        found.append(("gradients",) + image.block(program.GRADIENTS))
        found.append(("buffers", image.statistics + program.STATISTICS, _copies(image)))
    return found


def _copies(image):
    """How many elements of buffers lie behind the statistics, as the step leaves them: the section zero copies them."""
    at, end = bounds(image.code, program.ZERO)
    while at < end:
        if not word(image.code, at) and word(image.code, at + 6) == image.statistics + program.STATISTICS:
            return word(image.code, at + 3)
        at += WORDS[word(image.code, at)]
    return 0


def _rounds(name, image):
    """Whether an array may be rounded to half precision: not what is packed already, nor what is counted exactly."""
    if name != "state":
        return name in ("parameters", "frozen", "gradients")
    at, end = bounds(image.code, program.UPDATE)
    while at < end:
        if word(image.code, at) == TO_BFLOAT16:
            return False
        at += WORDS[word(image.code, at)]
    return True


def _values(trainer):
    """What is not in a program."""
    schedule, data, moves, waiting = trainer.schedule, trainer.data, trainer.moves, trainer.waiting or {}
    return {
        "epoch": trainer.epoch,
        "place": trainer.place,
        "skipped": trainer.skipped,
        "schedule": waiting.get("schedule") if schedule is None else (kind(schedule), schedule.state()),
        "data": waiting.get("data") if data is None else data.state(),
        "callbacks": [(type(c).__name__, c.state()) for c in trainer.callbacks] or waiting.get("callbacks", ()),
        "moves": moves.state() if moves else None,
        "metadata": trainer.metadata,
    }


def kind(schedule):
    """What its state is of: its class, and those that it is made of."""
    inner = [kind(other) for other in getattr(schedule, "schedulers", ())]
    return type(schedule).__name__ + ("(%s)" % ", ".join(inner) if inner else "")
