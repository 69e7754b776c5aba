"""Checkpoints: what must survive to go on training exactly.

    0   b"EMBK", version 2, three zero bytes
    8   nine int32: fingerprint of the shapes, trained, frozen and state elements, step, epoch, seed, bytes of schedule,
        words of shapes
    44  float32 parameters, frozen parameters, optimizer state
    …   the schedule's state, if the trainer has one: its whole numbers as int32, the others as float64
    …   for each parameter int32: how many dimensions, and these
    end CRC-32 of all before

Little endian. Written beside the old file and renamed over it, so that there is always a whole one.
"""

import struct
from array import array
from binascii import crc32

from ..instructions.program import FROZEN, INTS, KEY, PARAMETERS, STATE, STEP
from .blocks import checksum, fill, pieces, put

_HEAD = "<4sB3x9i"
_KEY, _STEP = (INTS << 24) + KEY, (INTS << 24) + STEP
_MOST = 1 << 12  # bytes of a schedule's state


def _blocks(trainer):
    """The parts of the arena that are saved, as (offset, size) in elements."""
    block = trainer.image.block
    return block(PARAMETERS), block(FROZEN), block(STATE)


def _layout(trainer):
    """How the state of the trainer's schedule is packed."""
    if trainer.schedule is None:
        return ""
    return "<" + "".join(["i" if isinstance(v, int) else "d" for v in trainer.schedule.state()])


def _flat(shapes):
    return array("i", [n for dims in shapes for n in (len(dims),) + tuple(dims)])


def write(trainer, f):
    """To anything that has write(), while the trainer is idle: all pieces are of whole words, but the schedule's."""
    blocks = _blocks(trainer)
    schedule = struct.pack(_layout(trainer), *trainer.schedule.state()) if trainer.schedule else b""
    shapes = _flat(trainer.image.shapes)
    head = struct.pack(_HEAD, b"EMBK", 2, trainer.image.fingerprint, blocks[0][1], blocks[1][1], blocks[2][1],
                       trainer.steps, trainer.epoch, trainer.executor.read(_KEY), len(schedule),
                       len(shapes))  # fmt: skip
    crc = put(f, (head,))
    for offset, size in blocks:
        crc = put(f, pieces(trainer.executor, offset, size), crc)
    f.write(struct.pack("<I", put(f, (schedule, shapes) if schedule else (shapes,), crc)))


def read(trainer, f, path):
    """From anything that has read(), readinto() and seek(), while the trainer is idle; path: what it is called."""
    blocks = _blocks(trainer)
    head = f.read(struct.calcsize(_HEAD))
    if len(head) < struct.calcsize(_HEAD) or head[:4] != b"EMBK":
        raise ValueError("%r is not an Ember checkpoint" % path)
    if head[4] != 2:
        raise ValueError("%r is of version %d; this Ember reads version 2" % (path, head[4]))
    found = struct.unpack(_HEAD, head)[2:]
    expected = (trainer.image.fingerprint, blocks[0][1], blocks[1][1], blocks[2][1])
    if found[:4] != expected:
        _compare(trainer, f, head, found, path)
        raise ValueError("%r holds %d parameters, %d frozen and %d of optimizer state; this model and optimizer "
                         "have %d, %d and %d, or other shapes, or another state"
                         % ((path,) + found[1:4] + expected[1:]))  # fmt: skip
    if not 0 <= found[7] <= _MOST:
        raise ValueError("%r is damaged: its schedule takes %d bytes" % (path, found[7]))
    layout = _layout(trainer)
    if not 0 <= found[8] <= _MOST:
        raise ValueError("%r is damaged: its shapes take %d words" % (path, found[8]))
    _whole(f, head, found, path)
    if layout and found[7] not in (0, struct.calcsize(layout)):
        raise ValueError("%r holds the state of another schedule, of %d bytes where this has %d"
                         % (path, found[7], struct.calcsize(layout)))  # fmt: skip
    f.seek(len(head))
    for offset, size in blocks:
        fill(trainer.executor, offset, size, f)
    if layout and found[7]:
        trainer.schedule.load(struct.unpack(layout, f.read(found[7])))
    trainer.executor.write(_STEP, found[4])
    trainer.executor.write(_KEY, found[6])
    trainer.epoch, trainer.fresh = found[5], True


def _whole(f, head, found, path):
    """ValueError where a file is not what was written, as long as its head says it is."""
    crc = checksum(f, 4 * (sum(found[1:4]) + found[8]) + found[7], crc32(head))
    if crc is None:
        raise ValueError("%r is truncated or damaged" % path)
    if f.read(5) != struct.pack("<I", crc):
        raise ValueError("%r is damaged: its checksum does not fit" % path)


def _compare(trainer, f, head, found, path):
    """ValueError names the first parameter that has another shape than the one in the file."""
    n = found[8]
    if not trainer.image.shapes or not 0 < n < _MOST or min(found[1:4]) < 0:
        return
    _whole(f, head, found, path)
    f.seek(struct.calcsize(_HEAD) + 4 * sum(found[1:4]) + found[7])
    there = array("i", range(n))
    f.readinto(there)
    at = 0
    for line, dims in zip(trainer.names.split("\n")[1:], trainer.image.shapes):
        size = there[at] if at < n else 0
        other = tuple(there[at + 1 : at + 1 + size])
        if other != tuple(dims):
            raise ValueError("%r is of another model: its parameter that comes where this one has %s, of shape %s, has "
                             "shape %s" % (path, line.split(" ")[0], tuple(dims), other))  # fmt: skip
        at += 1 + size
