"""The self-test: what a board must come to, and the table of what it measured."""

from rich.markup import escape
from rich.table import Table

from . import answer
from .answer import maybe, number, record, whole
from .line import DeployError, script

# What board/selftest.py learns, bit for bit on the native VM; host_tests/tools/test_deploy.py makes it anew.
HASH = "37d9e3e0ebc331610b08a23da88900352a9122df9e7a087ae5b4df2f91fffff4"
LOSSES = (1.404187, 0.302197)
TOLERANCE = 1e-4
FAILED = "Ember is on the board, but its self-test failed: "


RESULT = record(
    vm=answer.text,
    version=answer.text,
    file=maybe(answer.text),
    first=number,
    last=number,
    hash=answer.text,
    speed=maybe(record(batch=whole(1), us=number, bytes=whole(), heap=maybe(number))),
    start=whole(),
    imported=whole(),
    end=whole(),
    python=answer.text,
)


def text(native):
    return script("selftest", BATCHES=(32, 8, 1) if native else (1,))


def judge(said, native):
    """What board/selftest.py printed, if it is right."""
    result = answer.value(said, RESULT, FAILED)
    if native and result["vm"] != "native":
        raise DeployError(
            FAILED + "it runs on the portable VM, since the native one in the firmware has another instruction table "
            "than this Ember: build that firmware anew."
        )
    found = result["first"], result["last"]
    if not all(abs(a - b) <= TOLERANCE for a, b in zip(found, LOSSES)):
        raise DeployError(FAILED + "its losses are %.6f and %.6f, not %.6f and %.6f." % (found + LOSSES))
    result["same_bits"] = result["hash"] == HASH
    if result["vm"] == "native" and not result["same_bits"]:
        # The ESP8266 has its float arithmetic in ROM.
        result["note"] = "other bits than elsewhere: its float arithmetic is not IEEE's to the last bit"
    return result


def table(facts, result):
    """The board's own speed and memory."""
    rows = Table(title=escape("Ember %s on %s" % (result["version"], facts.machine)), show_header=False)
    for name, value in described(result):
        rows.add_row(name, value)
    return rows


def described(result):
    speed = result["speed"]
    yield "VM", result["vm"]
    yield "what a small net learned", bits(result)
    yield "its loss over 20 steps", "%.4f → %.4f" % (result["first"], result["last"])
    yield "digits MLP 64-32-10", "batch %d" % speed["batch"] if speed else "no room for it"
    if speed:
        yield "  a training step", duration(speed["us"])
        yield "  arena, program, constants", "%s bytes" % format(speed["bytes"], ",")
        yield "  heap taken by a step", "its floats" if speed["heap"] is None else "%d bytes" % speed["heap"]
    yield "heap free before import", "%s bytes" % format(result["start"], ",")
    yield "heap free with Ember", "%s bytes" % format(result["imported"], ",")


def bits(result):
    if result["vm"] != "native":
        return "right, within %g" % TOLERANCE
    return "right, the same bits as everywhere" if result["same_bits"] else "right; " + result["note"]


def duration(us):
    return "%.3f ms" % (us / 1000) if us < 1e6 else "%.2f s" % (us / 1e6)
