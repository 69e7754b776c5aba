"""The self-test: what a board must come to, and the table of what it measured."""

import ast

from rich.table import Table

from .line import DeployError, script

# What board/selftest.py learns, bit for bit on the native VM; host_tests/test_deploy.py makes it anew.
HASH = "37d9e3e0ebc331610b08a23da88900352a9122df9e7a087ae5b4df2f91fffff4"
LOSSES = (1.404187, 0.302197)
TOLERANCE = 1e-4
FAILED = "Ember is on the board, but its self-test failed: "


def text(native):
    return script("selftest", BATCHES=(32, 8, 1) if native else (1,))


def judge(said, native, facts):
    """What board/selftest.py printed, if it is right."""
    try:
        result = ast.literal_eval(said.strip().splitlines()[-1])
    except (ValueError, SyntaxError, IndexError) as error:
        raise DeployError(FAILED + "it printed %r." % said[-200:]) from error
    if native and result["vm"] != "native":
        raise DeployError(
            FAILED + "the native VM loads, but Ember runs on the portable one: is another Ember on its path?"
        )
    found = result["first"], result["last"]
    if any(abs(a - b) > TOLERANCE for a, b in zip(found, LOSSES)):
        raise DeployError(FAILED + "its losses are %.6f and %.6f, not %.6f and %.6f." % (found + LOSSES))
    result["same_bits"] = result["hash"] == HASH
    if result["vm"] == "native" and not result["same_bits"]:
        # The ESP8266 has its float arithmetic in ROM.
        result["note"] = "other bits than elsewhere: its float arithmetic is not IEEE's to the last bit"
    return result


def table(facts, result):
    """The board's own speed and memory."""
    rows = Table(title="Ember %s on %s" % (result["version"], facts.machine), show_header=False)
    rows.add_column()
    rows.add_column()
    for name, value in described(result):
        rows.add_row(name, value)
    return rows


def described(result):
    speed, vm = result["speed"], result["vm"]
    yield "VM", vm
    yield "what it learned", bits(result)
    yield "loss, 20 steps of a small net", "%.4f → %.4f" % (result["first"], result["last"])
    if speed:
        name = "digits MLP 64-32-10, batch %d" % speed["batch"]
        yield "a training step, %s" % name, duration(speed["us"])
        yield "its memory: arena, program, constants", "%s bytes" % format(speed["bytes"], ",")
        yield "heap taken by a step", "its floats" if speed["heap"] is None else "%d bytes" % speed["heap"]
    else:
        yield "a training step of the digits MLP", "no room for it"
    yield "heap free before import", "%s bytes" % format(result["start"], ",")
    yield "heap free with Ember imported", "%s bytes" % format(result["imported"], ",")


def bits(result):
    if result["vm"] != "native":
        return "right, within %g" % TOLERANCE
    return "right, and the same bits as everywhere" if result["same_bits"] else "right; " + result["note"]


def duration(us):
    return "%.3f ms" % (us / 1000) if us < 1e6 else "%.2f s" % (us / 1e6)
