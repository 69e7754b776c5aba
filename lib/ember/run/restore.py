"""Checkpoints read back: all of one, or nothing has changed.

It is read once to find it whole, and again into memory where nothing lives, with its checksum: what takes the place of
the old state is what was checked. docs/checkpoint.md has each step.
"""

from array import array
from struct import calcsize, pack, unpack

from ..instructions import program
from ..machine.image import segment
from . import files, parse
from .blocks import Checked, fill, into_place
from .checkpoint import ACCUMULATED, BLOCK, FLOATS, HEAD, INTS, MAGIC, VERSION, arrays, floats, integers, kind
from .identity import identity

_ROOM = 1024  # bytes
_KEYS = ("epoch", "place", "skipped", "schedule", "data", "callbacks", "moves", "metadata")


def whole(path):
    """(file, bytes) of a checkpoint, opened, that is whole; ValueError says what is wrong with one that is not."""
    file = files.find(path, "checkpoint")
    try:
        head = file.read(calcsize(HEAD))
        if head[:4] != MAGIC:
            raise ValueError("%r is not an Ember checkpoint" % (path,))
        file.seek(0)
        if not files.whole(file) or len(head) < calcsize(HEAD):
            raise ValueError("%r is damaged or truncated: its checksum does not fit" % (path,))
        if head[4] != VERSION:
            raise ValueError("%r is of version %d; this Ember reads version %d" % (path, head[4], VERSION))
        size = file.seek(0, 2)
        if unpack(HEAD, head)[4] != size:
            raise ValueError("%r is damaged: it has %d bytes" % (path, size))
        return file, size
    except BaseException:
        file.close()
        raise


def blocks(checked):
    """First (None, flags), then (name, bytes) of each block, of which is skipped what is not read. ValueError where it
    is not what was found whole."""
    head = unpack(HEAD, checked.read(calcsize(HEAD)))
    yield None, head[2]
    for _ in range(head[3]):
        name, n = unpack(BLOCK, checked.read(calcsize(BLOCK)))
        end = checked.left - n - (-n & 3)
        yield name.rstrip(b"\0"), n
        checked.skip(checked.left - end)
    crc = checked.crc
    if checked.left != 4 or checked.read(4) != pack("<I", crc):
        checked.damaged()


def load(runner, path, data=None):
    """Read a checkpoint back: all of it, or nothing has changed. data: what is to go on where it was."""
    if runner.loading is not True:
        runner.idle(True)
    file, size = whole(path)
    with file:
        found = _read(runner, file, size, path, ())
        more = found["values"]
        _try(runner, runner.schedule, more["schedule"] and more["schedule"][1])
        _try(runner, data, more["data"])
        try:
            accumulated = found["flags"] & ACCUMULATED
            wanted = [(address, n) for _, address, n in arrays(runner.image, accumulated)]
            places = memory(runner, wanted, not accumulated)
        except MemoryError:
            return _in_place(runner, file, size, path, data)
        found = _read(runner, file, size, path, list(places))
    found["places"], found["data"] = places, data
    take(runner, found)


def resume(runner, path, data):
    """See Runner.resume."""
    if not files.exists(path):
        return False
    load(runner, path, data if hasattr(data, "load") else None)
    runner.data, runner.resumed = data if hasattr(data, "state") else None, True
    return True


def _in_place(runner, file, size, path, data):
    """Where there is no memory for it beside the old state: straight into its place. What is read wrong, is read
    again; until it came out right, nothing else runs."""
    bytearray(_ROOM)  # for what is read besides: where there is none, nothing has changed
    runner.loading = runner.executor.paused = runner.changing = True
    tries = 3
    while True:
        try:
            found = _read(runner, file, size, path, None)
            break
        except (ValueError, OSError):
            tries -= 1
            if not tries:
                raise
    found["places"], found["data"] = (), data
    take(runner, found)


def _read(runner, file, size, path, places):
    """What a checkpoint holds, by name; of arrays, what fits where: places are (address, memory), one after the other,
    or None: straight into the arena."""
    file.seek(0)
    checked, image, found, wanted = Checked(file, size, repr(path)), runner.image, {}, []
    for name, n in blocks(checked):
        if name is None:
            found["flags"], wanted = n, arrays(image, n & ACCUMULATED)
        elif name == b"names":
            compare_names(runner, checked.text(n), path)
        elif name == b"identity":
            _compare(runner, array("H", checked.read(n)), path)
        elif name == b"values":
            found["values"] = parse.read(checked)
            if not _fit(runner, found["values"]):
                checked.damaged()
        elif name in (b"integers", b"floats"):
            there = array("i" if name == b"integers" else "f", checked.read(n))
            if len(there) != len(integers(runner) if name == b"integers" else floats(runner)):
                raise ValueError("%r has %d %s; this program has others" % (path, len(there), str(name, "utf-8")))
            found["integers" if name == b"integers" else "floats"] = there
        elif wanted and name == bytes(wanted[0][0], "utf-8"):
            _, address, elements = wanted.pop(0)
            if n != 4 * elements and n != 2 * elements:
                raise ValueError("%r holds %d bytes of %s; this model and optimizer have %d"
                                 % (path, n, str(name, "utf-8"), 4 * elements))  # fmt: skip
            if places is None:
                into_place(runner.executor, checked, address, elements, n < 4 * elements)
            half = n < 4 * elements
            while places and elements:
                view = places.pop(0)[1]
                fill(checked, view, half)
                elements -= len(view)
    if wanted or len(found) < 4:
        raise ValueError("%r lacks a block" % (path,))
    _check_schedule(runner, found["values"]["schedule"], path)
    return found


def _fit(runner, values):
    """Whether these are what _values() makes."""
    try:
        epoch, place, skipped, schedule, data, callbacks, moves, _ = [values[key] for key in _KEYS]
        named = ([] if schedule is None else [schedule]) + list(callbacks)
        good = all([isinstance(name, str) for name, _ in named]) and isinstance(callbacks, tuple)
        return (
            good and min(epoch, place, skipped) >= 0 and (not runner.moves or moves is None or runner.moves.fits(moves))
        )
    except (TypeError, ValueError, KeyError):
        return False


def memory(runner, wanted, arena):
    """(address, memory) for all of the elements that are wanted, as (address, how many): in the arena where nothing
    lives, if that may be, then in the heap."""
    image, free, found = runner.image, [], []
    if arena and runner.executor.in_place and runner.fresh and runner.loading is None:
        for first, n in (image.block(program.GRADIENTS), _behind(image)):
            if n > 0:
                free.append(runner.executor.view(first, n))
    left = sum([n for _, n in wanted])
    for address, n in wanted:
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


def take(runner, found):
    """What was found takes the place of what there was. Where that is interrupted, it is finished."""
    runner.loading, runner.executor.paused = found, True
    try:
        settle(runner)
    except BaseException:
        if runner.loading:
            settle(runner)
        raise


def settle(runner):
    """As often as it is begun, to its end."""
    found, executor = runner.loading, runner.executor
    runner.changing = True
    for address, view in found["places"]:
        executor.store(address, view)
    if "values" in found:
        _go_on(runner, found)
    if "before" in found:
        one, state, rates = found["before"]
        one.load(state)
        _set(executor, FLOATS, rates)
    runner.loading, runner.executor.paused, runner.unfinished, runner.changing = None, False, False, False


def _go_on(runner, found):
    """With what is no array. The rates are those that were saved, whatever the schedule says."""
    values = found["values"]
    runner.executor.recover(-1)  # what was broken off is replaced
    _set(runner.executor, INTS, found["integers"])
    _hand_over(runner.schedule, values["schedule"] and values["schedule"][1])
    _hand_over(found["data"], values["data"])
    if runner.moves:
        runner.moves.load(values["moves"])
    _set(runner.executor, FLOATS, found["floats"])
    runner.epoch, runner.place, runner.skipped = values["epoch"], values["place"], values["skipped"]
    runner.metadata = values["metadata"]
    runner.waiting, runner.callbacks, runner.fresh = values, (), not found["flags"] & ACCUMULATED


def _hand_over(one, state):
    if one is not None and state is not None:
        one.load(state)


def _try(runner, one, state):
    """Whether a schedule, or data, takes a state. It is then as it was, and raises where it does not."""
    if one is None or state is None:
        return
    torn = runner.loading
    runner.loading, runner.executor.paused = {"places": (), "before": (one, one.state(), floats(runner))}, True
    try:
        one.load(state)
    finally:
        settle(runner)
        runner.loading = torn


def _set(executor, first, values):
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
    return "%s" % (tuple([int(d) for d in line[1:]]),)
