"""Checkpoints: what must survive to go on training exactly. docs/checkpoint.md has the bytes.

    0   b"EMBK", version 3, flags (1: gradients of what was accumulated are in it), blocks, uint32 bytes of all of it
    12  for each block its name in 12 bytes, uint32 bytes, what it holds, zeros up to a multiple of 4
    end CRC-32 of all before

It is read once to find it whole, and again into memory where nothing lives, with its checksum: what takes the place of
the old state is what was checked.
"""

from array import array
from binascii import crc32
from struct import calcsize, pack, unpack, unpack_from

from ..instructions import program
from ..instructions.components import TO_BFLOAT16, WORDS
from ..machine.image import segment, word
from . import files, values
from .blocks import Checked, fill, into_place, pieces
from .identity import bounds, identity

_MAGIC, _VERSION, _ACCUMULATED = b"EMBK", 3, 1
_HEAD, _BLOCK = "<4sBBHI", "<12sI"
_SLICE = 64  # elements that are written at once where a save is in slices
_INTS, _FLOATS = (program.INTS << 24) + program.KEY, program.FLOATS << 24
# Writing.


def save(runner, path, half, budget_us):
    """See Runner.save."""
    most = 0 if budget_us is None else _SLICE
    saving = files.replacing(path, parts(runner, half, most))
    if budget_us is None:
        total = 0
        for n in saving:
            total += n
        return total
    runner.saving, runner.unfinished = saving, True
    return runner.slices.save(budget_us)


def parts(trainer, half=False, most=0):
    """A checkpoint of a trainer that is idle, piece by piece: of float arrays so many elements at once, or all."""
    blocks = _blocks(trainer, half, most)
    total = calcsize(_HEAD) + sum([calcsize(_BLOCK) + n + (-n & 3) for _, n, _ in blocks]) + 4
    piece = pack(_HEAD, _MAGIC, _VERSION, 0 if trainer.fresh else _ACCUMULATED, len(blocks), total)
    crc = crc32(piece)
    yield piece
    for name, n, content in blocks:
        for piece in _block(name, n, content):
            crc = crc32(piece, crc)
            yield piece
    yield pack("<I", crc)


def _block(name, n, content):
    yield pack(_BLOCK, bytes(name, "utf-8"), n)
    yield from content
    if n & 3:
        yield bytes(-n & 3)


def _blocks(trainer, half, most):
    """(name, bytes, pieces) of each."""
    executor, image = trainer.executor, trainer.image
    numbers, names, more = identity(image)[0], bytes(trainer.names, "utf-8"), _values(trainer)
    ints = array("i", [executor.read(_INTS + k) for k in range(_integers())])
    floats = array("f", [executor.read(_FLOATS + k) for k in range(len(image.floats))])
    found = [("identity", 2 * len(numbers), (numbers,)), ("names", len(names), (names,)),
             ("values", values.size(more), values.pieces(more)), ("integers", 4 * len(ints), (ints,)),
             ("floats", 4 * len(floats), (floats,))]  # fmt: skip
    for name, address, n in arrays(image, not trainer.fresh):
        content = pieces(executor, address, n, most)
        if half and _rounds(name, image):
            from .half import halves

            found.append((name, 2 * n, halves(content)))
        else:
            found.append((name, 4 * n, content))
    return found


def _integers():
    """Slots that are saved: from the generator's key on."""
    return program.SCORED - program.KEY + 1


def arrays(image, accumulated):
    """(name, address, elements) of what lasts in the arena."""
    found = [("parameters",) + image.block(program.PARAMETERS), ("frozen",) + image.block(program.FROZEN),
             ("state",) + image.block(program.STATE), ("statistics", image.statistics, program.STATISTICS)]  # fmt: skip
    if accumulated:
        found.append(("gradients",) + image.block(program.GRADIENTS))
        found.append(("buffers", image.statistics + program.STATISTICS, _copies(image)))
    return found


def _copies(image):
    """How many elements of buffers, as the step leaves them, lie behind the statistics: the section zero copies them."""
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
    schedule, data, moves = trainer.schedule, trainer.data, trainer.moves
    return {
        "epoch": trainer.epoch,
        "place": trainer.place,
        "schedule": None if schedule is None else (kind(schedule), schedule.state()),
        "data": data.state() if hasattr(data, "state") else None,
        "callbacks": [c if isinstance(c, tuple) else (type(c).__name__, c.state()) for c in trainer.callbacks],
        "moves": moves.state() if moves else None,
        "metadata": trainer.metadata,
    }


def kind(schedule):
    """What its state is of: its class, and those that it is made of."""
    inner = [kind(other) for other in getattr(schedule, "schedulers", ())]
    return type(schedule).__name__ + ("(%s)" % ", ".join(inner) if inner else "")


# Reading.


def whole(path):
    """(file, bytes) of a checkpoint, opened, that is whole; ValueError says what is wrong with one that is not."""
    file = files.find(path, "checkpoint")
    try:
        head = file.read(calcsize(_HEAD))
        if head[:4] != _MAGIC:
            raise ValueError("%r is not an Ember checkpoint" % (path,))
        file.seek(0)
        if not files.whole(file) or len(head) < calcsize(_HEAD):
            raise ValueError("%r is damaged or truncated: its checksum does not fit" % (path,))
        if head[4] != _VERSION:
            raise ValueError("%r is of version %d; this Ember reads version %d" % (path, head[4], _VERSION))
        size = file.tell()
        if unpack(_HEAD, head)[4] != size:
            raise ValueError("%r is damaged: it has %d bytes" % (path, size))
        return file, size
    except BaseException:
        file.close()
        raise


def blocks(checked):
    """First (None, flags), then (name, bytes) of each block, of which is skipped what is not read. ValueError where it
    is not what was found whole."""
    head = unpack(_HEAD, checked.read(calcsize(_HEAD)))
    yield None, head[2]
    for _ in range(head[3]):
        name, n = unpack(_BLOCK, checked.read(calcsize(_BLOCK)))
        end = checked.left - n - (-n & 3)
        yield name.rstrip(b"\0"), n
        checked.skip(checked.left - end)
    crc = checked.crc
    if checked.left != 4 or checked.read(4) != pack("<I", crc):
        checked.damaged()


def load(runner, path, data=None):
    """Read a checkpoint back: all of it, or nothing has changed. data: what is to go on where it was."""
    if runner.loading is not True:
        runner.idle()
    file, size = whole(path)
    with file:
        found = _read(runner, Checked(file, size, path), path, ())
        try:
            places = _elsewhere(runner, found["flags"] & _ACCUMULATED)
        except MemoryError:
            return _in_place(runner, file, size, path, data)
        found = _read(runner, Checked(file, size, path), path, list(places))
    found["places"], found["to"] = places, data
    _take(runner, found)


def resume(runner, path, data):
    """See Runner.resume."""
    if not files.exists(path):
        return False
    load(runner, path, data if hasattr(data, "load") else None)
    runner.data, runner.resumed = data, True
    return True


def _in_place(runner, file, size, path, data):
    """Where there is no memory for it beside the old state: straight into its place. What is read wrong, is read
    again; until it came out right, nothing else runs."""
    runner.loading, tries = True, 3
    while True:
        try:
            found = _read(runner, Checked(file, size, path), path, None)
            break
        except ValueError:
            tries -= 1
            if not tries:
                raise
    found["places"], found["to"] = (), data
    _take(runner, found)


def _read(runner, checked, path, places):
    """What a checkpoint holds, by name; of arrays, what fits where: places are (address, memory), one after the other,
    or None: straight into the arena."""
    image, found, wanted = runner.image, {}, []
    for name, n in blocks(checked):
        if name is None:
            found["flags"], wanted = n, arrays(image, n & _ACCUMULATED)
        elif name == b"names":
            compare_names(runner, checked.text(n), path)
        elif name == b"identity":
            _compare(runner, array("H", checked.read(n)), path)
        elif name == b"values":
            found["values"] = values.read(checked)
            _check_schedule(runner, found["values"]["schedule"], path)
        elif name in (b"integers", b"floats"):
            there = array("i" if name == b"integers" else "f", checked.read(n))
            if len(there) != (_integers() if name == b"integers" else len(image.floats)):
                raise ValueError("%r has %d %s; this program has others" % (path, len(there), str(name, "utf-8")))
            found["integers" if name == b"integers" else "floats"] = there
        elif wanted and name == bytes(wanted[0][0], "utf-8"):
            _, address, size = wanted.pop(0)
            if n != 4 * size and n != 2 * size:
                raise ValueError("%r holds %d bytes of %s; this model and optimizer have %d"
                                 % (path, n, str(name, "utf-8"), 4 * size))  # fmt: skip
            if places is None:
                into_place(runner.executor, checked, address, size, n < 4 * size)
            while places and size:
                view = places.pop(0)[1]
                fill(checked, view, n < 4 * size)
                size -= len(view)
    if wanted or len(found) < 4:
        raise ValueError("%r lacks a block" % (path,))
    return found


def _elsewhere(runner, accumulated):
    """(address, memory) for all arrays: in the arena where nothing lives, then in the heap."""
    image, free, found = runner.image, [], []
    if runner.executor.in_place and runner.fresh and not accumulated and runner.loading is None:
        for first, n in (image.block(program.GRADIENTS), _behind(image)):
            if n > 0:
                free.append(runner.executor.view(first, n))
    left = sum([n for _, _, n in arrays(image, accumulated)])
    for _, address, n in arrays(image, accumulated):
        while n:
            if not free:
                free.append(memoryview(array("f", range(left))))
            view = free[0][: min(n, len(free[0]))]
            found.append((address, view))
            free[0] = free[0][len(view) :]
            address, n, left = address + len(view), n - len(view), left - len(view)
            if not len(free[0]):
                free.pop(0)
    return found


def _behind(image):
    """The arena behind what lasts, as (address, elements)."""
    return image.starts[-1], segment(image.code, program.ARENA)[1] - image.starts[-1]


def _take(runner, found):
    """The new state takes the place of the old one. Where that is interrupted, it is finished."""
    schedule, data = runner.schedule, found["to"]
    before = schedule.state() if schedule and found["values"]["schedule"] else None, data.state() if data else None
    floats = array("f", [runner.executor.read(_FLOATS + k) for k in range(len(found["floats"]))])
    runner.loading, runner.paused = found, True
    try:
        settle(runner)
    except Exception:  # by the schedule, or the data
        runner.loading, runner.paused = None, False
        if before[0]:
            schedule.load(before[0])
        if before[1]:
            data.load(before[1])
        _write(runner.executor, _FLOATS, floats)
        raise
    except BaseException:
        settle(runner)
        raise


def settle(runner):
    """As often as it is begun, to its end."""
    found, executor = runner.loading, runner.executor
    more, data = found["values"], found["to"]
    if runner.schedule and more["schedule"]:
        runner.schedule.load(more["schedule"][1])
    if data and more["data"]:
        data.load(more["data"])
    for address, view in found["places"]:
        executor.store(address, view)
    _write(executor, _INTS, found["integers"])
    _write(executor, _FLOATS, found["floats"])
    runner.epoch, runner.place, runner.metadata = more["epoch"], more["place"], more["metadata"]
    runner.callbacks, runner.fresh = list(more["callbacks"]), not found["flags"] & _ACCUMULATED
    if runner.moves:
        runner.moves.load(more["moves"])
    runner.loading, runner.paused, runner.unfinished = None, False, False


def _write(executor, first, values):
    for k in range(len(values)):
        executor.write(first + k, values[k])


def _check_schedule(runner, saved, path):
    if saved and runner.schedule and saved[0] != kind(runner.schedule):
        raise ValueError("%r has the state of the schedule %s; this one is %s"
                         % (path, saved[0], kind(runner.schedule)))  # fmt: skip


def _compare(runner, there, path):
    """ValueError where the mathematics in the file are not those of this program."""
    here, forward = identity(runner.image)
    if there != here:
        from .differs import differs

        differs(here, there, forward, path)


def compare_names(runner, text, path):
    """ValueError names the first parameter that has another shape than the one in the file, or the optimizer."""
    here, there = runner.names.split("\n"), text.split("\n")
    if here[-1][:2] == there[-1][:2] == "* " and here[-1] != there[-1]:
        raise ValueError("%r is of the optimizer %s; this one is %s" % (path, there[-1][2:], here[-1][2:]))
    for k in range(1, max(len(here), len(there))):
        ours, theirs = [lines[k].split(" ") if k < len(lines) else [""] for lines in (here, there)]
        if ours[0] != "*" and ours[1:] != theirs[1:]:
            raise ValueError("%r is of another model: its parameter that comes where this one has %s, of shape %s, has "
                             "shape %s" % (path, ours[0], _shape(ours), _shape(theirs)))  # fmt: skip


def _shape(line):
    return "(%s)" % ", ".join(line[1:])
